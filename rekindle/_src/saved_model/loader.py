"""`tf.saved_model.load`: a SavedModel's graph, variables and tables in a session.

Holds `load` and the loader, whose steps can be taken one by one.
"""
from __future__ import annotations

from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph.collections import get_collection
from rekindle._src.names import public
from rekindle._src.saved_model import constants, files
from rekindle._src.saved_model.assets import get_asset_tensors
from rekindle._src.saved_model.signatures import load_op_from_signature_def
from rekindle._src.train import saveables
from rekindle._src.train.meta_graph_files import import_meta_graph_with_return_elements
from rekindle._src.train.saver import Saver


@public("saved_model.load", "saved_model.loader.load")
def load(
    sess: Any, tags: Any, export_dir: str, import_scope: str | None = None, **saver_kwargs: Any
) -> Any:
    """Load a model into a session: add the graph, restore the variables, run the main op.

    Args:
      sess: the session.
      tags: exactly the tags of the wanted graph.
      export_dir: the folder of the SavedModel.
      import_scope: the scope to put names below.
      **saver_kwargs: arguments for `tf.train.import_meta_graph`.

    Returns:
      The MetaGraphDef.

    Raises:
      OSError: there is no SavedModel.
      RuntimeError: it has no graph with these tags.
    """
    return SavedModelLoader(export_dir).load(sess, tags, import_scope, **saver_kwargs)


class SavedModelLoader:
    """Loads graphs and variables of one SavedModel.

    Args:
      export_dir: its folder.

    Raises:
      OSError: there is no SavedModel.
    """

    def __init__(self, export_dir: str) -> None:
        self._export_dir = export_dir
        self._variables_path = files.get_variables_path(export_dir)
        self._saved_model = files.read_saved_model(export_dir)

    @property
    def export_dir(self) -> str:
        """The folder."""
        return self._export_dir

    @property
    def variables_path(self) -> str:
        """The path of the checkpoint that has the variables."""
        return self._variables_path

    @property
    def saved_model(self) -> Any:
        """The SavedModel message."""
        return self._saved_model

    def get_meta_graph_def_from_tags(self, tags: Any) -> Any:
        """The MetaGraphDef that has exactly these tags.

        Raises:
          RuntimeError: there is none.
        """
        available = []
        for one in self._saved_model.meta_graphs:
            available.append(set(one.meta_info_def.tags))
            if available[-1] == set(tags):
                return one
        asked = str(tags).strip("[]")
        raise RuntimeError(
            f"MetaGraphDef associated with tags {asked} could not be found in SavedModel. To inspect available "
            "tag-sets in the SavedModel, please use the SavedModel CLI: `saved_model_cli`\navailable_tags: "
            f"{available}"
        )

    def load_graph(
        self, graph: Any, tags: Any, import_scope: str | None = None, **saver_kwargs: Any
    ) -> tuple[Saver | None, list[Any] | None]:
        """Add the graph with these tags to `graph`.

        Returns:
          A Saver for its variables, None if there are none; the elements asked for in `return_elements`.
        """
        meta_graph_def = self.get_meta_graph_def_from_tags(tags)
        with graph.as_default():
            return import_meta_graph_with_return_elements(
                meta_graph_def, import_scope=import_scope, **saver_kwargs
            )

    def restore_variables(self, sess: Any, saver: Any, import_scope: str | None = None) -> None:
        """Restore the variables in a session.

        Raises:
          ValueError: there are variables, and no Saver.
        """
        with sess.graph.as_default():
            if saver is None and not saveables.all_saveable_objects(scope=import_scope):
                logging.info(
                    "The specified SavedModel has no variables; no checkpoints were restored."
                )
            elif isinstance(saver, Saver):
                saver.restore(sess, self._variables_path)
            else:
                raise ValueError(
                    "No tf.train.Saver object was passed to the function SavedModelLoader.restore_variables. Since "
                    "there are variables in the graph, a saver is required."
                )

    def run_init_ops(self, sess: Any, tags: Any, import_scope: str | None = None) -> None:
        """Run the main op of the graph with these tags, if it has one, its assets fed."""
        meta_graph_def = self.get_meta_graph_def_from_tags(tags)
        with sess.graph.as_default():
            paths = get_asset_tensors(self._export_dir, meta_graph_def, import_scope)
            init_op = get_init_op(meta_graph_def, import_scope)
            if init_op is not None:
                sess.run(fetches=[init_op], feed_dict=paths)

    def load(self, sess: Any, tags: Any, import_scope: str | None = None, **saver_kwargs: Any) -> Any:
        """Take all the steps; give the MetaGraphDef back."""
        with sess.graph.as_default():
            saver, _ = self.load_graph(sess.graph, tags, import_scope, **saver_kwargs)
            self.restore_variables(sess, saver, import_scope)
            self.run_init_ops(sess, tags, import_scope)
        return self.get_meta_graph_def_from_tags(tags)


def get_init_op(meta_graph_def: Any, import_scope: str | None = None) -> Any:
    """What the loader of a graph is to run: its init op, main op or legacy init op; or None."""
    return (
        _op_of_signature(meta_graph_def, constants.INIT_OP_SIGNATURE_KEY, import_scope)
        or _op_of_collection(meta_graph_def, constants.MAIN_OP_KEY)
        or _op_of_collection(meta_graph_def, constants.LEGACY_INIT_OP_KEY)
    )


def get_train_op(meta_graph_def: Any, import_scope: str | None = None) -> Any:
    """What trains the model of a graph, or None."""
    found = _op_of_signature(meta_graph_def, constants.TRAIN_OP_SIGNATURE_KEY, import_scope)
    return _op_of_collection(meta_graph_def, constants.TRAIN_OP_KEY) if found is None else found


def _op_of_signature(meta_graph_def: Any, key: str, import_scope: str | None) -> Any:
    if key not in meta_graph_def.signature_def:
        return None
    return load_op_from_signature_def(meta_graph_def.signature_def[key], key, import_scope)


def _op_of_collection(meta_graph_def: Any, key: str) -> Any:
    """The one operation of a collection, None if it is not there.

    Raises:
      RuntimeError: it has another number of them.
    """
    if key not in meta_graph_def.collection_def:
        return None
    names = meta_graph_def.collection_def[key].node_list.value
    if len(names) != 1:
        raise RuntimeError(f"Expected exactly one SavedModel init op. Found: {names}")
    return get_collection(key)[0]


def _get_main_op_tensor(meta_graph_def: Any, init_op_key: str = constants.MAIN_OP_KEY) -> Any:
    return _op_of_collection(meta_graph_def, init_op_key)

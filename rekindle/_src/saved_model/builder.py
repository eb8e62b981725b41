"""`tf.saved_model.Builder`: writes SavedModels.

Holds the public builder, which keeps assets and the main op in collections, and the inner one,
which keeps them in the MetaGraphDef's own fields.
"""
from __future__ import annotations

import os
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.compat import as_bytes, as_text
from rekindle._src.formats.files import local_path
from rekindle._src.formats.graph_files import write_message
from rekindle._src.graph import proto
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.saved_model import assets, constants, files, signatures
from rekindle._src.saved_model.tensor_info import INVALID
from rekindle._src.train import saveables
from rekindle._src.train.saver import Saver

_NOT_SAVED = (
    "Graph state including variables and assets has not been saved yet. Please invoke "
    "`add_meta_graph_and_variables()` first."
)
_SAVED = (
    "Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` instead."
)


class _Builder:
    """What both builders share: the folder, the SavedModel so far, and whether variables are in it.

    Args:
      export_dir: the folder; it must be empty, or not be there.

    Raises:
      AssertionError: there is something in the folder.
    """

    def __init__(self, export_dir: str) -> None:
        self._saved_model = proto.SavedModel(
            saved_model_schema_version=constants.SAVED_MODEL_SCHEMA_VERSION
        )
        self._export_dir = local_path(as_text(os.fspath(export_dir)))
        self._has_saved_variables = False
        if os.path.isdir(self._export_dir) and os.listdir(self._export_dir):
            raise AssertionError(
                "Export directory already exists, and isn't empty. Please choose a different export directory, or "
                f"delete all the contents of the specified directory: {self._export_dir}"
            )
        files.make_folder(self._export_dir)

    def _begin(self, has_variables: bool, signature_def_map: dict[str, Any] | None) -> dict[str, Any]:
        """Check the order of calls and the signatures; give these back.

        Raises:
          AssertionError: variables come first and once; a TensorInfo lacks something.
          KeyError: a signature has a reserved name.
        """
        if has_variables and self._has_saved_variables:
            raise AssertionError(_SAVED)
        if not has_variables and not self._has_saved_variables:
            raise AssertionError(_NOT_SAVED)
        signature_def_map = signature_def_map or {}
        self._validate_signature_def_map(signature_def_map)
        return signature_def_map

    def _validate_signature_def_map(self, signature_def_map: dict[str, Any]) -> None:
        for signature in signature_def_map.values():
            for one in (*signature.inputs.values(), *signature.outputs.values()):
                self._validate_tensor_info(one)
        for key, what in (
            (constants.INIT_OP_SIGNATURE_KEY, "initialization"),
            (constants.TRAIN_OP_SIGNATURE_KEY, "the train op"),
        ):
            if key in signature_def_map:
                said = f'SignatureDef map key "{key}" is reserved for {what}. Please use a different key.'
                raise KeyError(said)

    def _validate_tensor_info(self, tensor_info: Any) -> None:
        said = "All TensorInfo protos used in the SignatureDefs must have "
        if tensor_info is None:
            raise AssertionError(said + "the name and dtype fields set.")
        encoding = tensor_info.WhichOneof("encoding")
        if encoding is None:
            said += f"one of the 'encoding' fields (e.g., name or coo_sparse) set: {tensor_info}"
            raise AssertionError(said)
        if encoding == "composite_tensor":
            for one in tensor_info.composite_tensor.components:
                self._validate_tensor_info(one)
        elif tensor_info.dtype == INVALID:
            raise AssertionError(said + f"the dtype field set: {tensor_info}")

    def _save_variables(self, sess: Any, saver: Saver) -> None:
        files.get_or_create_variables_dir(self._export_dir)
        path = files.get_variables_path(self._export_dir)
        saver.save(sess, path, write_meta_graph=False, write_state=False)

    def _add(self, meta_graph_def: Any, tags: Any, signature_def_map: dict[str, Any]) -> None:
        meta_graph_def.meta_info_def.tags.extend(tags)
        for key, signature in signature_def_map.items():
            meta_graph_def.signature_def[key].CopyFrom(signature)
        self._saved_model.meta_graphs.append(meta_graph_def)

    def save(self, as_text: bool = False) -> bytes:
        """Write `saved_model.pb`, or as text `saved_model.pbtxt`.

        Returns:
          The path of the file.
        """
        name = constants.SAVED_MODEL_FILENAME_PBTXT if as_text else constants.SAVED_MODEL_FILENAME_PB
        path = os.path.join(files.make_folder(self._export_dir), name)
        write_message(self._saved_model, path, as_text)
        logging.info("SavedModel written to: %s", path)
        return as_bytes(path)


def _saver_or_new(saver: Saver | None) -> Saver:
    if saver:
        return saver
    return Saver(
        saveables.all_saveable_objects(),
        sharded=True,
        write_version=proto.SaverDef.V2,
        allow_empty=True,
    )


@public("saved_model.Builder", "saved_model.builder.SavedModelBuilder")
class SavedModelBuilder(_Builder):
    """Writes a SavedModel: first a graph with its variables, then others that share these.

    Args:
      export_dir: the folder; it must be empty, or not be there.

    Raises:
      AssertionError: there is something in the folder.
    """

    def add_meta_graph(
        self,
        tags: Any,
        signature_def_map: dict[str, Any] | None = None,
        assets_collection: Any = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Add the default graph; the variables are those that were saved before.

        Args:
          tags: its tags.
          signature_def_map: its SignatureDefs by name.
          assets_collection: string constants that name files to copy.
          legacy_init_op: as `main_op`.
          clear_devices: leave the devices out.
          main_op: what a loader is to run after it restored the variables.
          strip_default_attrs: leave attrs with their default out of the nodes.
          saver: restores the variables; default: one for all of them.

        Raises:
          AssertionError: no variables were saved; a TensorInfo lacks something.
          ValueError: the graph has a main op already.
        """
        signature_def_map = self._begin(False, signature_def_map)
        self._add_collections(assets_collection, main_op or legacy_init_op)
        made = _saver_or_new(saver).export_meta_graph(
            clear_devices=clear_devices, strip_default_attrs=strip_default_attrs
        )
        self._add(made, tags, signature_def_map)

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Any,
        signature_def_map: dict[str, Any] | None = None,
        assets_collection: Any = None,
        legacy_init_op: Operation | None = None,
        clear_devices: bool = False,
        main_op: Operation | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Save the variables of a session, and add the default graph.

        Args:
          sess: the session.
          tags: the tags of the graph.
          signature_def_map: its SignatureDefs by name.
          assets_collection: string constants that name files to copy.
          legacy_init_op: as `main_op`.
          clear_devices: leave the devices out.
          main_op: what a loader is to run after it restored the variables.
          strip_default_attrs: leave attrs with their default out of the nodes.
          saver: saves and restores the variables; default: one for all of them.

        Raises:
          AssertionError: variables were saved already; a TensorInfo lacks something.
          ValueError: the graph has a main op already.
        """
        signature_def_map = self._begin(True, signature_def_map)
        self._add_collections(assets_collection, main_op or legacy_init_op)
        saver = _saver_or_new(saver)
        self._save_variables(sess, saver)
        made = saver.export_meta_graph(clear_devices=clear_devices, strip_default_attrs=strip_default_attrs)
        self._add(made, tags, signature_def_map)
        self._has_saved_variables = True

    def _add_collections(self, assets_collection: Any, main_op: Operation | None) -> None:
        assets.save_assets(assets_collection, _keep_in_collection, self._export_dir)
        if main_op is None:
            return
        if not isinstance(main_op, Operation):
            raise TypeError(f"main_op needs to be an Operation: {main_op!r}")
        for key in (constants.MAIN_OP_KEY, constants.LEGACY_INIT_OP_KEY):
            if get_collection(key):
                raise ValueError(
                    f"Graph already contains one or more main ops under the collection {key}."
                )
        add_to_collection(constants.MAIN_OP_KEY, main_op)

    def _add_train_op(self, train_op: Operation | Tensor | None) -> None:
        """Keep what trains the model, for programs that load it.

        Raises:
          TypeError: it is no operation or tensor.
        """
        if train_op is None:
            return
        if not isinstance(train_op, (Tensor, Operation)):
            raise TypeError(f"train_op needs to be a Tensor or Op: {train_op!r}")
        add_to_collection(constants.TRAIN_OP_KEY, train_op)


def _keep_in_collection(name: str, tensor: Tensor) -> None:
    packed = proto.Any()
    packed.Pack(assets.asset_message(name, tensor))
    add_to_collection(constants.ASSETS_KEY, packed)


class _SavedModelBuilder(_Builder):
    """The builder inside TensorFlow: assets, init op and train op in fields of the MetaGraphDef."""

    def add_meta_graph(
        self,
        tags: Any,
        signature_def_map: dict[str, Any] | None = None,
        assets_list: Any = None,
        clear_devices: bool = False,
        init_op: Operation | None = None,
        train_op: Operation | Tensor | None = None,
        saver: Saver | None = None,
    ) -> None:
        """Add the default graph; the variables are those that were saved before.

        Args:
          tags: its tags.
          signature_def_map: its SignatureDefs by name; those of the ops are added.
          assets_list: string constants that name files to copy.
          clear_devices: leave the devices out.
          init_op: what a loader is to run after it restored the variables.
          train_op: what trains the model.
          saver: restores the variables; default: one for all of them.
        """
        signature_def_map = self._begin(False, signature_def_map)
        self._add_ops(signature_def_map, init_op, train_op)
        made = _saver_or_new(saver).export_meta_graph(
            clear_devices=clear_devices, strip_default_attrs=True
        )
        self._finish(made, tags, signature_def_map, assets_list)

    def add_meta_graph_and_variables(
        self,
        sess: Any,
        tags: Any,
        signature_def_map: dict[str, Any] | None = None,
        assets_list: Any = None,
        clear_devices: bool = False,
        init_op: Operation | None = None,
        train_op: Operation | Tensor | None = None,
        strip_default_attrs: bool = False,
        saver: Saver | None = None,
    ) -> None:
        """Save the variables of a session, and add the default graph.

        Args:
          sess: the session.
          tags: the tags of the graph.
          signature_def_map: its SignatureDefs by name; those of the ops are added.
          assets_list: string constants that name files to copy.
          clear_devices: leave the devices out.
          init_op: what a loader is to run after it restored the variables.
          train_op: what trains the model.
          strip_default_attrs: leave attrs with their default out of the nodes.
          saver: saves and restores the variables; default: one for all of them.
        """
        signature_def_map = self._begin(True, signature_def_map)
        self._add_ops(signature_def_map, init_op, train_op)
        saver = _saver_or_new(saver)
        self._save_variables(sess, saver)
        made = saver.export_meta_graph(clear_devices=clear_devices, strip_default_attrs=strip_default_attrs)
        self._finish(made, tags, signature_def_map, assets_list)
        self._has_saved_variables = True

    def _add_ops(self, signature_def_map: dict[str, Any], init_op: Any, train_op: Any) -> None:
        for op, key in (
            (init_op, constants.INIT_OP_SIGNATURE_KEY),
            (train_op, constants.TRAIN_OP_SIGNATURE_KEY),
        ):
            if op is not None:
                signature_def_map[key] = signatures.op_signature_def(op, key)

    def _finish(self, made: Any, tags: Any, signature_def_map: dict[str, Any], assets_list: Any) -> None:
        def keep(name: str, tensor: Tensor) -> None:
            made.asset_file_def.append(assets.asset_message(name, tensor))

        assets.save_assets(assets_list, keep, self._export_dir)
        self._add(made, tags, signature_def_map)


@public("saved_model.simple_save")
def simple_save(
    session: Any,
    export_dir: str,
    inputs: dict[str, Any],
    outputs: dict[str, Any],
    legacy_init_op: Operation | None = None,
) -> None:
    """Write a SavedModel for serving: the default graph, with one signature.

    Args:
      session: the session that has the variables.
      export_dir: the folder; it must be empty, or not be there.
      inputs: the input tensors by name.
      outputs: the output tensors by name.
      legacy_init_op: what a loader is to run after it restored the variables.
    """
    signature = signatures.predict_signature_def(inputs, outputs)
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session,
        [constants.SERVING],
        {constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: signature},
        get_collection(GraphKeys.ASSET_FILEPATHS),
        main_op=legacy_init_op,
        clear_devices=True,
    )
    builder.save()

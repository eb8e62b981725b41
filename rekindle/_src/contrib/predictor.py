"""`tf.contrib.predictor`: a SavedModel as a function of a dict of arrays."""
from __future__ import annotations

from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph.graph import Graph
from rekindle._src.names import public
from rekindle._src.run.session import Session
from rekindle._src.saved_model import constants, files, loader

DEFAULT_TAGS = constants.SERVING


class SavedModelPredictor:
    """Predicts with a SavedModel; call it with a dict of arrays by input name.

    Args:
      export_dir: the folder of the SavedModel.
      signature_def_key: the signature; default: that for serving.
      signature_def: a SignatureDef in its place.
      input_names: names of tensors by input name, in place of a signature.
      output_names: names of tensors by output name.
      tags: the tags of the graph, separated by commas; default: "serve".
      graph: the graph to load it into; default: a new one.
      config: the ConfigProto of the session.

    Raises:
      ValueError: more is given than one way to tell inputs and outputs, or there is no such signature.
    """

    def __init__(
        self,
        export_dir: str,
        signature_def_key: str | None = None,
        signature_def: Any = None,
        input_names: dict[str, str] | None = None,
        output_names: dict[str, str] | None = None,
        tags: str | None = None,
        graph: Graph | None = None,
        config: Any = None,
    ) -> None:
        if (input_names is None) != (output_names is None):
            raise ValueError("input_names and output_names must both be specified or both be unspecified.")
        if sum(one is not None for one in (signature_def_key, signature_def, input_names)) > 1:
            raise ValueError(
                "You must specify at most one of signature_def_key OR signature_def OR(input_names AND output_names)."
            )
        tags = tags or DEFAULT_TAGS
        self._graph = graph or Graph()
        with self._graph.as_default():
            self._session = Session(config=config)
            loader.load(self._session, tags.split(","), export_dir)
        if input_names is None or output_names is None:
            found = signature_def or _signature(signature_def_key, export_dir, tags)
            input_names = {key: one.name for key, one in found.inputs.items()}
            output_names = {key: one.name for key, one in found.outputs.items()}
        named = self._graph.get_tensor_by_name
        self._feed_tensors = {key: named(name) for key, name in input_names.items()}
        self._fetch_tensors = {key: named(name) for key, name in output_names.items()}

    @property
    def graph(self) -> Graph:
        """The graph that the model is in."""
        return self._graph

    @property
    def session(self) -> Session:
        """The session that has its variables."""
        return self._session

    @property
    def feed_tensors(self) -> dict[str, Any]:
        """The input tensors by name."""
        return self._feed_tensors

    @property
    def fetch_tensors(self) -> dict[str, Any]:
        """The output tensors by name."""
        return self._fetch_tensors

    def __repr__(self) -> str:
        feeds, fetches = self._feed_tensors, self._fetch_tensors
        return f"{type(self).__name__} with feed tensors {feeds} and fetch_tensors {fetches}"

    def __call__(self, input_dict: dict[str, Any]) -> dict[str, Any]:
        """The outputs by name.

        Args:
          input_dict: arrays by input name; what is None is not fed.

        Raises:
          ValueError: there is no such input.
        """
        expected = set(self._feed_tensors)
        unexpected = set(input_dict) - expected
        if unexpected:
            raise ValueError(f"Got unexpected keys in input_dict: {unexpected}\nexpected: {expected}")
        feeds = {self._feed_tensors[key]: value for key, value in input_dict.items() if value is not None}
        return self._session.run(self._fetch_tensors, feed_dict=feeds)


def _signature(key: str | None, export_dir: str, tags: str) -> Any:
    key = key or constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    found = get_meta_graph_def(export_dir, tags).signature_def
    other = f"default_input_alternative:{key}"
    if key in found:
        return found[key]
    if other not in found:
        raise ValueError(f'Got signature_def_key "{key}". Available signatures are {list(found)}.')
    logging.warning('Could not find signature def "%s". Using "%s" instead', key, other)
    return found[other]


def get_meta_graph_def(saved_model_dir: str, tags: str) -> Any:
    """The MetaGraphDef of a SavedModel that has exactly the tags, separated by commas.

    Raises:
      ValueError: there is none.
    """
    wanted = {one.strip() for one in tags.split(",")}
    for one in files.read_saved_model(saved_model_dir).meta_graphs:
        if set(one.meta_info_def.tags) == wanted:
            return one
    raise ValueError(f"Could not find MetaGraphDef with tags {tags}")


@public("contrib.predictor.from_saved_model")
def from_saved_model(
    export_dir: str,
    signature_def_key: str | None = None,
    signature_def: Any = None,
    input_names: dict[str, str] | None = None,
    output_names: dict[str, str] | None = None,
    tags: str | None = None,
    graph: Graph | None = None,
    config: Any = None,
) -> SavedModelPredictor:
    """A predictor of a SavedModel; the arguments are those of `SavedModelPredictor`."""
    return SavedModelPredictor(
        export_dir, signature_def_key, signature_def, input_names, output_names, tags, graph, config
    )

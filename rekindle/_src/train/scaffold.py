"""`tf.train.Scaffold`: the operations that a training session needs beside the model's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph import scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import control, lookup_tables, summary
from rekindle._src.state import resources, variables
from rekindle._src.train import saver as savers


@public("train.Scaffold")
class Scaffold:
    """The operations and the Saver of a training session; what is not given is found in collections or made.

    Args:
      init_op: initialises the variables.
      init_feed_dict: its feeds.
      init_fn: called, `init_fn(scaffold, session)`, after it.
      ready_op: gives the names of variables that are not initialised.
      ready_for_local_init_op: the same, for what `local_init_op` needs.
      local_init_op: initialises what each session has for itself.
      summary_op: gives the summaries.
      saver: the Saver.
      copy_from_scaffold: another Scaffold, for what is not given.
    """

    def __init__(self, init_op: Any = None, init_feed_dict: Any = None, init_fn: Any = None, ready_op: Any = None,
                 ready_for_local_init_op: Any = None, local_init_op: Any = None, summary_op: Any = None,
                 saver: Any = None, copy_from_scaffold: Scaffold | None = None) -> None:  # fmt: skip
        other = copy_from_scaffold
        if other is not None and not isinstance(other, Scaffold):
            raise TypeError("copy_from_scaffold is not a Scaffold instance.")

        def given(value: Any, name: str) -> Any:
            return getattr(other, name) if value is None and other is not None else value

        self._user_init_fn = given(init_fn, "_user_init_fn")
        self._init_op = given(init_op, "init_op")
        self._init_feed_dict = given(init_feed_dict, "init_feed_dict")
        self._ready_op = given(ready_op, "ready_op")
        self._ready_for_local_init_op = given(ready_for_local_init_op, "ready_for_local_init_op")
        self._local_init_op = given(local_init_op, "local_init_op")
        self._summary_op = given(summary_op, "summary_op")
        self._saver = given(saver, "saver")

    def finalize(self) -> Scaffold:
        """Make what is missing, and finalize the graph."""
        if self._init_op is None:
            self._init_op = self.get_or_default("init_op", GraphKeys.INIT_OP, _init_op)
        if self._ready_op is None:
            self._ready_op = self.get_or_default("ready_op", GraphKeys.READY_OP, _ready_op)
        if self._ready_for_local_init_op is None:
            self._ready_for_local_init_op = self.get_or_default(
                "ready_for_local_init_op", GraphKeys.READY_FOR_LOCAL_INIT_OP, _ready_for_local_init_op
            )
        if self._local_init_op is None:
            self._local_init_op = self.get_or_default(
                "local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op
            )
        if self._summary_op is None:
            self._summary_op = self.get_or_default("summary_op", GraphKeys.SUMMARY_OP, summary.merge_all)
        if self._saver is None:
            self._saver = savers.get_saver_or_default()
        self._saver.build()
        scopes.get_default_graph().finalize()
        logging.info("Graph was finalized.")
        return self

    @property
    def init_fn(self) -> Callable[[Any], Any] | None:
        """Called with a new session; None: nothing is."""
        user = self._user_init_fn
        return (lambda sess: user(self, sess)) if user else None

    @property
    def init_op(self) -> Any:
        """Initialises the variables."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Any:
        """The feeds of `init_op`."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """Gives the names of variables that are not initialised."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """Gives the names of what `local_init_op` needs and is not initialised."""
        return self._ready_for_local_init_op

    @property
    def local_init_op(self) -> Any:
        """Initialises what each session has for itself."""
        return self._local_init_op

    @property
    def summary_op(self) -> Any:
        """Gives the summaries."""
        return self._summary_op

    @property
    def saver(self) -> Any:
        """The Saver."""
        return self._saver

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str, default_constructor: Callable[[], Any]) -> Any:
        """The item of a collection, made if there is none.

        Raises:
          RuntimeError: there are several.
        """
        held = get_collection(collection_key)
        if len(held) > 1:
            raise RuntimeError(
                f'More than one item in the collection "{collection_key}". Please indicate which one to use by passing '
                f"it to the tf.Scaffold constructor as:  tf.Scaffold({arg_name}=item to use)"
            )
        if held:
            return held[0]
        made = default_constructor()
        if made is not None:
            add_to_collection(collection_key, made)
        return made

    @staticmethod
    def default_local_init_op() -> Any:
        """An operation that initialises local variables, tables and local resources."""
        return control.group(
            variables.local_variables_initializer(),
            lookup_tables.tables_initializer(),
            resources.initialize_resources(resources.local_resources()),
        )


def _init_op() -> Any:
    return control.group(
        variables.global_variables_initializer(),
        resources.initialize_resources(resources.shared_resources()),
    )


def _ready_op() -> Any:
    missing = [variables.report_uninitialized_variables(), resources.report_uninitialized_resources()]
    return array_ops.concat(missing, 0)


def _ready_for_local_init_op() -> Any:
    return array_ops.concat([
        variables.report_uninitialized_variables(variables.global_variables()),
        resources.report_uninitialized_resources(resources.shared_resources()),
    ], 0)  # fmt: skip

"""The stacks that every call looks at: default graph and default session, one per thread, and the scope functions.

Holds the stacks and the module-level functions that work on the default graph (`tf.name_scope`, `tf.device`, ...).
What a
scope does to an operation is the graph's business.
"""
from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from rekindle._src.names import public


class _Stack(threading.local):
    """What `with` statements of this thread made the default, innermost last."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Any] = []
        self.enforce_nesting = True

    @contextlib.contextmanager
    def pushed(self, item: Any) -> Iterator[Any]:
        """Make `item` the default inside the `with`."""
        self.items.append(item)
        try:
            yield item
        finally:
            if self.items:
                if self.enforce_nesting:
                    if self.items[-1] is not item:
                        raise AssertionError(f"Nesting violated for default stack of {type(item)} objects")
                    self.items.pop()
                else:
                    self.items.remove(item)


graphs = _Stack()
sessions = _Stack()
_global: dict[str, Any] = {"graph": None, "make": None}


def set_graph_class(make: Any) -> None:
    """Say how the global default graph is made (called once, by the graph module)."""
    _global["make"] = make


@public("get_default_graph")
def get_default_graph() -> Any:
    """The graph to which this thread's operations are added."""
    if graphs.items:
        return graphs.items[-1]
    if _global["graph"] is None:
        _global["graph"] = _global["make"]()
    return _global["graph"]


@public("reset_default_graph")
def reset_default_graph() -> None:
    """Begin a new global default graph.

    Raises:
      AssertionError: called inside `with graph.as_default()`.
    """
    if graphs.items:
        raise AssertionError("Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, "
                             "exit the nesting and create a new graph.")
    _global["graph"] = _global["make"]()


@public("get_default_session")
def get_default_session() -> Any:
    """The session of the innermost `with session.as_default()` of this thread, or None."""
    return sessions.items[-1] if sessions.items else None


def session_for(graph: Any, session: Any, what: str, verb: str) -> Any:
    """The session in which to evaluate something of `graph`: the one given, or the default one.

    Raises:
      ValueError: there is none, or it has another graph.
    """
    if session is None:
        session = get_default_session()
        if session is None:
            raise ValueError(f"Cannot {what} using `{verb}()`: No default session is registered. Use `with "
                             f"sess.as_default(){':' if verb == 'run' else ''}` or pass an explicit session to "
                             f"`{verb}(session=sess)`")
        if session.graph is not graph:
            raise ValueError(f"Cannot use the default session to {what}: the "
                             f"{'tensor' if verb == 'eval' else 'operation'}"
                             "'s graph is different from the session's graph. Pass an explicit session to "
                             f"`{verb}(session=sess)`.")
    elif session.graph is not graph:
        raise ValueError(f"Cannot use the given session to {what}: the {'tensor' if verb == 'eval' else 'operation'}"
                         "'s graph is different from the session's graph.")
    return session


@public("name_scope")
class name_scope:  # noqa: N801 - the name is TensorFlow's
    """Prefix the names of operations made inside: `with tf.name_scope("conv1") as scope:`.

    Args:
      name: the scope's name, or None to use `default_name`.
      default_name: the name when `name` is None.
      values: tensors whose graph is the one to use.

    Raises:
      ValueError: neither name is given although `values` are.
    """

    __slots__ = ("_name", "_default_name", "_values", "_exits")

    def __init__(self, name: Any = None, default_name: Any = None, values: Any = None) -> None:
        self._name = default_name if name is None else name
        self._default_name = default_name
        if self._name is None and values is not None:
            raise ValueError("At least one of name (None) and default_name (None) should be provided.")
        self._values = values
        self._exits: Any = None

    @property
    def name(self) -> Any:
        """The name as it was asked for."""
        return self._name

    def __enter__(self) -> Any:
        graph = graph_from(self._values or ())
        self._exits = (graph.as_default(), graph.name_scope(self._name))
        self._exits[0].__enter__()
        try:
            return self._exits[1].__enter__()
        except BaseException:
            self._exits[0].__exit__(None, None, None)
            raise

    def __exit__(self, *error: Any) -> None:
        scope, default = self._exits[1], self._exits[0]
        try:
            scope.__exit__(*error)
        finally:
            default.__exit__(*error)


def graph_from(values: Any, graph: Any = None) -> Any:
    """The graph of the inputs, or the default graph.

    Raises:
      ValueError: the inputs are of different graphs.
    """
    first = None
    if graph is None and get_default_graph()._building_function:
        return get_default_graph()  # tensors of other graphs become arguments of the function
    for value in values:
        other = getattr(value, "graph", None)
        if other is None or isinstance(value, str):
            continue
        if graph is None:
            graph, first = other, value
        elif other is not graph:
            who = first if first is not None else graph
            raise ValueError(f"{value} must be from the same graph as {who}.")
    return get_default_graph() if graph is None else graph


@public("device")
def device(device_name_or_function: Any) -> Any:
    """Ask for a device for operations made inside: a name, a function from operation to name, or None for no wish."""
    return get_default_graph().device(device_name_or_function)


@public("container")
def container(container_name: str) -> Any:
    """Put the state of stateful operations made inside into a named container."""
    return get_default_graph().container(container_name)


@public("control_dependencies")
def control_dependencies(control_inputs: Any) -> Any:
    """Operations made inside run after `control_inputs`; None forgets those of outer scopes."""
    return get_default_graph().control_dependencies(control_inputs)


@public("colocate_with")
def colocate_with(op: Any, ignore_existing: bool = False) -> Any:
    """Operations made inside share the device of `op`."""
    return get_default_graph().colocate_with(op, ignore_existing)


@public("op_scope")
@contextlib.contextmanager
def op_scope(values: Any, name: Any, default_name: Any = None) -> Iterator[Any]:
    """The old form of `name_scope`, with the values first."""
    with name_scope(name, default_name=default_name, values=values) as scope:
        yield scope


@public("init_scope")
@contextlib.contextmanager
def init_scope() -> Iterator[None]:
    """Make operations outside of loops, conditionals, functions and control dependencies, in the same name scope."""
    graph = get_default_graph()
    scope = graph.get_name_scope()
    outer = graph
    while outer.building_function and outer._outer_graph is not None:
        outer = outer._outer_graph
    with outer.as_default(), outer.name_scope(scope + "/" if scope else ""), outer.control_dependencies(None):
        yield

"""`tf.Session`: runs parts of a graph and keeps the state between runs.

Holds Session and InteractiveSession. What one run does stands in steps.py; feeds, fetches and traces in files of their
own.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from rekindle._src import errors, nest
from rekindle._src.graph import proto, scopes
from rekindle._src.graph.graph import Graph
from rekindle._src.names import public
from rekindle._src.ops import waiting
from rekindle._src.run import devices, feeds, fetches, memory, partial, threads, trace
from rekindle._src.run.placement import Placement
from rekindle._src.run.steps import Step
from rekindle._src.run.store import Store

_STEPS = 256  # sets of fetches and feeds that a session remembers


class BaseSession:
    """Runs a graph: fetches tensors, feeds others, keeps variables."""

    def __init__(self, target: str | bytes = "", graph: Any = None, config: Any = None) -> None:
        self._graph = scopes.get_default_graph() if graph is None else graph
        if not isinstance(self._graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        if not isinstance(target, (str, bytes)):
            raise TypeError(f"target must be a string, but got {type(target)}")
        if config is not None and not isinstance(config, proto.ConfigProto):
            raise TypeError(f"config must be a tf.ConfigProto, but got {type(config)}")
        self._target = target if isinstance(target, bytes) else target.encode()
        if self._target and self._target != b"local":
            raise errors.NotFoundError(None, None, "No session factory registered for the given session options: "
                                       f"{{target: \"{self._target.decode()}\"}}: Rekindle runs sessions in this "
                                       f"process")
        self._config = config if config is not None else proto.ConfigProto()
        self._limit = self._config.operation_timeout_in_ms
        self._store = Store()
        self._steps: dict[Any, Any] = {}
        self._closed = False
        self._partial: dict[str, partial.PartialRun] = {}
        self._lock = threading.Lock()
        self._devices = devices.local_devices(self._config)
        self._placement = Placement(self._graph, self._config, devices.gpu_count(self._config))
        devices.apply_threads(self._config)
        memory.keep_freed()
        threads.start_workers()

    @property
    def graph(self) -> Any:
        """The graph that it runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a GraphDef."""
        return self._graph.as_graph_def(add_shapes=False)

    @property
    def sess_str(self) -> bytes:
        """The target as bytes."""
        return self._target

    def list_devices(self) -> list[Any]:
        """The devices on which it can run operations."""
        return list(self._devices)

    def close(self) -> None:
        """Free what the session holds; it cannot run any more.

        Operations of other threads that wait (for a queue, say) are cancelled.
        """
        self._closed = True
        self._steps.clear()
        self._store.cancel()
        self._store.reset()

    def as_default(self) -> Any:
        """A context in which this is the default session of the thread."""
        return scopes.sessions.pushed(self)

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """The values of `fetches`, in the same structure; operations give None.

        Args:
          fetches: a tensor, operation, name, sparse tensor, or a list, tuple or dict of such, nested at will.
          feed_dict: values for tensors of the graph, which are then not computed.
          options: RunOptions; with a trace level, `run_metadata` gets the times of each operation.
          run_metadata: a RunMetadata to fill in.

        Raises:
          RuntimeError: the session is closed, or the graph empty.
          TypeError, ValueError: something in fetches or feed_dict does not fit.
          OpError: an operation failed; the error names it.
        """
        return self._execute(fetches, feed_dict, options, run_metadata)

    def _execute(self, wanted: Any, feed_dict: Any, options: Any, metadata: Any) -> Any:
        limit = options and options.timeout_in_ms or self._limit
        if not limit and not (options and options.trace_level):
            quick = self._quick(wanted, feed_dict)
            if quick is not None:
                if metadata is not None:
                    metadata.Clear()
                return quick[0](quick[1])
        with waiting.limit(limit):
            return self._run(wanted, feed_dict, options, metadata)

    def _quick(self, wanted: Any, feed_dict: Any) -> Any:
        """The known step for a simple call, run; None where there is none yet."""
        try:
            key = self._graph.state, _form(wanted), tuple(feed_dict) if feed_dict else ()
            entry = self._steps.get(key)
        except TypeError:
            return None
        if entry is None or self._closed:
            return None
        build, step, tensors = entry
        arrays = [feeds.as_value(t, v) for t, v in zip(tensors, feed_dict.values(), strict=True)] if feed_dict else []
        return build, step.run(arrays)

    def _run(self, wanted: Any, feed_dict: Any, options: Any, metadata: Any) -> Any:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if self._graph.version == 0:
            raise RuntimeError("The Session graph is empty.  Add operations to the graph before calling run().")
        tensors, arrays, simple = self._feeds(feed_dict)
        plan = fetches.plan(self._graph, wanted)
        step, computed, direct = self._step(plan, tensors)
        if options is not None and options.trace_level > 0 or metadata is not None:
            values = trace.traced(step, arrays, options, metadata, self, computed, plan.targets, tensors)
        else:
            values = step.run(arrays)
        if not direct and simple:
            self._remember(wanted, feed_dict, plan, step, tensors)
        if direct:
            given = dict(zip(tensors, arrays, strict=True))
            computed_values = dict(zip(computed, values, strict=True))
            values = [given[t] if t in given else computed_values[t] for t in plan.tensors]
        return plan.build(values)

    def _step(self, plan: Any, tensors: list[Any]) -> tuple[Step, list[Any], bool]:
        """The step of a plan; what it computes; whether some fetches are fed."""
        fed = set(tensors)
        computed = [t for t in plan.tensors if t not in fed]
        direct = len(computed) < len(plan.tensors)
        key = ("step", self._graph.state, tuple(computed), tuple(plan.targets), tuple(tensors))
        step = self._steps.get(key)
        if step is None:
            self._placement.extend()
            step = Step(computed, plan.targets, tensors, self._store, self)
            self._keep(key, step)
        return step, computed, direct

    def _keep(self, key: Any, value: Any) -> None:
        with self._lock:
            while len(self._steps) >= 2 * _STEPS:
                self._steps.pop(next(iter(self._steps)))
            self._steps[key] = value

    def _remember(self, wanted: Any, feed_dict: Any, plan: Any, step: Step, tensors: list[Any]) -> None:
        """Let the next call of the same form find its step at once."""
        try:
            key = self._graph.state, _form(wanted), tuple(feed_dict) if feed_dict else ()
            hash(key)
        except TypeError:
            return
        self._keep(key, (plan.build, step, tensors))

    def _feeds(self, feed_dict: Any) -> tuple[list[Any], list[np.ndarray], bool]:
        """The fed tensors, their arrays, and whether each key was one tensor."""
        if not feed_dict:
            return [], [], True
        if not hasattr(feed_dict, "items"):
            raise TypeError("input must be a dictionary")
        nested = any(isinstance(key, tuple) for key in feed_dict)
        if nested:
            feed_dict = nest.flatten_dict_items(feed_dict)
        tensors, arrays, simple = [], [], not nested
        for key, value in feed_dict.items():
            expanded = feeds.expand(self._graph, key, value)
            simple = simple and len(expanded) == 1
            for tensor, one in expanded:
                arrays.append(feeds.as_value(tensor, one))
                if not self._graph.is_feedable(tensor):
                    raise ValueError(f"Tensor {tensor} may not be fed.")
                tensors.append(tensor)
        return tensors, arrays, simple

    def make_callable(self, fetches: Any, feed_list: Any = None, accept_options: bool = False) -> Callable[..., Any]:
        """A function of the values of `feed_list`, in order, that gives the values of `fetches`.

        Raises:
          TypeError: feed_list is no list.
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError("`feed_list` must be a list or tuple.")
        keys = list(feed_list or ())

        def call(*values: Any, **named: Any) -> Any:
            if len(values) != len(keys):
                raise ValueError(f"The callable takes {len(keys)} values, one for each tensor of feed_list, "
                                 f"got {len(values)}")
            if feed_list is not None:
                return self.run(fetches, dict(zip(keys, values, strict=True)), **named)
            return self._execute(fetches, {}, named.get("options"), named.get("run_metadata"))

        return call

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Begin a run that is fed and fetched in several calls of `partial_run`; gives its handle.

        Raises:
          RuntimeError: the session is closed.
        """
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        run = partial.PartialRun(self._graph, fetches, feeds or [], self._store, self)
        handle = f"partial_{len(self._partial)}"
        self._partial[handle] = run
        return handle

    def partial_run(self, handle: str, fetches: Any, feed_dict: Any = None) -> Any:
        """Go on with a run that `partial_run_setup` began."""
        if handle not in self._partial:
            raise errors.InvalidArgumentError(None, None, "Must run 'setup' before performing partial runs!")
        return self._partial[handle].run(fetches, feed_dict or {})

    def _extend_graph(self) -> None:
        self._placement.extend()


def _form(wanted: Any) -> Any:
    """A structure of fetches as a key: equal for those that ask for the same in the same form."""
    kind = type(wanted)
    if kind is dict:
        return kind, tuple([(k, _form(v)) for k, v in wanted.items()])
    if isinstance(wanted, (list, tuple)):
        return kind, tuple([_form(v) for v in wanted])
    return wanted


@public("Session")
class Session(BaseSession):
    """Runs a graph: `with tf.Session() as sess: sess.run(x, {p: 1.0})`.

    Args:
      target: the execution engine; "" is this process.
      graph: the graph to run; default: the default graph.
      config: a ConfigProto.
    """

    def __init__(self, target: str | bytes = "", graph: Any = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._default: ExitStack | None = None

    def __enter__(self) -> Session:
        if self._default is not None:
            raise RuntimeError("Session context managers are not re-entrant. Use `Session.as_default()` if you want to "
                               "enter a session multiple times.")
        self._default = ExitStack()
        self._default.enter_context(self._graph.as_default())
        self._default.enter_context(self.as_default())
        return self

    def __exit__(self, *error: Any) -> None:
        if self._default is not None:
            stack, self._default = self._default, None
            try:
                stack.__exit__(*error)
            finally:
                self.close()

    @staticmethod
    def reset(target: str, containers: list[str] | None = None, config: Any = None) -> None:
        """Forget the resources of the containers on `target`.

        Raises:
          NotFoundError: there is no such target; sessions of this process keep their state to themselves.
        """
        raise errors.NotFoundError(None, None, f"No session factory registered for the given session options: {target}")


@public("InteractiveSession")
class InteractiveSession(BaseSession):
    """A session that makes itself the default, for notebooks: `sess = tf.InteractiveSession(); x.eval()`."""

    def __init__(self, target: str | bytes = "", graph: Any = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._entered = ExitStack()
        scopes.sessions.enforce_nesting = False
        scopes.graphs.enforce_nesting = False
        if graph is not None:
            self._entered.enter_context(self._graph.as_default())
        self._entered.enter_context(self.as_default())

    def close(self) -> None:
        """Close it; it is no longer the default session."""
        super().close()
        self._entered.close()



"""Partial runs: one run of the graph, fed and fetched in several calls.

Holds `PartialRun`. Each operation runs at most once; values are kept until the handle is gone.
"""
from __future__ import annotations

from typing import Any

from rekindle._src import errors
from rekindle._src.compile.capture import needed
from rekindle._src.ops.torch_types import to_numpy, to_torch
from rekindle._src.run import feeds as feed_forms
from rekindle._src.run import fetches as fetch_forms
from rekindle._src.run.interpreter import Interpreter


class PartialRun:
    """What a handle of `Session.partial_run_setup` stands for."""

    def __init__(self, graph: Any, fetches: Any, feeds: list[Any], store: Any, session: Any) -> None:
        self.graph = graph
        plan = fetch_forms.plan(graph, fetches)
        self.allowed = set(plan.tensors) | set(plan.targets)
        self.feeds = {graph.as_graph_element(f, allow_operation=False) for f in feeds}
        self.store = store
        self.session = session
        self.values: dict[Any, Any] = {}
        self.ran: set[Any] = set()

    def run(self, fetches: Any, feed_dict: dict[Any, Any]) -> Any:
        """Feed some more, and compute some more.

        Raises:
          InvalidArgumentError: a feed or fetch was not announced, was given before, or lacks what it needs.
        """
        for key, value in feed_dict.items():
            self.feed(self.graph.as_graph_element(key, allow_operation=False), value)
        plan = fetch_forms.plan(self.graph, fetches)
        for one in [*plan.tensors, *plan.targets]:
            if one not in self.allowed:
                raise errors.InvalidArgumentError(None, None, f"The tensor {one.name} was not in the fetches of "
                                                  "partial_run_setup")
        known = list(self.values)
        targets = [op for op in plan.targets if op not in self.ran]
        wanted = [t for t in plan.tensors if t not in self.values]
        ops = needed(wanted, targets, set(known))
        for op in ops:
            if op.type == "Placeholder":
                raise errors.InvalidArgumentError(op.node_def, op, f"{op.name} has to be fed in a partial_run before "
                                                  "what needs it is fetched")
        made = [t for op in ops for t in op.outputs if op.type not in ("Switch", "Merge")]
        keep = list(dict.fromkeys([*wanted, *made]))
        found = Interpreter(ops, keep, known, self.store, self.session).run([self.values[t] for t in known])
        self.values.update(zip(keep, found, strict=True))
        self.ran.update(ops)
        return plan.build([_fetched(self.values[t], t) for t in plan.tensors])

    def feed(self, tensor: Any, value: Any) -> None:
        """Take the value of a tensor."""
        if tensor not in self.feeds:
            raise errors.InvalidArgumentError(None, None, f"The tensor {tensor.name} was not in the feeds of "
                                              "partial_run_setup")
        if tensor in self.values:
            raise errors.InvalidArgumentError(None, None, f"The tensor {tensor.name} has already been fed.")
        self.values[tensor] = to_torch(feed_forms.as_value(tensor, value), tensor._dtype._base)


def _fetched(value: Any, tensor: Any) -> Any:
    array = to_numpy(value, tensor._dtype._base)
    return array[()] if getattr(array, "ndim", 1) == 0 else array



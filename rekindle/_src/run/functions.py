"""Running functions of a graph's library: bodies and gradients of bodies, once built for a session.

A body runs as a step of its own, with the session's state, on the values of the call.
"""

from __future__ import annotations

from typing import Any

from rekindle._src import errors
from rekindle._src.autodiff import gradients
from rekindle._src.graph import function_body, scopes
from rekindle._src.ops import array as array_ops
from rekindle._src.run.steps import Step
from rekindle._src.run.store import Context, set_function_runner


class _Calls:
    """The functions that one session has called: (name, attrs, gradient) -> step."""

    def __init__(self) -> None:
        self.steps: dict[Any, Step] = {}


class _Runner:
    """Runs functions for kernels."""

    def call(self, context: Context, name: str, attrs: Any, values: list[Any]) -> list[Any]:
        """The results of a function."""
        return self._step(context, name, attrs, False).call(values)

    def call_gradient(
        self, context: Context, name: str, attrs: Any, values: list[Any]
    ) -> list[Any]:
        """The gradients of a function's arguments."""
        function = context.node.graph._get_function(name)
        if function is not None and function.grad_func_name:
            return self.call(context, function.grad_func_name, attrs, values)
        return self._step(context, name, attrs, True).call(values)

    def _step(self, context: Context, name: str, attrs: Any, gradient: bool) -> Step:
        graph = context.node.graph
        calls = context.store.local((id(graph._functions), "functions"), _Calls).steps
        given = {k: v.SerializeToString() for k, v in attrs.items() if not k.startswith("_")}
        key = (name, gradient, tuple(sorted(given.items())))
        found = calls.get(key)
        if found is None:
            found = calls[key] = _make(context, name, attrs, gradient)
        return found


def _make(context: Context, name: str, attrs: Any, gradient: bool) -> Step:
    function = context.node.graph._get_function(name)
    if function is None:
        raise errors.NotFoundError(None, None, f"Function {name} is not defined.")
    functions = context.node.graph._functions
    body = function_body.body_of(function.definition, dict(attrs.items()), functions)
    feeds, fetches, targets = body.inputs, body.outputs, body.effects
    if gradient:
        with body.graph.as_default():
            seeds = [array_ops.placeholder(t.dtype, name="dy") for t in body.outputs]
            found = gradients.gradients(body.outputs, body.inputs, seeds)
            with scopes.name_scope("zeros"):
                fetches = [
                    array_ops.zeros_like(x) if g is None else array_ops.identity(g)
                    for x, g in zip(body.inputs, found, strict=True)
                ]
        feeds, targets = [*feeds, *seeds], []
    return Step(fetches, targets, feeds, context.store, context.session)


set_function_runner(_Runner())

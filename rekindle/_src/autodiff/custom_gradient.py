"""`tf.custom_gradient`: functions that bring their own gradient."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable
from typing import Any

from rekindle._src import nest, tf_logging
from rekindle._src.autodiff.gradients import gradients
from rekindle._src.autodiff.registration import RegisterGradient
from rekindle._src.graph import convert, dtypes, opdef, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops

#: graph -> how many custom gradients it has
_made: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
_taken: set[str] = set()


@public("custom_gradient")
def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `f(*x)` gives (result, gradient function), and gradients go by that function.

    Args:
      f: takes tensors, gives its result and a function from a gradient for each tensor of the
        result to a gradient for each of x. If f uses resource variables, that function takes them
        as `variables=` and gives a pair: the gradients of x, and a list of those of the variables.

    Returns:
      A function that gives the result alone.
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments only when "
                "eager "
                "execution is enabled."
            )
        return _in_graph(f, args)

    return decorated


def _in_graph(f: Callable[..., Any], arguments: Any) -> Any:
    """Call f, and put its results behind an IdentityN whose gradient is f's."""
    graph = scopes.get_default_graph()
    name = _fresh_name(graph)
    args = [convert.convert_to_tensor(x) for x in arguments]
    before, begin = _all_variables(graph), len(graph._operations)
    result, grad_fn = f(*args)
    for variable in _all_variables(graph):
        if not any(variable is v for v in before) and _handle(variable) is None:
            raise TypeError(
                "All variables used by a function wrapped with @custom_gradient must be "
                "`ResourceVariable`s. Ensure that no `variable_scope` is created with "
                "`use_resource=False`."
            )
    used = _used_variables(graph, begin, args)
    used += [v for v in get_dependent_variables(args, result) if not any(v is one for one in used)]
    _check_signature(grad_fn, used, graph)
    flat = nest.flatten(result)
    everything = [*flat, *args, *used]
    RegisterGradient(name)(_gradient(grad_fn, len(flat), used))
    with graph.gradient_override_map({"IdentityN": name}):
        outputs = array_ops.identity_n(everything)
    for variable in used:
        convert.convert_to_tensor(variable)  # TensorFlow reads them once more
    return nest.pack_sequence_as(result, outputs[: len(flat)])


def _fresh_name(graph: Any) -> str:
    """A name for the gradient: numbered, as in TensorFlow, by the tensors that were made before."""
    earlier = _made.get(graph, 0)
    _made[graph] = earlier + 1
    number = 1 + earlier + sum(len(op.outputs) for op in graph._operations)
    while f"CustomGradient-{number}" in _taken:
        number += 1
    _taken.add(f"CustomGradient-{number}")
    return f"CustomGradient-{number}"


def _all_variables(graph: Any) -> list[Any]:
    return graph.get_collection(GraphKeys.GLOBAL_VARIABLES) + graph.get_collection(
        GraphKeys.LOCAL_VARIABLES
    )


def _handle(variable: Any) -> Tensor | None:
    handle = getattr(variable, "handle", None)
    return handle if isinstance(handle, Tensor) and handle.dtype is dtypes.resource else None


def _used_variables(graph: Any, begin: int, args: list[Tensor]) -> list[Any]:
    """The trainable resource variables that operations made since `begin` take."""
    handles = {
        t for op in graph._operations[begin:] for t in op._inputs if t.dtype is dtypes.resource
    } - set(args)
    return [v for v in _all_variables(graph) if _handle(v) in handles and v.trainable]


def get_dependent_variables(input_ops: Any, output_ops: Any) -> list[Any]:
    """The trainable variables on which outputs depend otherwise than by the inputs.

    Args:
      input_ops: a structure of tensors at which to stop.
      output_ops: a structure of tensors.

    Raises:
      ValueError: a variable is in no collection.
    """
    seeds = [t.op for t in nest.flatten(nest.map_structure(array_ops.identity, output_ops))]
    stops = set(nest.flatten(input_ops))
    found, wave = dict.fromkeys(seeds), seeds
    while wave:
        wave = list(
            dict.fromkeys(
                t.op
                for op in wave
                if opdef.GRADIENTS.get(op.type) is not None
                for t in op._inputs
                if t not in stops and t.op not in found
            )
        )
        found.update(dict.fromkeys(wave))
    named = [
        get_variable_by_name(op.name) for op in found if op.type in ("VariableV2", "VarHandleOp")
    ]
    return [variable for variable in named if variable is not None]


def get_variable_by_name(var_name: str) -> Any:
    """The trainable variable of that name, None if the variable is not trainable.

    Raises:
      ValueError: there is none, or there are several.
    """
    graph = scopes.get_default_graph()
    candidates = graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=f"{var_name}:0")
    if not candidates:
        raise ValueError(f"Unsuccessful at finding variable {var_name}.")
    trainable = [v for v in candidates if v.trainable]
    if len(trainable) > 1:
        raise ValueError(
            f"Unsuccessful at finding trainable variable {var_name}. Number of candidates: "
            f"{len(trainable)}. Candidates: {trainable}"
        )
    return trainable[0] if trainable else None


def _check_signature(grad_fn: Callable[..., Any], used: list[Any], graph: Any) -> None:
    spec = inspect.getfullargspec(grad_fn)
    takes_variables = (
        "variables" in spec.args or "variables" in spec.kwonlyargs or spec.varkw is not None
    )
    if used and not takes_variables:
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then grad_fn must "
            "accept a "
            "keyword argument 'variables'."
        )
    if takes_variables and not used:
        stores = graph.get_collection_ref(("__varscope",))
        if not stores or not stores[0].current_scope.use_resource:
            raise TypeError(
                "If using @custom_gradient with a function that uses variables, the enclosing "
                "variable "
                "scope must have use_resource=True."
            )
        tf_logging.warn(
            "@custom_gradient grad_fn has 'variables' in signature, but no ResourceVariables "
            "were used on "
            "the forward pass."
        )


def _gradient(grad_fn: Callable[..., Any], results: int, used: list[Any]) -> Callable[..., Any]:
    """The gradient of the IdentityN over results, arguments and variables."""

    def gradient(op: Any, *grads: Any) -> list[Any]:
        if not used:
            return [None] * results + nest.flatten(grad_fn(*grads[:results]))
        of_inputs, of_variables = grad_fn(*grads[:results], variables=used)
        if len(of_variables) != len(used):
            raise ValueError(
                "Must return gradient for each variable from @custom_gradient grad_fn."
            )
        return [None] * results + nest.flatten(of_inputs) + list(of_variables)

    return gradient


@public("grad_pass_through")
def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: gradients pass f as if it were the identity; variables in it get none."""

    @custom_gradient
    def passing(*args: Any, **kwargs: Any) -> Any:
        def grad(*args: Any, **kwargs: Any) -> Any:
            variables = kwargs.get("variables")
            return args if variables is None else (args, [None] * len(variables))

        return f(*args, **kwargs), grad

    return functools.wraps(f)(passing)


@public("recompute_grad")
def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: f is computed a second time for its gradient,
    so that its inner results need not be kept.
    """

    @custom_gradient
    def recomputing(*args: Any, **kwargs: Any) -> Any:
        result = f(*args, **kwargs)

        def grad(*dresult: Any, variables: Any = None) -> Any:
            with scopes.control_dependencies(list(dresult)):
                again = f(*args, **kwargs)
            sources = [*args, *(variables or ())]
            found = gradients(nest.flatten(again), sources, grad_ys=list(dresult))
            return found[: len(args)], found[len(args) :]

        return result, grad

    return functools.wraps(f)(recomputing)

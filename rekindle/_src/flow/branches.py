"""Branches as one operation: If and Case, which call one of several functions, and their gradients.

Holds `tf.switch_case`, and what `tf.cond` builds once control flow v2 is enabled. The gradient of a branching is a
branching; what its branches need of the inside of the others they get as optionals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.autodiff.gradients import gradients, is_trainable
from rekindle._src.flow import rewriting
from rekindle._src.flow.func_graph import FuncGraph, add_function, argument, built, number, of_definition
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import GRADIENTS
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import flow_values, functional, functional_flow, math_cast, optionals, state_resource
from rekindle._src.ops.math_sums import as_indexed_slices


class BranchGraph(FuncGraph):
    """The function of one branch."""


@public("switch_case")
def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: str = "switch_case") -> Any:
    """The results of the function whose number is `branch_index` when the graph runs.

    Args:
      branch_index: an int32 scalar tensor.
      branch_fns: functions without arguments, or pairs (or a dict) of number and function; the numbers are 0, 1, ...
        and the functions' results have one structure.
      default: the function for all other numbers; without it, the last one is.
      name: the name scope.

    Raises:
      TypeError: `branch_index` is no integer tensor, or `branch_fns` does not hold functions or pairs.
      ValueError: there are no functions, or their numbers are not 0, 1, ...
    """
    actions = _checked(branch_fns, default, branch_index)
    with scopes.name_scope(name, "case", [branch_index]), scopes.name_scope("indexed_case") as scope:
        labels = [function_name(scope, f"branch{i}") for i in range(len(actions))]
        branch_index = convert.convert_to_tensor(branch_index, name="branch_index")
        graphs = [_branch(label, action, branch_index) for label, action in zip(labels, actions, strict=True)]
        _check_captures(graphs, [f"branch {i}" for i in range(len(graphs))])
        return _case(branch_index, graphs, [g.external_captures for g in graphs], scope)


def function_name(scope: str, name: str) -> str:
    """The name of a function that an operation in a name scope calls."""
    return f"{scope}{name}_{number()}".replace("/", "_")


def _checked(functions: Any, default: Any, index: Any) -> list[Callable[[], Any]]:
    """The functions by number, the default one last."""
    if not isinstance(index, Tensor):
        raise TypeError(f"branch_index must a Tensor, got {type(index)}")
    if not index.dtype.is_integer:
        raise TypeError(f"branch_index must an integer Tensor, got {index.dtype!r}")
    if not functions:
        raise ValueError("Must provide at least one item in branch_fns")
    if not isinstance(functions, (list, tuple, dict)):
        raise TypeError("branch_fns must be a list, tuple, or dict")
    pairs = list(functions.items()) if isinstance(functions, dict) else list(functions)
    if all(map(callable, pairs)):
        pairs = list(enumerate(pairs))
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in branch_fns must be a 2-tuple")
        key, function = pair
        if not isinstance(key, int):
            raise TypeError(f"key must be a Python `int`, got {type(key)}")
        if not callable(function):
            raise TypeError(f"fn for key {key} must be callable.")
    keys = sorted(key for key, _ in pairs)
    if keys != list(range(len(keys))):
        raise ValueError(f"branch indices (keys) must form contiguous range of [0 to {len(keys)}) but found "
                         f"{{{','.join(map(str, keys))}}}")
    ordered = [function for _, function in sorted(pairs, key=lambda pair: pair[0])]
    return ordered if default is None else [*ordered, default]


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None) -> Any:
    """The results of one of two functions, as one If operation.

    Raises:
      TypeError: `pred` is a Python bool, or the results differ in structure or types.
    """
    if isinstance(pred, bool):
        raise TypeError("pred must not be a Python bool", pred)
    with scopes.name_scope(name or "cond") as scope:
        labels = [function_name(scope, "true"), function_name(scope, "false")]
        pred = as_scalar(convert.convert_to_tensor(pred))
        graphs = [_branch(label, action, pred) for label, action in zip(labels, (true_fn, false_fn), strict=True)]
        _check_captures(graphs, ["true_fn", "false_fn"])
        return _if(pred, graphs, [g.external_captures for g in graphs], scope)


functional_flow.BUILDERS["cond"] = cond


def as_scalar(pred: Any) -> Any:
    """A condition without axes of size one."""
    if isinstance(pred, Tensor) and pred.shape.ndims != 0:
        return array_ops.squeeze(pred)
    return pred


def _branch(name: str, action: Callable[[], Any], value: Tensor) -> FuncGraph:
    graph = BranchGraph(name, scopes.get_default_graph()._collections)
    return built(graph, action, op_value=value)


def _check_captures(graphs: list[FuncGraph], names: list[str]) -> None:
    """Refuse that one branch uses what another made."""
    for i, graph in enumerate(graphs):
        for tensor in graph.external_captures:
            if tensor.graph in graphs:
                raise ValueError(f"Tensor {tensor.name} in {names[graphs.index(tensor.graph)]} is accessed from "
                                 f"{names[i]}.")


def _if(pred: Tensor, graphs: list[FuncGraph], inputs: list[list[Tensor]], name: str | None) -> Any:
    taken = _matched(graphs, inputs, "tf.cond", ("true_fn", "false_fn"))
    stateful = any(op.signature.stateful for graph in graphs for op in graph.get_operations())
    block = functional.if_ if stateful else functional.stateless_if
    with scopes.control_dependencies([op for graph in graphs for op in graph.control_captures]):
        then, other = map(add_function, graphs)
        outputs = block(pred, taken, [t.dtype for t in graphs[0].outputs], then, other,
                        output_shapes=_common_shapes(graphs), name=name)
    return _results(outputs, graphs[0])


def _case(index: Tensor, graphs: list[FuncGraph], inputs: list[list[Tensor]], name: str | None) -> Any:
    taken = _matched(graphs, inputs, "tf.switch_case", [f"branches[{i}]" for i in range(len(graphs))])
    with scopes.control_dependencies([op for graph in graphs for op in graph.control_captures]):
        outputs = functional.case(index, taken, [t.dtype for t in graphs[0].outputs], list(map(add_function, graphs)),
                                  output_shapes=_common_shapes(graphs), name=name)
    return _results(outputs, graphs[0])


def _results(outputs: Any, graph: FuncGraph) -> Any:
    """What a user gets of a branching: identities, so that only what is fetched runs."""
    operation = outputs[0].op if isinstance(outputs, list) else outputs
    rewriting.mark_lowered(operation)
    found = [array_ops.identity(t) for t in operation.outputs]
    operation.graph.prevent_fetching(operation)
    return flow_values.packed(graph.structured_outputs, found)


def _matched(graphs: list[FuncGraph], inputs: list[list[Tensor]], caller: str, names: Any) -> list[Tensor]:
    """Give the functions the same arguments and check that they have the same results; gives what is passed."""
    _match_indices(graphs, caller)
    _check_results(graphs, caller, names)
    passed = list(dict.fromkeys(tensor for one in inputs for tensor in one))
    for graph, own in zip(graphs, inputs, strict=True):
        known = dict(zip(own, graph.inputs, strict=True))
        with graph.as_default():
            graph.inputs = [known[t] if t in known else argument_without_facts(t) for t in passed]
        graph.reset_captures(zip(passed, graph.inputs, strict=True))
    return passed


def argument_without_facts(tensor: Tensor) -> Tensor:
    """An argument that the function does not use."""
    made = argument(tensor)
    made.__dict__.pop("_element", None)
    return made


def _check_results(graphs: list[FuncGraph], caller: str, names: Any) -> None:
    first = graphs[0]
    for i, graph in enumerate(graphs[1:], 1):
        detail = ""
        try:
            nest.assert_same_structure(first.structured_outputs, graph.structured_outputs, expand_composites=True)
        except (ValueError, TypeError) as error:
            detail = str(error)
        for a, b in zip(first.outputs, graph.outputs, strict=False):
            if not detail and a.dtype != b.dtype:
                detail = f"{a} and {b} have different types"
        if detail:
            raise TypeError(
                f"{names[0]} and {names[i]} arguments to {caller} must have the same number, type, and overall "
                f"structure of return values.\n\n{names[0]} output: {first.structured_outputs}\n"
                f"{names[i]} output: {graph.structured_outputs}\n\nError details:\n{detail}")


def _match_indices(graphs: list[FuncGraph], caller: str) -> None:
    """Give the indices of IndexedSlices one type in all branches."""
    leaves = [nest.flatten(graph.structured_outputs) for graph in graphs]
    at = 0
    for own in zip(*leaves, strict=False):
        kinds = {isinstance(leaf, IndexedSlices) for leaf in own}
        if len(kinds) != 1:
            raise TypeError(f"Cannot reconcile {caller} outputs:\n  branches returned: {own}")
        if kinds == {True} and len({graph.outputs[at + 1].dtype for graph in graphs}) > 1:
            for graph in graphs:
                with graph.as_default():
                    graph.outputs[at + 1] = math_cast.cast(graph.outputs[at + 1], dtypes.int64)
        at += len(flow_values.parts(own[0]))
    for graph, own in zip(graphs, leaves, strict=True):
        if any(isinstance(leaf, IndexedSlices) for leaf in own):
            graph.structured_outputs = flow_values.packed(graph.structured_outputs, graph.outputs)


def _common_shapes(graphs: list[FuncGraph]) -> list[Any]:
    shapes = []
    for tensors in zip(*(graph.outputs for graph in graphs), strict=True):
        shape = tensors[0].shape
        for other in tensors[1:]:
            shape = shape.most_specific_compatible_shape(other.shape)
        shapes.append(shape)
    return shapes


# Gradients.


def _branch_graphs(operation: Any) -> list[FuncGraph]:
    """The graphs of the functions that a branching calls."""
    if operation.type == "Case":
        names = [one.name for one in operation.get_attr("branches")]
    else:
        names = [operation.get_attr(key).name for key in ("then_branch", "else_branch")]
    inputs = list(operation.inputs)[1:]
    known = [(t._static_shape, infer.element_of(t)) for t in inputs]
    graphs = [of_definition(operation, name, known) for name in names]
    for graph in graphs:
        graph.reset_captures(zip(inputs, graph.inputs, strict=True))
    return graphs


class _GradientGraph(BranchGraph):
    """The function that is the gradient of a branch: what it takes of the branch's inside comes in an optional."""

    def __init__(self, name: str, forward: FuncGraph) -> None:
        super().__init__(name, scopes.get_default_graph()._collections)
        self.forward = forward
        self.wrapped: dict[Tensor, Tensor] = {}  # a tensor of the branch -> the optional that holds it
        self.added = False  # some of these optionals are new
        self._unwrapped: dict[Tensor, Tensor] = {}

    def capture_outer(self, tensor: Tensor, name: str) -> Tensor:
        forward = self.forward
        if tensor.graph is not forward or tensor in forward.inputs or tensor in forward.outputs:
            return super().capture_outer(tensor, name)
        found = self._unwrapped.get(tensor)
        if found is not None:
            return found
        if tensor.dtype is dtypes.resource:
            source = forward.inputs[rewriting.resource_input(tensor, forward)]
            found = super().capture_outer(source, name)
        else:
            optional = super().capture_outer(self._optional(tensor), name)
            found = optionals.optional_get_value(optional, [tensor.dtype], [tensor.shape])[0]
        self._unwrapped[tensor] = found
        return found

    def _optional(self, tensor: Tensor) -> Tensor:
        """The optional that holds a tensor of the branch, made if there is none among its results."""
        if tensor not in self.wrapped:
            for consumer in tensor.consumers():
                if consumer.type == "OptionalFromValue" and consumer.outputs[0] in self.forward.outputs:
                    self.wrapped[tensor] = consumer.outputs[0]
                    return consumer.outputs[0]
            with self.forward.as_default():
                self.wrapped[tensor] = optionals.optional_from_value([tensor])
            self.added = True
        return self.wrapped[tensor]


def _branching_gradient(op: Any, *dys: Any) -> list[Any]:
    graphs = _branch_graphs(op)
    backward = [
        _gradient_graph(graph, dys[:len(graph.outputs)], f"{graph.name}_grad_{number()}") for graph in graphs]
    if any(graph.added for graph in backward):
        _give_optionals(op, graphs, backward)
    inputs = [_outer_inputs(op, graph, own) for graph, own in zip(graphs, backward, strict=True)]
    _match_slices(backward)
    if op.type == "Case":
        found = _case(op.inputs[0], backward, inputs, "gradient")
    else:
        found = _if(op.inputs[0], backward, inputs, None)
    return [None, *found]


for _type in ("If", "StatelessIf", "Case"):
    GRADIENTS[_type] = _branching_gradient


def _gradient_graph(forward: FuncGraph, dys: Any, name: str) -> _GradientGraph:
    """The function that gives the gradients of a branch's arguments."""
    graph = _GradientGraph(name, forward)
    built(graph, lambda: _input_gradients(forward, dys), ordered=True)
    return graph


def _input_gradients(forward: FuncGraph, dys: Any) -> list[Any]:
    pairs = [(y, dy) for y, dy in zip(forward.outputs, dys, strict=True) if is_trainable(y)]
    ys, seeds = [y for y, _ in pairs], [dy for _, dy in pairs]
    found = gradients(ys, forward.inputs, seeds)
    return [_zeros(x) if dx is None else dx for x, dx in zip(forward.inputs, found, strict=True)]


def _zeros(x: Tensor) -> Any:
    if x.dtype is dtypes.resource:
        return array_ops.zeros(state_resource.variable_shape(x), dtype=rewriting.variable_dtype(x))
    return array_ops.zeros_like(x)


def _give_optionals(op: Any, graphs: list[FuncGraph], backward: list[_GradientGraph]) -> None:
    """Let a branching give the optionals that its gradient takes, as many in each branch."""
    count = max(len(graph.wrapped) for graph in backward)
    for graph, own in zip(graphs, backward, strict=True):
        extra = list(own.wrapped.values())
        with graph.as_default():
            extra += [optionals.optional_none() for _ in range(count - len(extra))]
        graph.outputs.extend(extra)
        graph.name += "_rewritten"
    names = [add_function(graph) for graph in graphs]
    if op.type == "Case":
        rewriting.set_functions(op, branches=names)
    else:
        rewriting.set_functions(op, then_branch=names[0], else_branch=names[1])
    rewriting.set_outputs(op, "Tout", graphs[0].outputs)


def _outer_inputs(op: Any, forward: FuncGraph, graph: FuncGraph) -> list[Tensor]:
    """What a gradient function captured, as tensors of the graph where the branching is."""
    inputs = []
    for tensor in graph.external_captures:
        if tensor.graph is forward:
            at = next((i for i, out in enumerate(forward.outputs) if out is tensor), None)
            if at is not None:
                tensor = op.outputs[at]
            else:
                outer = {inner: outer for outer, inner in forward.captures}
                tensor = outer[tensor]
        inputs.append(tensor)
    return inputs


def _match_slices(graphs: list[FuncGraph]) -> None:
    """Where one branch's gradient is IndexedSlices, let those of the others be, too."""
    for i, own in enumerate(zip(*(graph.structured_outputs for graph in graphs), strict=True)):
        if any(isinstance(one, IndexedSlices) for one in own):
            for graph, one in zip(graphs, own, strict=True):
                if not isinstance(one, IndexedSlices):
                    with graph.as_default():
                        graph.structured_outputs[i] = as_indexed_slices(one)
    for graph in graphs:
        graph.outputs = flow_values.flat(graph.structured_outputs)

"""Loops as one operation: While, which calls a condition and a body, and its gradient.

Holds what `tf.while_loop` builds once control flow v2 is enabled. The gradient of a loop is a loop that goes back; what
it needs of each iteration the loop pushes to tensor lists, from which it pops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.autodiff.gradients import UnconnectedGradients, gradients, is_trainable
from rekindle._src.flow import rewriting
from rekindle._src.flow.branches import as_scalar, function_name
from rekindle._src.flow.func_graph import FuncGraph, add_function, built, number, of_definition
from rekindle._src.graph import constants, convert, dtypes, proto, scopes, sparse
from rekindle._src.graph.opdef import GRADIENTS
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.graph.type_spec import TensorSpec
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    constant,
    flow_values,
    functional,
    functional_flow,
    list_blocks,
    lists,
    math_logic,
    state_resource,
)
from rekindle._src.ops import while_loop as loop_ops
from rekindle._src.ops.tensor_array import TensorArray

_FIRST = 2  # loop variables behind the counter and the most iterations


class ConditionGraph(FuncGraph):
    """The function that says whether a loop goes on."""


class BodyGraph(FuncGraph):
    """The function of one iteration."""


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, shape_invariants: Any = None,
    parallel_iterations: int = 10, maximum_iterations: Any = None, name: str | None = None,
    return_same_structure: bool = True,
) -> Any:
    """The values after `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` is true, as one While operation.

    The arguments are those of `tf.while_loop`.

    Raises:
      TypeError: a loop variable changes its type.
      ValueError: structures differ, or a shape breaks its invariant.
    """
    leaves = [_converted(leaf) for leaf in nest.flatten(loop_vars)]
    if shape_invariants is not None:
        nest.assert_same_structure(loop_vars, shape_invariants)
    wanted = [None] * len(leaves) if shape_invariants is None else nest.flatten(shape_invariants)
    shapes = [shape for pair in zip(leaves, wanted, strict=True) for shape in loop_ops.invariants(*pair)]
    tensors = flow_values.flat(leaves)
    with scopes.name_scope(name or "while") as scope:
        names = function_name(scope, "cond"), function_name(scope, "body")
        limit = convert.convert_to_tensor(
            -1 if maximum_iterations is None else maximum_iterations, dtypes.int32, name="maximum_iterations")
        counter = constant.constant(0, dtype=None if maximum_iterations is None else limit.dtype, name="loop_counter")
        specs = [TensorSpec.from_tensor(counter), TensorSpec.from_tensor(limit)]
        specs += [TensorSpec(shape, t.dtype) for t, shape in zip(tensors, shapes, strict=True)]
        loop = _Loop(loop_vars, cond, body, maximum_iterations is not None)
        outer = scopes.get_default_graph()
        loop.goes_on = built(ConditionGraph(names[0], outer._collections), loop.condition, specs)
        loop.step = built(BodyGraph(names[1], outer._collections), loop.once, specs)
        taken = [counter, limit, *tensors, *loop.step.external_captures]
        loop.share_captures()
        loop.check(taken, shapes)
        outputs = _operation(loop, taken, shapes, parallel_iterations, scope)
    found = flow_values.packed(loop_vars, outputs[_FIRST:_FIRST + len(shapes)])
    flat = nest.flatten(found, expand_composites=True)
    return flat[0] if len(flat) == 1 and not return_same_structure else found


functional_flow.BUILDERS["while_loop"] = while_loop


def _converted(leaf: Any) -> Any:
    return leaf.flow if isinstance(leaf, TensorArray) else sparse.internal_convert_or_slices(leaf)


class _Loop:
    """A loop while it is built: the user's functions and the graphs that are made of them."""

    goes_on: FuncGraph
    step: FuncGraph

    def __init__(self, structure: Any, cond: Callable[..., Any], body: Callable[..., Any], limited: bool) -> None:
        self.structure = structure
        self.cond = cond
        self.body = body
        self.limited = limited

    def condition(self, counter: Tensor, limit: Tensor, *args: Any) -> Any:
        """Whether there is another iteration."""
        pred = as_scalar(self.cond(*self._packed(args)))
        return math_logic.logical_and(counter < limit, pred) if self.limited else pred

    def once(self, counter: Tensor, limit: Tensor, *args: Any) -> list[Any]:
        """One iteration, counted."""
        graph: Any = scopes.get_default_graph()
        for tensor in self.goes_on.external_captures:
            graph.capture(tensor)
        results = self.body(*self._packed(args))
        if not nest.is_sequence_or_composite(results):
            results = [results]
        nest.assert_same_structure(list(results), list(self.structure), expand_composites=True)
        flows = nest.map_structure(lambda one: one.flow if isinstance(one, TensorArray) else one, list(results))
        return [counter + 1, limit, *flows]

    def _packed(self, args: Any) -> Any:
        return flow_values.packed(self.structure, list(args))

    def share_captures(self) -> None:
        """Let captured tensors go round, and both functions take the same."""
        self.step.outputs.extend(self.step.internal_captures)
        with self.goes_on.as_default():
            for tensor in self.step.external_captures:
                self.goes_on.capture(tensor)

    def check(self, taken: list[Tensor], shapes: list[TensorShape]) -> None:
        """Refuse loop variables that change shape or type."""
        results = self.step.outputs[_FIRST:_FIRST + len(shapes)]
        for first, result, shape in zip(taken[_FIRST:], results, shapes, strict=False):
            if not loop_ops.is_within(result.shape, shape):
                raise ValueError(
                    f"Input tensor '{first.name}' enters the loop with shape {shape}, but has shape {result.shape} "
                    "after one iteration. To allow the shape to vary across iterations, use the `shape_invariants` "
                    "argument of tf.while_loop to specify a less-specific shape.")
        for first, argument, result in zip(taken, self.step.inputs, self.step.outputs, strict=True):
            if argument.dtype != result.dtype:
                raise TypeError(f"Loop var {first.name} enters the loop with type {argument.dtype!r} but has type "
                                f"{result.dtype!r} after 1 iteration.")


def _operation(
    loop: _Loop, taken: list[Tensor], shapes: list[TensorShape], parallel_iterations: int, name: str
) -> list[Tensor]:
    """Add the While operation; gives identities of its outputs."""
    graphs = (loop.goes_on, loop.step)
    with scopes.control_dependencies([op for graph in graphs for op in graph.control_captures]):
        out_shapes = [t.shape for t in loop.step.outputs]
        out_shapes[_FIRST:_FIRST + len(shapes)] = shapes
        functional.while_(taken, add_function(loop.goes_on), add_function(loop.step), output_shapes=out_shapes,
                          parallel_iterations=parallel_iterations, name=name)
    operation = scopes.get_default_graph().get_operation_by_name(name[:-1])
    operation._set_attr("_num_original_outputs", proto.AttrValue(i=len(operation.outputs)))
    _know_elements(loop.step.outputs, operation.outputs)
    rewriting.mark_lowered(operation)
    return [array_ops.identity(t) for t in operation.outputs]


def _know_elements(results: list[Tensor], outputs: list[Tensor]) -> None:
    for result, output in zip(results, outputs, strict=True):
        element = getattr(result, "_element", None)
        if element is not None:
            output._element = element


# The gradient.


def _while_gradient(op: Any, *dys: Any) -> list[Any]:
    known = [(shape, None) for shape in op._attrs["output_shapes"]]
    condition, body = (of_definition(op, op.get_attr(key).name, list(known)) for key in ("cond", "body"))
    count = len(body.outputs)
    kept = op._attrs["_num_original_outputs"].i if "_num_original_outputs" in op._attrs else len(op.outputs)
    seeds = [_seed(dy, y, out) for dy, y, out in zip(dys[:kept], body.outputs, op.outputs, strict=False)]
    seeds += [None] * (len(op.outputs) - kept)
    graph, args = _gradient_graph(op, condition, body, seeds)
    if graph.lists:
        condition.name += "_rewritten"
        body.name += "_rewritten"
        rewriting.set_functions(op, cond=add_function(condition), body=add_function(body))
        rewriting.set_outputs(op, "T", body.outputs)
        rewriting.add_inputs(op, graph.lists)
        _know_elements(body.outputs[count:], op.outputs[count:])
    op._set_attr("_num_original_outputs", proto.AttrValue(i=len(op.outputs)))
    taken = args + [_outer(op, body, tensor) for tensor in graph.external_captures]
    found = iter(_gradient_loop(op, graph, taken)[3:])
    return [None if seed is None else next(found) for seed in seeds]


GRADIENTS["While"] = GRADIENTS["StatelessWhile"] = _while_gradient


def _seed(dy: Any, y: Tensor, out: Tensor) -> Any:
    """The first gradient of a loop variable; None if it can have none."""
    if not is_trainable(y) or _holds_untrainable(y):
        return None
    if dy is not None or out.dtype not in (dtypes.resource, dtypes.variant):
        return dy
    if out.dtype is dtypes.resource:
        return array_ops.zeros(state_resource.variable_shape(out))
    return array_ops.zeros_like(out)


def _holds_untrainable(y: Tensor) -> bool:
    is_list = y.op.type == "TensorListPopBack" and y.value_index == 0
    return is_list and not is_trainable(y.op.get_attr("element_dtype"))


class _GradientGraph(BodyGraph):
    """The function of one iteration of the gradient: what it takes of the loop's inside it pops from lists."""

    def __init__(self, name: str, op: Any, condition: FuncGraph, body: FuncGraph) -> None:
        super().__init__(name)
        self.op = op
        self.condition = condition
        self.body = body
        self.lists: list[Tensor] = []  # the empty lists to which the loop pushes from now on
        self.popped: dict[Tensor, Tensor] = {}  # the argument for a list -> what goes on to the iteration before
        self._invariant = set(body.inputs) & set(body.outputs)
        self._found: dict[Tensor, Tensor] = {}

    def capture(self, tensor: Tensor, name: str | None = None) -> Tensor:
        """A tensor of the loop's body as one of this graph.

        Raises:
          ValueError: the tensor is of another graph.
        """
        if tensor.graph is not self and tensor.graph is not self.body:
            where = tensor.graph.name if isinstance(tensor.graph, FuncGraph) else "Base"
            raise ValueError(f"Attempting to capture tensor {tensor} which is not in the forward graph but in {where}.")
        return super().capture(tensor, name)

    def capture_outer(self, tensor: Tensor, name: str) -> Tensor:
        while tensor.op.type == "Identity":
            tensor = tensor.op.inputs[0]
        if tensor not in self._found:
            self._found[tensor] = self._taken(tensor, name)
        return self._found[tensor]

    def _taken(self, tensor: Tensor, name: str) -> Tensor:
        if tensor in self._invariant:
            found = super().capture_outer(tensor, name)
            self.popped[found] = found
            return found
        if tensor.op.type == "Const":
            return constant.constant(constants.constant_value(tensor), dtype=tensor.dtype)
        if tensor.dtype is dtypes.resource:
            index = rewriting.resource_input(tensor, self.body)
            return super().capture_outer(self.op.inputs[index], self.op.inputs[index].op.name)
        pushed = _pushed_to(tensor)
        held = super().capture_outer(self._accumulated(tensor) if pushed is None else pushed, name)
        self.popped[held], found = lists.tensor_list_pop_back(held, element_dtype=tensor.dtype)
        return found

    def _accumulated(self, tensor: Tensor) -> Tensor:
        """A list to which the loop pushes a tensor in each iteration, as the body gives it."""
        outer = self.body.outer_graph
        context = outer._get_control_flow_context()
        with outer.as_default(), outer.control_dependencies(None):
            outer._set_control_flow_context(context)
            empty = lists.empty_tensor_list(
                element_dtype=tensor.dtype, element_shape=tensor.shape, max_num_elements=self.op.inputs[1],
                name=f"{tensor.name}/accumulator".replace(":", "_"))
        self.lists.append(empty)
        with self.body.as_default():
            held = list_blocks.tensor_list_push_back(empty, tensor)
        self.body.outputs.append(held)
        with self.condition.as_default():
            self.condition.capture(empty)
        return held


def _pushed_to(tensor: Tensor) -> Tensor | None:
    """The result of a loop's body that is a loop variable to which it pushes a tensor; None if there is none."""
    graph: Any = tensor.graph
    for consumer in tensor.consumers():
        if consumer.type != "TensorListPushBack" or consumer.inputs[0] not in graph.inputs:
            continue
        at, made = graph.inputs.index(consumer.inputs[0]), consumer.outputs[0]
        candidates = [made, *(c.outputs[0] for c in made.consumers() if c.type == "Identity")]
        if at < len(graph.outputs) and any(graph.outputs[at] is one for one in candidates):
            return graph.outputs[at]
    return None


def _gradient_graph(op: Any, condition: FuncGraph, body: FuncGraph, seeds: list[Any]) -> tuple[_GradientGraph, Any]:
    """The function of one iteration of the gradient, and what it takes at first."""
    rows = [row for row in zip(body.outputs, body.inputs, seeds, strict=True) if row[2] is not None]
    ys, xs = [y for y, _, _ in rows], [x for _, x, _ in rows]
    total = op.outputs[0]
    args = [constant.constant(0, dtype=total.dtype, name="grad_counter"), op.inputs[1], total, *(s for _, _, s in rows)]
    graph = _GradientGraph(f"{body.name}_grad_{number()}", op, condition, body)

    def once(counter: Tensor, limit: Tensor, total: Tensor, *dys: Tensor) -> list[Any]:
        found = gradients(ys, xs, list(dys), unconnected_gradients=UnconnectedGradients.ZERO)
        return [counter + 1, limit, total, *found]

    built(graph, once, args, ordered=True)
    for i, one in enumerate(graph.structured_outputs):
        if isinstance(one, IndexedSlices):  # a loop variable is one tensor
            with graph.as_default():
                graph.structured_outputs[i] = convert.convert_to_tensor(one)
    graph.outputs = list(graph.structured_outputs)
    for inner in graph.internal_captures:
        graph.outputs.append(graph.popped.get(inner, inner))
        graph.structured_outputs.append(graph.outputs[-1])
    return graph, args


def _outer(op: Any, body: FuncGraph, tensor: Tensor) -> Tensor:
    """What a gradient function captured, as a tensor of the graph where the loop is."""
    if tensor.graph is not body:
        return tensor
    return op.outputs[next(i for i, out in enumerate(body.outputs) if out is tensor)]


def _gradient_loop(op: Any, graph: FuncGraph, taken: list[Tensor]) -> list[Tensor]:
    """Add the loop that goes back; gives identities of its outputs."""
    condition = built(
        ConditionGraph(f"{op.get_attr('cond').name}_grad_{number()}"),
        lambda counter, limit, total, *_: counter < total, taken, ordered=True)
    outputs = functional.while_(
        taken, add_function(condition), add_function(graph), output_shapes=[t.shape for t in graph.outputs],
        parallel_iterations=op.get_attr("parallel_iterations"), name=f"{op.name}_grad")
    _know_elements(graph.outputs, outputs)
    rewriting.mark_lowered(outputs[0].op)
    return [array_ops.identity(t) for t in outputs]

"""`tf.gradients`: adds the operations that compute derivatives, node by node those of TensorFlow
1.15.

Holds the walk from the ys back to the xs. Gradient functions stand in the op blocks, adding up in
aggregate.py. Loops enter through `set_loop_state`: the module that knows while loops says what to
do at their exits and switches.
"""

from __future__ import annotations

import collections
import contextlib
import enum
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src.autodiff import aggregate, registration
from rekindle._src.autodiff.captures import Captures
from rekindle._src.graph import convert, dtypes, opdef, proto, scopes, sparse
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import control, state_resource

_TRAINABLE = frozenset(
    [
        dtypes.float16,
        dtypes.float32,
        dtypes.float64,
        dtypes.complex64,
        dtypes.complex128,
        dtypes.resource,
        dtypes.variant,
    ]
)
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
#: makes the state of the loops between ys and xs: (operations in order, colocate) -> state, or None
#: without loops
_loop_state: list[Callable[[list[Operation], bool], Any]] = []


def set_loop_state(make: Callable[[list[Operation], bool], Any]) -> None:
    """Say how loops are differentiated.

    `make(operations, colocate)` gives None where there are no loops, else an object with `enter(op,
    before)`, `exit(op, before)`, `unused_exits(pending, ready)`, `zeros_like(op, index)`,
    `zeros_for_exit(tensor)`, `is_switch(op)`, `is_exit(op)`, `defer_exit(tensor, walk)`,
    `finish()`.
    """
    _loop_state[:] = [make]


@public("UnconnectedGradients")
class UnconnectedGradients(enum.Enum):
    """What the gradient is where no path leads from x to y: None, or zeros of the shape of x."""

    NONE = "none"
    ZERO = "zero"


def is_trainable(tensor_or_dtype: Any) -> bool:
    """True for element types that gradients exist for."""
    dtype = (
        tensor_or_dtype.dtype
        if isinstance(tensor_or_dtype, Tensor)
        else dtypes.as_dtype(tensor_or_dtype)
    )
    return dtype.base_dtype in _TRAINABLE


def _is_backpropagatable(tensor: Tensor) -> bool:
    base = tensor._dtype._base
    return base in _TRAINABLE or base is dtypes.bfloat16


@public("gradients")
def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """The derivatives of the sum of `ys` by each of `xs`.

    Args:
      ys: a tensor or a list of them.
      xs: a tensor or variable, or a list of them.
      grad_ys: a gradient for each y to begin with, None for ones.
      name: the name scope of the new operations.
      colocate_gradients_with_ops: put them on the devices of the operations that they
        differentiate.
      gate_gradients: the gradients of one operation are ready together.
      aggregation_method: how gradients that meet are added, one of tf.AggregationMethod.
      stop_gradients: tensors to take as constant.
      unconnected_gradients: None or zeros where no path leads from x to y, one of
        tf.UnconnectedGradients.

    Returns:
      A tensor, IndexedSlices or None for each x.

    Raises:
      LookupError: an operation on the way has no gradient.
      ValueError, TypeError: the arguments do not go together.
    """
    try:
        unconnected = UnconnectedGradients(unconnected_gradients)
    except ValueError:
        raise ValueError(
            f"Unknown value for unconnected_gradients: {unconnected_gradients!r}"
        ) from None
    ys, xs, stops = (
        _as_list(ys),
        _as_list(xs),
        [] if stop_gradients is None else _as_list(stop_gradients),
    )
    seeds = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    with scopes.name_scope(name, "gradients", [*ys, *xs, *stops, *seeds]) as scope:
        graph = scopes.get_default_graph()
        graph.unique_name("uid")  # TensorFlow takes a name here
        ys = sparse.convert_n_to_tensor_or_indexed_slices(ys, name="y")
        xs = sparse.convert_n_to_tensor_or_indexed_slices(
            [_handle(x) for x in xs], name="x", as_ref=True
        )
        captures = Captures(ys[0].graph if ys else graph, xs)
        walk = _Walk(graph, scope, colocate_gradients_with_ops, gate_gradients, aggregation_method, captures)
        walk.seed(ys, seeds)
        walk.run([y.op for y in ys], [x.op for x in xs], [t.op for t in stops])
    return [walk.gradient_of(x, unconnected) for x in xs]


def _as_list(x: Any) -> Any:
    return x if isinstance(x, (list, tuple)) else [x]


def _handle(x: Any) -> Any:
    """A resource variable's handle; anything else as it is."""
    handle = getattr(x, "handle", None)
    return handle if isinstance(handle, Tensor) and handle.dtype is dtypes.resource else x


class _Walk:
    """One call of tf.gradients: the gradients so far, and what is still to come."""

    def __init__(
        self, graph: Any, scope: str, colocate: bool, gate: bool, method: int | None, captures: Captures
    ) -> None:
        self.graph = graph
        self.scope = scope
        self.colocate = colocate
        self.gate = gate
        self.method = method
        #: for each output of an operation: the gradients that arrived, their sum once it was made
        self.grads: dict[Operation, list[Any]] = {}
        self.pending: dict[Operation, int] = collections.defaultdict(int)
        self.queue: collections.deque[Operation] = collections.deque()
        self.loops: Any = None
        self.captures: Captures = captures

    def seed(self, ys: list[Any], seeds: Any) -> None:
        """Give each y its first gradient: the one given, or ones."""
        if len(seeds) != len(ys):
            raise ValueError(f"Passed {len(seeds)} grad_ys for {len(ys)} ys")
        seeds = sparse.convert_n_to_tensor_or_indexed_slices(seeds, name="grad_y")
        made = []
        for i, (y, seed) in enumerate(zip(ys, seeds, strict=True)):
            with self.beside(y.op):
                made.append(_first_gradient(y, seed, i))
        for y, seed in zip(ys, made, strict=True):
            self.add(y, seed)

    @contextlib.contextmanager
    def beside(self, op: Operation) -> Iterator[None]:
        """Put operations made inside on the device of `op`, if gradients are to be colocated."""
        if not self.colocate:
            yield
            return
        with self.graph.colocate_with(op):
            yield

    def run(
        self, to_ops: list[Operation], from_ops: list[Operation], stop_ops: list[Operation]
    ) -> None:
        """Walk from the operations of the ys to those of the xs."""
        reached = _reached(from_ops, self.captures)
        between = _between(to_ops, reached, self.captures)
        self.loops = _loop_state[0](between, self.colocate) if _loop_state else None
        inside = set(between)
        for op in between:
            for tensor in self.captures.inputs(op):
                if tensor._op in inside:
                    self.pending[tensor._op] += 1
        ready = list(dict.fromkeys(op for op in to_ops if self.pending[op] == 0 and op in reached))
        self.queue.extend(ready)
        if self.loops is not None:
            for tensor in self.loops.unused_exits(self.pending, set(ready)):
                if is_trainable(tensor):
                    self.add(tensor, self.loops.zeros_for_exit(tensor))
                    self.queue.append(tensor.op)
        stops = {op for op in from_ops if all(self.pending[t._op] <= 0 for t in self.captures.inputs(op))}
        stops.update(stop_ops)
        while self.queue:
            op = self.queue.popleft()
            with self.beside(op):
                self._visit(op, stops, from_ops)
            self._release_inputs(op)
        if self.loops is not None:
            self.loops.finish()

    def _visit(self, op: Operation, stops: set[Operation], from_ops: list[Operation]) -> None:
        """Pass the gradients of one operation's outputs on to its inputs."""
        if self.loops is not None:
            self.loops.enter(op, True)
        out_grads = self._sums(op)
        if self.loops is not None:
            self.loops.exit(op, True)
        is_call = op.type in _CALLS or op.graph._is_function(op.type)
        alive = any(g is not None for g in out_grads)
        function = self._function(op, is_call) if alive and op not in stops else None
        is_call = is_call and alive and op not in stops
        if self.loops is not None:
            self.loops.enter(op, False)
        self._refuse_first_value(op, from_ops)
        if alive and (function is not None or is_call):
            in_grads = self._apply(op, function, out_grads)
        else:
            in_grads = [None] * len(op._inputs)
        for i, (tensor, grad) in enumerate(zip(self.captures.inputs(op), in_grads, strict=False)):
            if grad is None:
                continue
            if isinstance(grad, Tensor) and tensor._dtype is not dtypes.resource:
                _check_shape(op, i, tensor, grad)
            self.add(tensor, grad)
        if self.loops is not None:
            self.loops.exit(op, False)

    def _refuse_first_value(self, op: Operation, from_ops: list[Operation]) -> None:
        """Refuse, inside a loop, gradients that would go through its first values."""
        context = op._control_flow_context
        if (
            op.type not in ("Switch", "RefSwitch")
            or context is None
            or not context.IsWhileContext()
        ):
            return
        if context is not self.graph._get_control_flow_context():
            return
        target = _first_found(op, from_ops)
        target_name = "unknown" if target is None else target.name
        raise ValueError(
            f"Cannot compute gradient inside while loop with respect to op '{target_name}'. We do "
            "not support taking the gradient wrt or through the initial value of a loop variable. "
            "Gradients can be computed through loop invariants or wrt the input parameters to the "
            "loop body."
        )

    def _function(self, op: Operation, is_call: bool) -> registration.Gradient | None:
        try:
            return registration.get_gradient_function(op)
        except LookupError:
            if not is_call:
                raise LookupError(
                    f"No gradient defined for operation '{op.name}' (op type: {op.type})"
                ) from None
        name = op.get_attr("f").name if op.type in _CALLS else op.type
        return getattr(op.graph._get_function(name), "python_grad_func", None)

    def _apply(
        self, op: Operation, function: registration.Gradient | None, out_grads: list[Any]
    ) -> Any:
        """Call the gradient function of `op` in its own name scope."""
        for i, grad in enumerate(out_grads):
            if grad is None and (function is None or is_trainable(op.outputs[i])):
                out_grads[i] = (
                    zeros_for(op, i) if self.loops is None else self.loops.zeros_like(op, i)
                )
        begin = len(self.graph._operations)
        with (
            scopes.name_scope(op.name + "_grad"),
            self.graph._attr_scope(_compile_attrs(op, self.scope)),
        ):
            in_grads = _symbolic(op, out_grads) if function is None else function(op, *out_grads)
            in_grads = list(_as_list(in_grads))
            if len(in_grads) != len(op._inputs) and op.type not in ("While", "StatelessWhile"):
                raise ValueError(
                    f"Num gradients {len(in_grads)} generated for op {op.node_def} do not match "
                    "num "
                    f"inputs {len(op._inputs)}"
                )
            if self.gate and sum(g is not None for g in in_grads) > 1:
                with scopes.device(None), self.graph.colocate_with(None, ignore_existing=True):
                    in_grads = control.tuple(in_grads)
        for made in self.graph._operations[begin:]:
            if made._original_op is None:
                made._original_op = op
        return in_grads

    def add(self, tensor: Any, grad: Any) -> None:
        """Note that `grad` reaches `tensor`."""
        found = self.grads.get(tensor.op)
        if found is None:
            found = self.grads[tensor.op] = [[] for _ in tensor.op.outputs]
        index = tensor._value_index
        if isinstance(found[index], list):
            found[index].append(grad)
        else:
            found[index] = grad  # a loop's switch, visited twice

    def _sums(self, op: Operation) -> list[Any]:
        method = aggregate.check_method(self.method)
        found = self.grads.get(op)
        if found is None:
            return [None] * len(op.outputs)
        for i, grad in enumerate(found):
            if isinstance(grad, list):
                found[i] = aggregate.aggregated(grad, op.name, method)
        return list(found)

    def _release_inputs(self, op: Operation) -> None:
        """Count down what the operations before `op` wait for,
        and queue those that wait no more.
        """
        for tensor in self.captures.inputs(op):
            before = tensor._op
            self.pending[before] -= 1
            ready = self.pending[before] == 0
            if self.loops is not None and not ready:
                ready = self.pending[before] > 0 and self.loops.is_switch(before)
            if not ready:
                continue
            if self.loops is not None and self.loops.is_exit(before):
                self.loops.defer_exit(tensor, self)
            else:
                self.queue.append(before)

    def has_gradient(self, op: Operation) -> bool:
        """True if a gradient reached an output of `op`."""
        return any(
            any(g is not None for g in grad) if isinstance(grad, list) else grad is not None
            for grad in self.grads.get(op, ())
        )

    def gradient_of(self, x: Any, unconnected: UnconnectedGradients) -> Any:
        """The gradient that reached `x`."""
        found = self.grads.get(x.op)
        if found is not None:
            return found[x._value_index]
        if unconnected is UnconnectedGradients.NONE:
            return None
        if x.dtype is dtypes.resource:
            return array_ops.zeros(opdef.call("VariableShape", x), dtype=dtypes.float32)
        return array_ops.zeros_like(x)


def _reached(from_ops: list[Operation], captures: Captures) -> set[Operation]:
    """The operations that a path of differentiable tensors leads to."""
    reached: set[Operation] = set()
    queue = collections.deque(from_ops)
    while queue:
        op = queue.popleft()
        if op in reached:
            continue
        reached.add(op)
        for tensor in op.outputs:
            if _is_backpropagatable(tensor):
                queue.extend(captures.consumers(tensor))
    return reached


def _first_found(op: Operation, from_ops: list[Operation]) -> Operation | None:
    """The first of `from_ops` on the way back from `op`, breadth first."""
    queue, seen = collections.deque([op]), {op}
    while queue:
        one = queue.popleft()
        if one in from_ops:
            return one
        for tensor in one._inputs:
            if tensor._op not in seen:
                seen.add(tensor._op)
                queue.append(tensor._op)
    return None


def _between(to_ops: list[Operation], reached: set[Operation], captures: Captures) -> list[Operation]:
    """The reached operations that lead to `to_ops`, breadth first from there."""
    left = set(reached)
    found = []
    queue = collections.deque(to_ops)
    while queue:
        op = queue.popleft()
        if op in left:
            left.remove(op)
            found.append(op)
            queue.extend(t._op for t in captures.inputs(op))
    return found


def _first_gradient(y: Any, seed: Any, i: int) -> Any:
    if seed is None:
        if y.dtype.is_complex:
            raise TypeError(
                f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype!r})"
            )
        shape = array_ops.shape(y)
        return opdef.call("Fill", shape, convert.constant(1, y.dtype, name=f"grad_ys_{i}"))
    _check_seed(y, seed)
    if isinstance(seed, sparse.IndexedSlices):
        indices = opdef.call("Identity", seed.indices, name=f"grad_ys_{i}_indices")
        values = opdef.call("Identity", seed.values, name=f"grad_ys_{i}_values")
        shape = seed.dense_shape
        if shape is not None:
            shape = opdef.call("Identity", shape, name=f"grad_ys_{i}_shape")
        return sparse.IndexedSlices(values, indices, shape)
    return opdef.call("Identity", seed, name=f"grad_ys_{i}")


def _check_seed(y: Any, seed: Any) -> None:
    mine, theirs = y.dtype, seed.dtype
    if mine.is_floating or mine.is_integer:
        if not theirs.is_floating and not theirs.is_integer:
            raise TypeError(
                f"Gradient type {theirs.name} generated for real or integer-valued tensor {y} "
                "with type "
                f"{mine.name} must be real or integer"
            )
    elif mine.is_complex:
        if not theirs.is_complex:
            raise TypeError(
                f"Gradient type {theirs.name} generated for complex-valued tensor {y} with type "
                f"{mine.name} must be real"
            )
    elif mine == dtypes.variant:
        if theirs != dtypes.variant:
            raise TypeError(
                f"Gradient type {theirs.name} generated for variant tensor {y} with type "
                f"{mine.name} must "
                "be variant"
            )
    elif mine == dtypes.resource:
        if theirs == dtypes.resource:
            raise TypeError(
                f"Input gradient {seed} for resource tensor {y} should not be a resource"
            )
    else:
        raise TypeError(
            f"Tensor {y} with type {mine.name} must be numeric to obtain a default gradient"
        )


def _check_shape(op: Operation, index: int, tensor: Tensor, grad: Tensor) -> None:
    try:
        grad.set_shape(tensor.shape)
    except ValueError:
        raise ValueError(
            "Incompatible shapes between op input and calculated input gradient.  Forward "
            "operation: "
            f"{op.name}.  Input index: {index}. Original input shape: {tensor.shape}.  Calculated "
            "input "
            f"gradient shape: {grad.shape}"
        ) from None


def zeros_for(op: Operation, index: int) -> Tensor:
    """Zeros like an output of an operation outside all loops;
    in a branch of a cond, made only when it is taken.
    """
    value = op.outputs[index]
    context = op._control_flow_context
    if op.type not in ("Switch", "RefSwitch") or context is None:
        if value.dtype is dtypes.resource:
            return array_ops.zeros(opdef.call("VariableShape", value), dtype=_variable_dtype(value))
        return array_ops.zeros_like(value, optimize=False)
    taken = opdef.call("Switch", op._inputs[0], context.pred)[1 - context.branch]
    pivot = opdef.call("Identity", taken)
    if value.dtype is dtypes.resource:
        with scopes.control_dependencies([pivot]):
            return array_ops.zeros(opdef.call("VariableShape", taken), dtype=_variable_dtype(value))
    shape = opdef.call("Shape", taken)
    with scopes.control_dependencies([pivot]):
        return array_ops.zeros(shape, dtype=value.dtype)


def _variable_dtype(handle: Tensor) -> Any:
    """The type of the variable behind a handle; float32 where it is not known."""
    found = state_resource.variable_behind(handle)
    return dtypes.float32 if found is None else found.get_attr("dtype")


def _symbolic(op: Operation, out_grads: list[Any]) -> list[Any]:
    """The gradient of a function call as one operation."""
    function = proto.NameAttrList(name=op.get_attr("f").name if op.type in _CALLS else op.type)
    for key, value in op.node_def.attr.items():
        function.attr[key].CopyFrom(value)
    types = [
        dtypes.float32 if t._dtype is dtypes.resource else t._dtype.base_dtype for t in op._inputs
    ]
    return opdef.call("SymbolicGradient", [*op._inputs, *out_grads], types, function)


def _compile_attrs(op: Operation, scope: str) -> dict[str, Any]:
    """The attrs by which the clusters of XLA go over to the gradient's operations."""
    names = ("_XlaCompile", "_XlaSeparateCompiledGradients", "_XlaScope")
    if not all(name in op._attrs for name in names) or not op._attrs["_XlaCompile"].b:
        return {}
    cluster = op._attrs["_XlaScope"].s
    if op._attrs["_XlaSeparateCompiledGradients"].b:
        cluster += b"_grad_" + scope.rstrip("/").replace("/", "_").encode()
    return {"_XlaCompile": op._attrs["_XlaCompile"], "_XlaScope": proto.AttrValue(s=cluster)}

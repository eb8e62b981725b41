"""Operations that run functions of the library (`Defun`): `functional_ops.If`, `While`, `For`, `partitioned_call`.

The kernels of these ops stand in ops/functional.py.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, proto, scopes
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import functional
from rekindle._src.ops import math as math_ops
from rekindle._src.state.function import Defun, get_extra_args


def If(cond: Any, inputs: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:  # noqa: N802
    """The results of one of two functions: a list of tensors.

    Args:
      cond: a scalar; numbers other than zero and texts that are not empty are true.
      inputs: the arguments of both.
      then_branch, else_branch: functions whose results have the same types.
      name: the name of the operation.
    """
    types = _result_types(then_branch)
    return functional.if_(
        cond, inputs, Tout=types, then_branch=then_branch, else_branch=else_branch, name=name or "If"
    )


def _result_types(function: Any) -> list[Any]:
    return [dtypes.as_dtype(arg.type) for arg in function.definition.signature.output_arg]


def Gradient(inputs: Any, f: Any, name: str | None = None) -> Any:  # noqa: N802
    """The gradients of a function's arguments, of the arguments and the gradients of its results."""
    types = [dtypes.as_dtype(arg.type) for arg in f.definition.signature.input_arg]
    return functional.symbolic_gradient(input=inputs, Tout=types, f=f, name=name)


def While(input_: Any, cond: Any, body: Any, name: str | None = None, hostmem: Any = None) -> Any:  # noqa: N802
    """The values after `body` was called as long as `cond` says: a list of tensors.

    Args:
      input_: a list of tensors, the values at first.
      cond: a function of them that gives a scalar.
      body: a function of them that gives as many of the same types; what it captures goes around with them.
      name: the name of the operation.
      hostmem: the indices of values that stay in the host's memory.

    Raises:
      ValueError: `cond` captures something, or its arguments are not those of `body`.
    """
    if cond.captured_inputs:
        raise ValueError("While op 'cond' argument must be a function without implicitly captured inputs.")
    if cond.declared_input_types != body.declared_input_types:
        raise ValueError(
            "While op 'cond' and 'body' signatures do not match. "
            f"{cond.declared_input_types!r} vs {body.declared_input_types!r}"
        )
    captured = body.captured_inputs
    if captured:
        cond, body = _condition_of_more(cond, body), _body_of_more(body)
    out = functional.while_(list(input_) + captured, cond=cond, body=body, name=name or "While")
    if captured:
        out = out[: -len(captured)]
    _keep_on_host(out, hostmem, 0)
    return out


def _condition_of_more(cond: Any, body: Any) -> Any:
    """A condition that takes the body's captured values, too."""
    count = len(body.declared_input_types)
    types = [*body.declared_input_types, *(t.dtype for t in body.captured_inputs)]

    @Defun(*types, func_name=f"{cond.name}_Wrapper")
    def wrapper(*args: Any) -> Any:
        """A wrapper that handles loop-carried captured inputs."""
        return cond(*args[:count])

    return wrapper


def _body_of_more(function: Any) -> Any:
    """A body that takes its captured values as arguments and gives them back."""

    @Defun(*function.declared_input_types, func_name=f"{function.name}_Wrapper")
    def wrapper(*args: Any) -> Any:
        """A wrapper that handles loop-carried captured inputs."""
        return (*_results(function(*args)), *get_extra_args())

    return wrapper


def _results(value: Any) -> tuple[Any, ...]:
    """What a call gives, as a tuple."""
    if isinstance(value, Operation):
        return ()
    return (value,) if isinstance(value, Tensor) else tuple(value)


def _keep_on_host(outputs: list[Tensor], hostmem: Any, before: int) -> None:
    """Note which values stay in the host's memory; `before` inputs are no values that go around."""
    if not hostmem:
        return
    op = outputs[0].op
    for key, skipped in (("_input_hostmem", before), ("_output_hostmem", 0)):
        value = proto.AttrValue()
        value.list.i.extend(skipped + i for i in hostmem)
        op._set_attr(key, value)


def For(  # noqa: N802
    start: Any, limit: Any, delta: Any, inputs: Any, body: Any, name: str | None = None, hostmem: Any = None,
    rewrite_with_while: bool | None = None,
) -> Any:
    """The values after `body(i, *values)` was called for each i of a range: a list of tensors.

    Args:
      start, limit, delta: int32 scalars.
      inputs: a list of tensors, the values at first.
      body: a function of an int32 and the values that gives as many of the same types.
      name: the name of the operation.
      hostmem: the indices of values that stay in the host's memory.
      rewrite_with_while: make it a While operation.
    """
    if rewrite_with_while:
        return _for_by_while(start, limit, delta, inputs, body, name, hostmem)
    captured = body.captured_inputs
    function = _body_of_more(body) if captured else body
    out = functional.for_(start, limit, delta, list(inputs) + captured, body=function, name=name or "For")
    if captured:
        out = out[: -len(captured)]
    _keep_on_host(out, hostmem, 3)
    return out


def _for_by_while(
    start: Any, limit: Any, delta: Any, inputs: Any, function: Any, name: str | None, hostmem: Any
) -> list[Tensor]:
    """`For` that counts its iterations."""
    step = math_ops.abs(delta)
    distance = math_ops.cast(math_ops.abs(limit - start) + step - 1, dtypes.float32)
    count = math_ops.cast(distance / math_ops.cast(step, dtypes.float32), dtypes.int32)
    types = [dtypes.int32] * 4 + list(function.declared_input_types)[1:]

    @Defun(*types, func_name=f"{function.name}_Cond")
    def condition(i: Any, n: Any, *args: Any) -> Any:
        return i < n

    @Defun(*types, func_name=f"{function.name}_Body")
    def body(i: Any, n: Any, start: Any, delta: Any, *args: Any) -> Any:
        """A While wrapper for forbody that handles loop-carried captured inputs."""
        results = _results(function(start + i * delta, *args))
        return (i + 1, n, start, delta, *results)

    host = [0, 1, 2, 3, *(4 + i for i in hostmem or ())]
    out = While([0, count, start, delta, *inputs], condition, body, name=name, hostmem=host)
    return list(out[4:])


def partitioned_call(
    args: Any, f: Any, tout: Any = None, executing_eagerly: bool | None = None, config: Any = None,
    executor_type: str | None = None,
) -> Any:
    """The results of a function that is called on the devices that its operations ask for.

    Args:
      args: the arguments.
      f: the function.
      tout: the types of the results; default: those of `f`.
      executing_eagerly: must not be true.
      config: a serialized ConfigProto; default: one that asks for no optimization.
      executor_type: the name of an executor, which is noted.

    Returns:
      A list of tensors; the operation if there are none.
    """
    types = [dtypes.as_dtype(t) for t in tout] if tout is not None else _result_types(f)
    config = no_rewriting() if config is None else config
    block = functional.stateful_partitioned_call if f.stateful_ops else functional.partitioned_call
    if types:
        return block(args, Tout=types, f=f, config_proto=config, executor_type=executor_type or "")
    graph = scopes.get_default_graph()
    tensors = [convert.internal_convert(one) for one in args]
    f.add_to_graph(graph)
    return graph.create_op(
        block.type, tensors, name="PartitionedFunctionCall",
        attrs={
            "Tin": [t.dtype for t in tensors], "Tout": [], "f": proto.NameAttrList(name=f.name),
            "config_proto": config, "executor_type": executor_type or "",
        },
    )


def no_rewriting() -> bytes:
    """A serialized ConfigProto that asks for no optimization."""
    config = proto.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config.SerializeToString()

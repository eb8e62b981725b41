"""`tf.Assert`: an operation that fails when its condition is false, showing tensors."""

from __future__ import annotations

from typing import Any

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import tensor_text


@op("Assert", infer=infer.nothing, host=True)
def assert_op(condition, data, *, summarize=3):
    """Fail with the first `summarize` elements of each of `data` unless the condition holds."""
    if not bool(condition):
        shown = "".join(f" [{tensor_text.summarize(one, summarize)}]" for one in data)
        raise errors.InvalidArgumentError(None, None, f"assertion failed:{shown}")


assert_op.no_gradient()


@public("Assert", "debugging.Assert")
def Assert(  # noqa: N802
    condition: Any, data: Any, summarize: int | None = None, name: str | None = None
) -> Any:
    """An operation that fails unless `condition` holds, to be made a control input of others.

    Args:
      condition: a boolean scalar.
      data: the tensors to show.
      summarize: how many elements of each, 3 by default, all if negative.
      name: the name scope.
    """
    with scopes.name_scope(name, "Assert", [condition, data]):
        tensors = convert.convert_all(data)
        if all(t.dtype in (dtypes.string, dtypes.int32) for t in tensors):
            return assert_op(condition, data, summarize, name="Assert")
        condition = convert.convert_to_tensor(condition, name="Condition")

        def fail() -> Any:
            return assert_op(condition, data, summarize, name="Assert")

        return cond_ops.cond(condition, control_ops.no_op, fail, name="AssertGuard").op

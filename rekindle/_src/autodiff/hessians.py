"""`tf.hessians`: second derivatives, row by row in a loop."""

from __future__ import annotations

from typing import Any

from rekindle._src.autodiff.gradients import gradients
from rekindle._src.graph import convert, dtypes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_binary, tensor_array, while_loop


@public("hessians")
def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Tensor]:
    """The matrix of second derivatives of the sum of `ys`, by each of `xs`.

    Args:
      ys: a tensor or a list of them.
      xs: a tensor or a list of them.
      name: not used, as in TensorFlow.
      colocate_gradients_with_ops: as in `tf.gradients`.
      gate_gradients: as in `tf.gradients`.
      aggregation_method: as in `tf.gradients`.

    Returns:
      For each x a tensor of twice its axes.

    Raises:
      LookupError: an operation on the way has no gradient.
    """
    xs = xs if isinstance(xs, (list, tuple)) else [xs]
    firsts = gradients(
        ys,
        xs,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
    )
    return [_hessian(first, x) for first, x in zip(firsts, xs, strict=True)]


def _hessian(first: Tensor, x: Any) -> Tensor:
    first = array_ops.reshape(first, [-1])
    n = array_ops.size(x)
    start = [convert.constant(0, dtypes.int32), tensor_array.TensorArray(x.dtype, n)]
    _, rows = while_loop.while_loop(
        lambda j, _: j < n,
        lambda j, found: (j + 1, found.write(j, gradients(first[j], x)[0])),
        start,
    )
    shape = array_ops.shape(x)
    stacked = rows.stack()
    return array_ops.reshape(stacked, array_ops.concat((shape, shape), 0))


def _hessian_vector_product(ys: Any, xs: Any, v: Any) -> list[Tensor]:
    """The Hessian of `ys` by `xs` times `v`, without the Hessian; an inner name of TensorFlow's
    that programs use.

    Raises:
      ValueError: there are not as many v as xs.
    """
    if len(xs) != len(v):
        raise ValueError("xs and v must have the same length.")
    firsts = gradients(ys, xs)
    products = [
        math_binary.multiply(first, array_ops.stop_gradient(one))
        for first, one in zip(firsts, v, strict=True)
        if first is not None
    ]
    return gradients(products, xs)

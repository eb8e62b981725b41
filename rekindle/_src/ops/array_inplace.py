"""Rows of a tensor replaced or added to: InplaceUpdate, InplaceAdd, InplaceSub and what programs call them by.

TensorFlow changes the memory of the input; here the input stays as it is, which a program that reads only the result
cannot tell.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import array_shape, math_cast


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _rows(x: Any, i: Any, v: Any) -> Any:
    """The indices as rows of x.

    Raises:
      InvalidArgumentError: the shapes do not fit.
    """
    if i.dim() != 1:
        raise _invalid(f"i must be a vector. {_shown(i)}")
    if x.dim() != v.dim():
        raise _invalid(f"x and v shape doesn't match (ranks differ): {_shown(x)} vs. {_shown(v)}")
    for axis in range(1, x.dim()):
        if x.shape[axis] != v.shape[axis]:
            raise _invalid(f"x and v shape doesn't match at index {axis} : {_shown(x)} vs. {_shown(v)}")
    if len(i) != v.shape[0]:
        raise _invalid(f"i and x shape doesn't match at index 0: {_shown(i)} vs. {_shown(v)}")
    return i.long() % max(x.shape[0], 1)


def _shown(tensor: Any) -> str:
    return "[" + ",".join(map(str, tensor.shape)) + "]"


@op("InplaceUpdate", infer=infer.same)
def inplace_update_op(x, i, v):
    """x with rows i replaced by v; of a row named twice, the last."""
    y = x.clone()
    for row, value in zip(_rows(x, i, v).tolist(), v, strict=True):
        y[row] = value
    return y


@op("InplaceAdd", infer=infer.same)
def inplace_add_op(x, i, v):
    """x with v added to rows i."""
    return torch.index_add(x, 0, _rows(x, i, v), v)


@op("InplaceSub", infer=infer.same)
def inplace_sub_op(x, i, v):
    """x with v subtracted from rows i."""
    return torch.index_add(x, 0, _rows(x, i, v), v, alpha=-1)


def _applied(block: Any, x: Any, i: Any, v: Any) -> Any:
    """An update of row or rows i, or of all of x if i is None."""
    x = convert.convert_to_tensor(x)
    v = convert.convert_to_tensor(v, x.dtype)
    if i is None:
        rows = block(array_shape.reshape(x, [1, -1]), [0], array_shape.reshape(v, [1, -1]))
        return array_shape.reshape(rows, array_shape.shape(x))
    i = math_cast.cast(i, dtypes.int32)
    if i.shape.ndims == 0:
        return block(x, array_shape.reshape(i, [1]), array_shape.expand_dims(v, 0))
    return block(x, i, v)


def alias_inplace_update(x: Any, i: Any, v: Any) -> Any:
    """x with row i (a scalar), rows i (a vector) or everything (None) replaced by v."""
    return _applied(inplace_update_op, x, i, v)


def alias_inplace_add(x: Any, i: Any, v: Any) -> Any:
    """x with v added to row i (a scalar), rows i (a vector) or everything (None)."""
    return _applied(inplace_add_op, x, i, v)


def alias_inplace_sub(x: Any, i: Any, v: Any) -> Any:
    """x with v subtracted from row i (a scalar), rows i (a vector) or everything (None)."""
    return _applied(inplace_sub_op, x, i, v)


def inplace_update(x: Any, i: Any, v: Any) -> Any:
    """`alias_inplace_update` of a copy."""
    return alias_inplace_update(array_shape.deep_copy(x), i, v)


def inplace_add(x: Any, i: Any, v: Any) -> Any:
    """`alias_inplace_add` of a copy."""
    return alias_inplace_add(array_shape.deep_copy(x), i, v)


def inplace_sub(x: Any, i: Any, v: Any) -> Any:
    """`alias_inplace_sub` of a copy."""
    return alias_inplace_sub(array_shape.deep_copy(x), i, v)


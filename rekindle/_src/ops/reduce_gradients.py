"""Gradients of the reductions along axes."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from rekindle._src.graph import constants, convert, dtypes, infer, scopes
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    math_binary,
    math_cast,
    math_divide,
    math_logic,
    math_ranges,
    reduce,
    reduce_axes,
)

#: graph -> {(input shape, axes): (output shape with its axes kept, how often each axis is
#: repeated)}
_shapes: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _shape_quotient(x: Any, y: Any) -> Any:
    """x // y of sizes, with 0 // 0 = 0."""
    return x // math_binary.maximum(y, 1)


def _spread(op: Any, dy: Any) -> Any:
    """The gradient repeated along the reduced axes."""
    shape = op.inputs[0]._static_shape
    axes = None if shape is None else constants.constant_value(op.inputs[1])
    if axes is not None and np.array_equal(axes, np.arange(len(shape))):
        dy = array_ops.reshape(dy, [1] * len(shape))
        known = infer.is_known(shape)
        full = convert.constant(shape, dtypes.int32) if known else array_ops.shape(op.inputs[0])
        return array_ops.tile(dy, full)
    if axes is not None and infer.is_known(shape):
        kept, repeats = _known_shapes(shape, tuple(axes.reshape(-1)))
        return array_ops.tile(array_ops.reshape(dy, kept), repeats)
    full = array_ops.shape(op.inputs[0])
    with scopes.colocate_with(full):
        kept = reduce_axes.reduced_shape(full, op.inputs[1])
        repeats = _shape_quotient(full, kept)
    return array_ops.tile(array_ops.reshape(dy, kept), repeats)


def _known_shapes(shape: Any, axes: Any) -> Any:
    known = _shapes.setdefault(scopes.get_default_graph(), {})
    if (shape, axes) not in known:
        kept = tuple(map(int, constants.value_of(reduce_axes.reduced_shape(shape, axes))))
        known[shape, axes] = kept, tuple(map(int, constants.value_of(_shape_quotient(shape, kept))))
    return known[shape, axes]


@reduce.sum_op.gradient
def sum_gradient(op, dy):
    return [_spread(op, dy), None]


@reduce.mean.gradient
def mean_gradient(op, dy):
    total = _spread(op, dy)
    before, after = op.inputs[0]._static_shape, op.outputs[0]._static_shape
    if infer.is_known(before) and infer.is_known(after):
        count = np.prod(before) // max(np.prod(after), 1)
        factor = convert.constant(count, total.dtype.base_dtype)
    else:
        before, after = array_ops.shape(op.inputs[0]), array_ops.shape(op.outputs[0])
        factor = _shape_quotient(reduce_axes.reduce_prod(before), reduce_axes.reduce_prod(after))
    return math_divide.truediv(total, math_cast.cast(factor, total.dtype)), None


@reduce.max_op.gradient
@reduce.min_op.gradient
def extreme_gradient(op, dy):
    x, axes = op.inputs
    kept = reduce_axes.reduced_shape(array_ops.shape(x), axes)
    y = array_ops.reshape(op.outputs[0], kept)
    dy = array_ops.reshape(dy, kept)
    chosen = math_cast.cast(math_logic.equal(y, x), dy.dtype)
    count = array_ops.reshape(reduce_axes.reduce_sum(chosen, axes), kept)
    return [math_divide.divide(chosen, count) * dy, None]


@reduce.prod.gradient
def prod_gradient(op, dy):
    """Each element's gradient is the product of all others,
    found by products from the left and from the right.
    """
    x = op.inputs[0]
    full = array_ops.shape(x)
    axes = array_ops.reshape(op.inputs[1], [-1])
    kept = reduce_axes.reduced_shape(full, op.inputs[1])
    repeats = _shape_quotient(full, kept)
    dy = array_ops.tile(array_ops.reshape(dy, kept), repeats)
    with scopes.device("/cpu:0"):
        rank = array_ops.rank(x)
        axes = (axes + rank) % rank
        gone = math_cast.cast(axes, dtypes.int32)
        left, _ = array_ops.setdiff1d(math_ranges.range(0, rank), gone)
        perm = array_ops.concat([gone, left], 0)
        size_gone = reduce_axes.reduce_prod(array_ops.gather(full, gone))
        size_left = reduce_axes.reduce_prod(array_ops.gather(full, left))
    permuted = array_ops.transpose(x, perm)
    permuted_shape = array_ops.shape(permuted)
    flat = array_ops.reshape(permuted, (size_gone, size_left))
    before = math_ranges.cumprod(flat, axis=0, exclusive=True)
    after = math_ranges.cumprod(flat, axis=0, exclusive=True, reverse=True)
    others = array_ops.reshape(math_cast.conj(before) * math_cast.conj(after), permuted_shape)
    out = dy * array_ops.transpose(others, array_ops.invert_permutation(perm))
    return array_ops.reshape(out, full), None

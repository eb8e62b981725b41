"""Choosing and ordering elements: where, boolean_mask, reverse, searchsorted, partition and stitch."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import call, op
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import array_join, array_sets, array_shape, gather
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.arguments import renamed


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


@op("Where", infer=lambda c: (None, None if c.shapes[0] is None else len(c.shapes[0])))
def where_op(input):
    """The places of the elements that are not zero: [n, rank]."""
    return torch.nonzero(input)


@public("where")
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Elements (or rows, for a vector condition) of x where the condition holds, else of y.

    Without x and y: the places where it holds, [n, rank].

    Raises:
      ValueError: only one of x and y is given.
    """
    return _where(condition, x, y, name, "Select")


@public("where_v2")
def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """Elements of x where the condition holds, else of y; the three broadcast.

    Raises:
      ValueError: only one of x and y is given.
    """
    return _where(condition, x, y, name, "SelectV2")


def _where(condition: Any, x: Any, y: Any, name: str | None, select: str) -> Any:
    if x is None and y is None:
        with scopes.name_scope(name, "Where", [condition]) as name:
            condition = convert.convert_to_tensor(
                condition, preferred_dtype=dtypes.bool_, name="condition"
            )
            return where_op(condition, name=name)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return call(select, condition, x, y, name=name)


@public("boolean_mask")
def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: Any = None) -> Any:
    """The elements or slices of `tensor` where `mask` is true: [..., m1..mk, ...] -> [..., n, ...].

    Raises:
      ValueError: the mask is a scalar, of unknown rank, or does not fit the tensor.
    """
    with scopes.name_scope(name, values=[tensor, mask]):
        tensor = convert.convert_to_tensor(tensor, name="tensor")
        mask = convert.convert_to_tensor(mask, name="mask")
        count, sizes = mask.shape.ndims, tensor.shape
        if count == 0:
            raise ValueError("mask cannot be scalar.")
        if count is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        axis = 0 if axis is None else axis
        sizes[axis : axis + count].assert_is_compatible_with(mask.shape)
        leading = call("Prod", array_shape.shape(tensor)[axis : axis + count], [0])
        before = array_shape.shape(tensor)[:axis]
        after = array_shape.shape(tensor)[axis + count :]
        tensor = array_shape.reshape(tensor, array_join.concat([before, [leading], after], 0))
        first = sizes[axis : axis + count].num_elements()
        tensor.set_shape(
            TensorShape(sizes[:axis]).concatenate([first]).concatenate(sizes[axis + count :])
        )
        mask = array_shape.reshape(mask, [-1])
        indices = array_shape.squeeze(where(mask), axis=[1])
        return gather.gather(tensor, indices, axis=axis)


@public("sparse.mask", "sparse_mask")
def sparse_mask(a: Any, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """The slices of IndexedSlices whose indices are not among `mask_indices`."""
    with scopes.name_scope(name, "sparse_mask", [a, mask_indices]) as name:
        indices, places = array_sets.list_diff(a.indices, mask_indices)
        values = gather.gather(a.values, places, name=name)
        return IndexedSlices(values, indices, a.dense_shape)


# Reverse.


def _reverse_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[1], 1)
    sizes, axes = c.shapes[0], c.value(1)
    if axes is None or sizes is None:
        return sizes
    seen = set()
    for i, axis in enumerate(axes.tolist()):
        at = axis + len(sizes) if axis < 0 else axis
        if not 0 <= at < len(sizes):
            raise ValueError(f"'axis'[{i}] = {axis} is out of valid range [0, {len(sizes) - 1}")
        if at in seen:
            raise ValueError(f"axis {at} specified more than once.")
        seen.add(at)
    return sizes


@op("ReverseV2", public="reverse reverse_v2 manip.reverse", infer=_reverse_rule, structural=True)
def reverse_v2(tensor, axis):
    """The tensor with the elements along the axes in the opposite order."""
    return torch.flip(tensor, axis.tolist())


@op("Reverse", infer=infer.same, structural=True)
def reverse_op(tensor, dims):
    """The tensor with the elements along the axes that are true in the opposite order."""
    return torch.flip(tensor, [i for i, flip in enumerate(dims.tolist()) if flip])


@reverse_v2.gradient
def reverse_v2_gradient(op, dy):
    return reverse_v2(dy, op.inputs[1]), None


@reverse_op.gradient
def reverse_gradient(op, dy):
    return reverse_op(dy, op.inputs[1]), None


def _roll_rule(c: Any) -> Any:
    sizes = infer.with_rank_at_least(c.shapes[0], 1)
    shift, axis = (infer.with_rank_at_most(shape, 1) for shape in c.shapes[1:])
    infer.merge(shift, axis)
    return sizes


@op("Roll", public="roll manip.roll", infer=_roll_rule, structural=True)
def roll(input, shift, axis):
    """The tensor with its elements moved by the shifts along the axes, those at the ends around."""
    return torch.roll(input, shift.reshape(-1).tolist(), axis.reshape(-1).tolist())


@roll.refusal
def roll_refusal(input, shift, axis):
    if input.dim() < 1:
        raise _invalid("input must be 1-D or higher")
    for word, value in (("shift", shift), ("axis", axis)):
        if value.dim() > 1:
            shape = TensorShape(value.shape)
            raise _invalid(f"{word} must be a scalar or a 1-D vector. Found: {shape}")
    if shift.shape != axis.shape:
        raise _invalid("shift and axis must have the same size")
    at = [i + input.dim() if i < 0 else i for i in axis.reshape(-1).tolist()]
    outside = [i for i in at if not 0 <= i < input.dim()]
    if outside:
        raise _invalid(f"axis {outside[0]} is out of range")


@roll.gradient
def roll_gradient(op, dy):
    return roll(dy, -op.inputs[1], op.inputs[2]), None, None


def _reverse_sequence_rule(c: Any) -> Any:
    lengths = infer.with_rank(c.shapes[1], 1)
    sizes, along, batch = c.shapes[0], c.attr("seq_dim"), c.attr("batch_dim")
    if sizes is None:
        return None
    for name, axis in (("batch_dim", batch), ("seq_dim", along)):
        if axis >= len(sizes):
            raise ValueError(f"{name} must be < input rank: {axis} vs. {len(sizes)}")
    if batch < 0:
        raise ValueError(f"batch_dim must be >=0, got {batch}")
    return sizes[:batch] + (infer.merge_dim(sizes[batch], lengths[0]),) + sizes[batch + 1 :]


@op("ReverseSequence", infer=_reverse_sequence_rule, structural=True)
def reverse_sequence_op(input, seq_lengths, *, seq_dim, batch_dim=0):
    """For each of the batch: the first so many elements along seq_dim in the opposite order."""
    _check_lengths(input, seq_lengths, seq_dim, batch_dim)
    shape = [1] * input.dim()
    shape[seq_dim] = input.shape[seq_dim]
    places = torch.arange(input.shape[seq_dim], device=input.device).reshape(shape)
    shape = [1] * input.dim()
    shape[batch_dim] = input.shape[batch_dim]
    lengths = seq_lengths.reshape(shape)
    places = torch.where(places < lengths, lengths - 1 - places, places)
    return torch.gather(input, seq_dim, places.expand(input.shape))


def _check_lengths(input: Any, lengths: Any, seq_dim: int, batch_dim: int) -> None:
    if lengths.shape[0] != input.shape[batch_dim]:
        raise _invalid(
            f"Length of seq_lengths != input.dims({batch_dim}), "
            f"({lengths.shape[0]} vs. {input.shape[batch_dim]})"
        )
    for i, length in enumerate(lengths.tolist() if not lengths.is_cuda else ()):
        if length < 0:
            raise _invalid(f"seq_lens({i}) < 0")
        if length > input.shape[seq_dim]:
            raise _invalid(f"seq_lens({i}) > input.dims({seq_dim})")


@reverse_sequence_op.gradient
def reverse_sequence_gradient(op, dy):
    along, batch = op.get_attr("seq_dim"), op.get_attr("batch_dim")
    return [reverse_sequence(dy, op.inputs[1], seq_axis=along, batch_axis=batch), None]


@public("reverse_sequence")
def reverse_sequence(
    input: Any, seq_lengths: Any, seq_axis: Any = None, batch_axis: Any = None, name: str | None = None,
    seq_dim: Any = None, batch_dim: Any = None,
) -> Any:  # fmt: skip
    """For each of the batch: the first `seq_lengths[b]` elements along `seq_axis` in the opposite order."""
    along = renamed("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch = renamed("batch_axis", batch_axis, "batch_dim", batch_dim)
    return reverse_sequence_op(input, seq_lengths, seq_dim=along, batch_dim=batch, name=name)


# Searching in sorted rows.


def _bound_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 2)
    infer.with_rank(c.shapes[1], 2)
    return c.shapes[1]


@op("LowerBound", infer=_bound_rule)
def lower_bound(sorted_inputs, values, *, out_type=dtypes.int32):
    """For each value: how many of its row of sorted_inputs are less."""
    return torch.searchsorted(sorted_inputs.contiguous(), values.contiguous()).to(out_type.torch)


@op("UpperBound", infer=_bound_rule)
def upper_bound(sorted_inputs, values, *, out_type=dtypes.int32):
    """For each value: how many of its row of sorted_inputs are not greater."""
    return torch.searchsorted(sorted_inputs.contiguous(), values.contiguous(), right=True).to(
        out_type.torch
    )


@public("searchsorted")
def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = dtypes.int32,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Where to put each value in its row of `sorted_sequence` so that it stays sorted.

    Raises:
      ValueError: `side` is neither "left" nor "right".
    """
    row = array_shape.shape_internal(sorted_sequence)[-1]
    wanted = array_shape.shape_internal(values)[-1]
    rows = array_shape.reshape(sorted_sequence, [-1, row])
    values_2d = array_shape.reshape(values, [-1, wanted])
    if side not in ("left", "right"):
        raise ValueError(f"side must be either 'right' or 'left'.  Saw: {side}.")
    block = upper_bound if side == "right" else lower_bound
    found = block(rows, values_2d, out_type, name)
    return array_shape.reshape(found, array_shape.shape_internal(values))


# Partition and stitch.


def _partition_rule(c: Any) -> Any:
    data, parts = c.shapes
    count = len(c.op.outputs)
    if parts is None or data is None:
        return [None] * count
    infer.merge(data[: len(parts)], parts)
    return [(None,) + data[len(parts) :]] * count


@op("DynamicPartition", public="dynamic_partition", infer=_partition_rule, structural=True)
def dynamic_partition(data, partitions, *, num_partitions):
    """The slices of data, given to as many tensors as partitions says."""
    gather.refuse_indices(partitions, num_partitions, "partitions")
    return [data[partitions == i] for i in range(num_partitions)]


@dynamic_partition.gradient
def dynamic_partition_gradient(op, *dys):
    data, parts = op.inputs
    count = op.get_attr("num_partitions")
    prefix = array_shape.shape(parts)
    places = array_shape.reshape(math_ops.range(math_ops.reduce_prod(prefix)), prefix)
    divided = dynamic_partition(places, parts, count)
    whole = dynamic_stitch(divided, dys)
    return [array_shape.reshape(whole, array_shape.shape(data)), None]


def _stitch_rule(c: Any) -> Any:
    count = len(c.shapes) // 2
    rest: Any = None
    most = 0
    for i in range(count):
        places, data = c.shapes[i], c.shapes[count + i]
        value = c.value(i)
        most = (
            None
            if most is None or value is None
            else max(most, int(value.max()) + 1 if value.size else 0)
        )
        if places is None or data is None:
            continue
        infer.merge(data[: len(places)], places)
        rest = infer.merge(data[len(places) :], rest)
    return None if rest is None else (most,) + rest


def stitched(indices: list[Any], data: list[Any]) -> Any:
    """One tensor of which indices[i] are the places of data[i]; the last one wins."""
    flat = [one.reshape(-1).to(torch.int64) for one in indices]
    rest = data[0].shape[indices[0].dim() :]
    size = max((int(one.max()) + 1 for one in flat if one.numel()), default=0)
    out = torch.zeros([size, *rest], dtype=data[0].dtype, device=data[0].device)
    for place, one in zip(flat, data):
        if place.numel() and int(place.min()) < 0:
            raise _invalid(f"indices[0] is out of range: {int(place.min())}")
        out[place] = one.reshape([len(place), *rest])
    return out


@op("DynamicStitch", public="dynamic_stitch", infer=_stitch_rule, structural=True)
def dynamic_stitch(indices, data):
    """One tensor of which indices[i] are the places of data[i]; the last one wins."""
    return stitched(indices, data)


@op("ParallelDynamicStitch", infer=_stitch_rule, structural=True)
def parallel_dynamic_stitch(indices, data):
    """One tensor of which indices[i] are the places of data[i]."""
    return stitched(indices, data)


@dynamic_stitch.gradient
@parallel_dynamic_stitch.gradient
def dynamic_stitch_gradient(op, dy):
    count = len(op.inputs) // 2
    places = [
        one if one.dtype == dtypes.int32 else math_ops.cast(one, dtypes.int32)
        for one in op.inputs[:count]
    ]
    if isinstance(dy, IndexedSlices):
        rows = array_shape.shape(op.outputs[0])[0]
        dy = math_ops.unsorted_segment_sum(dy.values, dy.indices, rows)
    return [None] * count + [gather.gather(dy, one) for one in places]

"""Blocks of space moved to other axes: space_to_batch, space_to_depth, their opposites, image patches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import constants, convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.names import public
from rekindle._src.ops import array_fill, array_join, array_shape
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import sparse as sparse_ops
from rekindle._src.ops.arguments import renamed


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Space and batch.


def _to_batch_shape(sizes: Any, count: Any, block: Any, pads_shape: Any, pads: Any) -> Any:
    """Shape rule of space to batch: `count` spatial axes, `block` and `pads` lists where known."""
    sizes = infer.with_rank_at_least(sizes, count + 1)
    infer.merge(pads_shape, (count, 2))
    if sizes is None:
        return None
    batch = sizes[0]
    if block is None:
        return (None if count else batch,) + (None,) * count + sizes[count + 1 :]
    if any(b < 1 for b in block):
        raise ValueError("block_shape must be positive")
    batch = None if batch is None else batch * math.prod(block)
    space: list[int | None] = [None] * count
    if pads is not None:
        if any(p < 0 for pair in pads for p in pair):
            raise ValueError("paddings cannot be negative")
        for i, (before, after) in enumerate(pads):
            size = sizes[i + 1]
            if size is not None:
                space[i] = array_shape.divided(size + before + after, block[i])
    return (batch, *space) + sizes[count + 1 :]


def _to_space_shape(sizes: Any, count: Any, block: Any, crops_shape: Any, crops: Any) -> Any:
    """Shape rule of batch to space."""
    sizes = infer.with_rank_at_least(sizes, count + 1)
    infer.merge(crops_shape, (count, 2))
    if sizes is None:
        return None
    batch = sizes[0]
    if block is None:
        return (None if count else batch,) + (None,) * count + sizes[count + 1 :]
    if any(b < 1 for b in block):
        raise ValueError("block_shape must be positive")
    for b in block:
        batch = None if batch is None else array_shape.divided(batch, b)
    space: list[int | None] = [None] * count
    if crops is not None:
        if any(p < 0 for pair in crops for p in pair):
            raise ValueError("crops cannot be negative")
        for i, (before, after) in enumerate(crops):
            size = sizes[i + 1]
            if size is not None:
                left = size * block[i] - before - after
                if left < 0:
                    raise ValueError(
                        f"Negative dimension size caused by subtracting {after} from "
                        f"{size * block[i] - before}"
                    )
                space[i] = left
    return (batch, *space) + sizes[count + 1 :]


def _listed(value: Any) -> Any:
    return None if value is None else value.tolist()


def _block_rule(shape: Any) -> Any:
    def rule(c: Any) -> Any:
        if c.shapes[1] is None or len(c.shapes[1]) != 1:
            raise ValueError("block_shape must have rank 1.")
        count = c.shapes[1][0]
        if count is None:
            raise ValueError("block_shape must have known size.")
        return shape(c.shapes[0], count, _listed(c.value(1)), c.shapes[2], _listed(c.value(2)))

    return rule


def _square_rule(shape: Any) -> Any:
    def rule(c: Any) -> Any:
        block = [c.attr("block_size")] * 2
        return shape(infer.with_rank(c.shapes[0], 4), 2, block, c.shapes[1], _listed(c.value(1)))

    return rule


def to_batch(x: Any, block: list[int], paddings: list[list[int]]) -> Any:
    """Pad the axes after the first, and move what is inside a block to the batch."""
    count = len(block)
    widths = [0] * (2 * (x.dim() - 1 - count)) + [n for pair in reversed(paddings) for n in pair]
    x = torch.nn.functional.pad(x, widths)
    rest = list(x.shape[count + 1 :])
    for size, b in zip(x.shape[1:], block):
        if size % b:
            raise _invalid(f"padded_shape[0]={size} is not divisible by block_shape[0]={b}")
    space = [size // b for size, b in zip(x.shape[1:], block)]
    split = [n for pair in zip(space, block) for n in pair]
    x = x.reshape([x.shape[0], *split, *rest])
    inside, outside = range(2, 2 * count + 1, 2), range(1, 2 * count + 1, 2)
    x = x.permute([*inside, 0, *outside, *range(2 * count + 1, x.dim())])
    return x.reshape([-1 if not count else math.prod(block) * x.shape[count], *space, *rest])


def to_space(x: Any, block: list[int], crops: list[list[int]]) -> Any:
    """Move the batch back into blocks of the axes after the first, and crop these."""
    count = len(block)
    if x.shape[0] % math.prod(block):
        raise _invalid(
            f"Input batch dimension ({x.shape[0]}) is not divisible by product of block sizes "
            f"({math.prod(block)})"
        )
    batch = x.shape[0] // math.prod(block)
    space, rest = list(x.shape[1 : count + 1]), list(x.shape[count + 1 :])
    x = x.reshape([*block, batch, *space, *rest])
    mixed = [axis for i in range(count) for axis in (count + 1 + i, i)]
    x = x.permute([count, *mixed, *range(2 * count + 1, x.dim())])
    x = x.reshape([batch, *(n * b for n, b in zip(space, block)), *rest])
    index = [slice(before, n * b - after) for n, b, (before, after) in zip(space, block, crops)]
    return x[(slice(None), *index)]


@op(
    "SpaceToBatchND",
    public="space_to_batch_nd",
    infer=_block_rule(_to_batch_shape),
    structural=True,
)
def space_to_batch_nd(input, block_shape, paddings):
    """The elements inside each block of the padded spatial axes moved to the batch."""
    return to_batch(input, block_shape.tolist(), paddings.tolist())


@op("BatchToSpaceND", public="batch_to_space_nd manip.batch_to_space_nd", infer=_block_rule(_to_space_shape),
    aliases=0,
    structural=True)  # fmt: skip
def batch_to_space_nd(input, block_shape, crops):
    """The batch moved back into blocks of the spatial axes, which are then cropped."""
    return to_space(input, block_shape.tolist(), crops.tolist())


@op("SpaceToBatch", infer=_square_rule(_to_batch_shape), structural=True)
def space_to_batch_op(input, paddings, *, block_size):
    """The elements inside each square block of the padded image moved to the batch."""
    return to_batch(input, [block_size, block_size], paddings.tolist())


@op("BatchToSpace", infer=_square_rule(_to_space_shape), aliases=0, structural=True)
def batch_to_space_op(input, crops, *, block_size):
    """The batch moved back into square blocks of the image, which is then cropped."""
    return to_space(input, [block_size, block_size], crops.tolist())


@space_to_batch_nd.gradient
def space_to_batch_nd_gradient(op, dy):
    return [batch_to_space_nd(dy, op.inputs[1], op.inputs[2]), None, None]


@batch_to_space_nd.gradient
def batch_to_space_nd_gradient(op, dy):
    return [space_to_batch_nd(dy, op.inputs[1], op.inputs[2]), None, None]


@space_to_batch_op.gradient
def space_to_batch_gradient(op, dy):
    return [batch_to_space(dy, op.inputs[1], block_size=op.get_attr("block_size")), None]


@batch_to_space_op.gradient
def batch_to_space_gradient(op, dy):
    return [space_to_batch(dy, op.inputs[1], block_size=op.get_attr("block_size")), None]


def _square(block_shape: Any, block_size: Any) -> Any:
    size = renamed("block_shape", block_shape, "block_size", block_size)
    return np.array([size, size], dtype=np.int64)


@public("space_to_batch", "nn.space_to_batch")
def space_to_batch(
    input: Any,
    paddings: Any,
    block_size: Any = None,
    name: str | None = None,
    block_shape: Any = None,
) -> Any:
    """The elements inside each square block of the padded images moved to the batch."""
    block = _square(block_shape, block_size)
    out = space_to_batch_nd(input, paddings=paddings, block_shape=block, name=name)
    out.set_shape(out.shape.with_rank(4))
    return out


@public("batch_to_space")
def batch_to_space(
    input: Any, crops: Any, block_size: Any, name: str | None = None, block_shape: Any = None
) -> Any:
    """The batch moved back into square blocks of the images, which are then cropped."""
    block = _square(block_shape, block_size)
    out = batch_to_space_nd(input, crops=crops, block_shape=block, name=name)
    out.set_shape(out.shape.with_rank(4))
    return out


@public("required_space_to_batch_paddings")
def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Any, Any]:
    """The paddings that make the axes divisible by the blocks, and the crops that undo them.

    Raises:
      ValueError: the shape of `block_shape` is not known, or does not fit the others.
    """
    with scopes.name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        shape = convert.convert_to_tensor(input_shape, dtypes.int32, "input_shape")
        block = convert.convert_to_tensor(block_shape, dtypes.int32, "block_shape")
        block.shape.assert_is_fully_defined()
        block.shape.assert_has_rank(1)
        count = block.shape.dims[0].value
        if count == 0:
            return array_fill.zeros([0, 2], dtypes.int32), array_fill.zeros([0, 2], dtypes.int32)
        shape.shape.assert_is_compatible_with([count])
        if base_paddings is None:
            base = array_fill.zeros([count, 2], dtypes.int32)
        else:
            base = convert.convert_to_tensor(base_paddings, dtypes.int32, "base_paddings")
            base.shape.assert_is_compatible_with([count, 2])
        known = [constants.constant_value(one) for one in (block, shape, base)]
        if all(one is not None for one in known):
            block, shape, base = known
        before, after = base[:, 0], base[:, 1]
        whole = shape + before + after
        extra = (block - whole % block) % block
        after = after + extra
        paddings = [[before[i], after[i]] for i in range(count)]
        paddings = array_join.stack(paddings, name="paddings")
        crops = array_join.stack([[0, extra[i]] for i in range(count)], name="crops")
        return paddings, crops


# Space and depth.


def _axes(data_format: str) -> tuple[int, int, int]:
    """The axes of height, width and channels."""
    return (2, 3, 1) if data_format == "NCHW" else (1, 2, 3)


def _space_rule(divide: Any, multiply: Any) -> Any:
    """Shape rule of space to depth, or with the two exchanged of depth to space."""

    def rule(c: Any) -> Any:
        data_format, block = c.attr("data_format"), c.attr("block_size")
        sizes = list(infer.with_rank(c.shapes[0], 5 if data_format == "NCHW_VECT_C" else 4))
        for axis, factor in zip(_axes(data_format), (block, block, block * block)):
            is_space = factor == block
            change = divide if is_space else multiply
            sizes[axis] = None if sizes[axis] is None else change(sizes[axis], factor)
        return tuple(sizes)

    return rule


def _times(size: int, factor: int) -> int:
    return size * factor


@op("SpaceToDepth", infer=_space_rule(array_shape.divided, _times), aliases=0)
def space_to_depth_op(input, *, block_size, data_format="NHWC"):
    """The elements inside each square block moved to the channels."""
    if data_format == "NCHW":
        n, c, h, w = input.shape
        x = input.reshape(n, c, h // block_size, block_size, w // block_size, block_size)
        return x.permute(0, 3, 5, 1, 2, 4).reshape(n, -1, h // block_size, w // block_size)
    n, h, w, c = input.shape
    x = input.reshape(n, h // block_size, block_size, w // block_size, block_size, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, h // block_size, w // block_size, -1)


@op("DepthToSpace", infer=_space_rule(_times, array_shape.divided), aliases=0)
def depth_to_space_op(input, *, block_size, data_format="NHWC"):
    """The channels moved back into square blocks of the image."""
    if data_format == "NCHW":
        n, c, h, w = input.shape
        x = input.reshape(n, block_size, block_size, c // block_size**2, h, w)
        return x.permute(0, 3, 4, 1, 5, 2).reshape(n, -1, h * block_size, w * block_size)
    n, h, w, c = input.shape
    x = input.reshape(n, h, w, block_size, block_size, c // block_size**2)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(n, h * block_size, w * block_size, -1)


@space_to_depth_op.refusal
def space_to_depth_refusal(input, *, block_size, data_format="NHWC"):
    """Say which size does not fit."""
    if input.dim() != 4:
        raise _invalid(f"Input rank should be 4 instead of {input.dim()}")
    first = 2 if data_format == "NCHW" else 1
    height, width = input.shape[first], input.shape[first + 1]
    if height % block_size or width % block_size:
        raise _invalid(
            f"Image width {width} and height {height} should be divisible by block_size: "
            f"{block_size}"
        )


@depth_to_space_op.refusal
def depth_to_space_refusal(input, *, block_size, data_format="NHWC"):
    """Say which size does not fit."""
    if input.dim() != 4:
        raise _invalid(f"Input rank should be: 4 instead of: {input.dim()}")
    depth = input.shape[1 if data_format == "NCHW" else 3]
    if depth % block_size**2:
        raise _invalid(
            f"Input depth dimension {depth} should be divisible by: {block_size**2}"
        )


def _opposite(op: Any, function: Any, dy: Any) -> Any:
    data_format = op.get_attr("data_format").decode()
    if data_format == "NCHW_VECT_C":
        raise ValueError(
            f"Cannot compute {op.type} gradient with NCHW_VECT_C. NCHW_VECT_C requires qint8 data type."
        )
    return function(dy, op.get_attr("block_size"), data_format=data_format)


@space_to_depth_op.gradient
def space_to_depth_gradient(op, dy):
    return _opposite(op, depth_to_space, dy)


@depth_to_space_op.gradient
def depth_to_space_gradient(op, dy):
    return _opposite(op, space_to_depth, dy)


@public("space_to_depth", "nn.space_to_depth")
def space_to_depth(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Any:
    """The elements inside each square block moved to the channels."""
    return space_to_depth_op(input, block_size, data_format, name=name)


@public("depth_to_space", "nn.depth_to_space")
def depth_to_space(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Any:
    """The channels moved back into square blocks of the image."""
    return depth_to_space_op(input, block_size, data_format, name=name)


# Patches.


def _window(sizes: Any, ksizes: Any, strides: Any, rates: Any, padding: str) -> list[Any]:
    """(output size, padding before, padding after) of rows and columns."""
    out = []
    for axis in (1, 2):
        spread = (ksizes[axis] - 1) * rates[axis] + 1
        size = sizes[axis]
        if size is None:
            out.append((None, 0, 0))
        elif padding == "VALID":
            out.append((max(-(-(size - spread + 1) // strides[axis]), 0), 0, 0))
        else:
            count = -(-size // strides[axis])
            total = max((count - 1) * strides[axis] + spread - size, 0)
            out.append((count, total // 2, total - total // 2))
    return out


def _patches_rule(c: Any) -> Any:
    sizes = infer.with_rank(c.shapes[0], 4)
    attrs = [c.attr(name) for name in ("ksizes", "strides", "rates")]
    for name, value in zip(("ksizes", "stride", "rates"), attrs):
        if len(value) != 4:
            raise ValueError(
                f"ExtractImagePatches requires the {name} attribute to contain 4 values, but got: "
                f"{len(value)}"
            )
    (rows, *_), (columns, *_) = _window(sizes, *attrs, c.attr("padding"))
    if rows is None or columns is None:
        rows = columns = None
    depth = None if sizes[3] is None else sizes[3] * attrs[0][1] * attrs[0][2]
    return sizes[0], rows, columns, depth


@op("ExtractImagePatches", infer=_patches_rule)
def extract_image_patches_op(images, *, ksizes, strides, rates, padding):
    """The patches at all places of a window, each made flat in the last axis."""
    (rows, top, bottom), (columns, left, right) = _window(
        images.shape, ksizes, strides, rates, padding
    )
    x = torch.nn.functional.pad(images, (0, 0, left, right, top, bottom))
    parts = [
        x[:, r * rates[1] :: strides[1], c * rates[2] :: strides[2]][:, :rows, :columns]
        for r in range(ksizes[1])
        for c in range(ksizes[2])
    ]
    return torch.cat(parts, 3)


@extract_image_patches_op.gradient
def extract_image_patches_gradient(op, dy):
    sizes = array_shape.shape(op.inputs[0], out_type=dtypes.int64)
    batch, rows_in, columns_in, channels = (sizes[i] for i in range(4))
    # 0 stands for padding, so the places of the image are counted from 1
    count_in = 1 + rows_in * columns_in
    places = math_ops.range(1, count_in, dtype=dtypes.int64)
    places = array_shape.reshape(places, (1, rows_in, columns_in, 1))
    attrs = [op.get_attr(name) for name in ("ksizes", "strides", "rates", "padding")]
    there = extract_image_patches_op(places, *attrs)
    out_sizes = array_shape.shape(op.outputs[0], out_type=dtypes.int64)
    rows_out, columns_out = out_sizes[1], out_sizes[2]
    _, height, width, _ = op.get_attr("ksizes")
    count_out = rows_out * columns_out * height * width
    here = math_ops.range(count_out, dtype=dtypes.int64)
    here = array_shape.reshape(here, (1, rows_out, columns_out, height * width))
    pairs = array_join.concat(
        [array_shape.expand_dims(there, axis=-1), array_shape.expand_dims(here, axis=-1)], axis=-1
    )
    pairs = array_shape.reshape(pairs, (-1, 2))
    shape = (count_in, count_out)
    ones = array_fill.ones([count_out], dtype=dy.dtype)
    jacobian = sparse_ops.sparse_slice(
        SparseTensor(pairs, ones, shape), (1, 0), (count_in - 1, count_out)
    )
    spread = array_shape.reshape(dy, (batch, rows_out, columns_out, height, width, channels))
    spread = array_shape.transpose(spread, (1, 2, 3, 4, 0, 5))
    flat = array_shape.reshape(spread, (-1, batch * channels))
    dx = sparse_ops.sparse_tensor_dense_matmul(jacobian, flat)
    dx = array_shape.reshape(dx, (rows_in, columns_in, batch, channels))
    return [array_shape.transpose(dx, (2, 0, 1, 3))]


@public("extract_image_patches", "image.extract_image_patches")
def extract_image_patches(
    images: Any, ksizes: Any = None, strides: Any = None, rates: Any = None, padding: Any = None,
    name: str | None = None, sizes: Any = None,
) -> Any:  # fmt: skip
    """The patches of [N, H, W, C] images at all places of a window, each made flat in the last axis."""
    ksizes = renamed("sizes", sizes, "ksizes", ksizes)
    return extract_image_patches_op(images, ksizes, strides, rates, padding, name)


@public("image.extract_patches")
def extract_patches(
    images: Any, sizes: Any, strides: Any, rates: Any, padding: Any, name: str | None = None
) -> Any:
    """The patches of [N, H, W, C] images at all places of a window, each made flat in the last axis."""
    return extract_image_patches_op(images, sizes, strides, rates, padding, name)

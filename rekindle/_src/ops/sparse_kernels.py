"""The blocks of the sparse ops: tensors given as indices [N, rank], values [N] and shape [rank].

Holds what moves, joins and cuts sparse tensors. Arithmetic is in sparse_math.py, strings are in sparse_serialize.py,
what
users call in sparse.py.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.ops import array_fill, array_shape, gather
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import sparse as sparse_ops
from rekindle._src.ops.sparse_places import check_order, check_ranks, invalid, linear, unflattened

# To dense.


@op("SparseToDense", infer=lambda c: c.shape_value(1), structural=True, host=True)
def sparse_to_dense(
    sparse_indices, output_shape, sparse_values, default_value, *, validate_indices=True
):
    """The dense tensor: default_value but for the values at their indices."""
    sizes = output_shape.tolist()
    indices = sparse_indices
    if indices.dim() < 2:
        indices = indices.reshape(-1, 1)
    if indices.shape[1] != len(sizes):
        raise invalid(
            f"output_shape has incorrect number of elements: {len(sizes)} should be: {indices.shape[1]}"
        )
    if validate_indices:
        check_order(indices, sizes)
    out = default_value.expand(math.prod(sizes)).clone()
    out[linear(indices, sizes).to(torch.int64)] = sparse_values
    return out.reshape(sizes)


@sparse_to_dense.gradient
def sparse_to_dense_gradient(op, dy):
    indices, shape, _, _ = op.inputs
    values = gather.gather_nd(dy, indices)
    default = math_ops.reduce_sum(dy) - math_ops.reduce_sum(values)
    return [array_fill.zeros_like(indices), array_fill.zeros_like(shape), values, default]


# Order and shape.


def _reorder_rule(c: Any) -> Any:
    indices, values, _ = check_ranks(c, 2, 1, 1)
    return [indices, values]


@op("SparseReorder", infer=_reorder_rule, structural=True, host=True)
def sparse_reorder(input_indices, input_values, input_shape):
    """The elements in row-major order."""
    order = torch.argsort(linear(input_indices, input_shape.tolist()), stable=True)
    return input_indices[order], input_values[order]


@sparse_reorder.gradient
def sparse_reorder_gradient(op, _, dy):
    indices, shape = op.inputs[0], op.inputs[2]
    count = array_shape.shape(indices)[0]
    places = math_ops.range(count)
    ordered = sparse_ops.sparse_reorder(SparseTensor(indices, places, shape))
    back = array_shape.invert_permutation(ordered.values)
    return None, gather.gather(dy, back), None


def _reshape_rule(c: Any) -> Any:
    indices, _, shape = check_ranks(c, 2, 1, 1)
    return [(indices[0], shape[0]), shape]


@op("SparseReshape", infer=_reshape_rule, host=True)
def sparse_reshape(input_indices, input_shape, new_shape):
    """The indices of the same elements in another shape; one size may be -1."""
    old, new = input_shape.tolist(), new_shape.tolist()
    whole, unknown = math.prod(old), [i for i, d in enumerate(new) if d == -1]
    if len(unknown) > 1:
        raise invalid(
            f"only one output dimension may be -1, not both {unknown[0]} and {unknown[1]}"
        )
    known = math.prod(d for d in new if d != -1)
    if unknown:
        if known == 0:
            raise invalid("reshape cannot infer the missing input size for an empty tensor unless all "
                          "specified input sizes are non-zero")  # fmt: skip
        new[unknown[0]] = whole // known
        if whole % known:
            raise invalid(
                f"Input to reshape is a SparseTensor with {whole} dense values, but the requested "
                f"shape requires a multiple of {known}. input_shape={infer.show(tuple(old))} "
                f"output_shape={infer.show(tuple(new))}"
            )
    elif known != whole:
        raise invalid(
            f"Input to reshape is a tensor with {whole} dense values, but the requested shape has "
            f"{known}. input_shape={infer.show(tuple(old))} output_shape={infer.show(tuple(new))}"
        )
    indices = unflattened(linear(input_indices, old), new)
    return indices, torch.tensor(new, dtype=torch.int64)


sparse_reshape.no_gradient()


# Join and cut.


def _concat_rule(c: Any) -> Any:
    count = len(c.shapes) // 3
    rows: int | None = 0
    columns, shape = None, None
    for i in range(count):
        indices = infer.with_rank(c.shapes[i], 2)
        values = infer.with_rank(c.shapes[count + i], 1)
        here = infer.merge_dim(indices[0], values[0])
        rows = None if rows is None or here is None else rows + here
        columns = infer.merge_dim(columns, indices[1])
        shape = infer.merge(shape, infer.with_rank(c.shapes[2 * count + i], 1))
    return [(rows, columns), (rows,), shape]


@op("SparseConcat", infer=_concat_rule, structural=True, host=True)
def sparse_concat(indices, values, shapes, *, concat_dim):
    """The sparse tensors one after the other along an axis."""
    sizes = [shape.tolist() for shape in shapes]
    rank = len(sizes[0])
    if not -rank <= concat_dim < rank:
        raise invalid(f"Concat dimension must be in range [{-rank}, {rank}), got {concat_dim}")
    axis = concat_dim % rank
    for i, one in enumerate(sizes):
        if len(one) != rank:
            raise invalid(
                f"Ranks of all input tensors must match: expected {rank} but got {len(one)} at position {i}"
            )
        for j, (a, b) in enumerate(zip(sizes[0], one)):
            if j != axis and a != b:
                raise invalid(
                    f"Input shapes must match: expected {a} for dimension {j} but got {b} at position {i}"
                )
    moved, start = [], 0
    for one, size in zip(indices, sizes):
        step = torch.zeros(rank, dtype=one.dtype, device=one.device)
        step[axis] = start
        moved.append(one + step)
        start += size[axis]
    whole = [start if j == axis else d for j, d in enumerate(sizes[0])]
    places, elements = torch.cat(moved), torch.cat(values)
    if axis:
        order = torch.argsort(linear(places, whole), stable=True)
        places, elements = places[order], elements[order]
    return places, elements, torch.tensor(whole, dtype=torch.int64)


sparse_concat.no_gradient()


def _cut_shapes(c: Any, shape: Any) -> list[Any]:
    count = None if not infer.is_known(shape) else math.prod(shape)
    return [(None, count), (None,), shape]


def _split_rule(c: Any) -> Any:
    count = len(c.op.outputs) // 3
    indices, values, shape = _cut_shapes(c, c.shapes[3])
    return [indices] * count + [values] * count + [shape] * count


@op("SparseSplit", infer=_split_rule, structural=True, host=True)
def sparse_split(split_dim, indices, values, shape, *, num_split):
    """The sparse tensor cut into pieces along an axis, the first ones larger if it does not go evenly."""
    axis, sizes = int(split_dim), shape.tolist()
    if not -len(sizes) <= axis < len(sizes):
        raise invalid(f"Input split_dim should be between 0 and rank ({len(sizes)}), got {axis}")
    axis %= len(sizes)
    if not 1 <= num_split <= sizes[axis]:
        raise invalid(
            f"Input num_split should be between 1 and the splitting dimension size ({sizes[axis]}), got {num_split}"
        )
    each, more = divmod(sizes[axis], num_split)
    out: list[list[Any]] = [[], [], []]
    start = 0
    for i in range(num_split):
        size = each + (i < more)
        mine = (indices[:, axis] >= start) & (indices[:, axis] < start + size)
        step = torch.zeros(len(sizes), dtype=indices.dtype, device=indices.device)
        step[axis] = start
        out[0].append(indices[mine] - step)
        out[1].append(values[mine])
        out[2].append(torch.tensor([size if j == axis else d for j, d in enumerate(sizes)]))
        start += size
    return tuple(out)


@op("SparseSlice", infer=lambda c: _cut_shapes(c, c.shapes[2]), structural=True, host=True)
def sparse_slice(indices, values, shape, start, size):
    """The part that starts at start and has at most the given sizes."""
    stop = torch.minimum(start + size, shape)
    inside = ((indices >= start) & (indices < start + size)).all(1)
    return indices[inside] - start, values[inside], torch.clamp(stop - start, min=0)


def _slice_grad_rule(c: Any) -> Any:
    return (infer.with_rank(c.shapes[1], 2)[0],)


@op("SparseSliceGrad", infer=_slice_grad_rule, host=True)
def sparse_slice_grad(backprop_val_grad, input_indices, input_start, output_indices):
    """The gradient of a slice's values at the places where they came from, zero elsewhere."""
    out = torch.zeros(
        len(input_indices), dtype=backprop_val_grad.dtype, device=backprop_val_grad.device
    )
    taken = {tuple(row): i for i, row in enumerate((output_indices + input_start).tolist())}
    places = [taken.get(tuple(row), -1) for row in input_indices.tolist()]
    found = torch.tensor(places, dtype=torch.int64, device=out.device)
    return (
        torch.where(found >= 0, backprop_val_grad[found.clamp(min=0)], out) if len(taken) else out
    )


@sparse_slice.gradient
def sparse_slice_gradient(op, *dys):
    dx = sparse_slice_grad(dys[1], op.inputs[0], op.inputs[3], op.outputs[0])
    dx.set_shape(op.inputs[1].shape)
    return None, dx, None, None, None


def _fill_rule(c: Any) -> Any:
    indices, values, shape, _ = check_ranks(c, 2, 1, 1, 0)
    count = infer.merge_dim(indices[0], values[0])
    infer.merge_dim(indices[1], shape[0])
    if shape[0] == 0:
        raise ValueError("dense_shape must not be empty")
    sizes = c.shape_value(2)
    return [(None, shape[0]), (None,), (None if sizes is None else sizes[0],), (count,)]


@op("SparseFillEmptyRows", infer=_fill_rule, structural=True, host=True)
def sparse_fill_empty_rows(indices, values, dense_shape, default_value):
    """The default value in the first column of rows that are empty, in row order."""
    rows = int(dense_shape[0])
    mine = indices[:, 0]
    for i, row in enumerate(mine.tolist()):
        if not 0 <= row < rows:
            raise invalid(f"indices({i}, 0) is invalid: {row} >= {rows}")
    counts = torch.bincount(mine, minlength=rows)
    empty = counts == 0
    added = torch.nonzero(empty)
    new = torch.cat([added, added.new_zeros(len(added), indices.shape[1] - 1)], 1)
    together = torch.cat([indices, new])
    order = torch.argsort(together[:, 0], stable=True)
    back = torch.empty_like(order)
    back[order] = torch.arange(len(order), device=order.device)
    elements = torch.cat([values, default_value.expand(len(added))])
    return together[order], elements[order], empty, back[: len(indices)]


@op("SparseFillEmptyRowsGrad", infer=lambda c: [infer.with_rank(c.shapes[0], 1), ()], host=True)
def sparse_fill_empty_rows_grad(reverse_index_map, grad_values):
    """The gradients of the values and of the default value."""
    taken = grad_values[reverse_index_map]
    kept = torch.ones_like(grad_values, dtype=torch.bool)
    kept[reverse_index_map] = False
    return taken, grad_values[kept].sum()


@sparse_fill_empty_rows.gradient
def sparse_fill_empty_rows_gradient(op, _, dy, *__):
    values, default = sparse_fill_empty_rows_grad(reverse_index_map=op.outputs[3], grad_values=dy)
    return [None, values, None, default]

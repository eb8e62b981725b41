"""The blocks of sparse arithmetic: sums, products with dense tensors, reductions, softmax."""

from __future__ import annotations

import math
from typing import Any

import torch

from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.ops import array_fill, array_join, array_sets, array_shape, gather, slicing
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import sparse as sparse_ops
from rekindle._src.ops.sparse_places import check_ranks, invalid, linear, unflattened

# Sums.


def _union(a: Any, b: Any, sizes: list[int]) -> tuple[Any, Any, Any]:
    """The places of either, in order, and where those of each are among them."""
    places, which = torch.unique(
        torch.cat([linear(a, sizes), linear(b, sizes)]), return_inverse=True
    )
    return places, which[: len(a)], which[len(a) :]


def _add_rule(c: Any) -> Any:
    shape = infer.with_rank(c.shapes[2], 1)
    return [(None, shape[0]), (None,), shape]


@op("SparseAdd", infer=_add_rule, host=True)
def sparse_add(a_indices, a_values, a_shape, b_indices, b_values, b_shape, thresh):
    """The sum of two sparse tensors, without elements smaller than thresh."""
    sizes = a_shape.tolist()
    for i, (m, n) in enumerate(zip(sizes, b_shape.tolist())):
        if m != n:
            raise invalid(f"Operands' shapes do not match: got {m} and {n} for dimension {i}")
    places, of_a, of_b = _union(a_indices, b_indices, sizes)
    out = torch.zeros(len(places), dtype=a_values.dtype, device=a_values.device)
    out = out.index_add(0, of_a, a_values).index_add(0, of_b, b_values)
    in_both = torch.isin(
        torch.arange(len(places), device=of_a.device), of_a[torch.isin(of_a, of_b)]
    )
    kept = ~in_both | (out.abs() >= thresh)  # what only one of them has stays, however small
    return unflattened(places[kept], sizes), out[kept], a_shape.clone()


def _add_grad_rule(c: Any) -> Any:
    a, b = infer.with_rank(c.shapes[1], 2), infer.with_rank(c.shapes[2], 2)
    return [(a[0],), (b[0],)]


@op("SparseAddGrad", infer=_add_grad_rule, host=True)
def sparse_add_grad(backprop_val_grad, a_indices, b_indices, sum_indices):
    """The gradients of the values of both operands of a sparse sum."""
    return tuple(_at(backprop_val_grad, sum_indices, one) for one in (a_indices, b_indices))


def _at(values: Any, indices: Any, wanted: Any) -> Any:
    """The values at the wanted indices, zero where there is none."""
    if not len(values):
        return torch.zeros(len(wanted), dtype=values.dtype, device=values.device)
    together = torch.cat([indices, wanted])
    sizes = (together.max(0).values + 1).tolist()
    have, want = linear(indices, sizes), linear(wanted, sizes)
    order = torch.argsort(have)
    place = torch.searchsorted(have[order], want).clamp(max=len(have) - 1)
    found = order[place]
    return torch.where(have[found] == want, values[found], torch.zeros_like(values[:1]))


@sparse_add.gradient
def sparse_add_gradient(op, *dys):
    a, b = sparse_add_grad(dys[1], op.inputs[0], op.inputs[3], op.outputs[0])
    a.set_shape(op.inputs[1].shape)
    b.set_shape(op.inputs[4].shape)
    return None, a, None, None, b, None, None


@op("SparseTensorDenseAdd", infer=lambda c: c.shapes[3], host=True)
def sparse_tensor_dense_add(a_indices, a_values, a_shape, b):
    """The sum of a sparse and a dense tensor."""
    sizes = a_shape.tolist()
    if list(b.shape) != sizes:
        for i, (m, n) in enumerate(zip(sizes, b.shape)):
            if m != n:
                raise invalid(
                    f"Dimension {i} does not equal (no broadcasting is supported): sparse side {m} vs dense side {n}"
                )
        raise invalid(f"Two operands should have the same ndims; got {len(sizes)} and {b.dim()}")
    flat = b.reshape(-1).index_add(0, linear(a_indices, sizes), a_values)
    return flat.reshape(b.shape)


@sparse_tensor_dense_add.gradient
def sparse_tensor_dense_add_gradient(op, dy):
    return None, gather.gather_nd(dy, op.inputs[0]), None, dy


def _pair_rule(c: Any) -> Any:
    check_ranks(c, 2, 1, 1, 2, 1, 1)
    return [(None, None), (None,)]


def _paired(a: tuple[Any, Any], b: tuple[Any, Any], shape: Any, choose: Any) -> tuple[Any, Any]:
    sizes = shape.tolist()
    places, of_a, of_b = _union(a[0], b[0], sizes)
    zeros = torch.zeros(len(places), dtype=a[1].dtype, device=a[1].device)
    x, y = zeros.index_add(0, of_a, a[1]), zeros.index_add(0, of_b, b[1])
    return unflattened(places, sizes), choose(x, y)


@op("SparseSparseMaximum", infer=_pair_rule, host=True)
def sparse_sparse_maximum(a_indices, a_values, a_shape, b_indices, b_values, b_shape):
    """The greater of two sparse tensors, elements that are not there taken as zero."""
    return _paired((a_indices, a_values), (b_indices, b_values), a_shape, torch.maximum)


@op("SparseSparseMinimum", infer=_pair_rule, host=True)
def sparse_sparse_minimum(a_indices, a_values, a_shape, b_indices, b_values, b_shape):
    """The lesser of two sparse tensors, elements that are not there taken as zero."""
    return _paired((a_indices, a_values), (b_indices, b_values), a_shape, torch.minimum)


def _not_implemented(op: Any, dy: Any) -> None:
    raise NotImplementedError(f"Gradient for {op.type} is currently not implemented yet.")


sparse_sparse_maximum.gradient(_not_implemented)
sparse_sparse_minimum.gradient(_not_implemented)


# With dense tensors, elementwise.


def _elementwise_rule(c: Any) -> Any:
    return (infer.with_rank(c.shapes[0], 2)[0],)


def _dense_at(dense: Any, indices: Any, shape: Any) -> Any:
    """The elements of a dense tensor, broadcast to the shape, at the indices."""
    sizes = shape.tolist()
    if dense.dim() > len(sizes) or any(
        n not in (1, m) for m, n in zip(sizes[::-1], list(dense.shape)[::-1])
    ):
        raise invalid(
            "SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
            f"[{','.join(map(str, sizes))}] vs. [{','.join(map(str, dense.shape))}]"
        )
    return dense.broadcast_to(sizes)[tuple(indices.unbind(1))]


@op("SparseDenseCwiseMul", infer=_elementwise_rule, host=True)
def sparse_dense_cwise_mul(sp_indices, sp_values, sp_shape, dense):
    """The values times the dense elements at their places."""
    return sp_values * _dense_at(dense, sp_indices, sp_shape)


@op("SparseDenseCwiseDiv", infer=_elementwise_rule, host=True)
def sparse_dense_cwise_div(sp_indices, sp_values, sp_shape, dense):
    """The values divided by the dense elements at their places."""
    divisor = _dense_at(dense, sp_indices, sp_shape)
    if sp_values.is_floating_point():
        return sp_values / divisor
    return torch.div(sp_values, divisor, rounding_mode="trunc")


@op("SparseDenseCwiseAdd", infer=_elementwise_rule, host=True)
def sparse_dense_cwise_add(sp_indices, sp_values, sp_shape, dense):
    """The values plus the dense elements at their places."""
    return sp_values + _dense_at(dense, sp_indices, sp_shape)


sparse_dense_cwise_add.gradient(_not_implemented)


def _elementwise_gradient(op: Any, dy: Any, is_product: bool) -> Any:
    indices, values, shape, dense = op.inputs
    dense_shape = math_ops.cast(array_shape.shape(dense), dtypes.int64)
    more = array_shape.expand_dims(array_shape.size(shape) - array_shape.size(dense_shape), 0)
    ones = array_fill.ones(more, dtypes.int64)
    scale = shape // array_join.concat([ones, dense_shape], 0)
    places = indices // scale
    places = slicing.slice(places, array_join.concat([[0], more], 0), [-1, -1])
    found = gather.gather_nd(dense, places)
    if is_product:
        dx, change = dy * found, dy * values
    else:
        dx, change = dy / found, dy * (-values / math_ops.square(found))
    zeros = array_fill.zeros_like(dense)
    return None, dx, None, sparse_ops.sparse_add(zeros, SparseTensor(places, change, dense_shape))


@sparse_dense_cwise_mul.gradient
def sparse_dense_cwise_mul_gradient(op, dy):
    return _elementwise_gradient(op, dy, True)


@sparse_dense_cwise_div.gradient
def sparse_dense_cwise_div_gradient(op, dy):
    return _elementwise_gradient(op, dy, False)


# Matrix product.


def _product_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 2)
    infer.with_rank(c.shapes[1], 1)
    a = infer.with_rank(c.shape_value(2), 2)
    b = infer.with_rank(c.shapes[3], 2)
    a = a[::-1] if c.attr("adjoint_a") else a
    b = b[::-1] if c.attr("adjoint_b") else b
    infer.merge_dim(a[1], b[0])
    return a[0], b[1]


@op("SparseTensorDenseMatMul", infer=_product_rule)
def sparse_tensor_dense_mat_mul(
    a_indices, a_values, a_shape, b, *, adjoint_a=False, adjoint_b=False
):
    """The matrix product of a sparse and a dense matrix."""
    sizes, rows, columns = a_shape.tolist(), a_indices[:, 0], a_indices[:, 1]
    values = a_values.conj() if adjoint_a and a_values.is_complex() else a_values
    if adjoint_a:
        sizes, rows, columns = sizes[::-1], columns, rows
    if adjoint_b:
        b = b.mH if b.is_complex() else b.T
    if sizes[1] != b.shape[0]:
        raise invalid(
            "Cannot multiply A and B because inner dimension does not match: "
            f"{sizes[1]} vs. {b.shape[0]}.  Did you forget a transpose?  Dimensions of A: "
            f"[{a_shape[0]}, {a_shape[1]}).  Dimensions of B: {infer.show(tuple(b.shape))}"
        )
    out = torch.zeros((sizes[0], b.shape[1]), dtype=b.dtype, device=b.device)
    return out.index_add_(0, rows, values[:, None] * torch.index_select(b, 0, columns))


@sparse_tensor_dense_mat_mul.refusal
def sparse_tensor_dense_mat_mul_refusal(
    a_indices, a_values, a_shape, b, *, adjoint_a=False, adjoint_b=False
):
    for name, column in (("k", 1 - int(adjoint_a)), ("m", int(adjoint_a))):
        places, limit = a_indices[:, column], int(a_shape[column])
        bad = torch.nonzero((places < 0) | (places >= limit)).reshape(-1)
        if len(bad):
            at = int(bad[0])
            raise invalid(
                f"{name} ({int(places[at])}) from index[{at},{column}] out of bounds (>={limit})"
            )


@sparse_tensor_dense_mat_mul.gradient
def sparse_tensor_dense_mat_mul_gradient(op, dy):
    indices, values, shape, b = op.inputs
    adjoint_a, adjoint_b = op.get_attr("adjoint_a"), op.get_attr("adjoint_b")
    kind, other = values.dtype.base_dtype, b.dtype.base_dtype
    if kind != other:
        raise TypeError(
            "SparseTensorDenseMatMul op received operands with different types: ",
            kind,
            " and ",
            other,
        )
    if kind.is_complex:
        raise NotImplementedError("SparseTensorDenseMatMul op does not support complex gradients.")
    db = sparse_tensor_dense_mat_mul(indices, values, shape, dy, adjoint_a=not adjoint_a)
    if adjoint_b:
        db = array_shape.transpose(db)
    rows, columns = indices[:, 0], indices[:, 1]
    from_dy = gather.gather(dy, columns if adjoint_a else rows)
    b = array_shape.transpose(b) if adjoint_b else b
    from_b = gather.gather(b, rows if adjoint_a else columns)
    return None, math_ops.reduce_sum(from_dy * from_b, axis=1), None, db


# Reductions.


def _reduce_rule(c: Any) -> Any:
    sizes, axes = c.shape_value(2), c.value(3)
    if axes is None or sizes is None:
        if c.attr("keep_dims") and sizes is not None:
            return (None,) * len(sizes)
        return None
    gone = {int(axis) % len(sizes) for axis in axes.reshape(-1)} if sizes else set()
    if c.attr("keep_dims"):
        return tuple(1 if i in gone else d for i, d in enumerate(sizes))
    return tuple(d for i, d in enumerate(sizes) if i not in gone)


def _kept_axes(rank: int, axes: Any) -> list[int]:
    gone = set()
    for axis in axes.reshape(-1).tolist():
        if not -rank <= axis < rank:
            raise invalid(f"Invalid reduction dimension {axis}, for input with {rank} dimensions.")
        gone.add(axis % rank)
    return [i for i in range(rank) if i not in gone]


def _reduced(
    indices: Any, values: Any, shape: Any, axes: Any, keep: bool, how: str
) -> tuple[Any, Any, list[int], Any]:
    """(group of each element, reduced values, sizes of the kept axes, which groups there are)."""
    sizes = shape.tolist()
    kept = _kept_axes(len(sizes), axes)
    inner = [sizes[i] for i in kept]
    places = linear(indices[:, kept], inner) if kept else torch.zeros_like(indices[:, 0])
    groups, which = torch.unique(places, return_inverse=True)
    out = torch.zeros(len(groups), dtype=values.dtype, device=values.device)
    if how == "sum":
        out = out.index_add(0, which, values)
    else:
        out = out.scatter_reduce(0, which, values, "amax", include_self=False)
    shown = [d if i in kept else 1 for i, d in enumerate(sizes)] if keep else inner
    return groups, out, shown, inner


def _dense_reduce(indices: Any, values: Any, shape: Any, axes: Any, keep: bool, how: str) -> Any:
    groups, reduced, shown, inner = _reduced(indices, values, shape, axes, keep, how)
    out = torch.zeros(math.prod(inner), dtype=values.dtype, device=values.device)
    out[groups] = reduced
    return out.reshape(shown)


def _sparse_reduce(indices: Any, values: Any, shape: Any, axes: Any, keep: bool, how: str) -> Any:
    groups, reduced, shown, _ = _reduced(indices, values, shape, axes, keep, how)
    return unflattened(groups, shown), reduced, torch.tensor(shown, dtype=torch.int64)


@op("SparseReduceSum", infer=_reduce_rule, host=True)
def sparse_reduce_sum(input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
    """The sum over axes, as a dense tensor."""
    return _dense_reduce(input_indices, input_values, input_shape, reduction_axes, keep_dims, "sum")


@op("SparseReduceMax", infer=_reduce_rule, host=True)
def sparse_reduce_max(input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False):
    """The maximum over axes of the elements there are, as a dense tensor."""
    return _dense_reduce(input_indices, input_values, input_shape, reduction_axes, keep_dims, "max")


@op("SparseReduceSumSparse", infer=infer.unknown, host=True)
def sparse_reduce_sum_sparse(
    input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False
):
    """The sum over axes, as a sparse tensor."""
    return _sparse_reduce(
        input_indices, input_values, input_shape, reduction_axes, keep_dims, "sum"
    )


@op("SparseReduceMaxSparse", infer=infer.unknown, host=True)
def sparse_reduce_max_sparse(
    input_indices, input_values, input_shape, reduction_axes, *, keep_dims=False
):
    """The maximum over axes of the elements there are, as a sparse tensor."""
    return _sparse_reduce(
        input_indices, input_values, input_shape, reduction_axes, keep_dims, "max"
    )


@sparse_reduce_sum.gradient
def sparse_reduce_sum_gradient(op, dy):
    indices, _, shape, axes = op.inputs
    kept = math_ops.reduced_shape(shape, axes)
    dy = array_shape.reshape(dy, kept)
    scale = shape // math_ops.cast(kept, dtypes.int64)
    return None, gather.gather_nd(dy, indices // scale), None, None


def _softmax_rule(c: Any) -> Any:
    return check_ranks(c, 2, 1, 1)[1]


@op("SparseSoftmax", infer=_softmax_rule, host=True)
def sparse_softmax(sp_indices, sp_values, sp_shape):
    """The softmax over the elements of each row."""
    _, which, _ = array_sets.uniques(linear(sp_indices[:, :-1], sp_shape.tolist()[:-1]))
    count = int(which.max()) + 1 if len(which) else 0
    top = torch.zeros(count, dtype=sp_values.dtype, device=sp_values.device)
    top = top.scatter_reduce(0, which, sp_values, "amax", include_self=False)
    powers = torch.exp(sp_values - top[which])
    sums = torch.zeros_like(top).index_add(0, which, powers)
    return powers / sums[which]


@sparse_softmax.gradient
def sparse_softmax_gradient(op, dy):
    indices, shape = op.inputs[0], op.inputs[2]
    out = SparseTensor(indices, op.outputs[0], shape)
    grad = SparseTensor(indices, dy, shape)
    product = SparseTensor(indices, out.values * grad.values, shape)
    sums = -sparse_ops.sparse_reduce_sum(product, [-1], keepdims=True)
    total = sparse_ops.sparse_dense_cwise_add(grad, sums)
    return [None, total.values * out.values, None]

"""tf.sparse: functions of SparseTensors. The ops they add are in sparse_kernels.py and sparse_math.py."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Any

import numpy as np

from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.sparse import SparseTensor, SparseTensorValue, is_sparse
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import (
    array_fill,
    array_join,
    array_select,
    array_shape,
    check,
    control,
    gather,
    slicing,
    sparse_kernels,
    sparse_math,
)  # fmt: skip
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.arguments import renamed


def as_sparse(value: Any) -> SparseTensor:
    """A SparseTensor or SparseTensorValue as a SparseTensor.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return value


def _parts(value: SparseTensor) -> tuple[Any, Any, Any]:
    return value.indices, value.values, value.dense_shape


@public("sparse.from_dense")
def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of a dense tensor that are not zero."""
    with scopes.name_scope(name, "dense_to_sparse"):
        tensor = convert.convert_to_tensor(tensor)
        zero = convert.constant(0, tensor.dtype)
        indices = array_select.where_v2(math_ops.not_equal(tensor, zero))
        values = gather.gather_nd(tensor, indices)
        return SparseTensor(indices, values, array_shape.shape(tensor, out_type=dtypes.int64))


@public("sparse.expand_dims")
def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """The sparse tensor with an axis of size 1 more, at the end by default."""
    rank = sp_input.dense_shape.shape[0]
    axis = -1 if axis is None else axis
    with scopes.name_scope(name, default_name="expand_dims", values=[sp_input]):
        if isinstance(axis, numbers.Integral):
            axis = convert.convert_to_tensor(axis, dtypes.int32, "axis")
        elif not isinstance(axis, Tensor):
            raise TypeError(
                "axis must be an integer value in range [-rank(sp_input) - 1, rank(sp_input)]"
            )
        axis = array_select.where_v2(axis >= 0, axis, axis + rank + 1)
        count = array_shape.shape(sp_input.indices)[0]
        column = array_fill.zeros([count, 1], dtype=dtypes.int64)
        before = slicing.slice(sp_input.indices, [0, 0], [-1, axis])
        after = slicing.slice(sp_input.indices, [0, axis], [-1, -1])
        indices = array_join.concat([before, column, after], axis=1)
        outer = slicing.slice(sp_input.dense_shape, [0], [axis])
        inner = slicing.slice(sp_input.dense_shape, [axis], [-1])
        one = convert.convert_to_tensor([1], dtypes.int64, "new_shape")
        shape = array_join.concat([outer, one, inner], axis=0)
        return SparseTensor(indices, sp_input.values, shape)


def _int64(value: Any, name: str) -> Any:
    if isinstance(value, numbers.Integral):
        return convert.convert_to_tensor(value, dtypes.int64, name)
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be an integer value")
    return value if value.dtype == dtypes.int64 else math_ops.cast(value, dtypes.int64)


@public("sparse.eye")
def sparse_eye(
    num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> SparseTensor:
    """The sparse matrix with ones on the diagonal."""
    with scopes.name_scope(name, default_name="eye", values=[num_rows, num_columns]):
        rows = _int64(num_rows, "num_rows")
        columns = rows if num_columns is None else _int64(num_columns, "num_columns")
        count = math_ops.minimum(rows, columns)
        places = math_ops.range(count, dtype=dtypes.int64)
        indices = array_join.stack([places, places], axis=1)
        return SparseTensor(indices, array_fill.ones(count, dtype=dtype), [rows, columns])


@public("sparse_concat", "sparse.concat")
def sparse_concat(
    axis: Any, sp_inputs: Any, name: str | None = None, expand_nonconcat_dim: bool = False,
    concat_dim: Any = None, expand_nonconcat_dims: Any = None,
) -> SparseTensor:  # fmt: skip
    """Sparse tensors one after the other along an axis.

    Args:
      axis: the axis.
      sp_inputs: a list of SparseTensors.
      name: the name of the node.
      expand_nonconcat_dim: let the other sizes differ; the greatest is taken.
      concat_dim: the old name of `axis`.
      expand_nonconcat_dims: another name of `expand_nonconcat_dim`.

    Raises:
      TypeError: the inputs are not a list of sparse tensors.
    """
    expand = expand_nonconcat_dim if expand_nonconcat_dims is None else expand_nonconcat_dims
    axis = renamed("axis", axis, "concat_dim", concat_dim)
    if not isinstance(sp_inputs, (list, tuple)):
        raise TypeError("Inputs must be a list or tuple.")
    inputs = [as_sparse(one) for one in sp_inputs]
    if len(inputs) == 1:
        return inputs[0]
    shapes = [one.dense_shape for one in inputs]
    if expand:
        shapes = _widest(shapes, axis)
    indices, values, shape = sparse_kernels.sparse_concat(
        [one.indices for one in inputs], [one.values for one in inputs], shapes, axis, name=name
    )
    known = [constants.constant_value(one) for one in shapes]
    if all(one is not None for one in known):
        sizes = known[0].copy()
        sizes[axis] = sum(one[axis] for one in known)
        shape = convert.convert_to_tensor(sizes)
    return SparseTensor(indices, values, shape)


def _widest(shapes: list[Any], axis: int) -> list[Any]:
    """The shapes with the greatest sizes of all along the other axes."""
    rows = [array_shape.reshape(shape, [1, -1]) for shape in shapes]
    most = math_ops.reduce_max(array_join.concat(rows, 0), 0)
    is_last = axis == -1
    return [
        array_join.concat(
            [
                most[:axis],
                shape[-1:] if is_last else shape[axis : axis + 1],
                [] if is_last else most[axis + 1 :],
            ],
            0,
        )
        for shape in shapes
    ]


@public("sparse_add", "sparse.add")
def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two tensors of which one is sparse; sparse if both are.

    Raises:
      TypeError: neither is sparse.
    """
    threshold = renamed("threshold", threshold, "thresh", thresh)
    threshold = 0 if threshold is None else threshold
    if not is_sparse(a) and not is_sparse(b):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if not (is_sparse(a) and is_sparse(b)):
        if is_sparse(b):
            a, b = b, a
        return sparse_math.sparse_tensor_dense_add(a.indices, a.values, a.dense_shape, b)
    a, b = as_sparse(a), as_sparse(b)
    kind = a.values.dtype.real_dtype.base_dtype
    threshold = convert.convert_to_tensor(threshold, kind, "threshold")
    indices, values, shape = sparse_math.sparse_add(*_parts(a), *_parts(b), threshold)
    a.shape.assert_is_compatible_with(b.shape)
    known = array_fill.broadcast_static_shape(a.shape, b.shape)
    return SparseTensor(indices, values, known.as_list() if known.is_fully_defined() else shape)


def sparse_dense_cwise_add(sp_t: Any, dense_t: Any) -> SparseTensor:
    """The sparse tensor plus, where it has elements, the dense one."""
    values = sparse_math.sparse_dense_cwise_add(*_parts(sp_t), dense_t)
    return SparseTensor(sp_t.indices, values, sp_t.dense_shape)


@public("sparse_reorder", "sparse.reorder")
def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The sparse tensor with its elements in row-major order."""
    sp_input = as_sparse(sp_input)
    indices, values = sparse_kernels.sparse_reorder(*_parts(sp_input), name=name)
    if sp_input.shape.is_fully_defined():
        shape = sp_input.shape.as_list()
    else:
        shape = array_shape.identity(sp_input.dense_shape)
    return SparseTensor(indices, values, shape)


@public("sparse_reshape", "sparse.reshape")
def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """The same elements in another shape; one size may be -1.

    Raises:
      ValueError: the shapes are known, and do not fit.
    """
    sp_input = as_sparse(sp_input)
    shape = math_ops.cast(shape, dtype=dtypes.int64)
    with scopes.name_scope(name, "SparseReshape", [sp_input]) as name:
        indices, new_shape = sparse_kernels.sparse_reshape(
            sp_input.indices, sp_input.dense_shape, shape, name=name
        )
        known = constants.constant_value_as_shape(shape)
        if known.ndims is not None and sp_input.shape.is_fully_defined():
            sizes = _completed(
                known.as_list(), constants.constant_value(shape), sp_input.shape.as_list()
            )
            if sizes is not None:
                new_shape = convert.constant(sizes, dtype=dtypes.int64)
        return SparseTensor(indices, array_shape.identity(sp_input.values), new_shape)


def _completed(wanted: list[Any], given: Any, old: list[int]) -> list[int] | None:
    """The wanted sizes with the one that is missing worked out; None if more are."""
    if given is not None and sum(d == -1 for d in given) > 1:
        raise ValueError(f"At most one dimension can be inferred (-1). Found: {given}")
    whole = np.prod(old)
    missing = [i for i, d in enumerate(wanted) if d is None]
    if len(missing) > 1:
        return None
    sizes = list(wanted)
    if missing:
        rest = wanted[: missing[0]] + wanted[missing[0] + 1 :]
        sizes[missing[0]] = int(whole // np.prod(rest))
    if np.prod(sizes) != whole:
        raise ValueError(
            f"Cannot reshape a tensor with {int(whole)} elements to shape {wanted} ({int(np.prod(sizes))} elements)."
        )
    return sizes


class _KeywordRequired:
    """Stands where sparse_split's first argument must not be given by place."""

    def __repr__(self) -> str:
        return "KeywordRequired()"


_BY_KEYWORD = _KeywordRequired()


@public("sparse_split", "sparse.split")
def sparse_split(
    keyword_required: Any = _BY_KEYWORD, sp_input: Any = None, num_split: Any = None, axis: Any = None,
    name: str | None = None, split_dim: Any = None,
) -> list[SparseTensor]:  # fmt: skip
    """The sparse tensor cut into `num_split` pieces along an axis; all arguments by keyword.

    Raises:
      ValueError: an argument is missing, or given by place.
    """
    if not isinstance(keyword_required, _KeywordRequired):
        raise ValueError("Keyword arguments are required for this function.")
    axis = renamed("axis", axis, "split_dim", split_dim)
    for what, value in (("sp_input", sp_input), ("num_split", num_split), ("axis", axis)):
        if value is None:
            raise ValueError(f"{what} is required")
    sp_input = as_sparse(sp_input)
    parts = sparse_kernels.sparse_split(axis, *_parts(sp_input), num_split, name=name)
    return [SparseTensor(*one) for one in zip(*parts)]


@public("sparse_slice", "sparse.slice")
def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """The part of a sparse tensor that starts at `start` and has at most the sizes `size`."""
    sp_input = as_sparse(sp_input)
    start = convert.convert_to_tensor(start, dtypes.int64)
    size = convert.convert_to_tensor(size, dtypes.int64)
    with scopes.name_scope(name, "SparseSlice", [sp_input]) as name:
        return SparseTensor(*sparse_kernels.sparse_slice(*_parts(sp_input), start, size, name=name))


@public("sparse_to_dense")
def sparse_to_dense(
    sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any = 0,
    validate_indices: bool = True, name: str | None = None,
) -> Any:  # fmt: skip
    """The dense tensor: `default_value` but for the values at their indices."""
    return sparse_kernels.sparse_to_dense(
        sparse_indices, output_shape, sparse_values, default_value=default_value,
        validate_indices=validate_indices, name=name,
    )  # fmt: skip


@public("sparse_tensor_to_dense", "sparse.to_dense")
def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Any:
    """A SparseTensor as a dense tensor; zeros, or `default_value`, where it has no element."""
    sp_input = as_sparse(sp_input)
    if default_value is None:
        default_value = array_fill.zeros([], dtype=sp_input.dtype)
    return sparse_kernels.sparse_to_dense(
        sp_input.indices, sp_input.dense_shape, sp_input.values, default_value=default_value,
        validate_indices=validate_indices, name=name,
    )  # fmt: skip


# Reductions.


def _reduction(
    block: Any, sp_input: Any, axis: Any, keepdims: Any, axes: Any, keep_dims: Any
) -> Any:
    keepdims = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    axis = renamed("axis", axis, "reduction_axes", axes)
    dims = array_fill.all_dimensions(sp_input) if axis is None else axis
    return block(*_parts(sp_input), dims, bool(keepdims))


@public("sparse_reduce_max", "sparse.reduce_max")
def sparse_reduce_max(
    sp_input: Any,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Any:
    """The maximum over axes of the elements there are, as a dense tensor."""
    block = sparse_math.sparse_reduce_max
    return _reduction(block, sp_input, axis, keepdims, reduction_axes, keep_dims)


@public("sparse_reduce_max_sparse", "sparse.reduce_max_sparse")
def sparse_reduce_max_sparse(
    sp_input: Any,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> SparseTensor:
    """The maximum over axes of the elements there are, as a sparse tensor."""
    block = sparse_math.sparse_reduce_max_sparse
    return SparseTensor(*_reduction(block, sp_input, axis, keepdims, reduction_axes, keep_dims))


@public("sparse_reduce_sum", "sparse.reduce_sum")
def sparse_reduce_sum(
    sp_input: Any,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> Any:
    """The sum over axes, as a dense tensor."""
    block = sparse_math.sparse_reduce_sum
    return _reduction(block, sp_input, axis, keepdims, reduction_axes, keep_dims)


@public("sparse_reduce_sum_sparse", "sparse.reduce_sum_sparse")
def sparse_reduce_sum_sparse(
    sp_input: Any,
    axis: Any = None,
    keepdims: Any = None,
    reduction_axes: Any = None,
    keep_dims: Any = None,
) -> SparseTensor:
    """The sum over axes, as a sparse tensor."""
    block = sparse_math.sparse_reduce_sum_sparse
    return SparseTensor(*_reduction(block, sp_input, axis, keepdims, reduction_axes, keep_dims))


# Indicators and merges.


@public("sparse_to_indicator", "sparse.to_indicator")
def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Any:
    """True at each id of a row: [..., n] of ids -> [..., vocab_size]."""
    sp_input = as_sparse(sp_input)
    with scopes.name_scope(name, "SparseToIndicator", [sp_input]) as name:
        count = array_shape.shape(sp_input.indices)[0]
        ones = array_fill.fill(array_shape.expand_dims(count, 0), True)
        marks = SparseTensor(sp_input.indices, ones, sp_input.dense_shape)
        merged = sparse_merge(sp_input, marks, vocab_size, name)
        return sparse_tensor_to_dense(
            merged, default_value=False, validate_indices=False, name=name
        )


def _listed_ids(sp_ids: Any, vocab_size: Any) -> tuple[list[Any], list[Any]]:
    if is_sparse(sp_ids):
        if not isinstance(vocab_size, (Tensor, numbers.Integral)):
            raise TypeError(
                f"vocab_size has to be a Tensor or Python int. Found {type(vocab_size)}"
            )
        return [sp_ids], [vocab_size]
    if not isinstance(sp_ids, Iterable):
        raise TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}")
    if not isinstance(vocab_size, Iterable):
        raise TypeError(
            f"vocab_size has to be a list of Tensors or Python ints. Found {type(vocab_size)}"
        )
    for size in vocab_size:
        if not isinstance(size, (Tensor, numbers.Integral)):
            raise TypeError(
                f"vocab_size has to be a list of Tensors or Python ints. Found {type(size)}"
            )
    return list(sp_ids), list(vocab_size)


@public("sparse_merge", "sparse.merge")
def sparse_merge(
    sp_ids: Any,
    sp_values: Any,
    vocab_size: Any,
    name: str | None = None,
    already_sorted: bool = False,
) -> SparseTensor:
    """Values at the places that ids name: the ids take the place of the last axis.

    Raises:
      TypeError, ValueError: the ids and vocabulary sizes do not go together.
    """
    ids, sizes = _listed_ids(sp_ids, vocab_size)
    if len(ids) != len(sizes):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    with scopes.name_scope(name, "SparseMerge", [sp_ids, sp_values]):
        ids = [as_sparse(one) for one in ids]
        sp_values = as_sparse(sp_values)
        columns = []
        for one in ids:
            values = one.values
            if one.dtype != dtypes.int64:
                values = math_ops.cast(values, dtypes.int64)
            columns.append(array_shape.expand_dims(values, axis=1))
        sizes = [math_ops.cast(size, dtypes.int64) for size in sizes]
        kept = ids[0].indices[:, :-1]
        indices = array_join.concat([kept] + columns, 1)
        shape = array_join.concat([ids[0].dense_shape[:-1], sizes], 0)
        merged = SparseTensor(indices, sp_values.values, shape)
        if already_sorted:
            return merged
        ordered = sparse_reorder(merged)
        return SparseTensor(ordered.indices, ordered.values, shape)


@public("sparse_retain", "sparse.retain")
def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """The elements for which the vector `to_retain` is true."""
    sp_input = as_sparse(sp_input)
    to_retain = convert.convert_to_tensor(to_retain)
    to_retain.shape.assert_has_rank(1)
    if sp_input.values.shape.dims is not None:
        sp_input.values.shape.dims[0].merge_with(to_retain.shape[0])
    places = array_shape.reshape(array_select.where_v2(to_retain), [-1])
    indices = gather.gather(sp_input.indices, places)
    values = gather.gather(sp_input.values, places)
    return SparseTensor(indices, values, array_shape.identity(sp_input.dense_shape))


@public("sparse_reset_shape", "sparse.reset_shape")
def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """The sparse tensor with a larger shape, or with the least shape that holds its elements.

    Raises:
      ValueError: the shapes are known, and the new one is smaller.
    """
    sp_input = as_sparse(sp_input)
    indices, values, shape = (array_shape.identity(one) for one in _parts(sp_input))
    if new_shape is None:
        most = math_ops.reduce_max(indices, axis=0)
        zero = convert.constant(0, dtype=dtypes.int64)
        sizes = math_ops.maximum(zero, math_ops.add(most, array_fill.ones_like(shape)))
        return SparseTensor(indices, values, sizes)
    sizes = convert.convert_to_tensor(new_shape)
    sizes.shape.assert_has_rank(1)
    sizes = math_ops.cast(sizes, dtypes.int64)
    if sizes.shape.rank is not None:
        sizes.shape.dims[0].merge_with(shape.shape.dims[0])
    known = constants.constant_value(sizes)
    if known is not None and sp_input.shape.is_fully_defined():
        have = np.array(sp_input.shape.as_list())
        if not np.all(have <= known):
            raise ValueError(
                "Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape "
                f"({have}), sp_input.shape ({known})."
            )
        return SparseTensor(indices, values, known)
    same_rank = check.assert_equal(array_shape.shape(shape), array_shape.shape(sizes))
    sizes = control.with_dependencies([same_rank], sizes)
    sizes = control.with_dependencies([check.assert_less_equal(shape, sizes)], sizes)
    return SparseTensor(indices, values, sizes)


@public("sparse_fill_empty_rows", "sparse.fill_empty_rows")
def sparse_fill_empty_rows(
    sp_input: Any, default_value: Any, name: str | None = None
) -> tuple[SparseTensor, Any]:
    """The sparse tensor with `default_value` in the first column of empty rows, and which rows these are."""
    sp_input = as_sparse(sp_input)
    with scopes.name_scope(name, "SparseFillEmptyRows", [sp_input]):
        default = convert.convert_to_tensor(default_value, dtype=sp_input.values.dtype)
        indices, values, empty, _ = sparse_kernels.sparse_fill_empty_rows(
            *_parts(sp_input), default
        )
        return SparseTensor(indices, values, sp_input.dense_shape), empty


# Arithmetic.


@public("sparse_tensor_dense_matmul", "sparse.sparse_dense_matmul", "sparse.matmul")
def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Any:
    """The matrix product of a sparse and a dense matrix."""
    sp_a = as_sparse(sp_a)
    with scopes.name_scope(name, "SparseTensorDenseMatMul", [sp_a.indices, sp_a.values, b]):
        b = convert.convert_to_tensor(b, name="b")
        return sparse_math.sparse_tensor_dense_mat_mul(
            *_parts(sp_a), b, adjoint_a=adjoint_a, adjoint_b=adjoint_b
        )


@public("sparse_softmax", "sparse.softmax")
def sparse_softmax(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The softmax over the elements of each row."""
    with scopes.name_scope(name, "SparseSoftmax", [sp_input.indices, sp_input.values]):
        values = sparse_math.sparse_softmax(*_parts(sp_input))
        return SparseTensor(sp_input.indices, values, sp_input.dense_shape)


def _paired(block: Any, scope: str, sp_a: Any, sp_b: Any, name: Any) -> SparseTensor:
    values = [sp_a.indices, sp_a.values, sp_b.indices, sp_b.values]
    with scopes.name_scope(name, scope, values) as name:
        indices, elements = block(*_parts(sp_a), *_parts(sp_b), name=name)
    return SparseTensor(indices, elements, sp_a.dense_shape)


@public("sparse_maximum", "sparse.maximum")
def sparse_maximum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The greater of two sparse tensors, elements that are not there taken as zero."""
    return _paired(sparse_math.sparse_sparse_maximum, "SparseSparseMaximum", sp_a, sp_b, name)


@public("sparse_minimum", "sparse.minimum")
def sparse_minimum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The lesser of two sparse tensors, elements that are not there taken as zero."""
    return _paired(sparse_math.sparse_sparse_minimum, "SparseSparseMinimum", sp_a, sp_b, name)


@public("sparse_transpose", "sparse.transpose")
def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """The sparse tensor with its axes in the order `perm`; without it, in the opposite order."""
    with scopes.name_scope(name, "SparseTranspose", [sp_input]):
        if perm is None:
            rank = array_shape.rank(sp_input)
            perm = rank - 1 - math_ops.range(0, rank, 1)
        columns = gather.gather(array_shape.transpose(sp_input.indices), perm)
        indices = array_shape.transpose(columns)
        known = constants.constant_value(convert.convert_to_tensor(perm))
        if known is not None and sp_input.shape.is_fully_defined():
            sizes = sp_input.shape.as_list()
            shape: Any = [sizes[axis] for axis in known]
        else:
            shape = gather.gather(sp_input.dense_shape, perm)
        return sparse_reorder(SparseTensor(indices, sp_input.values, shape))

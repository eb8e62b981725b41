"""What a tensor's shape is, and the same elements in another shape or order of axes.

Holds the identity family, shape, size and rank (folded to constants where they are known while the graph is built),
reshape,
squeeze, expand_dims, transpose, and the conversion of lists that contain tensors. Joining and cutting tensors is in
array_join.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import call, op
from rekindle._src.graph.sparse import SparseTensor, SparseTensorValue
from rekindle._src.names import public
from rekindle._src.ops import array_join
from rekindle._src.ops.arguments import renamed

# Identity and its kin.


@op("Identity", infer=infer.same, aliases=0)
def identity_op(input):
    """The tensor itself."""
    return input


@identity_op.gradient
def identity_gradient(op, dy):
    return dy


@public("identity")
def identity(input: Any, name: str | None = None) -> Any:
    """A tensor with the value of `input`, under a name of its own."""
    out = identity_op(input, name=name)
    handle_facts = getattr(input, "_handle_data", None)
    if handle_facts is not None:
        out._handle_data = handle_facts
    return out


@op("RefIdentity", infer=infer.same)
def ref_identity(input):
    """The variable itself."""
    return input


@ref_identity.gradient
def ref_identity_gradient(op, dy):
    return dy


@op("IdentityN", public="identity_n", infer=lambda c: list(c.shapes))
def identity_n(input):
    """The tensors themselves."""
    return list(input)


@identity_n.gradient
def identity_n_gradient(op, *dys):
    return dys


@op("Snapshot", infer=infer.same, aliases=0)
def snapshot(input):
    """The tensor itself."""
    return input


@op("DeepCopy", infer=infer.same, pure=True)
def deep_copy(x):
    """A copy of the tensor."""
    return x.clone()


@op("StopGradient", public="stop_gradient", infer=infer.same, aliases=0)
def stop_gradient(input):
    """The tensor itself; gradients do not pass."""
    return input


stop_gradient.no_gradient()


@op("PreventGradient", infer=infer.same, aliases=0)
def prevent_gradient(input):
    """The tensor itself; asking for its gradient is an error."""
    return input


@prevent_gradient.gradient
def prevent_gradient_gradient(op, dy):
    reason = op.get_attr("message")
    raise LookupError(f"Gradient explicitly disabled. Reason: {reason!r}")


@op("GuaranteeConst", public="guarantee_const", infer=infer.same, aliases=0, pure=True)
def guarantee_const(input):
    """The tensor itself, promised to be the same in every run."""
    return input


@op("EnsureShape", infer=lambda c: infer.merge(c.attr("shape"), c.shapes[0]), aliases=0)
def ensure_shape_op(input, *, shape):
    """The tensor itself, if it has the shape."""
    if shape is None or (
        len(shape) == len(input.shape)
        and all(want in (None, have) for want, have in zip(shape, input.shape, strict=True))
    ):
        return input
    raise errors.InvalidArgumentError(
        None,
        None,
        f"Shape of tensor {infer.show(tuple(input.shape))} is not compatible with expected shape "
        f"{infer.show(shape)}.",
    )


@ensure_shape_op.gradient
def ensure_shape_gradient(op, dy):
    return dy


@public("ensure_shape")
def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Any:
    """`x`, checked to have `shape` when the graph runs."""
    return ensure_shape_op(x, shape, name=name)


# Shape, size, rank.


@op("Shape", infer=lambda c: (None if c.shapes[0] is None else len(c.shapes[0]),))
def shape_op(input, *, out_type=dtypes.int32):
    """The sizes of the axes: [rank]."""
    return torch.tensor(input.shape, dtype=out_type.torch, device="cpu")


@op("ShapeN", infer=lambda c: [(None if s is None else len(s),) for s in c.shapes])
def shape_n_op(input, *, out_type=dtypes.int32):
    """The sizes of the axes of each input."""
    return [torch.tensor(x.shape, dtype=out_type.torch, device="cpu") for x in input]


@op("Size", infer=infer.scalar)
def size_op(input, *, out_type=dtypes.int32):
    """The number of elements."""
    return torch.tensor(math.prod(input.shape), dtype=out_type.torch, device="cpu")


@op("Rank", infer=infer.scalar)
def rank_op(input):
    """The number of axes."""
    return torch.tensor(len(input.shape), dtype=torch.int32, device="cpu")


for _block in (shape_op, shape_n_op, size_op, rank_op):
    _block.no_gradient()


def _is_sparse(value: Any) -> bool:
    return isinstance(value, (SparseTensor, SparseTensorValue))


@public("shape")
def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Any:
    """The sizes of the axes, [rank]; a constant where they are known already."""
    return shape_internal(input, name, True, out_type)


def shape_internal(
    input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32
) -> Any:
    """`shape`, with a choice whether known shapes become constants."""
    with scopes.name_scope(name, "Shape", [input]) as name:
        if _is_sparse(input):
            return call("Cast", input.dense_shape, out_type)
        sizes = convert.convert_to_tensor(input)._static_shape
        if optimize and infer.is_known(sizes):
            return convert.constant(list(sizes), out_type, name=name)
        return shape_op(input, name=name, out_type=out_type)


@public("shape_n")
def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """The shape of each of a list of tensors."""
    return shape_n_op(input, out_type=out_type, name=name)


@public("size")
def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Any:
    """The number of elements; a constant where it is known already."""
    return size_internal(input, name, True, out_type)


def size_internal(
    input: Any, name: str | None = None, optimize: bool = True, out_type: Any = dtypes.int32
) -> Any:
    """`size`, with a choice whether known sizes become constants."""
    with scopes.name_scope(name, "Size", [input]) as name:
        if _is_sparse(input):
            return call("Prod", call("Cast", input.dense_shape, out_type), 0, name=name)
        sizes = convert.convert_to_tensor(input)._static_shape
        if optimize and infer.is_known(sizes):
            return convert.constant(math.prod(sizes), out_type, name=name)
        if optimize and sizes and 0 in sizes:
            return convert.constant(0, out_type, name=name)
        return size_op(input, name=name, out_type=out_type)


@public("rank")
def rank(input: Any, name: str | None = None) -> Any:
    """The number of axes; a constant where it is known already."""
    return rank_internal(input, name, True)


def rank_internal(input: Any, name: str | None = None, optimize: bool = True) -> Any:
    """`rank`, with a choice whether known ranks become constants."""
    with scopes.name_scope(name, "Rank", [input]) as name:
        if _is_sparse(input):
            return size_op(input.dense_shape, name=name)
        sizes = convert.convert_to_tensor(input)._static_shape
        if optimize and sizes is not None:
            return convert.constant(len(sizes), dtypes.int32, name=name)
        return rank_op(input, name=name)


# Reshape.


def _known_product(sizes: Any) -> tuple[int, int, int]:
    """The product of the known sizes, how many are unknown, and where the first of these is."""
    unknown = [i for i, d in enumerate(sizes) if d is None]
    if 0 in sizes:
        return 0, 0, -1
    return math.prod(d for d in sizes if d is not None), len(unknown), unknown[0] if unknown else -1


def divided(size: int, parts: int) -> int:
    """`size` / `parts`, which must leave nothing over.

    Raises:
      ValueError: it does.
    """
    if size % parts:
        raise ValueError(f"Dimension size must be evenly divisible by {parts} but is {size}")
    return size // parts


def reshaped(old: Any, new: Any) -> Any:
    """Shape rule of a reshape of `old` to the partly known `new`.

    Raises:
      ValueError: the numbers of elements differ.
    """
    if new is None or old is None:
        return new
    had, unknown_had, _ = _known_product(old)
    has, unknown_has, where = _known_product(new)
    if unknown_had > 1 or unknown_has > 1:
        return new
    if not unknown_had and not unknown_has:
        if had != has:
            raise ValueError(
                f"Cannot reshape a tensor with {had} elements to shape {infer.show(new)} "
                f"({has} elements)"
            )
    elif not unknown_had and has > 0:
        return new[:where] + (divided(had, has),) + new[where + 1 :]
    elif unknown_had and not unknown_has and had:
        divided(has, had)
    return new


def _of_nothing(tensor: torch.Tensor, sizes: list[int]) -> list[int]:
    """The sizes of a tensor without elements, -1 replaced by what is left when zeros on both sides are passed over."""
    if sizes.count(-1) != 1:
        return sizes
    left = math.prod(d for d in tensor.shape if d) // math.prod(d for d in sizes if d > 0)
    return [left if d == -1 else d for d in sizes]


@op(
    "Reshape",
    public="reshape manip.reshape",
    infer=lambda c: reshaped(c.shapes[0], c.shape_value(1)),
    aliases=0,
    structural=True,
)
def reshape(tensor, shape):
    """The same elements in another shape; one size may be -1, for what is left."""
    return torch.reshape(tensor, shape.tolist() if 0 not in shape.tolist() else _of_nothing(tensor, shape.tolist()))


@reshape.refusal
def reshape_refusal(tensor, shape):
    sizes, count = shape.tolist(), math.prod(tensor.shape)
    unknown = [i for i, d in enumerate(sizes) if d == -1]
    known = math.prod(d for d in sizes if d != -1)
    wanted = f"has {known}"
    if len(unknown) > 1:
        raise _invalid(f"Only one input size may be -1, not both {unknown[0]} and {unknown[1]}")
    for i, size in enumerate(sizes):
        if size < -1:
            raise _invalid(f"Size {i} must be non-negative, not {size}")
    if unknown and known:
        wanted = f"requires a multiple of {known}"
    raise _invalid(
        f"Input to reshape is a tensor with {count} values, but the requested shape {wanted}"
    )


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


@reshape.gradient
def reshape_gradient(op, dy):
    return [reshape(dy, shape(op.inputs[0])), None]


def _squeezed(c: Any) -> Any:
    sizes, axes = c.shapes[0], list(c.attr("squeeze_dims"))
    if sizes is None:
        return None
    rank = len(sizes)
    for i, axis in enumerate(axes):
        if not -rank <= axis < rank:
            raise ValueError(f"squeeze_dims[{i}] not in [{-rank},{rank}).")
    if not axes and None in sizes:
        return None
    axes = [axis % rank for axis in axes] or [i for i, d in enumerate(sizes) if d == 1]
    for axis in axes:
        if sizes[axis] not in (1, None):
            raise ValueError(
                f"Can not squeeze dim[{axis}], expected a dimension of 1, got {sizes[axis]}"
            )
    return tuple(d for i, d in enumerate(sizes) if i not in axes)


@op("Squeeze", infer=_squeezed, aliases=0, structural=True)
def squeeze_op(input, *, squeeze_dims=()):
    """The tensor without axes of size 1."""
    return torch.reshape(input, squeezed_sizes(input.shape, squeeze_dims))


def squeezed_sizes(sizes: Any, axes: Any) -> list[int]:
    """`sizes` without those at `axes`, or without all that are 1.

    Raises:
      InvalidArgumentError: one at `axes` is not 1.
    """
    rank = len(sizes)
    for axis in axes:
        if not -rank <= axis < rank:
            raise _invalid(f"Tried to squeeze dim index {axis} for tensor with {rank} dimensions.")
        if sizes[axis] != 1:
            raise _invalid(
                f"Can not squeeze dim[{axis % rank}], expected a dimension of 1, got {sizes[axis]}"
            )
    gone = {axis % rank for axis in axes} or {i for i, d in enumerate(sizes) if d == 1}
    return [d for i, d in enumerate(sizes) if i not in gone]


@squeeze_op.gradient
def squeeze_gradient(op, dy):
    return reshape(dy, shape(op.inputs[0]))


@public("squeeze")
def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Any:
    """The tensor without the axes of size 1, or without those given, which must have size 1."""
    axis = renamed("axis", axis, "squeeze_dims", squeeze_dims)
    if axis is not None and np.isscalar(axis):
        axis = [axis]
    return squeeze_op(input, axis, name=name)


def _expanded(c: Any) -> Any:
    sizes, axis = c.shapes[0], c.value(1)
    if axis is not None and axis.size != 1:
        raise ValueError(
            f"'dim' input must be a tensor with a single value but got {axis.size} values"
        )
    if sizes is None or axis is None:
        return None
    at, rank = int(axis.reshape(())), len(sizes)
    if not -1 - rank <= at <= rank:
        raise ValueError(f"dim {at} not in the interval [{-1 - rank}, {rank}].")
    at = at + rank + 1 if at < 0 else at
    return sizes[:at] + (1,) + sizes[at:]


@op("ExpandDims", infer=_expanded, aliases=0, structural=True)
def expand_dims_op(input, dim):
    """The tensor with an axis of size 1 more."""
    return torch.unsqueeze(input, int(dim))


@expand_dims_op.refusal
def expand_dims_refusal(input, dim):
    rank = input.dim()
    raise _invalid(f"Tried to expand dim index {int(dim)} for tensor with {rank} dimensions.")


@expand_dims_op.gradient
def expand_dims_gradient(op, dy):
    return [reshape(dy, shape(op.inputs[0])), None]


@public("expand_dims")
def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """The tensor with an axis of size 1 put in at `axis`.

    Raises:
      ValueError: no axis is given.
    """
    axis = renamed("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return expand_dims_op(input, axis, name=name)


# Transpose.


def _transposed(c: Any) -> Any:
    sizes, perm_shape, perm = c.shapes[0], c.shapes[1], c.value(1)
    count = math.prod(perm_shape) if infer.is_known(perm_shape) else None
    if sizes is None and count is None and perm is None:
        return None
    rank = len(sizes) if sizes is not None else count if count is not None else perm.size
    if sizes is None and rank < 2:
        return None
    sizes = infer.with_rank(sizes, rank)
    infer.with_rank(perm_shape, 1)
    if count is not None and count != rank:
        raise ValueError(f"Dimension must be {rank} but is {count}")
    if perm is None:
        return (None,) * rank
    out = []
    for axis in perm.tolist():
        if axis >= rank or axis <= -rank:
            raise ValueError(f"perm dim {axis} is out of range of input rank {rank}")
        out.append(sizes[axis])
    return tuple(out)


@op("Transpose", infer=_transposed, aliases=0, structural=True)
def transpose_op(x, perm):
    """The axes in another order: axis i of the result is axis perm[i] of x."""
    return torch.permute(x, perm.tolist())


@op("ConjugateTranspose", infer=_transposed)
def conjugate_transpose(x, perm):
    """The axes in another order, the elements conjugated."""
    return torch.conj_physical(torch.permute(x, perm.tolist()))


@transpose_op.refusal
@conjugate_transpose.refusal
def transpose_refusal(x, perm):
    axes, rank = perm.tolist(), x.dim()
    if len(axes) != rank:
        raise _invalid(
            f"transpose expects a vector of size {rank}. But input(1) is a vector of size {len(axes)}"
        )
    for axis in axes:
        if not -rank <= axis < rank:
            raise _invalid(f"{axis} is out of range [0 .. {rank})")
    present = {axis % rank for axis in axes}
    missing = next(i for i in range(rank) if i not in present)
    raise _invalid(f"{missing} is missing from {{{','.join(map(str, axes))}}}.")


@transpose_op.gradient
def transpose_gradient(op, dy):
    return [transpose(dy, invert_permutation(op.inputs[1])), None]


@conjugate_transpose.gradient
def conjugate_transpose_gradient(op, dy):
    return [transpose(dy, invert_permutation(op.inputs[1]), conjugate=True), None]


@public("transpose")
def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Any:
    """The tensor with its axes in the order `perm`; without it, in the opposite order."""
    with scopes.name_scope(name, "transpose", [a]) as name:
        block = conjugate_transpose if conjugate and a.dtype.is_complex else transpose_op
        if perm is not None:
            return block(a, perm, name=name)
        a = convert.convert_to_tensor(a, name="a")
        count = len(a._static_shape or ())
        if count:
            perm = count - 1 - np.arange(count)
        else:
            found = rank_op(a)
            perm = found - 1 - call("Range", 0, found, 1)
        out = block(a, perm, name=name)
        if a._static_shape is not None:
            out.set_shape(a._static_shape[::-1])
        return out


@public("linalg.matrix_transpose", "linalg.transpose", "matrix_transpose")
def matrix_transpose(a: Any, name: str = "matrix_transpose", conjugate: bool = False) -> Any:
    """The last two axes exchanged: [..., M, N] -> [..., N, M].

    Raises:
      ValueError: `a` has less than two axes.
    """
    with scopes.name_scope(name, values=[a]):
        a = convert.convert_to_tensor(a, name="a")
        sizes = a._static_shape
        if sizes is not None and len(sizes) < 2:
            raise ValueError(
                f"Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: {a.shape}"
            )
        if sizes is not None:
            count = len(sizes)
            return transpose(a, [*range(count - 2), count - 1, count - 2], conjugate=conjugate)
        count = rank(a)
        perm = array_join.concat((call("Range", 0, count - 2, 1), [count - 1, count - 2]), 0)
        return transpose(a, perm, conjugate=conjugate)


@op(
    "InvertPermutation",
    public="invert_permutation math.invert_permutation",
    infer=lambda c: infer.with_rank(c.shapes[0], 1),
)
def invert_permutation(x):
    """The permutation that undoes x: y[x[i]] = i."""
    return torch.tensor(inverted(x.tolist()), dtype=x.dtype, device=x.device)


def inverted(permutation: list[int]) -> list[int]:
    """The permutation that undoes one.

    Raises:
      InvalidArgumentError: it is none.
    """
    out = [-1] * len(permutation)
    for i, place in enumerate(permutation):
        if not 0 <= place < len(out):
            raise _invalid(f"{place} is not between 0 and {len(out)}")
        if out[place] != -1:
            raise _invalid(f"{place} is duplicated in the input.")
        out[place] = i
    return out


invert_permutation.no_gradient()

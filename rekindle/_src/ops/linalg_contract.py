"""Contractions of tensors along chosen axes:
tensordot and einsum, made of transposes, reshapes and matrix products.
"""

from __future__ import annotations

import math
import re
import string
from typing import Any

import numpy as np

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import linalg_matmul, math_binary, math_ranges, reduce_axes


@public("tensordot", "linalg.tensordot")
def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """The sum of products of a and b along pairs of axes: the free axes of a, then those of b.

    Args:
      a: the left tensor.
      b: the right tensor.
      axes: a number n for the last n axes of a and the first n of b, or a pair of lists of axes, or
        of one axis each.
      name: the name of the operation.

    Raises:
      ValueError: the axes are not such a pair, or not as many as the tensors have.
    """
    with scopes.name_scope(name, "Tensordot", [a, b, axes]) as scope:
        a, b = convert.convert_to_tensor(a, name="a"), convert.convert_to_tensor(b, name="b")
        a_axes, b_axes = _contracted(a, axes)
        a_matrix, a_free, a_static = _as_matrix(a, a_axes, False)
        b_matrix, b_free, b_static = _as_matrix(b, b_axes, True)
        product = linalg_matmul.matmul(a_matrix, b_matrix)
        if isinstance(a_free, list) and isinstance(b_free, list):
            return array_ops.reshape(product, a_free + b_free, name=scope)
        a_free = convert.convert_to_tensor(a_free, dtypes.int32)
        b_free = convert.convert_to_tensor(b_free, dtypes.int32)
        out = array_ops.reshape(product, array_ops.concat([a_free, b_free], 0), name=scope)
        if a_static is not None and b_static is not None:
            out.set_shape(a_static + b_static)
        return out


def _contracted(a: Tensor, axes: Any) -> tuple[Any, Any]:
    """The axes of a and of b along which products are summed."""
    rank = a.shape.ndims
    if isinstance(axes, (int, np.integer)):
        if axes < 0:
            raise ValueError("'axes' must be at least 0.")
        if rank is None:
            size = array_ops.rank(a)
            first = math_ranges.range(size - axes, size, dtype=dtypes.int32)
            return first, math_ranges.range(axes, dtype=dtypes.int32)
        if axes > rank:
            raise ValueError(
                f"'axes' must not be larger than the number of dimensions of tensor {a}."
            )
        return list(range(rank - axes, rank)), list(range(axes))
    if not isinstance(axes, (list, tuple)):
        axes = convert.convert_to_tensor(axes, dtypes.int32, "axes")
        return axes[0], axes[1]
    if len(axes) != 2:
        raise ValueError("'axes' must be an integer or have length 2.")
    a_axes, b_axes = axes
    if isinstance(a_axes, (int, np.integer)) and isinstance(b_axes, (int, np.integer)):
        a_axes, b_axes = [a_axes], [b_axes]
    if len(a_axes) != len(b_axes):
        raise ValueError(
            f"Different number of contraction axes 'a' and 'b', {len(a_axes)} != {len(b_axes)}."
        )
    return a_axes, b_axes


def _as_matrix(a: Tensor, axes: Any, flipped: bool) -> tuple[Tensor, Any, Any]:
    """[free, summed] (or, flipped, [summed, free]) of a tensor, its free sizes,
    and what is known of them.
    """
    if not a.shape.is_fully_defined() or not isinstance(axes, (list, tuple)):
        return _as_unknown_matrix(a, axes, flipped)
    sizes = a.shape.as_list()
    axes = [i if i >= 0 else i + len(sizes) for i in axes]
    free = [i for i in range(len(sizes)) if i not in axes]
    free_sizes = [sizes[i] for i in free]
    shape = [math.prod(free_sizes), math.prod(sizes[i] for i in axes)]
    perm = list(axes) + free if flipped else free + list(axes)
    moved = array_ops.transpose(a, perm)
    return array_ops.reshape(moved, shape[::-1] if flipped else shape), free_sizes, free_sizes


def _as_unknown_matrix(a: Tensor, axes: Any, flipped: bool) -> tuple[Tensor, Any, Any]:
    if a.shape.ndims is not None and isinstance(axes, (list, tuple)):
        sizes = a.shape.as_list()
        axes = [i if i >= 0 else i + len(sizes) for i in axes]
        free = [i for i in range(len(sizes)) if i not in axes]
        static = [sizes[i] for i in free]
        axes = convert.convert_to_tensor(axes, dtypes.int32, "axes")
        free = convert.convert_to_tensor(free, dtypes.int32, "free")
        shape = array_ops.shape(a)
    else:
        static = None
        shape = array_ops.shape(a)
        rank = array_ops.rank(a)
        axes = convert.convert_to_tensor(axes, dtypes.int32, "axes")
        is_positive = axes >= 0
        axes = array_ops.where(is_positive, axes, axes + rank)
        free, _ = array_ops.setdiff1d(math_ranges.range(rank), axes)
    free_sizes = array_ops.gather(shape, free)
    summed_sizes = array_ops.gather(shape, axes)
    n_free = reduce_axes.reduce_prod(free_sizes)
    n_summed = reduce_axes.reduce_prod(summed_sizes)
    perm = array_ops.concat([axes, free] if flipped else [free, axes], 0)
    matrix = array_ops.stack([n_summed, n_free] if flipped else [n_free, n_summed])
    return array_ops.reshape(array_ops.transpose(a, perm), matrix), free_sizes, static


@public("einsum", "linalg.einsum")
def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    """Sums of products of tensors whose axes are named by letters: "ij,jk->ik" is the matrix
    product.

    Args:
      equation: the letters of each input, and of the output after "->"; "..." stands for further
        axes.
      *inputs: the tensors.
      **kwargs: `name`, the name scope.

    Raises:
      ValueError: the equation is not understood, or does not go with the inputs.
      TypeError: there is another keyword argument.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise TypeError("invalid keyword arguments for this function: " + ", ".join(sorted(kwargs)))
    with scopes.name_scope(name, "einsum", [equation, list(inputs)]):
        tensors = list(inputs)
        labels, wanted = _parsed(equation, [t.shape.ndims for t in tensors])
        if _check_repeated(labels, equation):
            return linalg_matmul.trace(tensors[0])
        for letter in sorted(set("".join(labels) + wanted)):
            if sum(letter in one for one in labels) > 2 and letter not in wanted:
                return _all_at_once(tensors, labels, wanted)
        out, have = tensors[0], labels[0]
        for tensor, own in zip(tensors[1:], labels[1:], strict=True):
            out, have = _product(out, have, tensor, own, set(have) & set(own) - set(wanted))
        return _finished(out, have, wanted, equation)


def _check_repeated(labels: list[str], equation: str) -> bool:
    """True for the trace "ii"; other repeated letters are refused."""
    for own in labels:
        if len(set(own)) != len(own):
            if len(labels) == 1 and own == own[::-1] and "->" not in equation:
                return True
            raise ValueError(f"Subscript not supported: an axis appears more than once: {own}")
    return False


def _finished(out: Tensor, have: str, wanted: str, equation: str) -> Tensor:
    """The product with the axes that are left over summed, in the order that is wanted."""
    if set(have) - set(wanted):
        out = reduce_axes.reduce_sum(out, axis=[i for i, a in enumerate(have) if a not in wanted])
        have = "".join(a for a in have if a in wanted)
    if sorted(have) != sorted(wanted):
        raise ValueError(f"Invalid equation: {equation}")
    return _moved(out, [have.index(a) for a in wanted])


def _parsed(equation: str, ranks: list[int | None]) -> tuple[list[str], str]:
    """The letters of each input and of the output, with "..." replaced by letters of their own."""
    equation = equation.replace(" ", "")
    match = re.match("^([a-zA-Z,.]+)(->[a-zA-Z.]*)?$", equation)
    if not match:
        raise ValueError(f"Indices have incorrect format: {equation}")
    labels = match.group(1).split(",")
    wanted = match.group(2)[2:] if match.group(2) else None
    if len(ranks) != len(labels):
        raise ValueError(
            f'Got {len(ranks)} arguments for equation "{equation}", expecting {len(labels)}'
        )
    more = ""
    if "..." in equation:
        labels, more = _without_ellipsis(labels, ranks)
        if any("." in one for one in labels):
            raise ValueError('period "." found outside of ellipsis')
        if wanted is not None:
            wanted = wanted.replace("...", more)
            if "." in wanted:
                raise ValueError('period "." found outside of ellipsis')
    if wanted is None:
        joined = "".join(labels)
        wanted = more + "".join(sorted(a for a in set(joined) - set(more) if joined.count(a) == 1))
    return labels, wanted


def _without_ellipsis(labels: list[str], ranks: list[int | None]) -> tuple[list[str], str]:
    unused = "".join(c for c in string.ascii_letters if c not in "".join(labels))
    longest, out = "", []
    for one, rank in zip(labels, ranks, strict=True):
        if "..." not in one:
            out.append(one)
            continue
        parts = one.split("...")
        if len(parts) != 2:
            raise ValueError("Unable to resolve ellipsis. Excess number found.")
        if rank is None:
            raise ValueError("Unable to statically infer ellipsis axes.")
        n = rank - len("".join(parts))
        if n < 0:
            raise ValueError("Ellipses lengths do not match.")
        if len(unused) < n:
            raise ValueError("Unable to resolve ellipsis, too many distinct labels.")
        letters = unused[-n:] if n > 0 else ""
        out.append(one.replace("...", letters))
        longest = max(longest, letters, key=len)
    return out, longest


def _product(
    x: Tensor, x_labels: str, y: Tensor, y_labels: str, summed: set[str]
) -> tuple[Tensor, str]:
    """The product of two tensors, summed along some common axes, and the letters of its axes."""
    for which, tensor, labels in (("t0", x, x_labels), ("t1", y, y_labels)):
        if len(labels) != len(tensor.shape):
            raise ValueError(
                f"Tensor {which} of rank {len(tensor.shape)} does not match einsum reduction of "
                "length "
                f"{len(labels)}"
            )
    kept = set(x_labels) & set(y_labels) - summed
    x_only, y_only = set(x_labels) - kept - summed, set(y_labels) - kept - summed

    def order(first: set[str]) -> Any:
        return lambda a: (-1, a) if a in kept else (0, a) if a in first else (1, a)

    x_order, y_order = sorted(x_labels, key=order(x_only)), sorted(y_labels, key=order(summed))
    x = _moved(x, [x_labels.find(a) for a in x_order])
    y = _moved(y, [y_labels.find(a) for a in y_order])
    if summed:
        out = _matrix_product(x, y, len(kept), len(summed), len(y_only))
        return out, "".join(
            x_order[: len(kept) + len(x_only)] + y_order[len(y_order) - len(y_only) :]
        )
    for _ in y_only:
        x = array_ops.expand_dims(x, -1)
    for _ in x_only:
        y = array_ops.expand_dims(y, len(kept))
    return math_binary.mul(x, y), "".join(x_order + y_order[len(kept) :])


def _matrix_product(x: Tensor, y: Tensor, kept: int, summed: int, y_only: int) -> Tensor:
    """[kept, x only, summed] times [kept, summed, y only]."""
    x_sizes = _sizes(x)
    rows, inner = _total(x_sizes[kept:-summed]), _total(x_sizes[-summed:])
    x = _reshaped(x, [*x_sizes[:kept], rows, inner])
    y_sizes = _sizes(y)
    columns = _total(y_sizes[kept + summed :])
    y = _reshaped(y, [*y_sizes[:kept], inner, columns])
    product = linalg_matmul.matmul(x, y)
    return _reshaped(product, x_sizes[:-summed] + y_sizes[len(y_sizes) - y_only :])


def _moved(x: Tensor, perm: list[int]) -> Tensor:
    return x if perm == list(range(len(perm))) else array_ops.transpose(x, perm=perm)


def _reshaped(x: Tensor, shape: list[Any]) -> Tensor:
    """A reshape, unless the static shape says that it changes nothing."""
    have = x._static_shape or ()
    if len(shape) == len(have) and all(
        not isinstance(new, Tensor) and old == new for old, new in zip(have, shape, strict=True)
    ):
        return x
    return array_ops.reshape(x, tuple(shape))


def _sizes(x: Tensor) -> list[Any]:
    """The sizes as numbers where they are known, as tensors where they are not."""
    sizes: list[Any] = list(x._static_shape or ())
    if None not in sizes:
        return sizes
    shape = array_ops.shape(x)
    return [shape[i] if d is None else d for i, d in enumerate(sizes)]


def _total(sizes: list[Any]) -> Any:
    out = 1
    for size in sizes:
        out = out * size
    return out


def _all_at_once(tensors: list[Tensor], labels: list[str], wanted: str) -> Tensor:
    """All inputs broadcast against each other and multiplied, then summed."""
    summed = [a for a in sorted(set("".join(labels) + wanted)) if a not in wanted]
    order = summed + list(wanted)
    expanded, sizes = [], []
    for i, (tensor, own) in enumerate(zip(tensors, labels, strict=True)):
        if tensor.shape.ndims != len(own):
            raise ValueError(
                f"Input {i} with axes {own} has incorrect number of dimensions (expected "
                f"{len(own)}, got "
                f"{tensor.shape.ndims})"
            )
        own_order = sorted(own, key=order.index)
        if list(own) != own_order:
            tensors[i] = array_ops.transpose(tensor, [own.find(a) for a in own_order])
        have = dict(zip(own_order, tensors[i].shape.as_list(), strict=True))
        sizes.append([(have[a] or -1) if a in have else 1 for a in order])
    for j, letter in enumerate(order):
        if len({s[j] for s in sizes if s[j] > 1}) > 1:
            raise ValueError(f"Dimension mismatch on axis: {letter}")
    for tensor, shape in zip(tensors, sizes, strict=True):
        expanded.append(array_ops.reshape(tensor, shape))
    product = 1
    for tensor in expanded:
        product = product * tensor
    return reduce_axes.reduce_sum(product, list(range(len(summed))))

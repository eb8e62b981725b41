"""What functions on images check: rank, sizes above 0, and conditions that may be tensors."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, check
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.state.variable import Variable

POSITIVE = "all dims of 'image.shape' must be > 0"


def is_tensor(x: Any) -> bool:
    """True for what is known only when the graph runs."""
    return isinstance(x, (Tensor, Variable))


def required(condition: Any, message: str) -> list[Any]:
    """The operations to wait for so that the condition holds; none if it is a Python value.

    Raises:
      ValueError: it is a Python value, and false.
    """
    if is_tensor(condition):
        return [assertion.Assert(condition, [message])]
    if not condition:
        raise ValueError(message)
    return []


def greater(x: Any, y: Any) -> Any:
    """The greater of two numbers, either of them a tensor."""
    return math_ops.maximum(x, y) if is_tensor(x) or is_tensor(y) else max(x, y)


def smaller(x: Any, y: Any) -> Any:
    """The smaller of two numbers, either of them a tensor."""
    return math_ops.minimum(x, y) if is_tensor(x) or is_tensor(y) else min(x, y)


def equal(x: Any, y: Any) -> Any:
    """Whether two numbers are equal, either of them a tensor."""
    return math_ops.equal(x, y) if is_tensor(x) or is_tensor(y) else x == y


def sizes(image: Any, rank: int) -> list[Any]:
    """The sizes of all axes: numbers where they are known, else scalar tensors."""
    shape = image.get_shape()
    if shape.is_fully_defined():
        return shape.as_list()
    known = shape.with_rank(rank).as_list()
    found = array_ops.unstack(array_ops.shape(image), rank)
    return [d if n is None else n for n, d in zip(known, found, strict=True)]


def image_checks(image: Any) -> list[Any]:
    """The operations to wait for so that the image has rank 3 or more and no axis of size 0.

    Raises:
      ValueError: the static shape shows that it has not.
    """
    shape = image.get_shape()
    try:
        shape = shape.with_rank(3) if shape.ndims is None else shape.with_rank_at_least(3)
    except ValueError:
        raise ValueError("'image' must be at least three-dimensional.") from None
    if any(n == 0 for n in shape.as_list()):
        raise ValueError(f"{POSITIVE}: {shape}")
    if shape.is_fully_defined():
        return []
    message = "'image' must be at least three-dimensional."
    return [
        check.assert_positive(array_ops.shape(image), [POSITIVE + "."]),
        check.assert_greater_equal(array_ops.rank(image), 3, message=message),
    ]


def checked_image(image: Any) -> Any:
    """The image after `image_checks`."""
    return control_ops.with_dependencies(image_checks(image), image)


def checked_gray(images: Any) -> Any:
    """The images, known to have one channel.

    Raises:
      ValueError: the static shape shows that they have not.
    """
    shape = images.get_shape()
    try:
        shape = shape.with_rank(2) if shape.ndims is None else shape.with_rank_at_least(2)
    except ValueError:
        raise ValueError("A grayscale image must be at least two-dimensional.") from None
    message = "Last dimension of a grayscale image should be size 1."
    if shape.is_fully_defined():
        if shape[-1] != 1:
            raise ValueError(message)
        return control_ops.with_dependencies([], images)
    checks = [
        check.assert_equal(array_ops.shape(images)[-1], 1, message=message),
        check.assert_greater_equal(
            array_ops.rank(images),
            3,
            message="A grayscale image must be at least two-dimensional.",
        ),
    ]
    return control_ops.with_dependencies(checks, images)


def as_batch(image: Any) -> tuple[Any, bool]:
    """(the image as a batch [N, H, W, C], whether it was one).

    Raises:
      ValueError: its rank is neither 3 nor 4.
    """
    rank = image.get_shape().ndims
    if rank == 4:
        return image, True
    if rank not in (3, None):
        raise ValueError("'image' must have either 3 or 4 dimensions.")
    batch = array_ops.expand_dims(image, 0)
    if rank is None:
        batch.set_shape([None] * 4)
    return batch, False


def known(values: list[Any]) -> list[int | None]:
    """The values with None for tensors."""
    return [None if is_tensor(v) else v for v in values]

"""What the gradients of ops with broadcasting share:
the axes to sum along, and when there are none.
"""

from __future__ import annotations

import weakref
from typing import Any

from rekindle._src.graph import constants, convert, infer, opdef, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import reduce_axes

#: graph -> {shapes of x and y: axes along which their gradients are summed}
_axes: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


def broadcast_axes(x: Any, y: Any) -> tuple[Any, Any, Any, Any]:
    """The shapes of x and y, and the axes along which their gradients are to be summed:
    four tensors.
    """
    x_shape, y_shape = array_ops.shape(x), array_ops.shape(y)
    return x_shape, y_shape, *opdef.call("BroadcastGradientArgs", x_shape, y_shape)


def summed_to(dx: Any, axes: Any, shape: Any) -> Any:
    """A gradient summed along the axes of broadcasting and brought into the shape of its input."""
    return array_ops.reshape(reduce_axes.reduce_sum(dx, axes), shape)


def smart_broadcast_axes(
    x: Any, y: Any, dz: Any
) -> tuple[tuple[Any, Any, bool], tuple[Any, Any, bool]]:
    """For x and for y: shape, axes, and whether the gradient needs to be summed at all.

    With static shapes the axes are plain numbers; the op that finds them is made once for each pair
    of shapes in a graph.
    """
    if not isinstance(dz, Tensor):
        x_shape, y_shape, x_axes, y_axes = broadcast_axes(x, y)
        return (x_shape, x_axes, True), (y_shape, y_axes, True)
    a, b, c = x._static_shape, y._static_shape, dz._static_shape
    if not infer.is_known(a) or not infer.is_known(b):
        x_shape = array_ops.shape_internal(x, optimize=False)
        y_shape = array_ops.shape_internal(y, optimize=False)
        x_axes, y_axes = opdef.call("BroadcastGradientArgs", x_shape, y_shape)
        return (x_shape, x_axes, True), (y_shape, y_axes, True)
    known = _axes.setdefault(scopes.get_default_graph(), {})
    if (a, b) not in known:
        made = opdef.call("BroadcastGradientArgs", a, b)
        known[a, b] = tuple(tuple(map(int, constants.value_of(t))) for t in made)
    x_axes, y_axes = known[a, b]
    return (a, x_axes, a != c), (b, y_axes, b != c)


def shapes_known_and_equal(x: Any, y: Any, dz: Any) -> bool:
    """True if neither input was broadcast, by static shapes."""
    return (
        isinstance(dz, Tensor)
        and infer.is_known(x._static_shape)
        and (x._static_shape == y._static_shape == dz._static_shape)
    )


def of_one_type(x: Any, y: Any, convert_y: bool) -> tuple[Any, Any]:
    """Both as tensors, of the same type.

    Raises:
      TypeError: they differ in type.
    """
    x = convert.convert_to_tensor(x, name="x")
    y = convert.convert_to_tensor(y, x.dtype.base_dtype if convert_y else None, "y")
    if x.dtype.base_dtype is not y.dtype.base_dtype:
        raise TypeError(
            f"x and y must have the same dtype, got {x.dtype.base_dtype!r} != "
            f"{y.dtype.base_dtype!r}"
        )
    return x, y

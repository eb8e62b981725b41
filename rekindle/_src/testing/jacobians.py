"""Gradients against finite differences: `tf.test.compute_gradient` and `compute_gradient_error`.

A Jacobian has a row per element of x and a column per element of y; a complex element counts as two
real ones.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.autodiff import gradients
from rekindle._src.graph import dtypes, scopes
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import constant

Pair = tuple[np.ndarray, np.ndarray]


@public("test.compute_gradient")
def compute_gradient(x: Any, x_shape: Any, y: Any, y_shape: Any, x_init_value: Any = None,
                     delta: float = 1e-3, init_targets: Any = None,
                     extra_feed_dict: Any = None) -> Any:
    """The Jacobian of y by x twice: from tf.gradients and from finite differences.

    Args:
      x: a tensor, or a list of tensors.
      x_shape: its shape, or a list of shapes.
      y: a tensor.
      y_shape: its shape.
      x_init_value: an array (or a list) where to take the Jacobian; default: random numbers in
        [0, 1) of numpy's global stream.
      delta: the step of the differences.
      init_targets: operations to run first.
      extra_feed_dict: more feeds.

    Returns:
      (from tf.gradients, from differences), each [elements of x, elements of y]; a list of such
      pairs if x is a list.

    Raises:
      ValueError: y has no elements, and a gradient that is not zero.
    """
    if not isinstance(x, list):
        pairs = compute_gradient([x], [x_shape], y, y_shape, [x_init_value], delta, init_targets,
                                 extra_feed_dict)
        return pairs[0]
    seeds = [_gradient_and_seed(one, y, y_shape) for one in x]
    for target in init_targets or ():
        target.run()
    feeds = extra_feed_dict or {}
    pairs = []
    for i, (one, shape, (dx, dy)) in enumerate(zip(x, x_shape, seeds)):
        value = _start(one, shape, None if x_init_value is None else x_init_value[i])
        _check_type(one, "x")
        _check_type(y, "y")
        pairs.append((_of_gradients(one, value, dx, dy, y_shape, feeds),
                      _of_differences(one, value, y, y_shape, delta, feeds)))
    return pairs


@public("test.compute_gradient_error")
def compute_gradient_error(x: Any, x_shape: Any, y: Any, y_shape: Any, x_init_value: Any = None,
                           delta: float = 1e-3, init_targets: Any = None,
                           extra_feed_dict: Any = None) -> Any:
    """The largest difference of the two Jacobians of `compute_gradient`; same arguments."""
    pairs = compute_gradient(x, x_shape, y, y_shape, x_init_value, delta, init_targets,
                             extra_feed_dict)
    pairs = [pairs] if isinstance(pairs, tuple) else pairs
    gaps = [np.abs(a - b).max() for a, b in pairs if a.size or b.size]
    return max(gaps, default=0)


def _gradient_and_seed(x: Any, y: Any, y_shape: Any) -> tuple[Any, Any]:
    """The gradient of y by x, and the tensor to feed with the gradient of y."""
    with x.graph.as_default():
        seed = constant.constant(1.0, shape=y_shape, dtype=y.dtype)
        # a tensor of its own, so that the gradient is never the tensor that is fed
        held = array_ops.identity(seed)
    return gradients.gradients(y, x, held)[0], seed


def _start(x: Any, shape: Any, value: Any) -> np.ndarray:
    """The value of x at which the Jacobian is taken."""
    if value is not None:
        if tuple(value.shape) != tuple(shape):
            raise ValueError(f"x_shape = {shape}, init_data shape = {value.shape}")
        return np.asarray(value, x.dtype.as_numpy_dtype)
    found = np.random.random_sample(shape).astype(x.dtype.as_numpy_dtype)
    if x.dtype.is_complex:
        found.imag = np.random.random_sample(shape)
    return found


def _check_type(tensor: Any, name: str) -> None:
    dtype = tensor.dtype.base_dtype
    if not dtype.is_floating and not dtype.is_complex:
        raise TypeError(f"Don't support type {dtype.name} for {name}")


def _reals(array: Any, dtype: Any) -> np.ndarray:
    """The elements as a vector of real numbers."""
    return np.ascontiguousarray(array).reshape(-1).view(dtype.real_dtype.as_numpy_dtype)


def _of_gradients(x: Any, value: Any, dx: Any, dy: Any, y_shape: Any, feeds: Any) -> np.ndarray:
    """The Jacobian column by column: the gradient for each unit vector of y."""
    session = scopes.get_default_session()
    seed = np.zeros(y_shape, dy.dtype.as_numpy_dtype)
    columns = seed.reshape(-1).view(dy.dtype.real_dtype.as_numpy_dtype)
    jacobian = np.zeros((_reals(value, x.dtype).size, columns.size),
                        x.dtype.real_dtype.as_numpy_dtype)
    for column in range(columns.size):
        columns[column] = 1
        grad = session.run(dx, {**feeds, x: value, dy: seed})
        columns[column] = 0
        if isinstance(dx, IndexedSlices):
            rows = jacobian[:, column].reshape(len(value), -1)
            for index, part in zip(grad.indices, grad.values):
                rows[index] += _reals(part, x.dtype)
        else:
            jacobian[:, column] = _reals(grad, x.dtype)
    if not columns.size:
        _check_empty(session.run(dx, {**feeds, x: value, dy: seed}), value)
    return jacobian


def _check_empty(grad: Any, value: Any) -> None:
    if grad.shape != value.shape:
        raise ValueError(
            f"Empty gradient has wrong shape: expected {value.shape}, got {grad.shape}"
        )
    if np.any(grad):
        raise ValueError("Empty tensor with nonzero gradients")


def _of_differences(x: Any, value: Any, y: Any, y_shape: Any, delta: float,
                    feeds: Any) -> np.ndarray:
    """The Jacobian row by row: y a little above and below, for each element of x."""
    session = scopes.get_default_session()
    start = np.array(value, x.dtype.as_numpy_dtype)
    rows = _reals(start, x.dtype).size
    exact = y.dtype.real_dtype if y.dtype != dtypes.bfloat16 else dtypes.float32
    scale = np.asarray(2 * delta, exact.as_numpy_dtype)[()]
    width = int(np.prod(y_shape)) * (2 if y.dtype.is_complex else 1)
    jacobian = np.zeros((rows, width), x.dtype.real_dtype.as_numpy_dtype)
    for row in range(rows):
        around = []
        for step in (delta, -delta):
            moved = start.copy()
            moved.reshape(-1).view(x.dtype.real_dtype.as_numpy_dtype)[row] += step
            around.append(np.asarray(session.run(y, {**feeds, x: moved})))
        jacobian[row] = _reals((around[0] - around[1]) / scale, y.dtype)
    return jacobian

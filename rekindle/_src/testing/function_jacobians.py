"""Gradients of a function against finite differences (TensorFlow's gradient_checker_v2)."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.graph import convert, scopes
from rekindle._src.ops import placeholder
from rekindle._src.testing import jacobians


def compute_gradient(f: Callable[..., Any], x: Any, delta: float = 1e-3) -> Any:
    """(Jacobians from tf.gradients, from differences) of a function by each of its arguments.

    Args:
      f: maps tensors to a tensor.
      x: a list of values or tensors.
      delta: the step of the differences.

    Raises:
      ValueError: `x` is no list.
    """
    if not isinstance(x, list):
        raise ValueError(f"`x` must be a list of Tensors (arguments to `f`), not a {type(x)}")
    session = scopes.get_default_session()
    values = [session.run(convert.convert_to_tensor(one)) for one in x]
    inputs = [placeholder.placeholder(np.asarray(one).dtype, np.shape(one)) for one in values]
    feeds = dict(zip(inputs, values))
    y = f(*inputs)
    shape = np.shape(session.run(y, feeds))
    pairs = jacobians.compute_gradient(
        inputs, [np.shape(one) for one in values], y, shape,
        [np.asarray(one) for one in values], delta, None, feeds,
    )
    return tuple(list(column) for column in zip(*pairs))


def max_error(grad1: Any, grad2: Any) -> Any:
    """The largest difference of two lists of Jacobians."""
    gaps = [np.abs(a - b).max() for a, b in zip(grad1, grad2) if a.size or b.size]
    return max(gaps, default=0)

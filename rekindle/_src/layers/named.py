"""Activations and initializers by name, as layers take them: `tf.layers.dense(x, 10, "relu")`."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.ops import activation, softmax
from rekindle._src.ops import math as math_ops
from rekindle._src.state import initializers, matrix_initializers

#: default initializers
ZEROS, ONES = initializers.Zeros(), initializers.Ones()


def linear(x: Any) -> Any:
    """The tensor itself."""
    return x


def hard_sigmoid(x: Any) -> Any:
    """clip(0.2 x + 0.5, 0, 1)."""
    return math_ops.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


_ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "linear": linear, "relu": activation.relu, "relu6": activation.relu6, "elu": activation.elu,
    "selu": activation.selu, "softplus": activation.softplus, "softsign": activation.softsign,
    "tanh": math_ops.tanh, "sigmoid": math_ops.sigmoid, "softmax": softmax.softmax,
    "exponential": math_ops.exp, "hard_sigmoid": hard_sigmoid}

_INITIALIZERS: dict[str, Callable[..., Any]] = {
    "zeros": initializers.Zeros, "ones": initializers.Ones, "constant": initializers.Constant,
    "random_uniform": initializers.RandomUniform, "random_normal": initializers.RandomNormal,
    "truncated_normal": initializers.TruncatedNormal,
    "variance_scaling": initializers.VarianceScaling, "orthogonal": matrix_initializers.Orthogonal,
    "identity": matrix_initializers.Identity, "glorot_uniform": initializers.GlorotUniform,
    "glorot_normal": initializers.GlorotNormal, "he_normal": initializers.he_normal,
    "he_uniform": initializers.he_uniform, "lecun_normal": initializers.lecun_normal,
    "lecun_uniform": initializers.lecun_uniform}


def get_activation(identifier: Any) -> Callable[..., Any]:
    """The activation that an argument means: a function, a name, or None for none.

    Raises:
      ValueError, TypeError: it is no such thing.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        if identifier not in _ACTIVATIONS:
            raise ValueError(f"Unknown activation function:{identifier}")
        return _ACTIVATIONS[identifier]
    if callable(identifier):
        return identifier
    raise TypeError(f"Could not interpret activation function identifier: {identifier!r}")


def get_initializer(identifier: Any) -> Any:
    """The initializer that an argument means: an initializer, a name, or None.

    Raises:
      ValueError: it is no such thing.
    """
    if isinstance(identifier, str):
        found = _INITIALIZERS.get(identifier.lower())
        if found is None:
            raise ValueError(f"Unknown initializer: {identifier}")
        return found()
    if identifier is None or callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret initializer identifier: {identifier}")

"""What only tensorflow.contrib.rnn.python.ops.core_rnn_cell names, or names otherwise than the public modules."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.rnn.linear import Linear

_Linear = Linear


def _linear(
    args: Any, output_size: int, bias: bool, bias_initializer: Any = None,
    kernel_initializer: Any = None,
) -> Any:
    """A linear map of one tensor [B, D] or of several side by side, with variables of the scope."""
    return Linear(args, output_size, bias, bias_initializer, kernel_initializer)(args)

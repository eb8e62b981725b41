"""What only tensorflow.python.ops.rnn_cell_impl names, or names otherwise than the public modules."""

from __future__ import annotations

from rekindle._src.rnn.cell import LayerRNNCell, assert_like_cell, joined_shape, zero_states

__all__ = ["ASSERT_LIKE_RNNCELL_ERROR_REGEXP", "LayerRNNCell"]

ASSERT_LIKE_RNNCELL_ERROR_REGEXP = "is not an RNNCell"
assert_like_rnncell = assert_like_cell
_BIAS_VARIABLE_NAME = "bias"
_WEIGHTS_VARIABLE_NAME = "kernel"
_concat = joined_shape
_zero_state_tensors = zero_states

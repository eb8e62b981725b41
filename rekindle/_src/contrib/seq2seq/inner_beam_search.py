"""What only tensorflow.contrib.seq2seq.python.ops.beam_search_decoder names, or by other names than the public ones."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.seq2seq.beam_search import (
    gather_tree_from_array,
    is_sortable,
    sortable_check,
)
from rekindle._src.contrib.seq2seq.beam_steps import (
    Search,
    attention_probs_of,
    gathered,
    length_penalty,
    mask_probs,
)

__all__ = ["gather_tree_from_array"]

get_attention_probs = attention_probs_of
_check_batch_beam = sortable_check
_check_static_batch_beam_maybe = is_sortable
_length_penalty = length_penalty
_mask_probs = mask_probs
_tensor_gather_helper = gathered


def _beam_search_step(
    time: Any, logits: Any, next_cell_state: Any, beam_state: Any, batch_size: Any,
    beam_width: int, end_token: Any, length_penalty_weight: Any, coverage_penalty_weight: Any,
) -> Any:  # fmt: skip
    """(output, state) of one step of a beam search."""
    weights = length_penalty_weight, coverage_penalty_weight
    search = Search(batch_size, beam_width, end_token, *weights)
    return search.step(time, logits, next_cell_state, beam_state)

"""GatherTree: the beams of a beam search, read backwards from their last words."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op


def _beams_shape(c: Any) -> infer.Shape:
    steps, parents = infer.with_rank(c.shapes[0], 3), infer.with_rank(c.shapes[1], 3)
    lengths = infer.with_rank(c.shapes[2], 1)
    infer.with_rank(c.shapes[3], 0)
    steps = infer.merge(steps, parents)
    return steps and (steps[0], infer.merge_dim(steps[1], lengths[0]), steps[2])


@op("GatherTree", public="contrib.seq2seq.gather_tree", infer=_beams_shape)
def gather_tree(step_ids, parent_ids, max_sequence_lengths, end_token):
    """The whole beams: words and parents of each step [T, B, beams] -> [T, B, beams].

    Each beam is followed from its last step, the B `max_sequence_lengths`, back to the first. What comes
    after the first `end_token` is `end_token`.
    """
    _check_tree(step_ids, parent_ids, max_sequence_lengths, end_token)
    steps, rows, beams = step_ids.shape
    lengths = torch.clamp(max_sequence_lengths, max=steps).unsqueeze(1)  # [B, 1]
    found = end_token.expand(step_ids.shape).clone()
    beam = torch.arange(beams, device=step_ids.device).expand(rows, beams)
    parent = beam
    for time in reversed(range(steps)):
        here = time < lengths
        _check_parents(parent, here, time, beams)
        found[time] = torch.where(here, torch.gather(step_ids[time], 1, parent), end_token)
        parent = torch.where(here, torch.gather(parent_ids[time], 1, parent).to(torch.int64), beam)
    ended = torch.cumsum(found == end_token, 0) > 0
    return torch.where(ended, end_token, found)


def _check_parents(parent: torch.Tensor, here: torch.Tensor, time: int, beams: int) -> None:
    wrong = torch.nonzero(here & ((parent < 0) | (parent >= beams)))
    for row, beam in wrong.tolist():
        raise errors.InvalidArgumentError(
            None, None, f"Saw invalid parent id {parent[row, beam]} at (batch, time, beam) == "
            f"({row}, {time}, {beam})",
        )  # fmt: skip


def _check_tree(steps: Any, parents: Any, lengths: Any, end_token: Any) -> None:
    shape = _shown(steps)
    problem = None
    if steps.dim() != 3:
        problem = f"step_ids must be a 3-tensor, saw shape: {shape}"
    elif lengths.dim() != 1:
        problem = f"max_sequence_lengths must be a vector, saw shape: {_shown(lengths)}"
    elif end_token.dim() != 0:
        problem = f"end_token must be a scalar, saw shape: {_shown(end_token)}"
    elif steps.shape != parents.shape:
        problem = f"step_ids.shape must match parent_ids.shape.  but shapes are: {shape} and {_shown(parents)}"
    elif steps.shape[1] != lengths.shape[0]:
        problem = (
            "batch size dimensions step_ids.shape[1] and max_sequence_lengths.shape[0] must match.  "
            f"but shapes are: {shape} and {_shown(lengths)}"
        )
    if problem is not None:
        raise errors.InvalidArgumentError(None, None, problem)


def _shown(x: torch.Tensor) -> str:
    return f"[{','.join(map(str, x.shape))}]"



"""Connectionist temporal classification on sparse labels: the loss, the greedy decoder and the beam search.

The compiled loops are in ctc_kernels.py; the loss of dense labels, a graph of its own, is in losses/ctc_dense.py.
"""
from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.names import public
from rekindle._src.ops import arguments, array_shape, sparse_places


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Shape rules.


def _batch(c: Any, lengths: int) -> tuple[Any, Any]:
    """The inputs' shape (a list of three) and the batch size."""
    inputs = infer.with_rank(c.shapes[0], 3)
    return inputs, infer.merge_dim(inputs[1], infer.with_rank(c.shapes[lengths], 1)[0])


def _loss_shapes(c: Any) -> list[infer.Shape]:
    for index, rank in enumerate((3, 2, 1, 1)):
        infer.with_rank(c.shapes[index], rank)
    infer.merge_dim(infer.with_rank(c.shapes[1], 2)[0], infer.with_rank(c.shapes[2], 1)[0])
    inputs, size = _batch(c, 3)
    return [(size,), (inputs[0], size, inputs[2])]


def _greedy_shapes(c: Any) -> list[infer.Shape]:
    _, size = _batch(c, 1)
    return [(None, 2), (None,), (2,), (size, 1)]


def _beam_shapes(c: Any) -> list[infer.Shape]:
    _, size = _batch(c, 1)
    paths = c.attr("top_paths")
    return [*[(None, 2)] * paths, *[(None,)] * paths, *[(2,)] * paths, (size, paths)]


# The loss.


def _labels(indices: torch.Tensor, values: np.ndarray, batch: int) -> list[np.ndarray]:
    """The labels of each sequence."""
    longest = int(indices[:, 1].max()) + 1 if len(indices) else 0
    try:
        sparse_places.check_order(indices, [batch, longest])
    except errors.InvalidArgumentError as error:
        raise _invalid(f"label SparseTensor is not valid: {error.message}") from None
    return np.split(values, np.searchsorted(indices[:, 0].numpy(), np.arange(1, batch)))


def _path(b: int, label: np.ndarray, classes: int, collapse: bool) -> np.ndarray:
    """The labels of a sequence that count, with blanks around each."""
    if not len(label):
        raise _invalid(f"Labels length is zero in batch {b}")
    kept = label
    if collapse:
        kept = label[np.concatenate([[True], label[1:] != label[:-1]])]
    null = kept >= classes - 1
    first = int(np.argmax(null)) if null.any() else len(kept)
    if not null[first:].all():
        seen = ",".join(map(str, kept[:first].tolist()))
        raise _invalid(
            f"Saw a non-null label (index >= num_classes - 1) following a null label, batch: {b} num_classes: "
            f"{classes} labels: {','.join(map(str, label.tolist()))} labels seen so far: {seen}"
        )
    kept = kept[:first]
    if (kept < 0).any():
        shown = ",".join(map(str, kept.tolist()))
        raise _invalid(f"All labels must be nonnegative integers, batch: {b} labels: {shown}")
    path = np.full(2 * len(kept) + 1, classes - 1, np.int64)
    path[1::2] = kept
    return path


def _check_loss(inputs: Any, indices: Any, values: Any, lengths: Any) -> None:
    if inputs.dim() != 3:
        raise _invalid("inputs is not a 3-Tensor")
    if lengths.dim() != 1:
        raise _invalid("sequence_length is not a vector")
    if indices.dim() != 2:
        raise _invalid("labels_indices is not a matrix")
    if indices.shape[1] < 2:
        raise _invalid(f"labels_indices second dimension must be >= 1. Received {indices.shape[1]}")
    if values.dim() != 1:
        raise _invalid("labels_values is not a vector")
    if inputs.shape[1] != lengths.shape[0]:
        raise _invalid(
            f"len(sequence_length) != batch_size.  len(sequence_length):  {lengths.shape[0]} "
            f"batch_size: {inputs.shape[1]}"
        )
    if indices.shape[0] != values.shape[0]:
        raise _invalid(
            "labels_indices and labels_values must contain the same number of rows, but saw shapes: "
            f"{_shown(indices)} vs. {_shown(values)}"
        )
    if not inputs.shape[1]:
        raise _invalid("batch_size must not be 0")


def _shown(tensor: Any) -> str:
    return "[" + ",".join(map(str, tensor.shape)) + "]"


@op("CTCLoss", infer=_loss_shapes, host=True)
def ctc_loss_op(
    inputs, labels_indices, labels_values, sequence_length, *, preprocess_collapse_repeated=False,
    ctc_merge_repeated=True, ignore_longer_outputs_than_inputs=False,
):
    """Negative log likelihood of the labels, [B], and its gradient, [T, B, C]."""
    from rekindle._src.ops import ctc_kernels  # numba is slow to import, and few programs come here

    _check_loss(inputs, labels_indices, labels_values, sequence_length)
    logits = inputs.cpu().contiguous().numpy()
    steps, batch, classes = logits.shape
    lengths = sequence_length.cpu().numpy().astype(np.int64)
    labels = _labels(labels_indices.cpu(), labels_values.cpu().numpy(), batch)
    for b in np.flatnonzero(lengths > steps)[:1]:
        raise _invalid(f"sequence_length({b}) <= {steps}")
    if not steps:
        raise _invalid("Max time or first dimension of input cannot be 0.")
    for b in np.flatnonzero(lengths < 0)[:1]:
        raise _invalid(f"seq_len({b}) < 0")
    paths = []
    for b, label in enumerate(labels):
        paths.append(_path(b, label, classes, preprocess_collapse_repeated))
        if len(label) <= lengths[b]:
            continue
        if not ignore_longer_outputs_than_inputs:
            raise _invalid(
                f"Not enough time for target transition sequence (required: {len(label)}, available: {lengths[b]})"
                f"{b}You can turn this error into a warning by using the flag ignore_longer_outputs_than_inputs"
            )
        lengths[b] = 0
    losses, gradients = np.zeros(batch, logits.dtype), np.zeros_like(logits)
    ends = np.cumsum([len(path) for path in paths])
    ctc_kernels.loss(logits, np.concatenate(paths), ends, lengths, ctc_merge_repeated, losses, gradients)
    return torch.from_numpy(losses).to(inputs.device), torch.from_numpy(gradients).to(inputs.device)


@ctc_loss_op.gradient
def ctc_loss_gradient(op, dy, _):
    slope = array_shape.prevent_gradient(
        op.outputs[1],
        message="Currently there is no way to take the second  derivative of ctc_loss due to the fused "
        "implementation's interaction  with tf.gradients()",
    )
    return [array_shape.expand_dims(dy, -1) * slope, None, None, None]


@public("nn.ctc_loss")
def ctc_loss(
    labels: Any, inputs: Any = None, sequence_length: Any = None, preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True, ignore_longer_outputs_than_inputs: bool = False, time_major: bool = True,
    logits: Any = None,
) -> Any:
    """Negative log likelihood of labels under all their alignments with the inputs: [T, B, C] -> [B].

    The last class is the blank. Source: Graves et al., Connectionist Temporal Classification (2006).

    Args:
      labels: int32 SparseTensor, [B, time], of classes below C - 1.
      inputs: logits, [T, B, C].
      sequence_length: int32, [B].
      preprocess_collapse_repeated: make repeated labels one before anything else.
      ctc_merge_repeated: make repeated outputs without a blank between them one, as is usual.
      ignore_longer_outputs_than_inputs: no loss for sequences shorter than their labels, instead of an error.
      time_major: False if the inputs are [B, T, C].
      logits: the same as inputs.

    Raises:
      TypeError: the labels are not sparse.
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError("Expected labels (first argument) to be a SparseTensor")
    inputs = arguments.renamed("logits", logits, "inputs", inputs)
    if not time_major:
        inputs = array_shape.transpose(inputs, [1, 0, 2])
    return ctc_loss_op(
        inputs, labels.indices, labels.values, sequence_length,
        preprocess_collapse_repeated=preprocess_collapse_repeated, ctc_merge_repeated=ctc_merge_repeated,
        ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs,
    )[0]


# The decoders.


def _check_decoder(inputs: Any, lengths: Any) -> np.ndarray:
    if inputs.dim() != 3:
        raise _invalid("inputs is not a 3-Tensor")
    steps, batch = inputs.shape[:2]
    if not steps:
        raise _invalid("max_time is 0")
    if lengths.dim() != 1:
        raise _invalid("sequence_length is not a vector")
    if batch != lengths.shape[0]:
        raise errors.FailedPreconditionError(
            None, None,
            f"len(sequence_length) != batch_size.  len(sequence_length):  {lengths.shape[0]} batch_size: {batch}",
        )
    out = lengths.cpu().numpy()
    for b in np.flatnonzero(out > steps)[:1]:
        raise errors.FailedPreconditionError(None, None, f"sequence_length({b}) <= {steps}")
    return out


def _sparse(sequences: list[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The parts of a sparse tensor of sequences."""
    sizes = np.array([len(one) for one in sequences], np.int64)
    rows = np.repeat(np.arange(len(sequences)), sizes)
    places = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    values = np.concatenate([np.empty(0, np.int64), *sequences])
    shape = torch.tensor([len(sequences), int(sizes.max(initial=0))])
    return torch.from_numpy(np.stack([rows, places], 1)), torch.from_numpy(values), shape


@op("CTCGreedyDecoder", infer=_greedy_shapes, host=True)
def ctc_greedy_decoder_op(inputs, sequence_length, *, merge_repeated=False):
    """The likeliest class at each time, blanks left out, as a sparse tensor in lists; sums of minus their logits."""
    lengths = _check_decoder(inputs, sequence_length)
    best, classes = inputs.max(2)
    inside = torch.arange(inputs.shape[0])[:, None] < torch.from_numpy(lengths)[None]
    sums = -torch.where(inside, best, torch.zeros_like(best)).sum(0)[:, None]
    keep = inside & (classes != inputs.shape[2] - 1)
    if merge_repeated:
        keep[1:] &= classes[1:] != classes[:-1]
    chosen, kept = classes.T.numpy(), keep.T.numpy()
    indices, values, shape = _sparse([row[mask] for row, mask in zip(chosen, kept, strict=True)])
    return indices, values, shape, sums


@op("CTCBeamSearchDecoder", infer=_beam_shapes, host=True)
def ctc_beam_search_decoder_op(inputs, sequence_length, *, beam_width, top_paths, merge_repeated=True):
    """The likeliest label sequences as sparse tensors, the best one first; their log probabilities, [B, paths]."""
    from rekindle._src.ops import ctc_kernels  # numba is slow to import, and few programs come here

    lengths = _check_decoder(inputs, sequence_length)
    logits = inputs.cpu().numpy()
    batch = logits.shape[1]
    scores = np.zeros((batch, top_paths), logits.dtype)
    found: list[list[np.ndarray]] = [[] for _ in range(top_paths)]
    for b in range(batch):
        if top_paths > beam_width:
            raise _invalid("requested more paths than the beam width.")
        steps = np.ascontiguousarray(logits[:max(lengths[b], 0), b])
        nodes, parents, labels, totals = ctc_kernels.beam_search(steps, beam_width)
        if top_paths > len(nodes):
            raise _invalid("Less leaves in the beam search than requested.")
        for p in range(top_paths):
            found[p].append(_sequence(int(nodes[p]), parents, labels, merge_repeated))
            scores[b, p] = totals[nodes[p]]
    indices, values, shapes = (list(part) for part in zip(*map(_sparse, found), strict=True))
    return indices, values, shapes, torch.from_numpy(scores)


def _sequence(node: int, parents: np.ndarray, labels: np.ndarray, merge: bool) -> np.ndarray:
    out: list[int] = []
    before = -1
    while parents[node] >= 0:
        if not merge or labels[node] != before:
            out.append(int(labels[node]))
        before = labels[node]
        node = int(parents[node])
    return np.array(out[::-1], np.int64)


ctc_greedy_decoder_op.no_gradient()
ctc_beam_search_decoder_op.no_gradient()


@public("nn.ctc_greedy_decoder")
def ctc_greedy_decoder(inputs: Any, sequence_length: Any, merge_repeated: bool = True) -> Any:
    """The likeliest class at each time step, blanks (the last class) left out.

    Args:
      inputs: logits, [T, B, C].
      sequence_length: int32, [B].
      merge_repeated: make equal classes that follow each other one.

    Returns:
      A list of one SparseTensor, [B, longest], and minus the sums of the chosen logits, [B, 1].
    """
    indices, values, shape, sums = ctc_greedy_decoder_op(inputs, sequence_length, merge_repeated=merge_repeated)
    return [SparseTensor(indices, values, shape)], sums


@public("nn.ctc_beam_search_decoder")
def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1, merge_repeated: bool = True
) -> Any:
    """The likeliest label sequences, found by beam search.

    Args:
      inputs: logits, [T, B, C]; the last class is the blank.
      sequence_length: int32, [B].
      beam_width: how many sequences to go on with after each time step.
      top_paths: how many to give.
      merge_repeated: make equal labels that follow each other in the results one.

    Returns:
      A list of SparseTensors, [B, longest], the likeliest first, and log probabilities, [B, top_paths].
    """
    parts = ctc_beam_search_decoder_op(
        inputs, sequence_length, beam_width=beam_width, top_paths=top_paths, merge_repeated=merge_repeated
    )
    return [SparseTensor(*one) for one in zip(*parts[:3], strict=True)], parts[3]


@public("nn.ctc_beam_search_decoder_v2")
def ctc_beam_search_decoder_v2(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> Any:
    """`ctc_beam_search_decoder` that leaves equal labels that follow each other as they are."""
    return ctc_beam_search_decoder(inputs, sequence_length, beam_width, top_paths, merge_repeated=False)

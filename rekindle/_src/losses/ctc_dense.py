"""Connectionist temporal classification of dense labels: the loss as a graph, and preparations of labels.

The forward-backward algorithm runs over states: one before the first label, one for each label, and a blank before
each label and after the last. The blank is class 0. Letters in shapes: T time steps, B sequences, C classes, L labels,
S = 2 L + 2 states. Sources: Graves et al., Connectionist Temporal Classification (2006); Sim et al., Improving the
efficiency of forward-backward algorithm using batched computation in TensorFlow (2017).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.autodiff.custom_gradient import custom_gradient
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import array_fill, array_inplace, ctc, linalg, scatter, softmax, sparse
from rekindle._src.ops import math as math_ops
from rekindle._src.state.calls import While
from rekindle._src.state.function import Defun
from rekindle._src.state.functional import map_fn


def _size(tensor: Any, axis: int) -> Any:
    """A size of a tensor: a number where it is known."""
    return tensor.shape[axis].value or array_ops.shape(tensor)[axis]


# Loops without gradients.


def _scan(
    fn: Callable[[Any, Any], Any], elems: Any, initial: Any, reverse: bool = False, inclusive: bool = False,
    final_only: bool = False,
) -> Any:
    """The values of an accumulator after each row of tensors, stacked.

    Args:
      fn: the next accumulator, of the accumulator and a row.
      elems: tensors, one or a structure, [T, ...].
      initial: the accumulator at first, one tensor or a structure.
      reverse: go from the last row to the first; the results stay in the order of the rows.
      inclusive: also give the accumulator at first.
      final_only: give only the last accumulator.
    """
    rows = [convert.convert_to_tensor(x) for x in nest.flatten(elems)]
    count = array_ops.shape(rows[0])[0]
    starts = [convert.convert_to_tensor(x) for x in nest.flatten(initial)]
    width = len(starts)
    types = [dtypes.int32, dtypes.int32] + [x.dtype for x in starts] * (1 if final_only else 2)

    def cond(i: Any, num_elems: Any, *args: Any) -> Any:
        return i >= 0 if reverse else i < num_elems

    def body(i: Any, num_elems: Any, *args: Any) -> Any:
        """Loop body."""
        i.set_shape([])
        before, held = ((), args) if final_only else (args[:width], args[width:])
        now = [array_ops.gather(x, i) for x in rows]
        following = fn(nest.pack_sequence_as(initial, list(held)), nest.pack_sequence_as(elems, now))
        flat = nest.flatten(following)
        out = []
        if not final_only:
            at = i + 1 if inclusive and not reverse else i
            out = [array_inplace.alias_inplace_update(x, at, y) for x, y in zip(before, flat, strict=True)]
        i = i - 1 if reverse else i + 1
        return [i, num_elems, *out, *flat]

    first = array_ops.shape(rows[0])[0] - 1 if reverse else convert.constant(0, dtype=dtypes.int32)
    outputs = [] if final_only else _empty_rows(rows, starts, first, reverse, inclusive)
    values = [first, count, *outputs, *starts]
    host = [i for i, x in enumerate(values) if x.dtype.base_dtype in (dtypes.int32, dtypes.int64)]
    results = While(values, Defun(*types)(cond), Defun(*types)(body), hostmem=host)
    return nest.pack_sequence_as(initial, results[2 : width + 2])


def _empty_rows(rows: list[Tensor], starts: list[Tensor], first: Any, reverse: bool, inclusive: bool) -> list[Any]:
    """A tensor of zeros for the values of each accumulator."""
    count = array_ops.shape(rows[0])[0] + (1 if inclusive else 0)
    out = []
    for start in starts:
        shape = array_ops.concat([[count], array_ops.shape(start)], 0)
        values = array_fill.empty(shape, dtype=start.dtype, init=True)
        if inclusive:
            values = array_inplace.alias_inplace_add(values, first + (1 if reverse else 0), start)
        out.append(values)
    return out


# The states.


def _ctc_state_trans(label_seq: Any) -> Any:
    """Which state may follow which, for each sequence: [B, L] -> [B, S, S]."""
    with scopes.name_scope("ctc_state_trans"):
        label_seq = convert.convert_to_tensor(label_seq, name="label_seq")
        batch, labels = _size(label_seq, 0), _size(label_seq, 1)
        label_count = labels + 1
        states = 2 * label_count
        label_states = math_ops.range(label_count)
        blank_states = label_states + label_count
        blank_to_label = array_ops.stack([label_states[1:], blank_states[:-1]], 1)
        label_to_blank = array_ops.stack([blank_states, label_states], 1)
        places = array_ops.concat([[[1, 0]], blank_to_label, label_to_blank], 0)
        values = array_ops.ones([_size(places, 0)])
        shared = scatter.scatter_nd(places, values, shape=[states, states])
        shared += linalg.eye(states)
        zeros = array_ops.zeros_like(label_states[2:])
        places = array_ops.stack([zeros, label_states[2:], label_states[1:-1]], 1)
        places = array_ops.tile(array_ops.expand_dims(places, 0), [batch, 1, 1])
        numbers = array_ops.expand_dims(math_ops.range(batch), 1) * [1, 0, 0]
        places += array_ops.expand_dims(numbers, 1)
        repeated = math_ops.equal(label_seq[:, :-1], label_seq[:, 1:])
        values = 1.0 - math_ops.cast(repeated, dtypes.float32)
        own = scatter.scatter_nd(places, values, [batch, states, states])
        return array_ops.expand_dims(shared, 0) + own


def ctc_state_log_probs(seq_lengths: Any, max_seq_length: Any) -> tuple[Any, Any]:
    """The log probabilities of the states at the start and at the end: [B, S] each."""
    batch = _size(seq_lengths, 0)
    label_count = max_seq_length + 1
    states = 2 * label_count
    nothing = math_ops.cast(math_ops.log(math_ops.cast(0, dtypes.float64) + 1e-307), dtypes.float32)
    first = array_ops.one_hot(
        array_ops.zeros([batch], dtype=dtypes.int32), depth=states, on_value=0.0, off_value=nothing, axis=1
    )
    last = array_ops.one_hot(seq_lengths, depth=label_count, axis=0)
    mask = array_ops.ones([2, 1, batch]) * last
    final = array_ops.reshape((1.0 - mask) * nothing, [states, batch])
    return first, array_ops.transpose(final)


def _ilabel_to_state(labels: Any, num_labels: Any, ilabel_log_probs: Any) -> Any:
    """Log probabilities of classes as those of states: [T, B, C] -> [T, B, S]."""
    count = _size(labels, 1)
    blank = array_ops.tile(ilabel_log_probs[:, :, :1], [1, 1, count + 1])
    chosen = array_ops.expand_dims(array_ops.one_hot(labels, depth=num_labels), axis=0)
    every = array_ops.expand_dims(ilabel_log_probs, axis=2)
    states = math_ops.reduce_sum(every * chosen, axis=3)
    states = array_ops.concat([states, blank], axis=2)
    return array_ops.pad(states, [[0, 0], [0, 0], [1, 0]], constant_values=math_ops.log(0.0))


def _state_to_olabel(labels: Any, num_labels: Any, states: Any) -> Any:
    """Log probabilities of states summed for each class: [T, B, S] -> [T, B, C]."""
    count = _size(labels, 1) + 1
    of_labels, of_blanks = states[:, :, 1:count], states[:, :, count:]
    chosen = array_ops.one_hot(labels - 1, depth=(num_labels - 1), on_value=0.0, off_value=math_ops.log(0.0))
    chosen = array_ops.expand_dims(chosen, axis=0)
    of_labels = array_ops.expand_dims(of_labels, axis=3)
    of_labels = math_ops.reduce_logsumexp(of_labels + chosen, axis=2)
    of_blanks = math_ops.reduce_logsumexp(of_blanks, axis=2, keepdims=True)
    return array_ops.concat([of_blanks, of_labels], axis=-1)


def _state_to_olabel_unique(labels: Any, num_labels: Any, states: Any, unique: Any) -> Any:
    """The same by the places where each label stands first."""
    count = _size(labels, 1) + 1
    of_labels, of_blanks = states[:, :, 1:count], states[:, :, count:]
    labels_once, places = unique
    summed = _sum_states(places, of_labels)
    steps, batch = states.shape[0], states.shape[1]
    width = count - 1
    rows = array_ops.transpose(summed, perm=[1, 2, 0])
    rows = array_ops.reshape(rows, [batch * width, steps])
    offsets = math_ops.range(batch, dtype=labels_once.dtype) * num_labels
    indices = labels_once + array_ops.expand_dims(offsets, axis=-1)
    indices = array_ops.reshape(indices, [-1, 1])
    spread = scatter.scatter_nd(indices=indices, updates=rows, shape=[batch * num_labels, steps])
    spread = array_ops.reshape(spread, [batch, num_labels, steps])
    is_absent = math_ops.equal(spread, 0.0)
    spread = array_ops.where(is_absent, array_ops.fill(array_ops.shape(spread), math_ops.log(0.0)), spread)
    of_labels = array_ops.transpose(spread, [2, 0, 1])[:, :, 1:]
    of_blanks = math_ops.reduce_logsumexp(of_blanks, axis=2, keepdims=True)
    return array_ops.concat([of_blanks, of_labels], axis=-1)


def _sum_states(idx: Any, states: Any) -> Any:
    """Log probabilities summed over equal indices: [B, L] and [T, B, L] -> [T, B, L]."""
    with scopes.name_scope("sum_states"):
        idx = convert.convert_to_tensor(idx, name="idx")
        count = _size(states, 2)
        states = array_ops.expand_dims(states, axis=2)
        chosen = array_ops.one_hot(idx, depth=count, on_value=0.0, off_value=math_ops.log(0.0), axis=1)
        return math_ops.reduce_logsumexp(states + chosen, axis=-1)


# The loss.


def _forward_backward_log(
    state_trans_log_probs: Any, initial_state_log_probs: Any, final_state_log_probs: Any,
    observed_log_probs: Any, sequence_length: Any,
) -> tuple[Any, Any]:
    """Log probabilities of states given all that is observed, [T, B, S], and log likelihoods, [B].

    Raises:
      ValueError: the transitions have no known rank of 2 or 3.
    """
    rank = state_trans_log_probs.shape.ndims
    if rank not in (2, 3):
        raise ValueError(f"state_trans_log_probs rank must be known and == 2 or 3, is: {rank}")
    backward = array_ops.transpose(state_trans_log_probs, [1, 0] if rank == 2 else [0, 2, 1])
    batch = _size(observed_log_probs, 1)

    def step(states: Any, transitions: Any) -> Any:
        return math_ops.reduce_logsumexp(array_ops.expand_dims(states, axis=1) + transitions, axis=-1)

    def go_on(states: Any, observed: Any) -> Any:
        states = step(states, state_trans_log_probs) + observed
        return states - math_ops.reduce_logsumexp(states, axis=-1, keepdims=True)

    fwd = _scan(go_on, observed_log_probs, initial_state_log_probs, inclusive=True)

    def go_back(held: Any, now: Any) -> Any:
        """Calculate log probs and cumulative sum masked for sequence length."""
        (states, total), (observed, mask) = held, now
        states = step(states + observed, backward)
        norm = math_ops.reduce_logsumexp(states, axis=-1, keepdims=True)
        states = states - norm
        total = total + array_ops.squeeze(norm) * mask
        inside = array_ops.expand_dims(mask, axis=1)
        out = states * inside
        out += final_state_log_probs * (1.0 - inside)
        return out, total

    zeros = array_ops.zeros([batch])
    mask = array_ops.sequence_mask(sequence_length, _size(observed_log_probs, 0), dtypes.float32)
    mask = array_ops.transpose(mask, perm=[1, 0])
    bwd, totals = _scan(
        go_back, (observed_log_probs, mask), (final_state_log_probs, zeros), reverse=True, inclusive=True
    )
    both = fwd[1:] + bwd[1:]
    both -= math_ops.reduce_logsumexp(both, axis=2, keepdims=True)
    both += math_ops.log(array_ops.expand_dims(mask, axis=2))
    return both, bwd[0, :, 0] + totals[0]


def ctc_loss_and_grad(
    logits: Any, labels: Any, label_length: Any, logit_length: Any, unique: Any = None
) -> tuple[Any, Any]:
    """The loss, [B], and its gradient, [T, B, C], which has no gradient itself."""
    classes = _size(logits, 2)
    longest = _size(labels, 1)
    log_probs = softmax.log_softmax(logits)
    states = _ilabel_to_state(labels, classes, log_probs)
    transitions = _ctc_state_trans(labels)
    first, last = ctc_state_log_probs(label_length, longest)
    both, likelihood = _forward_backward_log(math_ops.log(transitions), first, last, states, logit_length)
    if unique:
        expected = _state_to_olabel_unique(labels, classes, both, unique)
    else:
        expected = _state_to_olabel(labels, classes, both)
    slope = math_ops.exp(log_probs) - math_ops.exp(expected)
    return -likelihood, slope


@public("nn.ctc_loss_v2")
def ctc_loss_v2(
    labels: Any, logits: Any, label_length: Any, logit_length: Any, logits_time_major: bool = True,
    unique: Any = None, blank_index: Any = None, name: str | None = None,
) -> Any:
    """Negative log likelihood of labels, sparse or dense, under all their alignments with the logits: [B].

    Args:
      labels: int32, [B, L], or a SparseTensor.
      logits: [T, B, C].
      label_length: [B], not used with sparse labels.
      logit_length: [B].
      logits_time_major: False if the logits are [B, T, C].
      unique: what ctc_unique_labels gives, for a way that needs less memory where C is large.
      blank_index: the class that is the blank, counted from the end if negative; default for dense labels: 0.
      name: the name scope.

    Raises:
      ValueError: no blank_index with sparse labels.
    """
    if not isinstance(labels, SparseTensor):
        return ctc_loss_dense(
            labels, logits, label_length, logit_length, logits_time_major, unique, blank_index or 0, name
        )
    if blank_index is None:
        raise ValueError("blank_index must be given when using SparseTensor labels.")
    if blank_index < 0:
        blank_index += _size(logits, 2)
    if blank_index != _size(logits, 2) - 1:
        before, after = logits[:, :, :blank_index], logits[:, :, blank_index + 1 :]
        blank = logits[:, :, blank_index : blank_index + 1]
        logits = array_ops.concat([before, after, blank], axis=2)
        moved = array_ops.where(labels.values < blank_index, labels.values, labels.values - 1)
        labels = SparseTensor(labels.indices, moved, labels.dense_shape)
    return ctc.ctc_loss(labels=labels, inputs=logits, sequence_length=logit_length, time_major=logits_time_major)


def ctc_loss_dense(
    labels: Any, logits: Any, label_length: Any, logit_length: Any, logits_time_major: bool = True,
    unique: Any = None, blank_index: Any = 0, name: str | None = None,
) -> Any:
    """`ctc_loss_v2` of dense labels, as a graph of the forward-backward algorithm."""
    inputs = [logits, labels, label_length, logit_length]
    with scopes.name_scope(name, "ctc_loss_dense", inputs):
        logits = convert.convert_to_tensor(logits, name="logits")
        labels = convert.convert_to_tensor(labels, name="labels")
        label_length = convert.convert_to_tensor(label_length, name="label_length")
        logit_length = convert.convert_to_tensor(logit_length, name="logit_length")
        if not logits_time_major:
            logits = array_ops.transpose(logits, perm=[1, 0, 2])
        if blank_index != 0:
            if blank_index < 0:
                blank_index += _size(logits, 2)
            blank = logits[:, :, blank_index : blank_index + 1]
            others = logits[:, :, :blank_index], logits[:, :, blank_index + 1 :]
            logits = array_ops.concat([blank, *others], axis=2)
            labels = array_ops.where(labels < blank_index, labels + 1, labels)
        args = [logits, labels, label_length, logit_length, *(unique or ())]

        @custom_gradient
        def compute(*given: Any) -> Any:
            for tensor, known in zip(given[:4], args, strict=False):
                tensor.set_shape(known.shape)
            loss, slope = ctc_loss_and_grad(*given[:4], unique=given[4:] or None)

            def gradient(dy: Any) -> Any:
                return [array_ops.reshape(dy, [1, -1, 1]) * slope, *[None] * (len(args) - 1)]

            return loss, gradient

        return compute(*args)


# Labels.


@public("nn.collapse_repeated")
def collapse_repeated(labels: Any, seq_length: Any, name: str | None = None) -> tuple[Any, Any]:
    """Labels without repetitions, padded with 0, and the new lengths.

    Args:
      labels: [B, L].
      seq_length: [B].
      name: the name scope.
    """
    with scopes.name_scope(name, "collapse_repeated_labels", [labels, seq_length]):
        labels = convert.convert_to_tensor(labels, name="labels")
        seq_length = convert.convert_to_tensor(seq_length, name="seq_length")
        first = array_ops.ones_like(labels[:, :1], dtypes.bool_)
        keep = array_ops.concat([first, math_ops.not_equal(labels[:, 1:], labels[:, :-1])], axis=1)
        longest = _size(labels, 1)
        keep = math_ops.logical_and(keep, array_ops.sequence_mask(seq_length, maxlen=longest))
        lengths = math_ops.reduce_sum(math_ops.cast(keep, dtypes.int32), axis=1)
        width = math_ops.reduce_max(lengths)
        places = array_ops.sequence_mask(lengths, maxlen=width)
        flat_labels = array_ops.reshape(labels, [-1])
        flat_keep = array_ops.reshape(keep, [-1])
        flat_places = array_ops.reshape(places, [-1])
        numbers = math_ops.range(_size(flat_places, 0))
        flat = scatter.scatter_nd(
            indices=array_ops.expand_dims(array_ops.boolean_mask(numbers, flat_places), axis=1),
            updates=array_ops.boolean_mask(flat_labels, flat_keep),
            shape=array_ops.shape(flat_places),
        )
        batch = _size(labels, 0)
        return array_ops.reshape(flat, [batch, width]), math_ops.cast(lengths, seq_length.dtype)


def dense_labels_to_sparse(dense: Any, length: Any) -> SparseTensor:
    """Labels, [B, L], with lengths, [B], as a SparseTensor of int32."""
    flat = array_ops.reshape(dense, [-1])
    numbers = math_ops.range(array_ops.shape(flat, out_type=dtypes.int64)[0])
    mask = array_ops.sequence_mask(length, maxlen=array_ops.shape(dense)[1])
    mask = array_ops.reshape(mask, [-1])
    indices = array_ops.expand_dims(array_ops.boolean_mask(numbers, mask), 1)
    values = array_ops.boolean_mask(flat, mask)
    whole = SparseTensor(
        indices=indices, values=math_ops.cast(values, dtypes.int32),
        dense_shape=array_ops.shape(flat, out_type=dtypes.int64),
    )
    rows = sparse.sparse_reshape(whole, array_ops.shape(dense))
    longest = math_ops.reduce_max(length)
    shape = [math_ops.cast(rows.dense_shape[0], dtypes.int64), math_ops.cast(longest, dtypes.int64)]
    return SparseTensor(indices=rows.indices, values=rows.values, dense_shape=shape)


@public("nn.ctc_unique_labels")
def ctc_unique_labels(labels: Any, name: str | None = None) -> list[Tensor]:
    """The different labels of each sequence, int64 [B, L] padded with 0, and which of them each label is, int32.

    Args:
      labels: [B, L], padded with 0.
      name: the name scope.
    """
    with scopes.name_scope(name, "ctc_unique_labels", [labels]):
        labels = convert.convert_to_tensor(labels, name="labels")

        def once(row: Any) -> list[Tensor]:
            found = array_ops.unique(row)
            padded = array_ops.pad(found.y, [[0, _size(found.idx, 0) - _size(found.y, 0)]])
            return [math_ops.cast(padded, dtypes.int64), found.idx]

        return map_fn(once, labels, dtype=[dtypes.int64, dtypes.int32])

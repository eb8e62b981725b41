"""Loops of connectionist temporal classification, compiled by numba: the loss with its gradient, and beam search.

Arrays of numpy in the CPU's memory; the blank label is the last class. Imported at the first such op. Sources:
Graves, Supervised Sequence Labelling with Recurrent Neural Networks (2012), chapter 7, whose equation numbers the
comments tell; Hwang and Sung, Character-level incremental speech recognition (2016), for the beam search.
"""
from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, nogil=True)
def _log_add(a, b):  # type: ignore[no-untyped-def]
    """log(exp(a) + exp(b)), the small term in single precision (7.18)."""
    if a == -np.inf:
        return b
    if b == -np.inf:
        return a
    low, high = (b, a) if a > b else (a, b)
    return high + np.log1p(np.exp(np.float32(low - high)))


@numba.njit(cache=True, nogil=True)
def _probabilities(logits, y):  # type: ignore[no-untyped-def]
    """Softmax over the classes: [T, C] -> [T, C]."""
    for t in range(len(y)):
        highest = logits[t].max()
        total = y.dtype.type(0)
        for c in range(y.shape[1]):
            y[t, c] = np.exp(logits[t, c] - highest)
            total += y[t, c]
        for c in range(y.shape[1]):
            y[t, c] /= total


@numba.njit(cache=True, nogil=True)
def _forward(path, log_y, merge, alpha):  # type: ignore[no-untyped-def]
    """Log probabilities of all beginnings that end in state u at time t: alpha [T, U] (7.9)."""
    T, U = alpha.shape  # noqa: N806
    blank = log_y.shape[1] - 1
    alpha[:] = -np.inf
    alpha[0, 0] = log_y[0, blank]
    if U > 1:
        alpha[0, 1] = log_y[0, path[1]]
    for t in range(1, T):
        for u in range(max(0, U - 2 * (T - t)), min(U, 2 * (t + 1))):
            here = path[u]
            total = alpha[t - 1, u] if merge or here == blank else log_y.dtype.type(-np.inf)
            if u > 0:
                total = _log_add(total, alpha[t - 1, u - 1])
            if u > 1 and here != blank and not (merge and here == path[u - 2]):
                total = _log_add(total, alpha[t - 1, u - 2])
            alpha[t, u] = log_y[t, here] + total


@numba.njit(cache=True, nogil=True)
def _backward(path, log_y, merge, beta):  # type: ignore[no-untyped-def]
    """Log probabilities of all endings after state u at time t: beta [T, U] (7.15)."""
    T, U = beta.shape  # noqa: N806
    blank = log_y.shape[1] - 1
    beta[:] = -np.inf
    beta[T - 1, max(U - 2, 0):] = 0
    for t in range(T - 2, -1, -1):
        for u in range(max(0, U - 2 * (T - t)), min(U, 2 * (t + 1))):
            here = path[u]
            total = log_y.dtype.type(-np.inf)
            if merge or here == blank:
                total = _log_add(total, beta[t + 1, u] + log_y[t + 1, here])
            if u + 1 < U:
                total = _log_add(total, beta[t + 1, u + 1] + log_y[t + 1, path[u + 1]])
            if u + 2 < U and here != blank and not (merge and here == path[u + 2]):
                total = _log_add(total, beta[t + 1, u + 2] + log_y[t + 1, path[u + 2]])
            beta[t, u] = total


@numba.njit(cache=True, nogil=True)
def loss(logits, paths, ends, lengths, merge, losses, gradients):  # type: ignore[no-untyped-def]
    """Negative log likelihood of labels, and its gradient.

    Args:
      logits: [T, B, C].
      paths: all label sequences with blanks between, one after the other.
      ends: [B], where each ends.
      lengths: [B], the time steps of each; 0 leaves a sequence out.
      merge: repeated labels without a blank between count as one.
      losses, gradients: [B] and [T, B, C] of zeros, which are filled.
    """
    start = 0
    for b in range(len(ends)):
        path, T = paths[start:ends[b]], lengths[b]  # noqa: N806
        start = ends[b]
        if T == 0:
            continue
        y = np.empty((T, logits.shape[2]), logits.dtype)
        _probabilities(logits[:T, b], y)
        log_y = np.log(y)
        alpha, beta = np.empty((T, len(path)), logits.dtype), np.empty((T, len(path)), logits.dtype)
        _forward(path, log_y, merge, alpha)
        _backward(path, log_y, merge, beta)
        likelihood = logits.dtype.type(-np.inf)
        for u in range(len(path)):
            likelihood = _log_add(likelihood, alpha[0, u] + beta[0, u])
        losses[b] = -likelihood
        if likelihood == -np.inf:  # no path is possible
            gradients[:T, b] = y
            continue
        share = np.empty(logits.shape[2], logits.dtype)
        for t in range(T):
            share[:] = -np.inf
            for u in range(len(path)):
                share[path[u]] = _log_add(share[path[u]], alpha[t, u] + beta[t, u])
            for c in range(len(share)):  # (7.28)
                gradients[t, b, c] = y[t, c] - np.exp(np.float32(share[c] - likelihood))


# Beam search. A node is a sequence of labels: its last label and the node of the rest. The nodes are rows of arrays; a
# hash table finds the child of a node for a label. Probabilities are (total, ending in a blank, ending in the label).

_TOTAL, _BLANK, _LABEL = 0, 1, 2


@numba.njit(cache=True, nogil=True)
def _place(table, keys, key):  # type: ignore[no-untyped-def]
    """Where a key is, or would be, in a hash table of node numbers."""
    at = (key * 0x9E3779B1) & (len(table) - 1)
    while table[at] >= 0 and keys[table[at]] != key:
        at = (at + 1) & (len(table) - 1)
    return at


@numba.njit(cache=True, nogil=True)
def _table(keys, size):  # type: ignore[no-untyped-def]
    """A hash table of all nodes but the first."""
    table = np.full(size, -1, np.int64)
    for node in range(1, len(keys)):
        table[_place(table, keys, keys[node])] = node
    return table


@numba.njit(cache=True, nogil=True)
def _sink(heap, count, at, new):  # type: ignore[no-untyped-def]
    """Move an entry of a heap (the least likely node first) down to its place."""
    while True:
        child = 2 * at + 1
        if child >= count:
            return
        if child + 1 < count and new[heap[child + 1], _TOTAL] < new[heap[child], _TOTAL]:
            child += 1
        if new[heap[at], _TOTAL] <= new[heap[child], _TOTAL]:
            return
        heap[at], heap[child] = heap[child], heap[at]
        at = child


@numba.njit(cache=True, nogil=True)
def _rise(heap, at, new):  # type: ignore[no-untyped-def]
    """Move an entry of a heap up to its place."""
    while at > 0 and new[heap[at], _TOTAL] < new[heap[(at - 1) // 2], _TOTAL]:
        heap[at], heap[(at - 1) // 2] = heap[(at - 1) // 2], heap[at]
        at = (at - 1) // 2


@numba.njit(cache=True, nogil=True)
def _likely_first(heap, count, new):  # type: ignore[no-untyped-def]
    """The nodes of a heap, the most likely one first."""
    totals = np.empty(count, new.dtype)
    for i in range(count):
        totals[i] = -new[heap[i], _TOTAL]
    return heap[:count][np.argsort(totals, kind="mergesort")]


@numba.njit(cache=True, nogil=True)
def _go_on(nodes, log_y, parents, labels, old, new):  # type: ignore[no-untyped-def]
    """Add one time step to the probabilities of nodes."""
    blank = len(log_y) - 1
    for b in nodes:
        old[b] = new[b]
    for b in nodes:
        above = parents[b]
        if above >= 0:
            if new[above, _TOTAL] != -np.inf:
                which = _BLANK if labels[b] == labels[above] else _TOTAL
                new[b, _LABEL] = _log_add(new[b, _LABEL], old[above, which])
            new[b, _LABEL] += log_y[labels[b]]
        new[b, _BLANK] = old[b, _TOTAL] + log_y[blank]
        new[b, _TOTAL] = _log_add(new[b, _BLANK], new[b, _LABEL])


@numba.njit(cache=True, nogil=True)
def _log_softmax(logits):  # type: ignore[no-untyped-def]
    highest = logits.max()
    total = logits.dtype.type(0)
    for logit in logits:
        total += np.exp(logit - highest)
    return logits - (highest + np.log(total))


@numba.njit(cache=True, nogil=True)
def _grown(array, size):  # type: ignore[no-untyped-def]
    out = np.empty((size,) + array.shape[1:], array.dtype)
    out[:len(array)] = array
    return out


@numba.njit(cache=True, nogil=True)
def beam_search(logits, width):  # type: ignore[no-untyped-def]
    """The likeliest label sequences: nodes (the likeliest first), their parents, labels and log probabilities.

    Args:
      logits: [T, C].
      width: how many sequences to go on with after each step.
    """
    classes = logits.shape[1]
    size = 4 * width + 16
    parents, labels = np.empty(size, np.int64), np.empty(size, np.int64)
    keys = np.empty(size, np.int64)
    old, new = np.empty((size, 3), logits.dtype), np.empty((size, 3), logits.dtype)
    table = np.full(64, -1, np.int64)
    heap = np.empty(width, np.int64)
    parents[0], labels[0], keys[0] = -1, -1, -1
    new[0, _TOTAL], new[0, _BLANK], new[0, _LABEL] = 0, 0, -np.inf
    made, count = 1, 1
    heap[0] = 0
    for t in range(len(logits)):
        log_y = _log_softmax(logits[t])
        nodes = _likely_first(heap, count, new)
        _go_on(nodes, log_y, parents, labels, old, new)
        count = 0
        for b in nodes:
            heap[count] = b
            _rise(heap, count, new)
            count += 1
        for b in nodes:
            if old[b, _TOTAL] == -np.inf or (count == width and old[b, _TOTAL] <= new[heap[0], _TOTAL]):
                continue
            for label in range(classes - 1):
                place = _place(table, keys, b * classes + label)
                child = table[place]
                if child >= 0 and new[child, _TOTAL] != -np.inf:
                    continue  # in the beam already
                total = log_y[label] + (old[b, _BLANK] if label == labels[b] else old[b, _TOTAL])
                is_full = count == width
                if not total > -np.inf or (is_full and not total > new[heap[0], _TOTAL]):
                    if child >= 0:
                        old[child] = -np.inf  # it left the beam in this step and shall not go on
                    continue
                if child < 0:
                    if made == len(parents):
                        size = 2 * made
                        parents, labels, keys = _grown(parents, size), _grown(labels, size), _grown(keys, size)
                        old, new = _grown(old, size), _grown(new, size)
                    child = made
                    made += 1
                    parents[child], labels[child], keys[child] = b, label, b * classes + label
                    old[child] = -np.inf
                    table[place] = child
                    if 2 * made > len(table):
                        table = _table(keys[:made], 4 * len(table))
                new[child, _TOTAL] = new[child, _LABEL] = total
                new[child, _BLANK] = -np.inf
                if is_full:
                    new[heap[0]] = -np.inf
                    heap[0] = child
                    _sink(heap, count, 0, new)
                else:
                    heap[count] = child
                    _rise(heap, count, new)
                    count += 1
    nodes = _likely_first(heap, count, new)
    return nodes, parents, labels, new[:, _TOTAL].copy()

"""Features of serialized messages by key: how many values each message has, and the values as tensors.

Holds `Messages`, over the loops of example_loops.py, and `Column`, one key of all messages. What is wrong with a
feature is said by those who ask for it, in example_kernels.py and sequence_kernels.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from rekindle._src.graph import dtypes
from rekindle._src.ops.string import text_of

#: kinds of lists, by their field in a Feature; 0 is a feature without one
TYPES = {1: dtypes.string, 2: dtypes.float32, 3: dtypes.int64}
UNKNOWN, MALFORMED = -1, -1


class Column:
    """One feature: `kinds` and `counts` of its values in each cell, and where they lie.

    Args:
      text: the bytes of all messages.
      cells: start and end of the feature in each message [N, 2]; -1 where it is not there.
      measures: kinds, counts and spans, if they are known.
    """

    __slots__ = ("text", "cells", "kinds", "counts", "spans")

    def __init__(self, text: bytes, cells: np.ndarray, measures: Sequence[np.ndarray] | None = None) -> None:
        self.text = text
        self.cells = cells
        self.kinds, self.counts, self.spans = _measures(text, cells) if measures is None else measures

    @property
    def is_there(self) -> np.ndarray:
        """Whether each message has an entry of the key."""
        return self.cells[:, 0] >= 0

    def values(self, dtype: Any) -> Any:
        """The values of all messages, one after the other."""
        ends = np.cumsum(self.counts)
        return self.placed(dtype, ends - self.counts, [int(ends[-1]) if len(ends) else 0])

    def placed(self, dtype: Any, places: np.ndarray, shape: Any, fill: Any = None) -> Any:
        """A tensor with the values of each message from its place on.

        Args:
          dtype: the type, which each message with values has.
          places: where the values of each message begin in the flat tensor.
          shape: the shape of the tensor.
          fill: the element to begin with, of the type; needed where the values do not take all places.
        """
        data = np.frombuffer(self.text, np.uint8)
        size = math.prod(shape)
        if dtype is dtypes.string:
            return self._placed_texts(places, shape, fill)
        values = np.empty(size, dtype.as_numpy_dtype) if fill is None else np.full(size, fill, dtype.as_numpy_dtype)
        if dtype is dtypes.float32:
            _loops().fill_floats(data, self.counts, self.spans, places, values.view(np.uint8))
        else:
            _loops().fill_ints(data, self.counts, self.spans, places, values)
        return torch.from_numpy(values).reshape(tuple(shape))

    def _placed_texts(self, places: np.ndarray, shape: Any, fill: Any) -> np.ndarray:
        starts = np.cumsum(self.counts) - self.counts
        found = np.empty((int(self.counts.sum()), 2), np.int64)
        _loops().fill_texts(np.frombuffer(self.text, np.uint8), self.counts, self.spans, starts, found)
        text, size = self.text, math.prod(shape)
        texts = [text[start:end] for start, end in found.tolist()]
        if fill is None and len(texts) == size:
            return text_of(texts, shape)
        out = np.full(size, b"" if fill is None else fill, object)
        out[np.repeat(places - starts, self.counts) + np.arange(len(texts))] = texts
        return out.reshape(tuple(shape))

    def ragged(self, dtype: Any) -> tuple[Any, Any, Any]:
        """The values as a sparse matrix: indices, values, shape; a row for each message."""
        indices = np.empty((int(self.counts.sum()), 2), np.int64)
        _loops().fill_indices(self.counts, indices)
        shape = torch.tensor([len(self.counts), self.counts.max(initial=0)], dtype=torch.int64)
        return torch.from_numpy(indices), self.values(dtype), shape

    def steps(self) -> tuple[Column, np.ndarray]:
        """Each cell read as a FeatureList: the column of its steps, and the number of steps up to each message's end.

        Raises:
          ValueError: a list is malformed; the argument is the message's number.
        """
        data = np.frombuffer(self.text, np.uint8)
        ends = np.empty(len(self.cells), np.int64)
        wrong = _loops().find_steps(data, self.cells, ends, np.empty((0, 2), np.int64))
        if wrong >= 0:
            raise ValueError(wrong)
        found = np.empty((int(ends[-1]) if len(ends) else 0, 2), np.int64)
        _loops().find_steps(data, self.cells, ends, found)
        return Column(self.text, found), ends


def columns(texts: list[bytes], tag: int, keys: list[bytes]) -> list[Column]:
    """The column of each key in the map that is the field with that tag of each message.

    Raises:
      ValueError: a message is malformed; the argument is its number.
    """
    whole = texts[0] if len(texts) == 1 else b"".join(texts)
    ends = np.cumsum([len(one) for one in texts], dtype=np.int64)
    cells = np.full((len(keys), len(texts), 2), -1, np.int64)
    key_ends = np.cumsum([len(one) for one in keys], dtype=np.int64)
    joined = np.frombuffer(b"".join(keys), np.uint8)
    wrong = _loops().find_cells(np.frombuffer(whole, np.uint8), ends, tag, joined, key_ends, cells)
    if wrong >= 0:
        raise ValueError(wrong)
    # measured together: a call of a compiled loop costs as much as many cells
    shape = cells.shape[:2]
    measures = (one.reshape(*shape, *one.shape[1:]) for one in _measures(whole, cells.reshape(-1, 2)))
    return [Column(whole, one, own) for one, *own in zip(cells, *measures)]


def _measures(text: bytes, cells: np.ndarray) -> tuple[np.ndarray, ...]:
    """The kind, the number of values and the span of each cell."""
    count = len(cells)
    found = (np.empty(count, np.int64), np.empty(count, np.int64), np.empty((count, 3), np.int64))
    _loops().measure(np.frombuffer(text, np.uint8), cells, *found)
    return found


def _loops() -> Any:
    from rekindle._src.ops import example_loops  # here, since numba takes half a second to import

    return example_loops

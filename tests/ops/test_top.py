"""The greatest elements, with k as an attr: TopK, which new graphs may not use."""

from __future__ import annotations

import pytest
import torch

from rekindle._src import errors
from rekindle._src.graph import opdef

X = torch.tensor([[1.0, 5.0, 3.0, 5.0], [2.0, 2.0, 2.0, 2.0]])


def test_equal_elements_keep_their_order():
    values, indices = opdef.OPS["TopK"].kernel(X, k=3)
    assert values.tolist() == [[5, 5, 3], [2, 2, 2]]
    assert indices.tolist() == [[1, 3, 2], [0, 1, 2]]
    assert indices.dtype is torch.int32


def test_more_than_there_are():
    with pytest.raises(errors.InvalidArgumentError, match="at least k columns. Had 4, needed 5"):
        opdef.OPS["TopK"].kernel(X, k=5)

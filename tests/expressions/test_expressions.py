"""TensorShape, Dimension and nested structures answer as TensorFlow does, errors word for word."""
from __future__ import annotations

from types import SimpleNamespace

import pytest

from rekindle._src import nest
from rekindle._src.graph import dtypes, shapes
from tests.expressions import expressions

NAMES = expressions.namespace(SimpleNamespace(**vars(shapes), float32=dtypes.float32), nest)
ALL = [(subject, text) for subject, texts in expressions.SUBJECTS.items() for text in texts]


@pytest.mark.parametrize(("subject", "text"), ALL)
def test_expression(subject: str, text: str) -> None:
    assert expressions.outcome(text, NAMES) == expressions.recorded(subject)[text]

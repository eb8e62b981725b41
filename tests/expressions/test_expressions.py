"""Shapes, nested structures, conversions and runs answer as TensorFlow does, word for word."""
from __future__ import annotations

from types import SimpleNamespace

import pytest

import rekindle as tf
from rekindle._src import nest
from rekindle._src.graph import dtypes, shapes
from tests.expressions import expressions

PLAIN = SimpleNamespace(**vars(shapes), float32=dtypes.float32)
ALL = [(subject, text) for subject, texts in expressions.SUBJECTS.items() for text in texts]


@pytest.mark.parametrize(("subject", "text"), ALL)
def test_expression(subject: str, text: str) -> None:
    if subject == "conversions":
        names = expressions.graph_namespace(tf, nest)
    else:
        names = expressions.namespace(PLAIN, nest)
    kind, answer = expressions.outcome(text, names)
    expected = expressions.recorded(subject)[text]
    assert [kind, answer.split("\n\t [[")[0]] == expected

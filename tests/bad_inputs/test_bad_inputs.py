"""Each bad input is answered with TensorFlow's class and message."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

import rekindle as tf
from tests.bad_inputs import inputs

RECORDED = json.loads(
    (Path(__file__).parent.parent / "golden" / "bad_inputs.json").read_text())


@pytest.mark.parametrize("name", RECORDED)
def test_answer(name: str) -> None:
    assert inputs.answer(tf, name) == RECORDED[name]


@pytest.mark.parametrize("name", inputs.CRASHING)
def test_what_kills_tensorflow_raises(name: str) -> None:
    assert inputs.answer(tf, name)[0] is not None

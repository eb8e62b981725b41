"""Checkpoints, records and event files that TensorFlow programs wrote: equal to what TensorFlow 1.15.5 reads."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

import rekindle as tf
from rekindle._src.tools.describe import describe
from tests.formats.shared_files import contents

GOLDEN = Path(__file__).parent.parent / "golden" / "shared_files.json"


@pytest.fixture
def folder(shared):
    path = shared / "data" / "formats"
    if not path.is_dir():
        pytest.skip(f"no {path}")
    return path


def test_every_file_reads_as_it_did(folder):
    found = json.loads(json.dumps(contents(tf, str(folder))))
    expected = json.loads(GOLDEN.read_text())
    assert sorted(found) == sorted(expected)
    for name, facts in expected.items():
        assert found[name] == facts, name


def test_every_file_can_be_inspected(folder):
    for name in json.loads(GOLDEN.read_text()):
        assert "damage" not in describe(str(folder / name)), name

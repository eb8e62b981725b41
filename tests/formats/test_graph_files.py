"""Graphs, meta graphs and SavedModels that TensorFlow programs wrote: all that TensorFlow 1.15.5 reads of them."""
import json
from pathlib import Path

import pytest

import rekindle as tf
from tests.conftest import shared_folder
from tests.formats import graph_file_facts

RECORDED = json.loads((Path(__file__).parent.parent / "golden" / "graph_files.json").read_text())
FOLDER = shared_folder() / "data" / "formats"


@pytest.mark.parametrize("name", sorted(RECORDED))
@pytest.mark.skipif(not FOLDER.exists(), reason=f"the files of TensorFlow programs are not at {FOLDER}")
def test_files_hold_what_tensorflow_reads(name):
    lines = graph_file_facts.facts(tf, str(FOLDER / name))
    assert graph_file_facts.digest(lines) == RECORDED[name]

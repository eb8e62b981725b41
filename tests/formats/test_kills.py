"""A process that dies while it saves leaves checkpoints whole, and what it left behind goes with the next save."""
from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.formats import partial_files, tensor_bundle
from rekindle._src.formats.tensor_bundle import BundleReader, BundleWriter
from rekindle._src.graph import dtypes

SCRIPT = Path(__file__).parent.parent.parent / "bench" / "kills.py"


def test_ten_kills():
    command = [sys.executable, str(SCRIPT), "--kills", "10", "--seed", "3"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0 and ended.stdout.startswith("10 kills"), ended.stdout + ended.stderr


def write(prefix, value):
    writer = BundleWriter(str(prefix))
    writer.add("v", np.full(4, value, np.float32), dtypes.float32)
    writer.finish()


class Died(Exception):
    """Stands for the end of the process."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what dies does not close its files
@pytest.mark.parametrize("step", range(12))
def test_each_step_of_writing_over_a_checkpoint(tmp_path, monkeypatch, step):
    write(tmp_path / "a", 1.0)
    left = [step]

    def dying(real):
        def call(*args):
            if left[0] == 0:
                raise Died
            left[0] -= 1
            return real(*args)

        return call

    for name in ("replace", "link", "remove"):
        monkeypatch.setattr(os, name, dying(getattr(os, name)))
    try:
        write(tmp_path / "a", 2.0)
    except Died:
        pass
    monkeypatch.undo()
    (value,) = set(BundleReader(str(tmp_path / "a")).read("v").tolist())
    assert value in (1, 2)
    write(tmp_path / "a", 3.0)
    assert set(BundleReader(str(tmp_path / "a")).read("v").tolist()) == {3}
    assert partial_files.shards(str(tmp_path / "a")) == [tensor_bundle.data_path(str(tmp_path / "a"), 0, 1)]


def test_strays_go_with_the_next_save(tmp_path, monkeypatch):
    monkeypatch.setattr(partial_files, "_YOUTH", -1)
    stray = tmp_path / "old.data-00000-of-00001.tempstate123"
    stray.write_bytes(b"?")
    state = tmp_path / "checkpoint.tmp999999999.5"
    state.write_bytes(b"?")
    parts = tmp_path / ("old_temp_" + "0" * 32)
    parts.mkdir()
    (parts / ".lock").touch()
    fresh = tmp_path / ("other_temp_" + "1" * 32)  # as TensorFlow makes them: nothing tells whether it lives
    fresh.mkdir()
    (fresh / "part").touch()
    empty = tmp_path / ("empty_temp_" + "2" * 32)
    empty.mkdir()
    alive = partial_files.PartialFile(str(tmp_path / "alive.index"))
    write(tmp_path / "a", 1.0)
    assert sorted(os.listdir(tmp_path)) == sorted(
        ["a.data-00000-of-00001", "a.index", os.path.basename(alive.path), fresh.name])
    alive.remove()


def test_a_failing_save_leaves_nothing(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("v", shape=[3])
        with pytest.raises(tf.errors.FailedPreconditionError):
            tf.train.Saver().save(session, str(tmp_path / "model"))
    assert os.listdir(tmp_path) == []


def test_the_script_says_what_is_wrong(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("kills", SCRIPT)
    kills = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kills)
    (tmp_path / "x.tempstate1").touch()
    assert kills.strays(str(tmp_path)) == ["x.tempstate1"] and kills.restored(str(tmp_path)) == -1

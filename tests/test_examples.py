"""The examples run to their end."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(script, *arguments, cwd):
    """The lines that an example prints."""
    done = subprocess.run(
        [sys.executable, "-m", "rekindle", "run", ROOT / "examples" / script, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=300, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_mnist_deep_learns_the_embedded_digits(tmp_path):
    pytest.importorskip("sklearn")
    accuracy, hint = run("mnist_deep.py", "--steps", 100, "--seed", 1, cwd=tmp_path)
    assert float(accuracy.removeprefix("test accuracy ")) > 0.9
    logs = tmp_path / "logs" / "mnist_deep"
    assert hint.endswith(f"tensorboard --logdir {logs}")
    assert sorted(file.parent.name for file in logs.rglob("events.*")) == ["test", "train"]

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


def test_char_rnn_learns_the_rhyme(tmp_path):
    sizes = ["--rows", 16, "--length", 20, "--units", 48, "--layers", 1, "--learning_rate", 0.02]
    lines = run("char_rnn.py", "--steps", 150, "--sample", 60, "--seed", 1, *sizes, cwd=tmp_path)
    assert lines[0].startswith("step 100: loss ")
    loss, saved = lines[2].split(", saved as ")
    assert float(loss.removeprefix("loss ")) < 1.5
    assert Path(saved + ".index").exists()
    assert len("\n".join(lines[3:])) == 60
    assert list((tmp_path / "logs" / "char_rnn").glob("events.*"))

"""The command `rekindle`, run as users run it."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def rekindle(*arguments, cwd, **environment):
    """Run the command; gives (exit code, standard output, standard error)."""
    done = subprocess.run(
        [sys.executable, "-m", "rekindle", *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=120,
        env={"PYTHONPATH": str(ROOT), "PATH": "", **environment},
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def script(tmp_path):
    """write(source) -> the path of a script with a module `beside` next to it."""

    def write(source, name="train.py"):
        (tmp_path / "beside.py").write_text("VALUE = 5\n")
        file = tmp_path / name
        file.write_text(source)
        return file

    return write


def test_a_script_runs_as_main(script, tmp_path):
    file = script(
        "import sys, tensorflow as tf, beside, pickle\n"
        "class A: pass\n"
        "pickle.loads(pickle.dumps(A()))\n"
        "print(__name__, __file__, sys.argv[1:], beside.VALUE, tf.VERSION)\n"
        "sys.exit(3)\n"
    )
    code, out, err = rekindle("run", file, "-m", "--help", "x", cwd=tmp_path)
    assert out == f"__main__ {file} ['-m', '--help', 'x'] 5 1.15.5\n"
    assert (code, err) == (3, "")


def test_tracebacks_show_the_users_frames(script, tmp_path):
    file = script(
        "import tensorflow as tf\n"
        "def main(argv):\n"
        "    tf.gfile.GFile('/no/such').read()\n"
        "tf.app.run(main)\n"
    )
    code, out, err = rekindle("run", file, cwd=tmp_path)
    assert code == 1
    frames = [line.strip() for line in err.splitlines() if line.startswith("  File")]
    assert frames == [
        f'File "{file}", line 4, in <module>',
        f'File "{file}", line 3, in main',
    ]
    assert err.endswith("NotFoundError: /no/such; No such file or directory\n")
    full = rekindle("run", file, cwd=tmp_path, REKINDLE_FULL_TRACEBACK="1")[2]
    assert "file_io.py" in full


def test_a_module_runs(script, tmp_path):
    script("import tensorflow as tf, sys; print(__name__, sys.argv[1:])\n", "prog.py")
    code, out, err = rekindle("run", "-m", "prog", "a", cwd=tmp_path)
    assert (code, out) == (0, "__main__ ['a']\n"), err


def test_a_missing_script(tmp_path):
    code, out, err = rekindle("run", "no.py", cwd=tmp_path)
    assert (code, err) == (1, "Error: can't open file 'no.py': no such file\n")


def test_check_lists_what_is_missing(script, tmp_path):
    file = script(
        "import tensorflow as tf\n"
        "from tensorflow.python.framework import ops\n"
        "e = tf.errors\n"
        "class C(tf.Graph): pass\n"
        "e.NotFoundErrors(tf.float32.name, ops.Graf)\n"
        "raise SystemExit('it must not run')\n"
    )
    code, out, err = rekindle("check", file, cwd=tmp_path)
    lines = out.splitlines()
    assert code == 1, err
    assert [line.split(": ")[:2] for line in lines[:-1]] == [
        [f"{file}:5", "tf.errors.NotFoundErrors"],
        [f"{file}:5", "tf.python.framework.ops.Graf"],
    ]
    assert lines[-1] == "1 files, 2 uses of what Rekindle lacks"


def test_check_is_content(script, tmp_path):
    file = script("import tensorflow as tf\nprint(tf.Graph().as_graph_def(), tf.no_op)\n")
    assert rekindle("check", file, cwd=tmp_path)[0] == 0


def test_doctor(tmp_path):
    code, out, err = rekindle("doctor", cwd=tmp_path)
    assert code == 0, err
    assert {"python", "torch", "threads", "/cpu:0", "/gpu:0", "numpy"} <= {
        line.split()[0] for line in out.splitlines()
    }


def test_importing_prints_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import rekindle"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

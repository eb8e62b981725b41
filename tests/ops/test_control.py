"""Ops that only order others, and the one that ends the process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

ABORT = """
import rekindle as tf
from rekindle._src.graph import opdef
tf.Session().run(opdef.call("Abort", error_msg="bad thing", exit_without_error={quietly}))
print("still there")
"""


@pytest.mark.parametrize("quietly, status, said", [(False, -signal.SIGABRT, "Abort_op intentional failure; bad thing"),
                                                   (True, 0, "Exiting the process: bad thing")])
def test_abort_ends_the_process(quietly, status, said):
    done = subprocess.run([sys.executable, "-c", ABORT.format(quietly=quietly)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == status
    assert said in done.stderr
    assert "still there" not in done.stdout

"""Measure the same steps on Rekindle and its peers, in turn, in one run; print medians, ratios and peak memory.

    python bench/run.py [--case NAME]... [--peer NAME]... [--rounds N] [--json FILE] [--markdown FILE]

Peers live in environments of their own below ~/.cache/rekindle-bench, made at the first run. TensorFlow 1.15 needs a
Python 3.7 (found through pyenv or the PATH); peers that cannot be made are left out, with the reason.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
CACHE = pathlib.Path.home() / ".cache/rekindle-bench"
ORACLE = pathlib.Path.home() / ".cache/rekindle-oracle"
PACKAGES = {"tf2": ["tensorflow-cpu"], "jax": ["jax", "jaxlib", "optax"],
            "tf1": ["tensorflow==1.15.5", "protobuf<3.21", "numpy<1.19"]}
PEERS = ["rekindle", "tf1", "tf2", "torch eager", "torch.compile", "jax"]


def python_of(peer: str) -> str:
    """The interpreter of a peer, its environment made if it is not there.

    Raises:
      RuntimeError: the environment cannot be made here.
    """
    if peer not in PACKAGES:
        return sys.executable
    folder = ORACLE if peer == "tf1" and (ORACLE / "bin/python").exists() else CACHE / peer
    python = folder / "bin/python"
    if python.exists():
        return str(python)
    base = _python37() if peer == "tf1" else sys.executable
    for command in ([base, "-m", "venv", str(folder)],
                    [str(python), "-m", "pip", "install", "-q", *PACKAGES[peer]]):
        if subprocess.run(command, check=False).returncode:
            shutil.rmtree(folder, ignore_errors=True)
            raise RuntimeError(f"{' '.join(command)} failed")
    return str(python)


def _python37() -> str:
    found = sorted(pathlib.Path.home().glob(".pyenv/versions/3.7.*/bin/python"))
    python = str(found[-1]) if found else shutil.which("python3.7")
    if python is None:
        raise RuntimeError("there is no Python 3.7 on this machine")
    return python


class Worker:
    """A peer's process for one case."""

    def __init__(self, peer: str, case: str, python: str, folder: str) -> None:
        self.peer = peer
        self.seconds: list[float] = []
        self.peak = 0
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent) if peer == "rekindle" else ""}
        self._process = subprocess.Popen([python, "-W", "ignore", str(HERE / "worker.py"), peer, case],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                         text=True, env=environment, cwd=folder)
        self.ready = self._answer().get("ready", False)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        return {}

    def round(self) -> None:
        """Time one round."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        self.seconds.append(self._answer()["seconds"])

    def finish(self) -> None:
        """End the process; take its peak memory."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.peak = self._answer().get("peak", 0)
        self._process.wait()


def measure(case: str, pythons: dict[str, str], rounds: int) -> list[Worker]:
    """The workers of a case after some rounds, each round on every peer in turn."""
    with tempfile.TemporaryDirectory() as folder:  # what programs write goes with it
        workers = [Worker(peer, case, python, folder) for peer, python in pythons.items()]
        running = [w for w in workers if w.ready]
        for _ in range(rounds):
            for worker in running:
                worker.round()
        for worker in running:
            worker.finish()
    return running


def shown(seconds: float) -> str:
    """A time with its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def markdown(record: dict[str, Any]) -> str:
    """The medians, and what of them Rekindle takes, as a table."""
    lines = ["| case | rekindle | " + " | ".join(PEERS[1:]) + " | peak memory, of TF 1.15's |", "|---" * 8 + "|"]
    for case, peers in record.items():
        medians = {peer: statistics.median(one["seconds"]) for peer, one in peers.items()}
        cells = [f"{shown(medians[p])} ({medians['rekindle'] / medians[p]:.2f})" if p in medians else ""
                 for p in PEERS[1:]]
        memory = f"{peers['rekindle']['peak'] / peers['tf1']['peak']:.2f}" if peers.get("tf1", {}).get("peak") else ""
        lines.append(" | ".join(["| " + case, shown(medians["rekindle"]), *cells, memory]) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and print."""
    from cases_tf import CASES
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=list(CASES))
    parser.add_argument("--peer", action="append", choices=PEERS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path)
    options = parser.parse_args()
    console = Console()
    pythons = {}
    for peer in options.peer or PEERS:
        try:
            pythons[peer] = python_of(peer)
        except RuntimeError as reason:
            console.print(f"left out: {peer}: {reason}")
    table = Table("case", "peer", "median", "of rekindle's", "peak memory")
    record: dict[str, Any] = {}
    for case in options.case or CASES:
        workers = measure(case, pythons, options.rounds)
        medians = {w.peer: statistics.median(w.seconds) for w in workers}
        for worker in workers:
            ratio = medians[worker.peer] / medians["rekindle"] if "rekindle" in medians else float("nan")
            table.add_row(case, worker.peer, shown(medians[worker.peer]), f"{ratio:.2f}", f"{worker.peak / 2**20:.0f} "
                                                            f"MB")
        record[case] = {w.peer: {"seconds": w.seconds, "peak": w.peak} for w in workers}
    console.print(table)
    if options.json:
        options.json.write_text(json.dumps(record, indent=1))
    if options.markdown:
        options.markdown.write_text(markdown(record))


if __name__ == "__main__":
    main()

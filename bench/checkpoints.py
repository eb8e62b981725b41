"""Measure saving and restoring variables on Rekindle and TensorFlow, in turn, in one run.

    python bench/checkpoints.py [--megabytes 1024] [--variables 8] [--rounds 3] [--peer NAME]... [--folder F] [--json F]

Each step is a process of its own, in a temporary folder that is removed. Before each, the files are on the disk and in
the system's memory, and nothing waits to be written. Prints medians, their ratio to Rekindle's, and memory as multiples
of the variables' bytes: what the process has for them before the step, and at most during it.
"""
from __future__ import annotations

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from rich.console import Console
from rich.table import Table

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from run import python_of, shown  # noqa: E402 - found through the path that is set above

PEERS = ["rekindle", "tf1", "tf2"]
STEPS = ("save", "restore")


def step(peer: str, python: str, name: str, folder: pathlib.Path, megabytes: int, variables: int) -> dict[str, Any]:
    """One step of a peer; its seconds, peak and bytes.

    Raises:
      RuntimeError: it failed.
    """
    os.sync()
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent) if peer == "rekindle" else ""}
    command = [python, "-W", "ignore", str(HERE / "checkpoint_worker.py"), peer, name, str(folder), str(megabytes),
               str(variables)]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{name} on {peer} failed: {ended.stderr.strip()[-500:]}")
    return json.loads(ended.stdout.strip().splitlines()[-1])


def measure(pythons: dict[str, str], options: argparse.Namespace) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """{peer: {step: what each round gave}}, each round on every peer in turn."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {peer: {name: [] for name in STEPS} for peer in pythons}
    with tempfile.TemporaryDirectory(dir=options.folder) as root:
        for peer in pythons:
            (pathlib.Path(root) / peer).mkdir()
        for _ in range(options.rounds):
            for peer, python in pythons.items():
                for name in STEPS:
                    folder = pathlib.Path(root) / peer
                    one = step(peer, python, name, folder, options.megabytes, options.variables)
                    found[peer][name].append(one)
    return found


def table_of(found: dict[str, dict[str, list[dict[str, Any]]]]) -> Table:
    """Medians, ratios and peaks."""
    table = Table("step", "peer", "median", "of rekindle's", "memory before", "peak")
    for name in STEPS:
        medians = {peer: statistics.median(one["seconds"] for one in steps[name]) for peer, steps in found.items()}
        for peer, median in medians.items():
            ratio = median / medians["rekindle"] if "rekindle" in medians else float("nan")
            before, peak = (max(one[key] / one["bytes"] for one in found[peer][name]) for key in ("before", "peak"))
            table.add_row(name, peer, shown(median), f"{ratio:.2f}", f"{before:.3f}", f"{peak:.3f}")
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024, help="of all variables together")
    parser.add_argument("--variables", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", action="append", choices=PEERS, help="default: rekindle and tf1")
    parser.add_argument("--folder", help="where to make the temporary folder")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    console = Console()
    pythons = {}
    for peer in options.peer or PEERS[:2]:
        try:
            pythons[peer] = python_of(peer)
        except RuntimeError as reason:
            console.print(f"left out: {peer}: {reason}")
    found = measure(pythons, options)
    console.print(table_of(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

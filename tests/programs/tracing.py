"""Run a TF1 program and record the graphs that its sessions ran and the values that they fetched.

    python tests/programs/tracing.py OUT.json.gz SCRIPT ARG...      with the TensorFlow at hand
    python tests/programs/tracing.py --rekindle OUT.json.gz SCRIPT ARG...

The program runs as __main__ in a fresh folder. Works under Python 3.7.
"""
from __future__ import annotations

import gzip
import json
import os
import runpy
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[0] = ROOT
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")

from tests import canonical  # noqa: E402

#: runs recorded of a program, the first ones
RUNS = 60


class Trace:
    """What the sessions of a program did."""

    def __init__(self):
        self.graphs = []
        self.runs = []
        self.run_count = 0
        self.initial = []  # the variables after the first run
        self.final = []  # the variables when a session closes, the last one
        self.depth = 0

    def watch(self, session_class):
        """Record the outermost calls of `session_class.run` from now on."""
        original = session_class.run

        def run(session, fetches, feed_dict=None, options=None, run_metadata=None):
            self.depth += 1
            try:
                values = original(session, fetches, feed_dict, options, run_metadata)
            finally:
                self.depth -= 1
            if self.depth == 0:
                self.add(session, original, fetches, values)
            return values

        def close(session):
            if self.depth == 0 and self.initial:
                self.final = variables(session, original) or self.final
            original_close(session)

        original_close = session_class.close
        session_class.run, session_class.close = run, close

    def add(self, session, run, fetches, values):
        """Record one run."""
        self.run_count += 1
        if not any(graph is session.graph for graph in self.graphs):
            self.graphs.append(session.graph)
        if len(self.runs) < RUNS:
            pairs = leaves(fetches, values)
            self.runs.append([[name, canonical.described(value)] for name, value in pairs])
        if not self.initial:
            self.initial = variables(session, run)


def variables(session, run):
    """[name, value] of all variables; [] where they hold nothing or the session is closed."""
    found = []
    for variable in session.graph.get_collection("variables"):
        try:
            found.append([variable.name, canonical.described(run(session, variable))])
        except Exception as error:  # the error's class is of either TensorFlow
            if type(error).__name__ not in ("FailedPreconditionError", "RuntimeError"):
                raise
            return []
    return found


def leaves(fetches, values):
    """(name, value) of each leaf of a fetch structure."""
    if fetches is None:
        return []
    if isinstance(fetches, dict):
        return [leaf for key in fetches for leaf in leaves(fetches[key], values[key])]
    if isinstance(fetches, (list, tuple)):
        return [leaf for f, v in zip(fetches, values) for leaf in leaves(f, v)]
    if isinstance(values, tuple):  # a SparseTensorValue or an IndexedSlicesValue
        name = getattr(fetches, "name", type(fetches).__name__)
        return [(f"{name}.{field}", v) for field, v in zip(values._fields, values)]
    return [(getattr(fetches, "name", str(fetches)), values)]


def main():
    arguments = sys.argv[1:]
    is_ours = arguments[0] == "--rekindle"
    out, script = (os.path.abspath(path) for path in arguments[is_ours:is_ours + 2])
    if is_ours:
        import rekindle

        rekindle.install()
    import tensorflow as tf

    trace = Trace()
    owners = {next(c for c in cls.__mro__ if "run" in c.__dict__)
              for cls in (tf.Session, tf.InteractiveSession)}
    for owner in owners:
        trace.watch(owner)
    sys.argv = [script] + arguments[is_ours + 2:]
    sys.path[0] = os.path.dirname(script)
    error = None
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            error = f"SystemExit: {end.code}" if end.code else None
        except Exception as end:  # how the program ends is part of the record
            error = "{}: {}".format(type(end).__name__, str(end).split("\n")[0])
        os.chdir(ROOT)
    record = {"graphs": [canonical.nodes(g.as_graph_def()) for g in trace.graphs],
              "runs": trace.runs, "run_count": trace.run_count, "initial": trace.initial,
              "final": trace.final, "error": error}
    with open(out, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(json.dumps(record, separators=(",", ":")).encode())


if __name__ == "__main__":
    main()

"""Run TensorFlow 1.15's own unit tests against Rekindle.

    python tools/tf_tests.py GIT_DIR FILE... [--rev HEAD] [--match TEXT] [--json OUT] [--limit 600]

FILE is a path in TensorFlow's tree, as tensorflow/python/kernel_tests/relu_op_test.py. Each is
taken from the git directory into a temporary folder and runs in a process of its own under
`rekindle.install()`. Prints the methods that fail with the first line of why, and totals.
"""
from __future__ import annotations

import argparse
import collections.abc
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
import unittest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
#: folders of TensorFlow's tree that tests read
DATA = ("tensorflow/cc/saved_model/testdata", "tensorflow/python/framework/testdata")
#: modules that tests share, which are taken out with them
SHARED = re.compile(rb"^from (tensorflow[\w.]+) import (\w+_test_(?:utils?|base|lib))\b", re.MULTILINE)
#: seconds that one test method may take
METHOD_LIMIT = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("git_dir", help="git directory that holds TensorFlow's tree")
    parser.add_argument("files", nargs="+", help="test files in that tree")
    parser.add_argument("--rev", default="HEAD")
    parser.add_argument("--match", default="", help="run only methods whose name contains this")
    parser.add_argument("--json", help="file for the outcome of each method")
    parser.add_argument("--limit", type=int, default=600, help="seconds per file")
    options = parser.parse_args()
    outcomes = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.files:
            path = extracted(options.git_dir, options.rev, name, Path(folder))
            outcomes[name] = run_file(path, options.match, options.limit)
            print_file(name, outcomes[name])
    if options.json:
        Path(options.json).write_text(json.dumps(outcomes, indent=1))
    print_totals(outcomes)
    return 0


def extracted(git_dir: str, rev: str, name: str, folder: Path) -> Path:
    """The test file, taken out of the git directory."""
    text = subprocess.run(["git", "--git-dir", git_dir, "show", f"{rev}:{name}"], check=True,
                          capture_output=True).stdout
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    for package, module in SHARED.findall(text):
        shared = f"{package.decode().replace('.', '/')}/{module.decode()}.py"
        if not (folder / shared).exists():
            extracted(git_dir, rev, shared, folder)
    if b"testdata" in text:
        archive = subprocess.run(["git", "--git-dir", git_dir, "archive", rev, *DATA], check=True,
                                 capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(folder)], check=True, input=archive)
    return path


def run_file(path: Path, match: str, limit: int) -> dict[str, list[str]]:
    """{method: [outcome, why]} of a test file, run in a process of its own."""
    out = path.with_suffix(".jsonl")
    command = [sys.executable, __file__, "--child", str(path), str(out), match]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    try:
        ended = subprocess.run(command, cwd=path.parent, timeout=limit, env=environment,
                               capture_output=True, text=True, check=False)
        last = ended.stderr.strip().splitlines()[-1:] if ended.returncode else []
    except subprocess.TimeoutExpired:
        last = [f"the file took more than {limit} s"]
    lines = out.read_text().splitlines() if out.exists() else []
    found = {name: [outcome, why] for name, outcome, why in map(json.loads, lines)}
    if last and not any(outcome == "import" for outcome, _ in found.values()):
        found["<end>"] = ["error", last[0]]
    return found


def print_file(name: str, outcomes: dict[str, list[str]]) -> None:
    """Print the counts of a file and the methods that did not pass."""
    counts = collections.Counter(outcome for outcome, _ in outcomes.values())
    print(f"{name}: " + ", ".join(f"{counts[key]} {key}" for key in sorted(counts)))
    for method, (outcome, why) in outcomes.items():
        if outcome not in ("passed", "skipped"):
            print(f"  {outcome} {method}: {why}")


def print_totals(outcomes: dict[str, dict[str, list[str]]]) -> None:
    """Print the counts of all files, and the reasons that occur most."""
    every = [one for found in outcomes.values() for one in found.values()]
    counts = collections.Counter(outcome for outcome, _ in every)
    print("total: " + ", ".join(f"{counts[key]} {key}" for key in sorted(counts)))
    reasons = collections.Counter(why.rpartition(" [")[0] for outcome, why in every
                                  if outcome not in ("passed", "skipped"))
    for why, count in reasons.most_common(15):
        print(f"  {count:4} x {why}")


def errors_from_code(*arguments: Any) -> Any:
    """`errors.from_code`, imported when it is called: this file also runs without Rekindle."""
    from rekindle._src import errors

    return errors.from_code(*arguments)


def skip_eager() -> Any:
    """Skip what runs eagerly."""
    raise unittest.SkipTest("needs eager execution")


def source_path(relative: str) -> str:
    """A file of TensorFlow's tree that was taken out for the test."""
    root = next(one for one in Path.cwd().parents if one.name == "tensorflow")
    return os.path.join(root, relative)


def same(*_: Any) -> Any:
    """Stands for a decorator that changes nothing."""
    return lambda function: function


#: names of TensorFlow's insides that its tests use and programs do not
SHIMS = {
    "tensorflow.python.eager.context": {"eager_mode": skip_eager},
    "tensorflow.python.framework.common_shapes": {"call_cpp_shape_fn": same, "unknown_shape": same},
    "tensorflow.python.framework.ops": {"RegisterShape": same, "_set_call_cpp_shape_fn": same},
    "tensorflow.python.framework.errors_impl": {"_make_specific_exception": errors_from_code},
    "tensorflow.python.platform.test": {"test_src_dir_path": source_path},
    "tensorflow.python.util.compat": {"collections_abc": collections.abc},
}


class Lacking:
    """Stands for a class that test modules derive from: they load, and the tests that make one fail."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError("needs a class that Rekindle lacks")


#: classes that test modules derive from, put there where Rekindle has none
BASES = {
    "tensorflow.python.keras.engine.training": ["Model"],
    "tensorflow.python.keras.engine.sequential": ["Sequential"],
    "tensorflow.python.keras.engine.base_layer": ["Layer"],
    "tensorflow.python.keras.engine.network": ["Network"],
}


class Lines(unittest.TestResult):
    """Writes a line per finished test, so that what ran is known whatever happens later."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.file = open(path, "a", buffering=1)  # noqa: SIM115 - open for the process's life

    def write(self, test: Any, outcome: str, why: str = "") -> None:
        name = ".".join(str(test.id()).split(".")[-2:])
        self.file.write(json.dumps([name, outcome, why]) + "\n")

    def addSuccess(self, test: Any) -> None:
        self.write(test, "passed")

    def addSkip(self, test: Any, reason: str) -> None:
        self.write(test, "skipped", reason)

    def addFailure(self, test: Any, err: Any) -> None:
        self.write(test, "failed", first_line(err))

    def addError(self, test: Any, err: Any) -> None:
        self.write(test, "error", first_line(err))

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.write(subtest, "failed", first_line(err))


def first_line(err: Any) -> str:
    """The class and first words of an exception, and its place in the test and in Rekindle."""
    kind, error, trace = err
    frames = traceback.extract_tb(trace)
    ours = [f for f in frames if "/rekindle/_src/" in f.filename and "/testing/" not in f.filename]
    tests = [f for f in frames if f.filename.endswith("_test.py")]
    places = " > ".join(f"{Path(f.filename).name}:{f.lineno}" for f in (*tests[-1:], *ours[-1:]))
    text = " ".join(str(error).split())[:200]
    return f"{kind.__name__}: {text} [{places}]"


def child(path: str, out: str, match: str) -> None:
    """Run the tests of one file and write a line for each."""
    sys.path.insert(0, str(ROOT))
    import rekindle

    rekindle.install()
    for name, shims in SHIMS.items():
        vars(importlib.import_module(name)).update(shims)
    for name, bases in BASES.items():
        module = importlib.import_module(name)
        vars(module).update({base: Lacking for base in bases if not hasattr(module, base)})
    name_as_then()
    result = Lines(out)
    sys.argv = [path]
    try:
        put_shared(Path(path).read_bytes(), Path(path))
        module = loaded("tf_test", Path(path))
    except Exception:  # what the import fails with is the outcome
        result.file.write(json.dumps(["<import>", "import", first_line(sys.exc_info())]) + "\n")
        return
    parse_flags()
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    for test in flat(suite):
        if match in test.id():
            signal.signal(signal.SIGALRM, too_long)
            signal.alarm(METHOD_LIMIT)
            test.run(result)
            signal.alarm(0)


def put_shared(text: bytes, path: Path) -> None:
    """Load the modules that a test shares with others from beside it, where its imports find them."""
    root = next(one for one in path.parents if one.name == "tensorflow").parent
    for package, name in (tuple(map(bytes.decode, found)) for found in SHARED.findall(text)):
        file = root.joinpath(*package.split("."), f"{name}.py")
        put_shared(file.read_bytes(), file)
        module = loaded(f"{package}.{name}", file)
        setattr(importlib.import_module(package), name, module)


def loaded(name: str, path: Path) -> Any:
    """The module that a file holds."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def name_as_then() -> None:
    """Let the names of parameterized tests have no blank, which tests of that time make names of ops of."""
    from absl.testing import parameterized

    told = parameterized.TestCase.id
    parameterized.TestCase.id = lambda test: told(test).replace(" (", "(")


def parse_flags() -> None:
    """Let the tests read absl's flags, which nobody parses otherwise."""
    from absl import flags

    flags.FLAGS.mark_as_parsed()


def too_long(*_: Any) -> None:
    raise TimeoutError(f"the method took more than {METHOD_LIMIT} s")


def flat(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    """The tests of a suite."""
    found = []
    for one in suite:
        found += flat(one) if isinstance(one, unittest.TestSuite) else [one]
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:5])
        sys.exit(0)
    sys.exit(main())

"""Every op's samples against the recordings of TensorFlow 1.15.5, and every op has a sample."""
from __future__ import annotations

import functools
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rekindle._src import errors
from rekindle._src.graph import opdef
from tests import canonical
from tests.conformance import build, golden, ours
from tests.programs import programs

ROOT = Path(__file__).parent.parent.parent
RTOL = {"float16": 5e-3, "bfloat16": 2e-2, "float32": 2e-5, "float64": 1e-9,
        "complex64": 2e-5, "complex128": 1e-9}
#: smallest magnitude that counts when an array's numbers are compared
FLOOR = 1e-6

load = functools.cache(golden.load)
family_cases = functools.cache(golden.cases)
ALL = [pytest.param(family, name, id=f"{family}-{name}")
       for family in golden.families() for name in family_cases(family)]
#: how a case is run: as which variant of its graph, compiled or interpreted
RUNNERS = [("full", "compiled"), ("open", "compiled"), ("full", "interpreted")]


def recorded(family: str, name: str) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The case, its facts and the arrays; skips where the op has no block yet."""
    case = family_cases(family)[name]
    facts, arrays = load(family)
    ours.front()
    if case.op not in opdef.OPS:
        pytest.skip(f"{case.op} has no block")
    assert facts.get(name, {}).get("digest") == case.digest(), "not recorded: see README.md"
    return case, facts[name], arrays


def check_equal(actual: Any, fact: dict[str, Any], arrays: Any, case: Any, what: str) -> None:
    """Assert that a value is what was recorded: exactly, or floats within the case's tolerance."""
    expected = golden.unpack(fact, arrays)
    actual = np.asarray(actual)
    if fact.get("dtype") == "bfloat16":
        expected, actual = (np.left_shift(a.view(np.uint16).astype(np.uint32), 16).view(np.float32)
                            for a in (expected, actual))
    elif "strings" not in fact:
        assert actual.dtype == expected.dtype, what
    assert actual.shape == expected.shape, what
    if expected.dtype.kind not in "fc" or case.exact:
        np.testing.assert_array_equal(actual, expected, what)
        return
    rtol = case.rtol or RTOL[fact["dtype"]]
    finite = np.abs(expected[np.isfinite(expected)])
    scale = max(float(finite.max()), FLOOR) if finite.size else 0.0
    np.testing.assert_allclose(actual, expected, rtol, rtol * scale, True, what)


@pytest.mark.parametrize(("family", "name"), ALL)
def test_static_shapes(family: str, name: str) -> None:
    case, facts, _ = recorded(family, name)
    for variant in build.VARIANTS:
        expected = facts["variants"][variant]
        if "error" in expected:
            with pytest.raises((ValueError, TypeError)) as caught:
                build.build(ours.front(), case, variant, gradient=False)
            assert [variant, caught.type.__name__, str(caught.value)] == [
                variant, *expected["error"]]
            continue
        built = build.build(ours.front(), case, variant, gradient=False)
        assert [variant, build.claims(built)] == [variant, expected["outputs"]]


@pytest.mark.parametrize(("family", "name"), ALL)
def test_graph(family: str, name: str) -> None:
    case, facts, _ = recorded(family, name)
    for variant in ("full", "open"):
        expected = facts["variants"][variant]
        if "nodes" not in expected:
            continue
        built = build.build(ours.front(), case, variant)
        if expected["gradient_error"] is not None:
            assert built.gradient_error is not None, variant
            assert built.gradient_error[0] == expected["gradient_error"][0], variant
            continue
        actual = canonical.nodes(built.graph.as_graph_def())
        assert [variant, *canonical.differences(expected["nodes"], actual)] == [variant]


@pytest.mark.parametrize(("family", "name"), ALL)
def test_values(family: str, name: str, monkeypatch: Any) -> None:
    case, facts, arrays = recorded(family, name)
    if "error" in facts:
        pytest.skip("TensorFlow refuses these inputs when the graph is built")
    monkeypatch.setenv("REKINDLE_CHECK", "1")
    for variant, runner in RUNNERS:
        if variant == "open" and (not case.open or "error" in facts["variants"]["open"]):
            continue  # the recorded values are of another graph
        monkeypatch.setenv("REKINDLE_INTERPRET", "1" if runner == "interpreted" else "0")
        built = build.build(ours.front(), case, variant, gradient="gradients" in facts)
        how = f"{variant}, {runner}: "
        if "run_error" in facts:
            check_refused(built, case, facts["run_error"], how)
        else:
            check_run(built, case, facts, arrays, how)


def check_refused(built: Any, case: Any, expected: list[str], how: str) -> None:
    """Assert that a run raises what TensorFlow raised, word for word."""
    with pytest.raises(errors.OpError) as caught:
        ours.run(built, case)
    message = caught.value.message.split("\n\t [[")[0]
    assert [how, caught.type.__name__, message] == [how, *expected]


def check_run(built: Any, case: Any, facts: dict[str, Any], arrays: Any, how: str) -> None:
    """Assert that a run gives the recorded outputs, variables and gradients."""
    found = ours.run(built, case)
    for number, values in enumerate(found.values):
        for i, value in enumerate(values):
            shape = built.op.outputs[i].get_shape()
            assert shape.is_compatible_with(np.shape(value)), f"{how}static shape {shape}"
            if case.values:
                fact = facts["values"][number][i]
                check_equal(value, fact, arrays, case, f"{how}run {number}, output {i}")
    for i, value in enumerate(found.held):
        check_equal(value, facts["held"][i], arrays, case, f"{how}variable {i} afterwards")
    for i, (parts, fact) in enumerate(zip(found.gradients, facts.get("gradients", []))):
        assert len(parts) == len(fact), f"{how}gradient {i}"
        for value, one in zip(parts, fact):
            check_equal(value, one, arrays, case, f"{how}gradient {i}")


def test_every_module_imports() -> None:
    ours.front()
    assert ours.BROKEN == []


def ops_of_programs() -> set[str]:
    """The op types in the recorded graphs of the programs in tests/programs/scripts."""
    found = set()
    for program in programs.PROGRAMS:
        if program.script.startswith("scripts/"):
            record = json.loads(gzip.decompress(Path(program.recording()).read_bytes()))
            found |= {node[1] for nodes in record["graphs"] for node in nodes}
    return found


def test_every_block_has_a_sample() -> None:
    ours.front()
    sampled = {case.op for family in golden.families() for case in family_cases(family).values()}
    covered: dict[str, str] = {}
    for family in golden.families():
        covered.update(golden.elsewhere(family))
    assert sorted(set(opdef.OPS) - sampled - set(covered) - ops_of_programs()) == []
    for op, file in covered.items():
        assert op in (ROOT / file).read_text(), f"{file} does not speak of {op}"

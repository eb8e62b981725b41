"""tf.test: sessions, assertions, threads, replacements, Jacobians."""
from __future__ import annotations

import random
import sys
import unittest

import numpy as np
import pytest

from rekindle._src import errors
from rekindle._src.graph import proto, scopes
from rekindle._src.graph.graph import Graph
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import constant, placeholder
from rekindle._src.ops import math as math_ops
from rekindle._src.testing import benchmark, case, decorators, graphs, jacobians, main


class Case(case.TestCase):
    """A test case whose own test does nothing."""

    __test__ = False

    def runTest(self):
        """Pass."""


@pytest.fixture
def one(monkeypatch):
    """A test case between setUp and tearDown."""
    monkeypatch.setattr(scopes.graphs, "items", [])
    test = Case()
    test.setUp()
    yield test
    test.tearDown()


def test_setup_seeds_everything(one):
    drawn = random.random(), np.random.rand()
    one.setUp()
    assert (random.random(), np.random.rand()) == drawn
    assert scopes.get_default_graph().seed == 87654321


def test_evaluate_runs_in_a_session(one):
    assert one.evaluate([constant.constant(3.0)]) == [3.0]


def test_cached_session_is_the_same(one):
    with one.cached_session() as first:
        pass
    with one.cached_session() as second:
        assert first is second


def test_cached_session_refuses_another_graph(one):
    with one.cached_session():
        pass
    with pytest.raises(ValueError, match="The graph used to get the cached session"):
        with one.cached_session(graph=Graph()):
            pass


def test_session_puts_operations_on_the_cpu(one):
    with one.session():
        assert constant.constant(1).op.device == "/device:CPU:0"


def test_session_leaves_placement_open_for_a_gpu(one):
    with one.session(use_gpu=True):
        assert constant.constant(1).op.device == ""


def test_all_close_compares_structures(one):
    one.assertAllClose({"a": [1.0, (2.0, 3.0)]}, {"a": [1.0, (2.0, 3.0 + 1e-9)]})


def test_all_close_refuses_dict_against_list(one):
    with pytest.raises(ValueError, match="Can't compare dict to non-dict"):
        one.assertAllClose({"a": 1}, [1])


def test_all_close_says_where(one):
    with pytest.raises(AssertionError, match="Mismatched value: a is different"):
        one.assertAllClose([1.0, 2.0], [1.0, 2.5])


def test_all_close_of_half_is_coarse(one):
    one.assertAllCloseAccordingToType(np.float16([1.0]), np.float16([1.001]))


def test_all_equal_takes_nan_as_equal(one):
    one.assertAllEqual([np.nan, 1.0], np.array([np.nan, 1.0]))


def test_all_equal_refuses_other_shapes(one):
    with pytest.raises(AssertionError, match="Shape mismatch: expected"):
        one.assertAllEqual([1, 2], [1])


def test_all_in_range_lists_offenders(one):
    with pytest.raises(AssertionError, match=r"1 of the 3 element\(s\) are outside the range"):
        one.assertAllInRange([1, 2, 9], 0, 5)


def test_raises_op_error_matches_the_message(one):
    with one.assertRaisesOpError("no such"):
        raise errors.NotFoundError(None, None, "no such thing")


def test_raises_op_error_fails_without_error(one):
    with pytest.raises(AssertionError, match="OpError not raised"):
        with one.assertRaisesOpError("x"):
            pass


def test_raises_op_error_fails_on_other_text(one):
    with pytest.raises(AssertionError, match="Exception of type"):
        with one.assertRaisesOpError("another"):
            raise errors.NotFoundError(None, None, "no such thing")


def test_proto_equals_text(one):
    one.assertProtoEquals("size: 3", proto.TensorShapeProto.Dim(size=3))


def test_proto_equals_refuses(one):
    with pytest.raises(AssertionError):
        one.assertProtoEquals("size: 4", proto.TensorShapeProto.Dim(size=3))


def test_shape_equal_is_of_the_static_shape(one):
    one.assertShapeEqual(np.zeros([2, 3]), placeholder.placeholder("float32", [2, 3]))


def test_checked_thread_fails_the_test(one):
    thread = one.checkedThread(lambda: 1 / 0)
    thread.start()
    with pytest.raises(AssertionError, match="Error in checkedThread: division by zero"):
        thread.join()


def test_capture_writes(one, capfd):
    with capfd.disabled(), one.captureWritesToStream(sys.stderr) as found:
        print("heard", file=sys.stderr)
    assert found.contents() == "heard\n"


def test_compute_gradient_of_square(one):
    with one.session():
        x = constant.constant([1.0, 2.0])
        y = math_ops.square(x)
        exact, numeric = jacobians.compute_gradient(x, [2], y, [2], np.float32([1, 2]))
        one.assertAllClose(exact, [[2, 0], [0, 4]])
        one.assertAllClose(exact, numeric, 1e-2, 1e-2)


def test_compute_gradient_error_of_exact_gradient_is_small(one):
    with one.session():
        x = constant.constant([[1.0, 2.0]], "float64")
        y = array_ops.reshape(math_ops.square(x), [2])
        assert jacobians.compute_gradient_error(x, [1, 2], y, [2]) < 1e-6


def test_run_in_graph_and_eager_modes_enters_a_session(one):
    found = []
    method = decorators.run_in_graph_and_eager_modes(
        lambda self: found.append(scopes.get_default_session()))
    method(one)
    assert found[0] is not None


def test_v2_only_is_skipped(one):
    with pytest.raises(unittest.SkipTest):
        decorators.run_v2_only(lambda self: None)(one)


def test_equal_graph_defs_in_any_order():
    a, b = proto.GraphDef(), proto.GraphDef()
    for graph_def, names in ((a, "xy"), (b, "yx")):
        for name in names:
            graph_def.node.add(name=name, op="NoOp")
    graphs.assert_equal_graph_def(a, b)


def test_unexpected_node_is_named():
    a = proto.GraphDef()
    a.node.add(name="x", op="NoOp")
    with pytest.raises(AssertionError, match="Found unexpected node 'x'"):
        graphs.assert_equal_graph_def(a, proto.GraphDef())


def test_stubs_are_undone():
    holder = type("Holder", (), {"value": 1})
    stubs = main.StubOutForTesting()
    stubs.Set(holder, "value", 2)
    stubs.SmartSet(holder, "value", 3)
    assert holder.value == 3
    stubs.CleanUp()
    assert holder.value == 1


def test_benchmarks_run_by_pattern(capsys, monkeypatch):
    monkeypatch.setattr(benchmark, "REGISTRY", [])

    class Small(benchmark.Benchmark):
        def benchmarkIt(self):
            self.report_benchmark(iters=3, wall_time=0.5)

    benchmark.run_benchmarks("Small.benchmark")
    assert "Small.benchmarkIt] iters: 3, wall_time: 0.5" in capsys.readouterr().out

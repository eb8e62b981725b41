"""Loops as functions: those of graphs that were loaded, what is refused, the switch between the two forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import rekindle as tf


@pytest.fixture
def functional() -> Iterator[None]:
    """cond and while_loop make If and While operations."""
    tf.enable_control_flow_v2()
    yield
    tf.disable_control_flow_v2()


def types(graph: Any) -> set[str]:
    return {op.type for op in graph.get_operations()}


def loop(x: Any) -> Any:
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x + tf.sin(y)), (0, x))[1]


def test_the_switch_changes_what_loops_are_made_of() -> None:
    assert not tf.control_flow_v2_enabled()
    tf.enable_control_flow_v2()
    try:
        assert tf.control_flow_v2_enabled()
        with tf.Graph().as_default() as graph:
            loop(tf.constant(1.0))
    finally:
        tf.disable_control_flow_v2()
    assert "While" in types(graph) and "Enter" not in types(graph)
    with tf.Graph().as_default() as graph:
        loop(tf.constant(1.0))
    assert "Enter" in types(graph) and "While" not in types(graph)


def test_loops_inside_of_branches_of_functions_are_functions() -> None:
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        x = tf.placeholder(tf.float32, [])
        out = tf.switch_case(tf.constant(0), [lambda: loop(x), lambda: x])
        assert any("while" in name for name in graph._functions) and "Enter" not in types(graph)
        (dx,) = tf.gradients(out, x)
        found = sess.run([out, dx], {x: 0.5})
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [])
        out = loop(x)
        np.testing.assert_allclose(found, sess.run([out, *tf.gradients(out, x)], {x: 0.5}), rtol=1e-6)


def test_gradients_of_a_loop_of_a_graph_def(functional: None) -> None:
    with tf.Graph().as_default() as graph:
        tf.identity(loop(tf.placeholder(tf.float32, [], name="x")), name="out")
    with tf.Graph().as_default(), tf.Session() as sess:
        x, out = tf.import_graph_def(graph.as_graph_def(), name="", return_elements=["x:0", "out:0"])
        (dx,) = tf.gradients(out, x)
        y, slope = 0.5, 1.0
        for _ in range(3):
            y, slope = y * 0.5 + np.sin(y), slope * 0.5 + y + np.cos(y) * slope
        np.testing.assert_allclose(sess.run([out, dx], {x: 0.5}), [y, slope], rtol=1e-5)


def test_second_derivatives_of_a_loop(functional: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [])
        cube = tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y * x), (0, x))[1]
        (first,) = tf.gradients(cube, x)
        (second,) = tf.gradients(first, x)
        np.testing.assert_allclose(sess.run([cube, first, second], {x: 2.0}), [8, 12, 12])


@pytest.mark.filterwarnings("ignore:Converting sparse IndexedSlices")
def test_sparse_gradients_become_dense_in_a_loop(functional: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        table = tf.get_variable("table", initializer=[[1.0], [2.0], [3.0]], use_resource=True)
        total = tf.while_loop(
            lambda i, s: i < 3, lambda i, s: (i + 1, s + tf.reduce_sum(tf.gather(table, [i, 0]))), (0, 0.0))[1]
        (dtable,) = tf.gradients(total, [table])
        sess.run(tf.global_variables_initializer())
        assert sess.run(dtable).tolist() == [[4], [1], [1]]


def test_a_shape_that_changes_is_refused(functional: None) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError, match="enters the loop with shape .1,., but has"):
        tf.while_loop(lambda y: True, lambda y: tf.concat([y, y], 0), [tf.zeros([1])])


def test_a_type_that_changes_is_refused(functional: None) -> None:
    with tf.Graph().as_default(), pytest.raises(TypeError, match="enters the loop with type"):
        tf.while_loop(lambda y: tf.constant(True), lambda y: tf.cast(y, tf.int32), [tf.zeros([])])


def test_branches_of_other_types_are_refused(functional: None) -> None:
    with tf.Graph().as_default(), pytest.raises(TypeError, match="true_fn and false_fn arguments to tf.cond must have"):
        tf.cond(tf.constant(True), lambda: 1, lambda: 1.0)


def test_arrays_on_lists_are_refused_as_in_tensorflow(functional: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        with pytest.raises(ValueError, match="Size must be provided if flow is not provided"):
            tf.TensorArray(tf.float32)
        with pytest.raises(TypeError, match="flow must be a variant tensor"):
            tf.TensorArray(tf.float32, flow=tf.constant(1.0))
        array = tf.TensorArray(tf.float32, 2).write(0, [1.0])
        with pytest.raises(ValueError, match="Inconsistent shapes: saw .2,. but expected .1,."):
            array.write(1, [1.0, 2.0])
        with pytest.raises(tf.errors.InvalidArgumentError, match="Trying to modify element 2 in a list with 2"):
            sess.run(array.write(2, [1.0]).stack())
        assert sess.run(array.stack()).tolist() == [[1], [0]]


def test_gradients_in_a_branch_by_what_it_captures(functional: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [])
        v = tf.get_variable("v", initializer=3.0, use_resource=True)
        slopes = tf.cond(x > 0, lambda: tf.gradients(loop(x) * v, [x, v]), lambda: [x, x])
        sess.run(v.initializer)
        found = sess.run(slopes, {x: 0.5})
        out = loop(x)
        dx, value = sess.run([tf.gradients(out, x)[0], out], {x: 0.5})
        np.testing.assert_allclose(found, [3 * dx, value], rtol=1e-5)


def test_a_body_may_wait_for_a_loop_variable(functional: None) -> None:
    def body(y: Any) -> Any:
        with tf.control_dependencies([y]):
            one = tf.constant(1)
        return y + one

    with tf.Graph().as_default(), tf.Session() as sess:
        assert sess.run(tf.while_loop(lambda y: y < 5, body, [0])) == 5


def test_a_loop_of_functions_ends_when_its_time_is_over(functional: None) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        endless = tf.while_loop(lambda y: True, lambda y: y + 1, [0])
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run(endless, options=tf.RunOptions(timeout_in_ms=200))
        assert sess.run(tf.constant(1)) == 1


def test_shape_invariants_may_be_specs() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        specs = [tf.TensorSpec([], tf.int32), tf.TensorSpec(None, tf.int32)]
        grown = tf.while_loop(lambda i, _: i < 2, lambda i, x: (i + 1, tf.stack([x, x])), [0, tf.constant([1])], specs)
        assert sess.run(grown[1]).shape == (2, 2, 1)
        with pytest.raises(TypeError, match="is not compatible with"):
            tf.while_loop(lambda i, _: i < 2, lambda i, x: (i + 1, x), [0, tf.constant([1.0])], specs)

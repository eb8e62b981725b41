"""Branches as functions: what tf.switch_case refuses, gradients of branches that graphs bring along, optionals
(OptionalFromValue, OptionalGetValue, OptionalHasValue, OptionalNone).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.ops import optionals


def one() -> Any:
    return tf.constant(1.0)


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "a Python number": (lambda: tf.switch_case(1, [one]), TypeError, "branch_index must a Tensor, got <class 'int'>"),
    "a float": (
        lambda: tf.switch_case(tf.constant(1.0), [one]), TypeError,
        "branch_index must an integer Tensor, got tf.float32"),
    "no functions": (
        lambda: tf.switch_case(tf.constant(1), []), ValueError, "Must provide at least one item in branch_fns"),
    "no list": (
        lambda: tf.switch_case(tf.constant(1), one), TypeError, "branch_fns must be a list, tuple, or dict"),
    "a gap": (
        lambda: tf.switch_case(tf.constant(1), {0: one, 2: one}), ValueError,
        "branch indices (keys) must form contiguous range of [0 to 2) but found {0,2}"),
    "a number twice": (
        lambda: tf.switch_case(tf.constant(1), [(0, one), (0, one)]), ValueError,
        "branch indices (keys) must form contiguous range of [0 to 2) but found {0,0}"),
    "keys of texts": (
        lambda: tf.switch_case(tf.constant(1), {"0": one}), TypeError, "key must be a Python `int`, got <class 'str'>"),
    "no function": (
        lambda: tf.switch_case(tf.constant(1), [(0, 1.0)]), TypeError, "fn for key 0 must be callable."),
    "other types": (
        lambda: tf.switch_case(tf.constant(1), [one, lambda: tf.constant(1)]), TypeError,
        "branches[0] and branches[1] arguments to tf.switch_case must have the same number, type, and overall "
        "structure of return values."),
    "other structures": (
        lambda: tf.switch_case(tf.constant(1), [one, lambda: (one(), one())]), TypeError,
        "branches[0] and branches[1] arguments to tf.switch_case must have the same number, type, and overall "
        "structure of return values."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_worded_as_in_tensorflow(name: str) -> None:
    build, kind, text = REFUSED[name]
    with tf.Graph().as_default(), pytest.raises(kind) as caught:
        build()
    assert str(caught.value).splitlines()[0] == text


def test_a_branch_does_not_see_the_inside_of_another() -> None:
    seen = []

    def first() -> Any:
        seen.append(tf.constant(2.0) * 3.0)
        return seen[0]

    with tf.Graph().as_default(), pytest.raises(ValueError, match="in branch 0 is accessed from branch 1."):
        tf.switch_case(tf.constant(1), [first, lambda: seen[0] * 1.0])


def imported() -> tuple[Any, Any, Any, Any]:
    """A graph with a branching that came as a GraphDef: (graph, index, x, result)."""
    with tf.Graph().as_default() as graph:
        index, x = tf.placeholder(tf.int32, [], name="i"), tf.placeholder(tf.float32, [], name="x")
        out = tf.switch_case(index, [lambda: tf.sin(x) * x, lambda: x * x, lambda: tf.constant(4.0)])
        tf.identity(out, name="out")
    with tf.Graph().as_default() as other:
        found = tf.import_graph_def(graph.as_graph_def(), name="", return_elements=["i:0", "x:0", "out:0"])
    return (other, *found)


@pytest.mark.parametrize(("index", "value", "slope"), [
    (0, 3 * np.sin(3), np.sin(3) + 3 * np.cos(3)), (1, 9, 6), (2, 4, 0), (-1, 4, 0)])
def test_gradients_of_a_branching_of_a_graph_def(index: int, value: float, slope: float) -> None:
    graph, i, x, out = imported()
    with graph.as_default(), tf.Session() as sess:
        (dx,) = tf.gradients(out, x)
        np.testing.assert_allclose(sess.run([out, dx], {i: index, x: 3.0}), [value, slope], rtol=1e-5)


def test_second_derivatives_of_a_branching() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        i, x = tf.placeholder(tf.int32, []), tf.placeholder(tf.float32, [])
        out = tf.switch_case(i, [lambda: x * x * x, lambda: tf.exp(x)])
        (first,) = tf.gradients(out, x)
        (second,) = tf.gradients(first, x)
        np.testing.assert_allclose(sess.run([first, second], {i: 0, x: 2.0}), [12, 12], rtol=1e-5)
        np.testing.assert_allclose(sess.run([first, second], {i: 1, x: 0.0}), [1, 1], rtol=1e-5)


def test_a_function_of_stateful_operations_says_so() -> None:
    from rekindle._src.state import function

    with tf.Graph().as_default():
        @function.Defun(tf.float32)
        def noisy(x: Any) -> Any:
            return x + tf.random_uniform([])

        assert noisy.definition.signature.is_stateful
        assert noisy.name == "noisy_" + noisy.name[-11:]


def test_optionals_hold_tensors_or_nothing() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        some, none = optionals.optional_from_value([[1.0, 2.0], "a"]), optionals.optional_none()
        assert sess.run([optionals.optional_has_value(one) for one in (some, none)]) == [True, False]
        numbers, text = optionals.optional_get_value(tf.zeros_like(some), [tf.float32, tf.string], [[2], []])
        assert sess.run([numbers, text])[0].tolist() == [0, 0]
        with pytest.raises(tf.errors.InvalidArgumentError, match="The given optional does not have a value."):
            sess.run(optionals.optional_get_value(none, [tf.float32], [[]]))
        with pytest.raises(tf.errors.InvalidArgumentError, match="Cannot add optionals because one has a value"):
            sess.run(optionals.optional_has_value(tf.add_n([some, none])))

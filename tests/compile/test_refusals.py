"""Steps refuse fed shapes that an op refuses, also where torch would broadcast or reshape them."""
import numpy as np
import pytest

import rekindle as tf


@pytest.mark.parametrize(("build", "shapes", "message"), [
    (tf.matmul, [(3,), (3,)], "ndims must be >= 2|rank"),
    (tf.nn.bias_add, [(3,), (3,)], "at least 2D|rank"),
    (lambda a, b: tf.tile(a, tf.cast(b, tf.int32)), [(2,), (2,)], "multiples|rank"),
    (lambda a, b: tf.add_n([a, b]), [(), (3,)], "same size and shape|rank"),
])
def test_a_step_refuses_what_the_shape_rule_refuses(build, shapes, message):
    with tf.Graph().as_default(), tf.Session() as session:
        fed = [tf.placeholder(tf.float32) for _ in shapes]
        found = build(*fed)
        with pytest.raises(tf.errors.InvalidArgumentError, match=message) as caught:
            session.run(found, {p: np.ones(s) for p, s in zip(fed, shapes, strict=True)})
        assert caught.value.op is found.op


def test_a_branch_that_is_not_taken_refuses_nothing():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32)
        y = tf.cond(tf.placeholder_with_default(True, []), lambda: x, lambda: tf.matmul(x, x))
        assert session.run(y, {x: [1.0]}) == [1.0]


def test_the_value_of_a_placeholder_with_a_default_may_have_another_shape():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32)
        assert session.run(tf.placeholder_with_default(x, [2]) * 2.0, {x: [[1.0]]}) == [[2.0]]

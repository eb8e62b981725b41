"""Staging areas: order, limits, names.

The ops: Stage StageClear StagePeek StageSize Unstage.
"""
from __future__ import annotations

import threading
import time

import pytest

import rekindle as tf
from rekindle._src.ops.staging import StagingArea


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_elements_leave_in_the_order_in_which_they_came(sess):
    x = tf.placeholder(tf.float32, [])
    area = StagingArea([tf.float32, tf.int32], shapes=[[], []])
    put, got = area.put([x, tf.constant(7)]), area.get()
    for i in range(3):
        sess.run(put, {x: i})
    assert sess.run(area.size()) == 3
    assert sess.run(area.peek(2))[0] == 2
    assert [sess.run(got) for _ in range(2)] == [[0, 7], [1, 7]]
    sess.run(area.clear())
    assert sess.run(area.size()) == 0


def test_names_make_dictionaries(sess):
    area = StagingArea([tf.int32, tf.int32], names=["a", "b"], shared_name="mine")
    sess.run(area.put({"a": tf.constant(1), "b": tf.constant(2)}))
    assert sess.run(area.get()) == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="You must enqueue a dictionary in a staging area with names"):
        area.put([tf.constant(1), tf.constant(2)])


@pytest.mark.parametrize("limits", [{"capacity": 1}, {"memory_limit": 6}])
def test_a_step_waits_for_room(sess, limits):
    area = StagingArea([tf.int32], **limits)
    put, got, done = area.put(tf.constant(1)), area.get(), []
    sess.run(put)
    thread = threading.Thread(target=lambda: done.append(sess.run(put)))
    thread.start()
    time.sleep(0.1)
    assert not done
    sess.run(got)
    thread.join()
    assert done == [None]


def test_an_element_that_is_too_large_is_refused(sess):
    area = StagingArea([tf.int32], memory_limit=6)
    with pytest.raises(tf.errors.ResourceExhaustedError, match="combined size of '8' bytes into Staging Area with a"):
        sess.run(area.put(tf.constant([1, 2])))

"""Accumulators of gradients and barriers: what steps give and take, waiting, errors.

The ops: AccumulatorApplyGradient AccumulatorNumAccumulated AccumulatorSetGlobalStep AccumulatorTakeGradient Barrier
BarrierClose BarrierIncompleteSize BarrierInsertMany BarrierReadySize BarrierTakeMany ConditionalAccumulator
ResourceAccumulatorApplyGradient ResourceAccumulatorNumAccumulated ResourceAccumulatorSetGlobalStep
ResourceAccumulatorTakeGradient ResourceConditionalAccumulator SparseAccumulatorApplyGradient
SparseAccumulatorTakeGradient SparseConditionalAccumulator.
"""
from __future__ import annotations

import threading
import time

import pytest

import rekindle as tf
from rekindle._src.ops import accumulators, barrier


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


@pytest.mark.parametrize("kind, wanted", [("MEAN", [2.0, 3.0]), ("SUM", [4.0, 6.0])])
def test_gradients_are_taken_together(sess, kind, wanted):
    held = tf.ConditionalAccumulator(tf.float32, [2], reduction_type=kind)
    sess.run([held.apply_grad([1.0, 2.0]), held.apply_grad([3.0, 4.0])])
    assert sess.run(held.num_accumulated()) == 2
    assert sess.run(held.take_grad(2)).tolist() == wanted
    assert sess.run(held.num_accumulated()) == 0


def test_old_handles_work_with_the_old_ops(sess):
    handle = accumulators.conditional_accumulator(dtype=tf.float32, shape=[])
    sess.run(accumulators.accumulator_apply_gradient(handle, tf.constant(0, tf.int64), 3.0))
    sess.run(accumulators.accumulator_set_global_step(handle, tf.constant(1, tf.int64)))
    assert sess.run(accumulators.accumulator_num_accumulated(handle)) == 1
    assert sess.run(accumulators.accumulator_take_gradient(handle, 1, dtype=tf.float32)) == 3.0


def test_stale_gradients_are_left_out(sess):
    held = tf.ConditionalAccumulator(tf.float32, [])
    sess.run(held.set_global_step(2))
    sess.run(held.apply_grad(1.0, local_step=1))
    assert sess.run(held.num_accumulated()) == 0
    sess.run(held.apply_grad(1.0, local_step=2))
    assert sess.run(held.take_grad(1)) == 1.0
    sess.run(held.apply_grad(1.0, local_step=2))  # taking one was a step
    assert sess.run(held.num_accumulated()) == 0


def test_a_step_waits_for_enough_gradients(sess):
    held = tf.ConditionalAccumulator(tf.float32, [])
    taken, found = held.take_grad(2), []
    add = held.apply_grad(3.0)
    thread = threading.Thread(target=lambda: found.append(sess.run(taken)))
    thread.start()
    sess.run(add)
    time.sleep(0.1)
    assert not found
    sess.run(add)
    thread.join()
    assert found == [3.0]


def test_rows_of_sparse_gradients_have_counts_of_their_own(sess):
    held = tf.SparseConditionalAccumulator(tf.float32, [4, 1])
    sess.run(held.apply_grad([0, 2], [[1.0], [4.0]], [4, 1]))
    sess.run(held.apply_indexed_slices_grad(tf.IndexedSlices(tf.constant([[2.0]]), tf.constant([2]))))
    found = sess.run(held.take_indexed_slices_grad(2))
    assert found.indices.tolist() == [0, 2] and found.values.tolist() == [[1.0], [3.0]]
    assert found.dense_shape.tolist() == [4, 1]
    with pytest.raises(tf.errors.InvalidArgumentError, match="index of slice 0 exceeded limits of shape; index is 9"):
        sess.run(held.apply_grad([9], [[1.0]], local_step=1))


def test_gradients_that_do_not_fit_are_refused(sess):
    held = tf.ConditionalAccumulator(tf.float32, [2])
    value = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Shape mismatch: expected \[2\], got \[3\]"):
        sess.run(held.apply_grad(value), {value: [1, 2, 3]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="Argument num_required must be positive, but was 0"):
        sess.run(held.take_grad(0))


def test_elements_of_a_barrier_are_ready_when_they_are_complete(sess):
    held = barrier.Barrier((tf.float32, tf.string), shapes=((), ()), name="B")
    sess.run(held.insert_many(0, ["a", "b"], [1.0, 2.0]))
    assert sess.run([held.ready_size(), held.incomplete_size()]) == [0, 2]
    sess.run(held.insert_many(1, ["b"], ["two"]))
    assert sess.run([held.ready_size(), held.incomplete_size()]) == [1, 1]
    indices, keys, (numbers, texts) = sess.run(held.take_many(1))
    assert indices.tolist() == [-(2**63)] and keys.tolist() == [b"b"]
    assert numbers.tolist() == [2.0] and texts.tolist() == [b"two"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Key a already has a value for component 0 in barrier"):
        sess.run(held.insert_many(0, ["a"], [1.0]))


def test_a_closed_barrier_completes_what_it_has(sess):
    held = barrier.Barrier((tf.float32, tf.float32), shapes=((), ()), name="B")
    sess.run(held.insert_many(0, ["a"], [1.0]))
    sess.run(held.close())
    with pytest.raises(tf.errors.CancelledError, match="is closed, but attempted to insert a brand new key: c"):
        sess.run(held.insert_many(0, ["c"], [1.0]))
    sess.run(held.insert_many(1, ["a"], [2.0]))
    assert sess.run(held.take_many(1))[1].tolist() == [b"a"]
    with pytest.raises(tf.errors.OutOfRangeError, match="is closed and has insufficient elements .requested 1, total"):
        sess.run(held.take_many(1))
    with pytest.raises(tf.errors.CancelledError, match="is already closed."):
        sess.run(held.close())

"""Queues: order, waiting, closing, errors; what TensorFlow 1.15.5 gave stands in the tests.

The ops: FIFOQueue FIFOQueueV2 FakeQueue PaddingFIFOQueue PaddingFIFOQueueV2 PriorityQueue PriorityQueueV2
QueueClose QueueCloseV2 QueueDequeue QueueDequeueMany QueueDequeueManyV2 QueueDequeueUpTo QueueDequeueUpToV2
QueueDequeueV2 QueueEnqueue QueueEnqueueMany QueueEnqueueManyV2 QueueEnqueueV2 QueueIsClosed QueueIsClosedV2
QueueSize QueueSizeV2 RandomShuffleQueue RandomShuffleQueueV2.
"""
from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.ops import queue_ops

CLOSED = "FIFOQueue '_[0-9]+_fifo_queue' is closed"


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def in_thread(call):
    """A thread that runs a call, and the list that gets its result or error."""
    found = []

    def run():
        try:
            found.append(call())
        except tf.errors.OpError as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.1)
    return thread, found


def test_elements_leave_in_the_order_in_which_they_came(sess):
    queue = tf.FIFOQueue(5, [tf.int32, tf.string], shapes=[[], []])
    sess.run(queue.enqueue_many([[1, 2, 3], ["a", "b", "c"]]))
    number, text = sess.run(queue.dequeue_many(2))
    assert number.tolist() == [1, 2] and text.tolist() == [b"a", b"b"]
    assert sess.run(queue.size()) == 1
    assert sess.run(queue.dequeue()) == [3, b"c"]


def test_a_seed_decides_the_order_of_a_shuffled_queue(sess):
    queue = tf.RandomShuffleQueue(100, 0, [tf.int32], [[]], seed=5)
    sess.run(queue.enqueue_many([list(range(20))]))
    one, ten = queue.dequeue(), queue.dequeue_many(10)
    found = sess.run(one), sess.run(ten).tolist(), sess.run(one)
    assert found == (11, [19, 6, 5, 8, 4, 1, 9, 15, 13, 12], 17)


def test_equal_priorities_leave_in_the_order_of_tensorflow(sess):
    queue = tf.PriorityQueue(10, [tf.string], [[]])
    sess.run(queue.enqueue_many([[1, 1, 1, 0, 0, 2, 2, 2, 1], list("abcdefghi")]))
    priorities, texts = sess.run(queue.dequeue_many(9))
    assert priorities.tolist() == [0, 0, 1, 1, 1, 1, 2, 2, 2]
    assert b"".join(texts.tolist()) == b"decaibgfh"


def test_elements_of_different_sizes_are_padded(sess):
    queue = tf.PaddingFIFOQueue(5, [tf.int32, tf.string], [[None], [None]])
    sess.run([queue.enqueue([[1, 2, 3], ["a"]]), queue.enqueue([[4], ["b", "c"]])])
    numbers, texts = sess.run(queue.dequeue_many(2))
    assert numbers.tolist() == [[1, 2, 3], [4, 0, 0]]
    assert texts.tolist() == [[b"a", b""], [b"b", b"c"]]


def test_an_element_is_a_copy_of_what_was_fed(sess):
    value = tf.placeholder(tf.float32, [2])
    queue = tf.FIFOQueue(5, [tf.float32], shapes=[[2]])
    array = np.array([1, 2], np.float32)
    sess.run(queue.enqueue(value), {value: array})
    array[:] = 7
    assert sess.run(queue.dequeue()).tolist() == [1, 2]


def test_a_step_waits_for_an_element(sess):
    queue = tf.FIFOQueue(5, [tf.int32])
    put, taken = queue.enqueue(3), queue.dequeue()
    thread, found = in_thread(lambda: sess.run(taken))
    assert not found
    sess.run(put)
    thread.join()
    assert found == [3]


def test_a_step_waits_for_room(sess):
    queue = tf.FIFOQueue(2, [tf.int32], shapes=[[]])
    put, taken = queue.enqueue_many([[1, 2, 3]]), queue.dequeue()
    thread, found = in_thread(lambda: sess.run(put))
    assert [sess.run(taken) for _ in range(3)] == [1, 2, 3]
    thread.join()
    assert found == [None]


def test_one_step_may_take_out_what_it_puts_in(sess):
    queue = tf.FIFOQueue(1, tf.float32)
    taken = queue.dequeue()
    put = queue.enqueue(3.0)
    assert sess.run([taken, put]) == [3.0, None]
    sess.run(put)
    assert sess.run([taken, put]) == [3.0, None]


def test_one_step_may_make_the_room_that_it_waits_for(sess):
    queue = tf.FIFOQueue(1, tf.float32)
    put = queue.enqueue(3.0)
    taken = queue.dequeue()
    sess.run(put)
    assert sess.run([put, taken]) == [None, 3.0]


def test_what_waits_ends_with_a_step_that_fails(sess):
    queue = tf.FIFOQueue(4, tf.float32)
    taken = queue.dequeue()
    put = queue.enqueue(tf.check_numerics(tf.placeholder_with_default(np.nan, []), "bad"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="bad"):
        sess.run([taken, put])
    sess.run(queue.enqueue(1.0))
    assert sess.run(queue.size()) == 1


def test_a_closed_queue_gives_what_it_has(sess):
    queue = tf.FIFOQueue(5, [tf.int32], shapes=[[]])
    many, rest = queue.dequeue_many(3), queue.dequeue_up_to(3)
    sess.run(queue.enqueue_many([[1, 2]]))
    closed = queue.is_closed()
    assert not sess.run(closed)
    sess.run(queue.close())
    assert sess.run(closed)
    with pytest.raises(tf.errors.OutOfRangeError, match=f"{CLOSED} and has insufficient elements .requested 3, cur"):
        sess.run(many)
    assert sess.run(rest).tolist() == [1, 2]
    with pytest.raises(tf.errors.CancelledError, match=CLOSED):
        sess.run(queue.enqueue(1))
    with pytest.raises(tf.errors.CancelledError, match="Queue '_[0-9]+_fifo_queue' is already closed."):
        sess.run(queue.close())


def test_closing_cancels_what_waits_for_room(sess):
    queue = tf.FIFOQueue(1, [tf.int32], shapes=[[]])
    put, close = queue.enqueue_many([[1, 2]]), queue.close(cancel_pending_enqueues=True)
    thread, found = in_thread(lambda: sess.run(put))
    sess.run(close)
    thread.join()
    assert isinstance(found[0], tf.errors.CancelledError)
    assert found[0].message.startswith("Enqueue operation was cancelled\n\t [[node fifo_queue_EnqueueMany")


def test_closing_the_session_cancels_what_waits():
    with tf.Graph().as_default():
        queue = tf.FIFOQueue(1, [tf.int32])
        taken = queue.dequeue()
        session = tf.Session()
        thread, found = in_thread(lambda: session.run(taken))
        session.close()
        thread.join()
    assert isinstance(found[0], tf.errors.CancelledError)
    assert found[0].message.startswith("Dequeue operation was cancelled")


@pytest.mark.parametrize("way", ["options", "config"])
def test_a_run_waits_no_longer_than_it_may(way):
    config = tf.ConfigProto(operation_timeout_in_ms=50) if way == "config" else None
    options = tf.RunOptions(timeout_in_ms=50) if way == "options" else None
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        taken = tf.FIFOQueue(1, [tf.int32]).dequeue()
        with pytest.raises(tf.errors.DeadlineExceededError) as raised:
            session.run(taken, options=options)
    assert raised.value.message == "Timed out waiting for notification"
    assert raised.value.op is None


def test_old_handles_work_with_the_old_ops(sess):
    handle = queue_ops.fifo_queue(component_types=[tf.int32], shapes=[[]])
    sess.run(queue_ops.queue_enqueue_many(handle, [tf.constant([4, 5])]))
    queue = tf.QueueBase([tf.int32], [[]], None, handle)
    assert sess.run([queue.size(), queue.is_closed()]) == [2, False]
    assert sess.run(queue.dequeue()) == 4
    sess.run(queue.close())
    with pytest.raises(tf.errors.CancelledError):
        sess.run(queue.enqueue(1))


def test_nodes_with_one_shared_name_share_a_queue(sess):
    first = tf.FIFOQueue(2, [tf.int32], shared_name="both")
    second = tf.FIFOQueue(2, [tf.int32], shared_name="both")
    other = tf.FIFOQueue(3, [tf.int32], shared_name="both")
    sess.run(first.enqueue(1))
    assert sess.run(second.dequeue()) == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="has capacity 2 but requested capacity was 3"):
        sess.run(other.size())


def test_what_does_not_fit_is_refused(sess):
    value = tf.placeholder(tf.float32)
    queue = tf.FIFOQueue(3, [tf.float32], shapes=[[]])
    message = r"Shape mismatch in tuple component 0. Expected \[\], got \[2\]"
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        sess.run(queue.enqueue(value), {value: [1, 2]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="DequeueManyOp requested -1 < 0 elements"):
        count = tf.placeholder(tf.int32)
        sess.run(queue.dequeue_many(count), {count: -1})


def test_scopes_of_a_thread_are_its_own_after_the_switch():
    graph = tf.Graph()
    graph.switch_to_thread_local()
    with graph.as_default(), tf.name_scope("main"), tf.device("/cpu:0"):
        made = []

        def build():
            with graph.as_default():
                made.append(tf.constant(1, name="c"))

        thread = threading.Thread(target=build)
        thread.start()
        thread.join()
        assert made[0].op.name == "c"
        assert tf.constant(1, name="c").op.name == "main/c"


def test_an_index_chooses_a_queue(sess):
    index = tf.placeholder(tf.int32, [])
    queues = [tf.FIFOQueue(2, [tf.int32], shapes=[[]]) for _ in range(3)]
    chosen = tf.FIFOQueue.from_list(index, queues)
    sess.run(chosen.enqueue(7), {index: 1})
    assert sess.run([q.size() for q in queues]) == [0, 1, 0]
    assert sess.run(chosen.dequeue(), {index: 1}) == 7
    with pytest.raises(tf.errors.InvalidArgumentError, match="is not in"):
        sess.run(chosen.size(), {index: 5})
    with pytest.raises(TypeError, match="A list of queues expected"):
        tf.QueueBase.from_list(0, [])

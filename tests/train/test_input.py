"""Input pipelines: queues that threads fill, their batches, and how they end."""
from __future__ import annotations

import threading

import numpy as np
import pytest

import rekindle as tf


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def until_the_end(sess, fetches):
    """All values of `fetches`, to the end of the input."""
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    found = []
    try:
        while not coord.should_stop():
            found.append(sess.run(fetches))
    except tf.errors.OutOfRangeError as error:
        coord.request_stop(error)
    coord.join(threads)
    return found


def test_seeds_decide_the_order_of_names(sess):
    tf.set_random_seed(3)
    names = tf.train.string_input_producer(list("abcdef"), num_epochs=2, seed=7).dequeue()
    assert b"".join(until_the_end(sess, names)) == b"ecdbaffabecd"


def test_slices_come_together(sess):
    numbers, squares = tf.train.slice_input_producer(
        [tf.constant([1, 2, 3]), tf.constant([1, 4, 9])], num_epochs=1, shuffle=False)
    assert until_the_end(sess, [numbers, squares]) == [[1, 1], [2, 4], [3, 9]]


@pytest.mark.parametrize("smaller, sizes", [(False, [2, 2]), (True, [2, 2, 1])])
def test_the_last_batch_may_be_smaller(sess, smaller, sizes):
    number = tf.train.range_input_producer(5, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch([number], 2, allow_smaller_final_batch=smaller)
    assert batch.shape.as_list() == [None if smaller else 2]
    assert [len(b) for b in until_the_end(sess, batch)] == sizes


def test_a_dictionary_of_elements_gives_a_dictionary_of_batches(sess):
    number = tf.train.range_input_producer(4, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch({"n": number, "double": number * 2}, 4)
    found = until_the_end(sess, batch)
    assert [{k: v.tolist() for k, v in b.items()} for b in found] == [{"n": [0, 1, 2, 3], "double": [0, 2, 4, 6]}]


def test_elements_of_different_sizes_are_padded(sess):
    number = tf.train.range_input_producer(3, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch([tf.fill([number], number)], 3, dynamic_pad=True)
    assert until_the_end(sess, batch)[0].tolist() == [[0, 0], [1, 0], [2, 2]]


def test_some_elements_are_left_out(sess):
    number = tf.train.range_input_producer(8, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.maybe_batch([number], tf.equal(number % 2, 0), 4)
    assert [b.tolist() for b in until_the_end(sess, batch)] == [[0, 2, 4, 6]]


def test_sparse_elements_become_one_sparse_tensor(sess):
    number = tf.train.range_input_producer(2, num_epochs=1, shuffle=False).dequeue()
    sparse = tf.SparseTensor([[tf.to_int64(number)]], [number], [5])
    batch = tf.train.batch([sparse, number], 2)
    assert batch[0].dense_shape.shape.as_list() == [2]
    found = until_the_end(sess, batch)[0]
    assert found[0].indices.tolist() == [[0, 0], [1, 1]] and found[0].dense_shape.tolist() == [2, 5]
    assert found[1].tolist() == [0, 1]


def test_many_threads_give_every_element_once(sess):
    number = tf.train.range_input_producer(50, num_epochs=1).dequeue()
    batch = tf.train.shuffle_batch([number], 10, capacity=40, min_after_dequeue=10, num_threads=4)
    found = np.concatenate(until_the_end(sess, batch))
    assert sorted(found.tolist()) == list(range(50))


def test_lists_of_tensors_have_threads_of_their_own(sess):
    lists = [[tf.train.range_input_producer(4, num_epochs=1).dequeue() + offset] for offset in (0, 10)]
    batch = tf.train.shuffle_batch_join(lists, 4, capacity=20, min_after_dequeue=4)
    found = np.concatenate(until_the_end(sess, batch))
    assert sorted(found.tolist()) == [0, 1, 2, 3, 10, 11, 12, 13]


def test_what_cannot_be_batched_is_refused(sess):
    with pytest.raises(ValueError, match="Cannot infer Tensor's rank"):
        tf.train.batch([tf.placeholder(tf.int32)], 2)
    with pytest.raises(ValueError, match="All shapes must be fully defined: .TensorShape.*Dimension.None"):
        tf.train.batch([tf.placeholder(tf.int32, [None])], 2)
    with pytest.raises(ValueError, match="capacity 5 must be bigger than min_after_dequeue 5."):
        tf.train.shuffle_batch([tf.constant(1)], 2, 5, 5)
    with pytest.raises(ValueError, match="string_input_producer requires a non-null input tensor"):
        tf.train.string_input_producer([])


def test_matching_names_are_found_once(sess, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text("")
    names = tf.train.match_filenames_once(str(tmp_path / "*.txt"))
    sess.run(tf.local_variables_initializer())
    (tmp_path / "c.txt").write_text("")
    assert len(sess.run(names)) == 2


def test_runners_travel_with_a_meta_graph(sess):
    tf.train.range_input_producer(3, name="numbers")
    message = tf.train.export_meta_graph()
    with tf.Graph().as_default(), tf.Session() as other:
        tf.train.import_meta_graph(message)
        runner = tf.get_collection(tf.GraphKeys.QUEUE_RUNNERS)[0]
        assert (runner.name, runner.enqueue_ops[0].type) == ("numbers", "QueueEnqueueManyV2")
        coord = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(other, coord)
        coord.request_stop()
        coord.join(threads)


def test_a_coordinator_raises_what_a_thread_reported():
    coord = tf.train.Coordinator()

    def fail():
        with coord.stop_on_exception():
            raise KeyError("first")

    thread = threading.Thread(target=fail)
    thread.start()
    with pytest.raises(KeyError, match="first"):
        coord.join([thread])


def test_a_looper_calls_until_it_is_asked_to_stop():
    coord = tf.train.Coordinator()
    calls = []

    def call():
        calls.append(1)
        if len(calls) == 3:
            coord.request_stop()

    tf.train.LooperThread.loop(coord, 0.01, call)
    coord.join()
    assert len(calls) == 3


def test_starting_without_runners_warns(sess):
    assert tf.train.start_queue_runners(sess) == []
    with pytest.raises(TypeError, match="sess must be a `tf.Session` object. Given class: <class 'str'>"):
        tf.train.start_queue_runners("session")

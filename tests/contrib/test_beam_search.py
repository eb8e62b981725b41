"""The tree of a beam search, GatherTree: beams read backwards, what is refused."""
import numpy as np
import pytest

import rekindle as tf

gather_tree = tf.contrib.seq2seq.gather_tree
END = 10


def beams(step_ids, parent_ids, lengths):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(gather_tree(step_ids, parent_ids, lengths, END))


def test_beams_are_followed_from_their_last_words():
    steps = np.array([[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]], np.int32)
    parents = np.array([[[0, 0, 0]], [[0, 1, 1]], [[2, 1, 2]]], np.int32)
    expected = [[[2, 2, 2]], [[6, 5, 6]], [[7, 8, 9]]]
    np.testing.assert_array_equal(beams(steps, parents, [3]), expected)


def test_past_the_first_end_all_is_end():
    steps = np.array([[[1, END]], [[END, 5]], [[7, 8]]], np.int32)
    parents = np.array([[[0, 0]], [[0, 1]], [[0, 1]]], np.int32)
    expected = [[[1, END]], [[END, END]], [[END, END]]]
    np.testing.assert_array_equal(beams(steps, parents, [2]), expected)
    assert (beams(steps, parents, [0]) == END).all()


def test_a_parent_that_is_no_beam_is_refused():
    steps = np.zeros((2, 1, 2), np.int32)
    parents = np.array([[[0, 0]], [[0, -1]]], np.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Saw invalid parent id -1 at .* == \(0, 0, 1\)"):
        beams(steps, parents, [2])


def test_lengths_are_one_a_row():
    steps = np.zeros((2, 1, 2), np.int32)
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 1 and 2"):
        beams(steps, steps, [2, 2])

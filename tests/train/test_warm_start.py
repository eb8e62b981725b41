"""tf.train.warm_start, and matrices of checkpoints in the order of another vocabulary."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.train.remapped import load_and_remap_matrix

OLD = np.arange(12, dtype=np.float32).reshape(4, 3)


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


@pytest.fixture
def old(tmp_path):
    """A folder with a checkpoint of matrix "m" and vector "b", and the vocabularies old and new."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("m", initializer=OLD)
        tf.get_variable("b", initializer=[1.0, 2.0])
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(tmp_path / "model"))
    (tmp_path / "old").write_text("a\nb\nc\nd\n")
    (tmp_path / "new").write_text("d\nx\nb\n")
    return tmp_path


def started(session, *args, **kwargs):
    tf.train.warm_start(*args, **kwargs)
    session.run(tf.global_variables_initializer())


def test_all_trainable_variables(session, old):
    m, b = tf.get_variable("m", shape=[4, 3]), tf.get_variable("b", shape=[2])
    started(session, str(old))
    assert session.run(m).tolist() == OLD.tolist() and session.run(b).tolist() == [1, 2]


def test_some_variables_under_other_names(session, old):
    w = tf.get_variable("scope/w", shape=[2], trainable=False)
    b = tf.get_variable("b", initializer=[7.0, 7.0])
    started(session, str(old / "model"), ["scope"], var_name_to_prev_var_name={"scope/w": "b"})
    assert session.run(w).tolist() == [1, 2] and session.run(b).tolist() == [7, 7]


@pytest.mark.parametrize("parts", [None, tf.fixed_size_partitioner(2)])
def test_a_vocabulary_of_rows(session, old, parts):
    m = tf.get_variable("m", shape=[4, 3], partitioner=parts)
    known = tf.train.VocabInfo(str(old / "new"), 3, 1, str(old / "old"), backup_initializer=tf.ones_initializer())
    started(session, str(old), var_name_to_vocab_info={"m": known})
    expected = [OLD[3].tolist(), [1, 1, 1], OLD[1].tolist(), [1, 1, 1]]
    assert session.run(tf.convert_to_tensor(m)).tolist() == expected


def test_a_vocabulary_of_columns(session, old):
    (old / "columns").write_text("p\nq\nr\n")
    (old / "fewer").write_text("r\np\n")
    m = tf.get_variable("m", shape=[4, 2])
    known = tf.train.VocabInfo(str(old / "fewer"), 2, 0, str(old / "columns"), axis=1)
    started(session, str(old), var_name_to_vocab_info={"m": known})
    assert session.run(m).tolist() == OLD[:, [2, 0]].tolist()


def test_names_that_are_not_used(old):
    tf.get_variable("b", shape=[2])
    with pytest.raises(ValueError, match="var_name_to_prev_var_name that were not used"):
        tf.train.warm_start(str(old), var_name_to_prev_var_name={"zz": "b"})
    with pytest.raises(ValueError, match="`vars_to_warm_start must be a `list` or `str`"):
        tf.train.warm_start(str(old), 3)
    with pytest.raises(ValueError, match="The only supported values for the axis"):
        tf.train.VocabInfo("a", 1, 0, "b", axis=2)


def test_a_checkpoint_of_objects(session, tmp_path):
    with tf.Graph().as_default(), tf.Session() as other:
        v = tf.get_variable("v", initializer=[5.0])
        other.run(v.initializer)
        tf.train.Checkpoint(inner=v).save(str(tmp_path / "ck"))
    v = tf.get_variable("v", shape=[1])
    started(session, str(tmp_path))
    assert session.run(v).tolist() == [5]


@pytest.mark.parametrize("rows", [-1, 1, 2, 100])
def test_rows_at_once(session, old, rows):
    found = load_and_remap_matrix(str(old / "model"), "m", 0, 3, 3, tf.zeros_initializer(), -1, str(old / "old"),
                                  str(old / "new"), max_rows_in_memory=rows)  # fmt: skip
    assert session.run(found).tolist() == [OLD[3].tolist(), [0, 0, 0], OLD[1].tolist()]


@pytest.mark.parametrize(("remapping", "values", "said"), [
    ([0, 0, 1], 0, "Old ID 0 is mapped to both new ID 0 and 1"), ([0, 1], 0, "Size of row_remapping is 2"),
    ([0, -1, 2], 0, "but more missing values remain"), ([0, 1, 2], 1, "but only 0 elements were used"),
    ([0, 1, 9], 0, "that tensor m of shape .4,3. lacks"),
])  # fmt: skip
def test_remappings_that_do_not_fit(session, old, remapping, values, said):
    made = tf.raw_ops.LoadAndRemapMatrix(
        ckpt_path=str(old / "model"), old_tensor_name="m", row_remapping=tf.constant(remapping, tf.int64),
        col_remapping=tf.zeros([0], tf.int64), initializing_values=tf.zeros([values]), num_rows=3, num_cols=3)
    with pytest.raises(tf.errors.OpError, match=said):
        session.run(made)


def test_vocabularies(session, old):
    def remapped(**attrs):
        return tf.raw_ops.GenerateVocabRemapping(
            new_vocab_file=str(old / "new"), old_vocab_file=str(old / "old"), **attrs)

    found, count = session.run(remapped(new_vocab_offset=1, num_new_vocab=2))
    assert found.tolist() == [-1, 1] and count == 1
    assert session.run(remapped(new_vocab_offset=0, num_new_vocab=1, old_vocab_size=2))[0].tolist() == [-1]
    with pytest.raises(tf.errors.InvalidArgumentError, match="lookup table size must be larger"):
        session.run(remapped(new_vocab_offset=2, num_new_vocab=2))

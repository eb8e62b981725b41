"""Lookup tables: HashTableV2, MutableHashTableV2, MutableHashTableOfTensorsV2, MutableDenseHashTableV2, and the ops on
them: LookupTableFindV2, LookupTableInsertV2, LookupTableImportV2, LookupTableRemoveV2, LookupTableSizeV2,
LookupTableExportV2, InitializeTableV2, InitializeTableFromTextFileV2."""
from __future__ import annotations

import pytest

import rekindle as tf
from rekindle._src.contrib import lookup
from rekindle._src.graph import opdef


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("a\nb\nc\n")
    return str(path)


def test_words_of_a_vector(session):
    table = lookup.index_table_from_tensor(["x", "y", "z"], default_value=-7)
    found = table.lookup(tf.constant(["y", "q"]))
    session.run(tf.tables_initializer())
    assert session.run(found).tolist() == [1, -7] and session.run(table.size()) == 3


def test_unknown_words_go_to_buckets(session):
    table = lookup.index_table_from_tensor(["x", "y"], num_oov_buckets=2)
    found = table.lookup(tf.constant(["y", "q", "w", "q"]))
    session.run(tf.tables_initializer())
    known, q, w, again = session.run(found).tolist()
    assert known == 1 and {q, w} <= {2, 3} and q == again


def test_words_of_a_file(session, words):
    ids = lookup.index_table_from_file(words, vocab_size=2).lookup(tf.constant(["b", "c"]))
    back = lookup.index_to_string_table_from_file(words, default_value="?")
    texts = back.lookup(tf.constant([2, 9], tf.int64))
    session.run(tf.tables_initializer())
    assert session.run(ids).tolist() == [1, -1] and session.run(texts).tolist() == [b"c", b"?"]


def test_a_file_that_is_too_short(session, words):
    lookup.index_table_from_file(words, vocab_size=9)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid vocab_size in .*: expected 9 but got 3"):
        session.run(tf.tables_initializer())


def test_a_table_that_was_not_filled(session):
    table = lookup.index_table_from_tensor(["x"])
    with pytest.raises(tf.errors.FailedPreconditionError, match="Table not initialized"):
        session.run(table.lookup(tf.constant(["x"])))


def test_a_key_with_two_values(session):
    lookup.HashTable(lookup.KeyValueTensorInitializer(["k", "k"], [1, 2]), -1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="HashTable has different value for same key. Key k has 1"):
        session.run(tf.tables_initializer())


def test_keys_of_another_type():
    table = lookup.index_table_from_tensor(["x"])
    with pytest.raises(TypeError, match="Signature mismatch. Keys must be dtype"):
        table.lookup(tf.constant([1]))


def test_sparse_keys_give_sparse_ids(session):
    table = lookup.index_table_from_tensor(["x", "y"])
    found = table.lookup(tf.SparseTensor([[0, 1]], ["y"], [1, 2]))
    session.run(tf.tables_initializer())
    assert session.run(found).values.tolist() == [1]


@pytest.mark.parametrize("make", [
    lambda: lookup.MutableHashTable(tf.string, tf.int64, -1),
    lambda: lookup.MutableDenseHashTable(tf.string, tf.int64, -1, empty_key="", deleted_key="#"),
])  # fmt: skip
def test_tables_that_change(session, make):
    table = make()
    session.run(table.insert(["a", "b"], [1, 2]))
    session.run(table.insert(["b"], [5]))
    session.run(table.remove(tf.constant(["a"])))
    assert session.run(table.lookup(["a", "b"])).tolist() == [-1, 5]
    keys, values = session.run(table.export())
    assert keys.tolist() == [b"b"] and values.tolist() == [5] and session.run(table.size()) == 1


def test_values_that_are_vectors(session):
    table = lookup.MutableHashTable(tf.int64, tf.float32, [0.0, 0.0])
    session.run(table.insert([7], [[1.0, 2.0]]))
    assert session.run(table.lookup([7, 8])).tolist() == [[1, 2], [0, 0]]
    assert table.lookup([7, 8]).shape.as_list() == [2, 2]


def test_the_empty_key_cannot_be_used(session):
    table = lookup.MutableDenseHashTable(tf.int64, tf.int64, -1, empty_key=0, deleted_key=-1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="empty_key"):
        session.run(table.insert([0], [1]))


def test_initialize_table(session):
    handle = opdef.call("HashTableV2", key_dtype=tf.string, value_dtype=tf.int64)
    session.run(opdef.call("InitializeTableV2", handle, ["a"], tf.constant([4], tf.int64)))
    assert session.run(opdef.call("LookupTableFindV2", handle, ["a"], tf.constant(0, tf.int64))).tolist() == [4]

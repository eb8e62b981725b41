"""The vocabulary of contrib.learn: numbers of words, rows, files."""

import numpy as np

import rekindle as tf

TEXTS = ["the cat sat on the mat", "a cat's life", "the dog"]


def test_words_are_numbered_as_they_come():
    processor = tf.contrib.learn.preprocessing.VocabularyProcessor(4)
    rows = np.array(list(processor.fit_transform(TEXTS)))
    assert rows.tolist() == [[1, 2, 3, 4], [6, 7, 8, 0], [1, 9, 0, 0]]
    assert len(processor.vocabulary_) == 10
    assert list(processor.transform(["the whale sat"]))[0].tolist() == [1, 0, 3, 0]
    assert list(processor.reverse([[1, 2, 0]])) == ["the cat <UNK>"]


def test_rare_words_are_unknown():
    processor = tf.contrib.learn.preprocessing.VocabularyProcessor(3, min_frequency=1)
    rows = list(processor.fit_transform(TEXTS))
    assert rows[0].tolist() == [1, 0, 0] and len(processor.vocabulary_) == 2


def test_a_processor_is_kept_in_a_file(tmp_path):
    processor = tf.contrib.learn.preprocessing.VocabularyProcessor(4).fit(TEXTS)
    processor.save(str(tmp_path / "vocab"))
    again = tf.contrib.learn.preprocessing.VocabularyProcessor.restore(str(tmp_path / "vocab"))
    assert list(again.transform(["the dog"]))[0].tolist() == [1, 9, 0, 0]

"""`tf.contrib.learn.preprocessing.VocabularyProcessor`: texts as rows of word numbers."""

from __future__ import annotations

import collections
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from rekindle._src.names import public
from rekindle._src.platform import file_io

_TOKENS = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|[\'\w\-]+", re.UNICODE)


def tokenizer(iterator: Iterable[str]) -> Iterator[list[str]]:
    """The words of each text."""
    for text in iterator:
        yield _TOKENS.findall(text)


class CategoricalVocabulary:
    """Words and their numbers; 0 stands for all unknown words.

    Args:
      unknown_token: the word that 0 stands for.
      support_reverse: keep what `reverse` needs.
    """

    def __init__(self, unknown_token: str = "<UNK>", support_reverse: bool = True) -> None:
        self._unknown_token = unknown_token
        self._support_reverse = support_reverse
        self._mapping: dict[Any, int] = {unknown_token: 0}
        self._reverse_mapping: list[Any] = [unknown_token]
        self._freq: dict[Any, int] = collections.defaultdict(int)
        self._freeze = False

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """Take no more words, or take them again."""
        self._freeze = freeze

    def get(self, category: Any) -> int:
        """The number of a word, a new one if the vocabulary is not frozen."""
        if category not in self._mapping:
            if self._freeze:
                return 0
            self._mapping[category] = len(self._mapping)
            if self._support_reverse:
                self._reverse_mapping.append(category)
        return self._mapping[category]

    def add(self, category: Any, count: int = 1) -> None:
        """Count a word."""
        if self.get(category) > 0:
            self._freq[category] += count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Keep words that are more frequent than one number and less than another; renumber them."""
        by_name = sorted(self._freq.items(), key=lambda pair: (isinstance(pair[0], str), pair[0]))
        by_count = sorted(by_name, key=lambda pair: pair[1], reverse=True)
        kept = [
            word
            for word, count in by_count
            if count > min_frequency and not 0 < max_frequency <= count
        ]
        self._mapping = {word: i for i, word in enumerate([self._unknown_token, *kept])}
        if self._support_reverse:
            self._reverse_mapping = list(self._mapping)
        self._freq = dict(by_count[: len(kept)])

    def reverse(self, class_id: int) -> Any:
        """The word of a number.

        Raises:
          ValueError: the vocabulary does not keep the words.
        """
        if not self._support_reverse:
            raise ValueError("This vocabulary wasn't initialized with support_reverse to support "
                             "reverse() function.")
        return self._reverse_mapping[class_id]


@public("contrib.learn.preprocessing.VocabularyProcessor")
class VocabularyProcessor:
    """Numbers the words of texts.

    Args:
      max_document_length: the length of a row; longer texts are cut, shorter ones end in 0.
      min_frequency: words that are no more frequent are unknown.
      vocabulary: a CategoricalVocabulary.
      tokenizer_fn: gives the words of each text; default: runs of letters, digits, ', - and _.
    """

    def __init__(
        self,
        max_document_length: int,
        min_frequency: int = 0,
        vocabulary: CategoricalVocabulary | None = None,
        tokenizer_fn: Callable[..., Any] | None = None,
    ) -> None:
        self.max_document_length = max_document_length
        self.min_frequency = min_frequency
        self.vocabulary_ = vocabulary or CategoricalVocabulary()
        self._tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Iterable[str], unused_y: Any = None) -> VocabularyProcessor:
        """Learn the words of texts; gives the processor itself."""
        for words in self._tokenizer(raw_documents):
            for word in words:
                self.vocabulary_.add(word)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(self, raw_documents: Any, unused_y: Any = None) -> Iterator[np.ndarray]:
        """`fit`, then `transform`."""
        self.fit(raw_documents)
        return self.transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> Iterator[np.ndarray]:
        """The numbers of each text's words: [max_document_length], int64, one after another."""
        for words in self._tokenizer(raw_documents):
            row = np.zeros(self.max_document_length, np.int64)
            for i, word in enumerate(words[: self.max_document_length]):
                row[i] = self.vocabulary_.get(word)
            yield row

    def reverse(self, documents: Iterable[Any]) -> Iterator[str]:
        """The words of each row of numbers, with spaces between."""
        for row in documents:
            yield " ".join(self.vocabulary_.reverse(number) for number in row)

    def save(self, filename: str) -> None:
        """Write the processor to a file."""
        file_io.write_string_to_file(filename, pickle.dumps(self))

    @classmethod
    def restore(cls, filename: str) -> Any:
        """The processor of a file, which must come from a place that is trusted."""
        return pickle.loads(file_io.read_file_to_string(filename, binary_mode=True))

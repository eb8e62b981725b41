"""`read_data_sets`: the MNIST digits as numpy arrays, in TensorFlow's order.

Holds what `tensorflow.examples.tutorials.mnist.input_data` and
`tensorflow.contrib.learn.python.learn.datasets.mnist` have. The four idx files are read gzipped or
plain; they are never downloaded. Batches are shuffled by numpy's global generator, which each
DataSet seeds with the graph's seed, as in TensorFlow, so seeded programs see the same batches.
Source: LeCun and Cortes, the idx format of the MNIST database.
"""
from __future__ import annotations

import gzip
import os
import struct
from typing import IO, Any, NamedTuple

import numpy as np

from rekindle._src.formats.files import open_file
from rekindle._src.graph import dtypes, seeds
from rekindle._src.names import public

DEFAULT_SOURCE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
_IMAGES, _LABELS = 2051, 2049  # the magic numbers
_PIXELS = 784


class Datasets(NamedTuple):
    """What `read_data_sets` gives."""

    train: DataSet
    validation: DataSet
    test: DataSet


@public("contrib.learn.datasets.mnist.DataSet")
class DataSet:
    """Images with labels, handed out in batches.

    Args:
      images: uint8 [N, H, W, 1].
      labels: [N] or [N, classes].
      fake_data: hold nothing and say that there are 10,000 examples.
      one_hot: whether the labels of fake batches are one-hot.
      dtype: tf.float32 to scale pixels to [0, 1], tf.uint8 to leave them as they are.
      reshape: give images as [N, H * W].
      seed: of the shuffling; default: the graph's seed.

    Raises:
      TypeError: another dtype.
      AssertionError: the images and labels do not fit together.
    """

    def __init__(
        self,
        images: Any,
        labels: Any,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = dtypes.float32,
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        graph_seed, op_seed = seeds.get_seed(seed)
        np.random.seed(graph_seed if seed is None else op_seed)
        dtype = dtypes.as_dtype(dtype).base_dtype
        if dtype not in (dtypes.uint8, dtypes.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        if not fake_data:
            images = _checked(images, labels, reshape)
            if dtype == dtypes.float32:
                images = np.multiply(images.astype(np.float32), np.float32(1 / 255))
        self._num_examples = 10000 if fake_data else images.shape[0]
        self._images = images
        self._labels = labels
        self._epochs_completed = 0
        self._index_in_epoch = 0
        self.one_hot = one_hot

    @property
    def images(self) -> Any:
        """[N, H * W], or [N, H, W, 1] without `reshape`; in the order of the current epoch."""
        return self._images

    @property
    def labels(self) -> Any:
        """[N] or [N, classes]; in the order of the current epoch."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """N."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often all examples were handed out."""
        return self._epochs_completed

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[Any, Any]:
        """The next (images, labels); an epoch's last batch is filled up from the next epoch.

        Args:
          batch_size: how many.
          fake_data: give lists of ones and of label 0 instead.
          shuffle: draw a new order at the start of each epoch.
        """
        if fake_data:
            label: Any = [1] + [0] * 9 if self.one_hot else 0
            images = [[1] * _PIXELS for _ in range(batch_size)]
            return images, [label for _ in range(batch_size)]  # type: ignore[return-value]
        start = self._index_in_epoch
        if self._epochs_completed == 0 and start == 0 and shuffle:
            self._shuffle()
        if start + batch_size <= self._num_examples:
            self._index_in_epoch = end = start + batch_size
            return self._images[start:end], self._labels[start:end]
        self._epochs_completed += 1
        rest = self._images[start:], self._labels[start:]
        if shuffle:
            self._shuffle()
        self._index_in_epoch = end = batch_size - len(rest[0])
        new = self._images[:end], self._labels[:end]
        return np.concatenate([rest[0], new[0]]), np.concatenate([rest[1], new[1]])

    def _shuffle(self) -> None:
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images = self._images[order]
        self._labels = self._labels[order]


def _checked(images: Any, labels: Any, reshape: bool) -> Any:
    """`images` in the shape that is asked for."""
    if images.shape[0] != labels.shape[0]:
        raise AssertionError(f"images.shape: {images.shape} labels.shape: {labels.shape}")
    if not reshape:
        return images
    if images.shape[3] != 1:
        raise AssertionError(f"images.shape: {images.shape}; only one channel can be flattened")
    return images.reshape(images.shape[0], images.shape[1] * images.shape[2])


@public("contrib.learn.datasets.mnist.read_data_sets")
def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = dtypes.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str = DEFAULT_SOURCE_URL,
) -> Datasets:
    """The MNIST digits from the four idx files in a folder.

    Args:
      train_dir: the folder.
      fake_data: read nothing; batches asked for with `fake_data=True` are ones.
      one_hot: labels as float64 [N, 10] instead of uint8 [N].
      dtype, reshape, seed: as for `DataSet`.
      validation_size: how many of the training images are set apart, the first ones.
      source_url: accepted as in TensorFlow; nothing is downloaded.

    Raises:
      FileNotFoundError: a file is not there.
      ValueError: a file is not an idx file of its kind, or `validation_size` is out of range.
    """
    del source_url
    options: dict[str, Any] = {"dtype": dtype, "seed": seed}
    if fake_data:
        fake = [DataSet([], [], fake_data=True, one_hot=one_hot, **options) for _ in range(3)]
        return Datasets(*fake)
    paths = _find_files(train_dir)
    arrays = []
    for name, path in zip(FILES, paths, strict=True):
        with open_file(path, "rb") as file:
            is_images = "images" in name
            arrays.append(extract_images(file) if is_images else extract_labels(file, one_hot))
    images, labels, test_images, test_labels = arrays
    if not 0 <= validation_size <= len(images):
        raise ValueError(
            f"Validation size should be between 0 and {len(images)}. Received: {validation_size}."
        )
    options["reshape"] = reshape
    return Datasets(
        train=DataSet(images[validation_size:], labels[validation_size:], **options),
        validation=DataSet(images[:validation_size], labels[:validation_size], **options),
        test=DataSet(test_images, test_labels, **options),
    )


@public("contrib.learn.datasets.mnist.load_mnist")
def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """`read_data_sets(train_dir)`."""
    return read_data_sets(train_dir)


def _find_files(folder: str) -> list[str]:
    """The paths of the four files, gzipped or plain.

    Raises:
      FileNotFoundError: one is not there; the message says which four files belong where.
    """
    paths, missing = [], []
    for name in FILES:
        found = [os.path.join(folder, name + end) for end in (".gz", "")]
        there = [path for path in found if os.path.isfile(path)]
        paths += there[:1]
        missing += [] if there else [name + ".gz"]
    if missing:
        listed = "\n".join(f"  {os.path.join(folder, name)}.gz" for name in FILES)
        raise FileNotFoundError(
            f"{', '.join(missing)} not in {folder!r}, and nothing is downloaded. Put the four "
            f"MNIST files (gzipped, or plain without .gz) there:\n{listed}\n"
            f"They are published at {DEFAULT_SOURCE_URL}"
        )
    return paths


@public("contrib.learn.datasets.mnist.extract_images")
def extract_images(f: IO[bytes]) -> np.ndarray:
    """The images of an open idx file, gzipped or plain: uint8 [N, H, W, 1].

    Raises:
      ValueError: it holds no images.
    """
    data = _extract(f)
    magic, count, rows, columns = struct.unpack_from(">4I", data.ljust(16, b"\0"))
    if magic != _IMAGES:
        raise ValueError(f"Invalid magic number {magic} in MNIST image file: {f.name}")
    size = count * rows * columns
    return _bytes(data, 16, size, f.name).reshape(count, rows, columns, 1)


@public("contrib.learn.datasets.mnist.extract_labels")
def extract_labels(f: IO[bytes], one_hot: bool = False, num_classes: int = 10) -> np.ndarray:
    """The labels of an open idx file, gzipped or plain: uint8 [N], or float64 [N, classes].

    Raises:
      ValueError: it holds no labels.
    """
    data = _extract(f)
    magic, count = struct.unpack_from(">2I", data.ljust(8, b"\0"))
    if magic != _LABELS:
        raise ValueError(f"Invalid magic number {magic} in MNIST label file: {f.name}")
    labels = _bytes(data, 8, count, f.name)
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def _extract(f: IO[bytes]) -> bytes:
    print("Extracting", f.name)
    data = f.read()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def _bytes(data: bytes, start: int, size: int, name: str) -> np.ndarray:
    if len(data) < start + size:
        raise ValueError(f"{name} is cut off: {len(data)} bytes, its header says {start + size}")
    return np.frombuffer(data, np.uint8, size, start)


@public("contrib.learn.datasets.mnist.dense_to_one_hot")
def dense_to_one_hot(labels_dense: np.ndarray, num_classes: int) -> np.ndarray:
    """Labels [N] as float64 [N, num_classes] with a 1 in each row."""
    one_hot = np.zeros((labels_dense.shape[0], num_classes))
    one_hot[np.arange(labels_dense.shape[0]), labels_dense.ravel()] = 1
    return one_hot

"""read_data_sets against the batches that TensorFlow 1.15.5 draws."""
import gzip
import hashlib
import struct

import numpy as np
import pytest

from rekindle._src.data import mnist
from rekindle._src.graph import dtypes, seeds


def write_files(folder, packed=True):
    """Small idx files: 6 training and 4 test images of 2 x 3 pixels."""
    for name in mnist.FILES:
        count = 6 if name.startswith("train") else 4
        if "images" in name:
            data = struct.pack(">4I", 2051, count, 2, 3) + bytes(range(count * 6))
        else:
            data = struct.pack(">2I", 2049, count) + bytes(range(count))
        file = folder / (name + (".gz" if packed else ""))
        file.write_bytes(gzip.compress(data) if packed else data)
    return str(folder)


def label_batches(sizes, seed=None, **options):
    images = np.zeros((7, 1, 1, 1), np.uint8)
    found = mnist.DataSet(images, np.arange(7), seed=seed)
    return [found.next_batch(size, **options)[1].tolist() for size in sizes]


def test_order_follows_the_graph_seed():
    seeds.set_random_seed(1)
    expected = [[6, 2, 1], [0, 4, 3], [5, 1, 0], [4, 2, 5, 6, 3, 3, 2], [1, 4]]
    assert label_batches([3, 3, 3, 7, 2]) == expected


@pytest.mark.parametrize("graph_seed", [None, 5])
def test_own_seed_wins(graph_seed):
    seeds.set_random_seed(graph_seed)
    assert label_batches([3, 3, 3], seed=42) == [[0, 1, 5], [2, 4, 3], [6, 3, 0]]


def test_without_shuffle_the_order_is_the_files():
    assert label_batches([4, 4], shuffle=False) == [[0, 1, 2, 3], [4, 5, 6, 0]]


@pytest.mark.parametrize("packed", [True, False])
def test_reads_gzipped_and_plain_files(tmp_path, packed):
    found = mnist.read_data_sets(write_files(tmp_path, packed), validation_size=2)
    assert [part.images.shape for part in found] == [(4, 6), (2, 6), (4, 6)]
    assert found.validation.labels.tolist() == [0, 1]
    np.testing.assert_array_equal(found.validation.images[1], np.arange(6, 12, dtype=np.float32)
                                  * np.float32(1 / 255))


def test_one_hot_uint8_images(tmp_path):
    found = mnist.read_data_sets(
        write_files(tmp_path), one_hot=True, dtype=dtypes.uint8, reshape=False, validation_size=0
    )
    assert found.train.images.shape == (6, 2, 3, 1)
    assert found.train.images.dtype == np.uint8
    np.testing.assert_array_equal(found.train.labels, np.eye(10)[:6])


def test_fake_data():
    found = mnist.read_data_sets("", fake_data=True, one_hot=True)
    images, labels = found.train.next_batch(2, fake_data=True)
    assert found.train.num_examples == 10000
    assert images == [[1] * 784] * 2
    assert labels == [[1] + [0] * 9] * 2


def test_missing_files_are_named_with_their_place(tmp_path):
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    with pytest.raises(FileNotFoundError, match="Put the four") as error:
        mnist.read_data_sets(str(tmp_path))
    listed = str(error.value).splitlines()[1:5]
    assert listed == [f"  {tmp_path}/{name}.gz" for name in mnist.FILES]


def test_wrong_files(tmp_path):
    folder = write_files(tmp_path, packed=False)
    (tmp_path / mnist.FILES[0]).write_bytes((tmp_path / mnist.FILES[1]).read_bytes())
    with pytest.raises(ValueError, match="Invalid magic number 2049 in MNIST image file"):
        mnist.read_data_sets(folder)
    (tmp_path / mnist.FILES[0]).write_bytes(struct.pack(">4I", 2051, 6, 2, 3))
    with pytest.raises(ValueError, match="is cut off"):
        mnist.read_data_sets(folder)


def test_bad_arguments(tmp_path):
    with pytest.raises(ValueError, match="Validation size should be between 0 and 6. Received: 7."):
        mnist.read_data_sets(write_files(tmp_path), validation_size=7)
    with pytest.raises(TypeError, match="Invalid image dtype tf.int32"):
        mnist.DataSet(np.zeros((2, 2, 2, 1)), np.zeros(2), dtype=dtypes.int32)
    with pytest.raises(AssertionError, match="images.shape"):
        mnist.DataSet(np.zeros((2, 2, 2, 1)), np.zeros(3))


def test_real_batches_are_those_of_tensorflow(shared):
    folder = shared / "data" / "mnist"
    if not folder.is_dir():
        pytest.skip(f"no MNIST files at {folder}")
    seeds.set_random_seed(1)
    found = mnist.read_data_sets(str(folder), one_hot=True)
    digest = hashlib.sha1()
    for _ in range(1300):
        for part in found.train.next_batch(50):
            digest.update(np.ascontiguousarray(part).tobytes())
    assert digest.hexdigest()[:16] == "89c5bda375692223"
    assert found.train.epochs_completed == 1

"""Checkpoints of both formats: what TensorFlow wrote is read and, written again, byte-equal.

tests/golden/checkpoints was written by TensorFlow 1.15.5 from the values of `VALUES`.
"""
from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from rekindle._src import errors
from rekindle._src.formats import checkpoint_v1, tensor_bundle
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader, open_checkpoint
from rekindle._src.formats.tensor_slice import FULL, Slice
from rekindle._src.graph import dtypes

GOLDEN = Path(__file__).parent.parent / "golden" / "checkpoints"
PARTS = np.arange(900, dtype=np.float32).reshape(300, 3)
VALUES = {
    "layer/weights": np.arange(12, dtype=np.float32).reshape(3, 4) / 3,
    "count": np.arange(-2, 2),
    "words": np.array([b"abc", b"", b"x" * 200], object),
    "flags": np.array([True, False]),
    "wave": np.array([1 + 2j], np.complex64),
    "half": np.arange(3, dtype=np.float16),
    "empty": np.zeros((0, 3), np.int32),
    "scalar": np.array(0.1),
    "bytes": np.array([200, 3], np.uint8),
    "parts": PARTS,
}
PIECES = [Slice(((start, 100), (0, 3))) for start in (0, 100, 200)]


@pytest.fixture(params=["v1", "v2"])
def golden(request, tmp_path):
    for file in GOLDEN.glob(request.param + "*"):
        shutil.copy(file, tmp_path)
    return str(tmp_path / request.param)


def bundle(prefix, **arrays):
    writer = tensor_bundle.BundleWriter(str(prefix))
    for name, array in arrays.items():
        writer.add(name, array, dtypes.as_dtype(array.dtype))
    writer.finish()
    return str(prefix)


def change(path, place, byte):
    data = bytearray(Path(path).read_bytes())
    data[place] ^= byte
    Path(path).write_bytes(data)


def test_reads_what_tensorflow_wrote(golden):
    reader = NewCheckpointReader(golden)
    assert sorted(reader.get_variable_to_shape_map()) == sorted(VALUES)
    for name, value in VALUES.items():
        found = reader.get_tensor(name)
        assert np.array_equal(found, value), name
        assert reader.get_variable_to_dtype_map()[name] == dtypes.as_dtype(value.dtype)
        assert reader.get_variable_to_shape_map()[name] == list(value.shape)
        assert reader.has_tensor(name)
    assert not reader.has_tensor("nope")
    assert b"layer/weights (DT_FLOAT) [3,4]\n" in reader.debug_string()


def test_bfloat16():
    found = NewCheckpointReader(str(GOLDEN / "bf")).get_tensor("brain")
    assert found.dtype == dtypes.bfloat16.as_numpy_dtype
    assert found.astype(np.float32).tolist() == [0, 0.5, 1, 1.5]


def test_second_format_is_written_byte_for_byte(tmp_path):
    reader = tensor_bundle.BundleReader(str(GOLDEN / "v2"))
    writer = tensor_bundle.BundleWriter(str(tmp_path / "v2"))
    for name in ["bytes", "count", "empty", "flags", "half", "layer/weights", "parts", "scalar",
                 "wave", "words"]:  # fmt: skip
        dtype, shape = reader.facts(name)
        if name != "parts":
            writer.add(name, VALUES[name], dtype)
            continue
        for piece in PIECES:
            writer.add_slice(name, shape, piece, PARTS[piece.extents[0][0] :][:100], dtype)
    writer.finish()
    for file in GOLDEN.glob("v2*"):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_first_format_is_written_byte_for_byte(tmp_path):
    reader = checkpoint_v1.SliceReader(str(GOLDEN / "v1"))
    slices = []
    for name in reader.names():
        dtype, shape = reader.facts(name)
        places = PIECES if name == "parts" else [Slice.full(len(shape))]
        slices += [(name, shape, one, reader.read_slice(name, one), dtype) for one in places]
    checkpoint_v1.write_slices(str(tmp_path / "v1"), slices)
    assert (tmp_path / "v1").read_bytes() == (GOLDEN / "v1").read_bytes()


def test_any_slice_can_be_read(golden):
    reader = open_checkpoint(golden)
    wanted = Slice(((90, 120), (1, 2)))
    assert np.array_equal(reader.read_slice("parts", wanted), PARTS[90:210, 1:3])
    wanted = Slice(((1, 1), (0, FULL)))
    found = reader.read_slice("layer/weights", wanted)
    assert np.array_equal(found, VALUES["layer/weights"][1:2])


def test_merged_bundles_are_one(tmp_path):
    one, two = tmp_path / "part" / "one", tmp_path / "part" / "two"
    bundle(one, a=np.arange(3), b=np.arange(4.0))
    writer = tensor_bundle.BundleWriter(str(two))
    writer.add_slice("p", (4, 2), Slice(((2, 2), (0, FULL))), np.ones((2, 2)), dtypes.float64)
    writer.finish()
    merged = str(tmp_path / "all")
    tensor_bundle.merge_bundles([str(one), str(two)], merged)
    reader = NewCheckpointReader(merged)
    assert reader.get_variable_to_shape_map() == {"a": [3], "b": [4], "p": [4, 2]}
    assert reader.get_tensor("b").tolist() == [0, 1, 2, 3]
    with pytest.raises(errors.InvalidArgumentError, match="Does not have sufficient slices"):
        reader.get_tensor("p")
    assert not list((tmp_path / "part").iterdir())


def test_merging_refuses_a_name_that_comes_twice(tmp_path):
    parts = [bundle(tmp_path / name, a=np.arange(3)) for name in ("one", "two")]
    with pytest.raises(errors.InvalidArgumentError, match="Duplicate tensor keyed by a encounter"):
        tensor_bundle.merge_bundles(parts, str(tmp_path / "all"))


def test_nothing_is_at_its_place_before_the_end(tmp_path):
    prefix = bundle(tmp_path / "m", a=np.arange(3))
    writer = tensor_bundle.BundleWriter(prefix)
    writer.add("a", np.arange(5), dtypes.int64)
    assert NewCheckpointReader(prefix).get_tensor("a").tolist() == [0, 1, 2]
    writer.abandon()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("damage", "kind", "message"),
    [
        (lambda p: change(p + ".index", 2, 1), "DataLossError", "block checksum mismatch"),
        (lambda p: change(p + ".index", -1, 1), "DataLossError", "not an sstable (bad magic num"),
        (lambda p: Path(p + ".index").write_bytes(b""), "DataLossError", "file is too short to be"),
        (lambda p: change(p + ".data-00000-of-00001", 0, 1), "DataLossError",
         "Checksum does not match: stored"),
        (lambda p: Path(p + ".data-00000-of-00001").write_bytes(b"x"), "OutOfRangeError",
         "Read less bytes than requested"),
        (lambda p: Path(p + ".data-00000-of-00001").unlink(), "NotFoundError",
         "No such file or directory"),
        (lambda p: Path(p + ".index").unlink(), "NotFoundError",
         "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for"),
    ],
)  # fmt: skip
def test_damage(tmp_path, damage, kind, message):
    prefix = bundle(tmp_path / "m", a=np.arange(3))
    damage(prefix)
    with pytest.raises(getattr(errors, kind)) as raised:
        NewCheckpointReader(prefix).get_tensor("a")
    assert message in raised.value.message


def test_random_damage_is_always_an_error_of_tensorflow(golden, tmp_path):
    rng = random.Random(7)
    files = [one for one in tmp_path.iterdir() if one.is_file()]
    for _ in range(150):
        file = rng.choice(files)
        whole = file.read_bytes()
        data = bytearray(whole)
        data[rng.randrange(len(data))] = rng.randrange(256)
        file.write_bytes(data[: rng.choice([len(data), rng.randrange(len(data))])])
        try:
            reader = NewCheckpointReader(golden)
            for name in reader.get_variable_to_shape_map():
                reader.get_tensor(name)
        except errors.OpError:
            pass  # any of its classes
        file.write_bytes(whole)


def test_refusals(tmp_path):
    writer = tensor_bundle.BundleWriter(str(tmp_path / "m"))
    writer.add("a", np.arange(3), dtypes.int64)
    with pytest.raises(errors.InvalidArgumentError, match="Adding duplicate key: a"):
        writer.add("a", np.arange(3), dtypes.int64)
    with pytest.raises(errors.UnimplementedError, match="variant not yet supported"):
        writer.add("v", np.zeros(1, object), dtypes.variant)
    writer.finish()
    with pytest.raises(errors.NotFoundError, match="Key nope not found in checkpoint"):
        NewCheckpointReader(str(tmp_path / "m")).get_tensor("nope")
    with pytest.raises(errors.InvalidArgumentError, match="Failed to get matching files on"):
        NewCheckpointReader(str(tmp_path / "no" / "m"))
    with pytest.raises(errors.NotFoundError, match="No such file or directory"):
        tensor_bundle.BundleWriter(str(tmp_path / "no" / "folder" / "m"))


def test_shared_checkpoints_can_be_read(shared):
    prefixes = [str(one)[:-6] for one in (shared / "data" / "formats").rglob("*.index")]
    prefixes.append(str(shared / "data" / "formats" / "ckpt_v1_charrnn" / "model.ckpt-6000"))
    for prefix in prefixes:
        reader = NewCheckpointReader(prefix)
        for name, shape in reader.get_variable_to_shape_map().items():
            assert np.shape(reader.get_tensor(name)) == tuple(shape), (prefix, name)


@pytest.mark.parametrize(
    ("dtype", "size"), [(dtypes.bool_, 1 << 31), (dtypes.float32, 1 << 29), (dtypes.int64, 1 << 28)]
)
def test_a_slice_too_large_for_the_first_format(tmp_path, dtype, size):
    array = np.broadcast_to(np.zeros((), dtype.as_numpy_dtype), (size,))
    with pytest.raises(errors.InvalidArgumentError, match="^Tensor slice is too large to serialize"):
        checkpoint_v1.write_slices(str(tmp_path / "v1"), [("a", array.shape, Slice.full(1), array, dtype)])
    assert not list(tmp_path.iterdir())

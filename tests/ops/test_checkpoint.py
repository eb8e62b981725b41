"""What the checkpoint ops do to files: SaveV2, RestoreV2, MergeV2Checkpoints, Save, SaveSlices,
Restore and RestoreSlice, run through their kernels."""
from __future__ import annotations

import numpy as np
import pytest

from rekindle._src import errors
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader
from rekindle._src.graph import dtypes
from rekindle._src.ops import checkpoint
from rekindle._src.ops.torch_types import to_numpy, to_torch

WHOLE = np.arange(12, dtype=np.float32).reshape(4, 3)


def text(one):
    return np.array(str(one).encode(), object)


def texts(*many):
    return np.array([one.encode() for one in many], object)


def tensors(*arrays):
    return [to_torch(one.copy(), dtypes.as_dtype(one.dtype)) for one in arrays]


def save(path, names, specs, *arrays):
    types = [dtypes.as_dtype(one.dtype) for one in arrays]
    checkpoint.save_v2.kernel(
        text(path), texts(*names), texts(*specs), tensors(*arrays), dtypes=types
    )


def restore(path, names, specs, *types):
    found = checkpoint.restore_v2.kernel(text(path), texts(*names), texts(*specs), dtypes=types)
    return [to_numpy(one) for one in found]


def test_slices_are_saved_and_restored(tmp_path):
    save(tmp_path / "m", ["w", "w", "n"], ["4 3 0,2:-", "4 3 2,2:-", ""],
         WHOLE[:2], WHOLE[2:], np.array([7]))  # fmt: skip
    whole, part, number = restore(
        tmp_path / "m", ["w", "w", "n"], ["", "4 3 1,2:0,1", ""],
        dtypes.float32, dtypes.float32, dtypes.int64,
    )  # fmt: skip
    assert np.array_equal(whole, WHOLE)
    assert np.array_equal(part, WHOLE[1:3, :1])
    assert number.tolist() == [7]


def test_merged_parts_and_their_folder(tmp_path):
    parts = tmp_path / "m_temp"
    save(parts / "one", ["a"], [""], np.array([1]))
    save(parts / "two", ["b"], [""], np.array([2]))
    prefixes = texts(str(parts / "one"), str(parts / "two"))
    checkpoint.merge_v2_checkpoints.kernel(prefixes, text(tmp_path / "m"))
    assert not parts.exists()
    found = restore(tmp_path / "m", ["b", "a"], ["", ""], dtypes.int64, dtypes.int64)
    assert [one.tolist() for one in found] == [[2], [1]]


def test_first_format(tmp_path):
    types = [dtypes.float32, dtypes.float32]
    names = texts("w", "w")
    slices = texts("4 3 0,2:-", "4 3 2,2:-")
    data = tensors(WHOLE[:2], WHOLE[2:])
    checkpoint.save_slices.kernel(text(tmp_path / "m"), names, slices, data, T=types)
    path, name = text(tmp_path / "m"), text("w")
    assert np.array_equal(restore(tmp_path / "m", ["w"], [""], dtypes.float32)[0], WHOLE)
    found = checkpoint.restore.kernel(path, name, dt=dtypes.float32)
    assert np.array_equal(to_numpy(found), WHOLE)
    found = checkpoint.restore_slice.kernel(path, name, text("4 3 -:2,1"), dt=dtypes.float32)
    assert np.array_equal(to_numpy(found), WHOLE[:, 2:])
    checkpoint.save.kernel(path, texts("n"), tensors(np.array([7])), T=[dtypes.int64])
    assert NewCheckpointReader(str(tmp_path / "m")).get_tensor("n").tolist() == [7]


@pytest.mark.parametrize(
    ("names", "specs", "types", "message"),
    [
        (["no"], [""], [dtypes.float32], "Key no not found in checkpoint"),
        (["w"], [""], [dtypes.int32], "tensor_name = w; expected dtype int32 does not equal orig"),
        (["w"], ["4 4 0,1:-"], [dtypes.float32], r"shape in shape_and_slice spec \[4,4\] does not"),
        (["w"], ["", ""], [dtypes.float32], "have different number of elements: 1 vs. 2"),
        (["w"], [""], [dtypes.float32] * 2, "Got 1 tensor names, but 2 expected dtypes."),
    ],
)
def test_refusals_of_restore(tmp_path, names, specs, types, message):
    save(tmp_path / "m", ["w"], [""], WHOLE)
    with pytest.raises(errors.OpError, match=message):
        restore(tmp_path / "m", names, specs, *types)


def test_refusals_of_save_leave_no_file(tmp_path):
    with pytest.raises(errors.InvalidArgumentError, match="does not match the shape of the tensor"):
        save(tmp_path / "m", ["w"], ["4 3 0,2:-"], WHOLE)
    with pytest.raises(errors.InvalidArgumentError, match="Adding duplicate key: w"):
        save(tmp_path / "m", ["w", "w"], ["", ""], WHOLE, WHOLE)
    with pytest.raises(errors.InvalidArgumentError, match="Got 2 tensor names but 1 tensors."):
        save(tmp_path / "m", ["w", "x"], ["", ""], WHOLE)
    assert not list(tmp_path.iterdir())

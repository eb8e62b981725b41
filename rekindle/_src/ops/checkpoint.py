"""Ops that save tensors to checkpoints and restore them.

Holds the ops only: the formats are in `formats/`, `tf.train.Saver` is in `train/`.
"""
from __future__ import annotations

import glob
import math
import os
from concurrent import futures
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.formats import checkpoint_v1, tensor_bundle, tensor_slice
from rekindle._src.formats.files import local_path
from rekindle._src.graph import infer
from rekindle._src.graph.dtypes import DType
from rekindle._src.graph.opdef import op
from rekindle._src.ops.torch_types import to_numpy, to_torch

#: tensors of so many bytes are read by so many threads at once
_LARGE = 16 << 20
_READERS = 4


@op("ShardedFilename", infer=infer.scalar, host=True)
def sharded_filename(basename, shard, num_shards):
    """The name of one of several files: "<basename>-00002-of-00010"."""
    text = f"{_text(basename)}-{int(shard):05d}-of-{int(num_shards):05d}"
    return np.array(text.encode(errors="surrogateescape"), object)


@op("ShardedFilespec", infer=infer.scalar, host=True)
def sharded_filespec(basename, num_shards):
    """The pattern of all of several files: "<basename>-?????-of-00010"."""
    text = f"{_text(basename)}-?????-of-{int(num_shards):05d}"
    return np.array(text.encode(errors="surrogateescape"), object)


def _save_rule(fixed: int) -> infer.Rule:
    """The shape rule of an op with a name, then lists of names, then as many tensors."""

    def check(c: Any) -> list[Any]:
        infer.with_rank(c.shapes[0], 0)
        count = len(c.shapes) - fixed
        for names in c.shapes[1:fixed]:
            (size,) = infer.with_rank(names, 1)
            if size not in (None, count):
                raise ValueError(f"Dimension must be {count} but is {size}")
        return []

    return check


@op("SaveV2", infer=_save_rule(3), host=True)
def save_v2(prefix, tensor_names, shape_and_slices, tensors, *, dtypes):
    """Write tensors, or slices of tensors, to a checkpoint of the second format."""
    _check_names(prefix, tensor_names, shape_and_slices, len(tensors))
    writer = tensor_bundle.BundleWriter(local_path(_text(prefix)))
    try:
        for name, spec, tensor, dtype in zip(
            _texts(tensor_names), _texts(shape_and_slices), tensors, dtypes
        ):
            array = to_numpy(tensor, dtype)
            if not spec:
                writer.add(name, array, dtype)
                continue
            shape, place = _checked_slice(spec, array.shape)
            writer.add_slice(name, shape, place, array, dtype)
    except BaseException:
        writer.abandon()
        raise
    writer.finish()


def _restored_shapes(c: Any) -> list[Any]:
    infer.with_rank(c.shapes[0], 0)
    infer.merge(infer.with_rank(c.shapes[1], 1), infer.with_rank(c.shapes[2], 1))
    specs = c.value(2)
    if specs is None:
        return [None] * len(c.op.outputs)
    if specs.size != len(c.op.outputs):
        raise ValueError("The number of shape_and_slice doesn't match tensor outputs.")
    return [
        tensor_slice.parse_shape_and_slice(one)[2] if one else None for one in _texts(specs)
    ]


@op("RestoreV2", infer=_restored_shapes, host=True)
def restore_v2(prefix, tensor_names, shape_and_slices, *, dtypes):
    """Read tensors, or slices of tensors, from a checkpoint of either format."""
    names, specs = _texts(tensor_names), _texts(shape_and_slices)
    if len(names) != len(dtypes):
        message = f"Got {len(names)} tensor names, but {len(dtypes)} expected dtypes."
        raise errors.InvalidArgumentError(None, None, message)
    _check_names(prefix, tensor_names, shape_and_slices, len(names))
    path = local_path(_text(prefix))
    if not glob.glob(tensor_bundle.index_path(path)):
        reader = checkpoint_v1.SliceReader(path)
        wanted = zip(names, specs, dtypes)
        return [_restored_v1(reader, path, *one) for one in wanted]
    bundle = tensor_bundle.BundleReader(path)
    order = sorted(range(len(names)), key=names.__getitem__)
    wrong = [
        f"tensor_name = {names[i]}; expected dtype {_kind(dtypes[i])} does not equal original "
        f"dtype {_kind(found)}"
        for i in order
        if (found := bundle.facts(names[i])[0]) is not dtypes[i]
    ]
    if wrong:
        raise errors.InvalidArgumentError(None, None, "\n".join(wrong))
    restored: list[Any] = [None] * len(names)

    def restore_one(i: int) -> None:
        restored[i] = _given(to_torch(_restored(bundle, names[i], specs[i]), dtypes[i]))

    large = [i for i in order if dtypes[i].size * math.prod(bundle.facts(names[i])[1]) >= _LARGE]
    if len(large) < 2:
        large = []
    for i in order:
        if i not in large:
            restore_one(i)
    if large:  # reading leaves the interpreter free, so several go on at once
        with futures.ThreadPoolExecutor(_READERS) as pool:
            list(pool.map(restore_one, large))
    return restored


def _given(value: Any) -> Any:
    """Mark a new tensor: a variable that it is assigned to need not copy it now."""
    if isinstance(value, torch.Tensor):
        value.is_given = True  # type: ignore[attr-defined] - tensors take attributes
    return value


def _restored(bundle: tensor_bundle.BundleReader, name: str, spec: str) -> np.ndarray:
    if not spec:
        return bundle.read(name)
    shape, place, _ = tensor_slice.parse_shape_and_slice(spec)
    stored = bundle.facts(name)[1]
    if shape != stored:
        message = (
            f"tensor_name = {name}; shape in shape_and_slice spec {_shown(shape)} does not match "
            f"the shape stored in checkpoint: {_shown(stored)}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    return bundle.read_slice(name, place)


def _restored_v1(
    reader: checkpoint_v1.SliceReader, path: str, name: str, spec: str, dtype: DType
) -> Any:
    found, stored = reader.facts(name)
    if found is not dtype:
        message = (
            f"Expected to restore a tensor of type {_kind(dtype)}, got a tensor of type "
            f"{_kind(found)} instead: tensor_name = {name}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    if not spec:
        return to_torch(reader.read(name), dtype)
    shape, place, _ = tensor_slice.parse_shape_and_slice(spec)
    if shape != stored:
        message = (
            "Shape in shape_and_slice spec does not match the shape in the save file: "
            f"{_shown(shape)}, save file shape: {_shown(stored)}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    return to_torch(reader.read_slice(name, place), dtype)


@op("MergeV2Checkpoints", infer=infer.nothing, host=True)
def merge_v2_checkpoints(checkpoint_prefixes, destination_prefix, *, delete_old_dirs=True):
    """Make one checkpoint of the parts that several devices wrote."""
    if checkpoint_prefixes.ndim != 1:
        message = "Input checkpoint_prefixes should be an 1-D tensor, got "
        message += f"{_shown(checkpoint_prefixes.shape)} instead."
        raise errors.InvalidArgumentError(None, None, message)
    merged = local_path(_text(destination_prefix))
    parts = [local_path(one) for one in _texts(checkpoint_prefixes)]
    tensor_bundle.merge_bundles(parts, merged)
    if not delete_old_dirs:
        return
    for folder in {os.path.dirname(one) for one in parts} - {os.path.dirname(merged)}:
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)


@op("Save", infer=_save_rule(2), host=True)
def save(filename, tensor_names, data, *, T):  # noqa: N803
    """Write tensors to a checkpoint of the first format."""
    _write_slices(filename, tensor_names, [""] * len(data), data, T)


@op("SaveSlices", infer=_save_rule(3), host=True)
def save_slices(filename, tensor_names, shapes_and_slices, data, *, T):  # noqa: N803
    """Write tensors, or slices of tensors, to a checkpoint of the first format."""
    _write_slices(filename, tensor_names, _texts(shapes_and_slices), data, T)


def _write_slices(
    filename: np.ndarray, names: np.ndarray, specs: list[str], data: list[Any], types: list[DType]
) -> None:
    if filename.size != 1:
        message = "Input 0 (filename) must be a string scalar; got a tensor of "
        raise errors.InvalidArgumentError(None, None, f"{message}{filename.size}elements")
    if len(specs) != names.size or len(data) != names.size:
        message = (
            f"Expected totally {names.size + 3} inputs as input #1 (which is a string tensor of "
            f"saved names) contains {names.size} names, but received {len(data) + 3} inputs"
        )
        raise errors.InvalidArgumentError(None, None, message)
    slices = []
    for name, spec, tensor, dtype in zip(_texts(names), specs, data, types):
        array = to_numpy(tensor, dtype)
        shape, place = array.shape, tensor_slice.Slice.full(array.ndim)
        if spec:
            shape, place = _checked_slice(spec, array.shape)
        slices.append((name, shape, place, array, dtype))
    checkpoint_v1.write_slices(local_path(_text(filename)), slices)


@op("Restore", infer=infer.unknown, host=True)
def restore(file_pattern, tensor_name, *, dt):
    """Read a tensor from a checkpoint of the first format."""
    path = local_path(_text(file_pattern))
    return _restored_v1(checkpoint_v1.SliceReader(path), path, _text(tensor_name), "", dt)


def _slice_rule(c: Any) -> Any:
    for shape in c.shapes:
        infer.with_rank(shape, 0)
    spec = c.value(2)
    text = "" if spec is None else _text(spec)
    return tensor_slice.parse_shape_and_slice(text)[2] if text else None


@op("RestoreSlice", infer=_slice_rule, host=True)
def restore_slice(file_pattern, tensor_name, shape_and_slice, *, dt):
    """Read a slice of a tensor from a checkpoint of the first format."""
    path, spec = local_path(_text(file_pattern)), _text(shape_and_slice)
    return _restored_v1(checkpoint_v1.SliceReader(path), path, _text(tensor_name), spec, dt)


def _checked_slice(
    spec: str, actual: tuple[int, ...]
) -> tuple[tuple[int, ...], tensor_slice.Slice]:
    shape, place, sliced = tensor_slice.parse_shape_and_slice(spec)
    if sliced != actual:
        message = (
            "Slice in shape_and_slice specification does not match the shape of the tensor to  "
            f"save: {spec}, tensor: {_shown(actual)}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    return shape, place


def _check_names(prefix: np.ndarray, names: np.ndarray, specs: np.ndarray, count: int) -> None:
    if prefix.size != 1:
        message = "Input prefix should have a single element, got "
        raise errors.InvalidArgumentError(None, None, f"{message}{prefix.size} instead.")
    if names.ndim != 1 or specs.ndim != 1:
        message = "Input tensor_names and shape_and_slices should be an 1-D tensors, got "
        message += f"{_shown(names.shape)} and {_shown(specs.shape)} instead."
        raise errors.InvalidArgumentError(None, None, message)
    if names.size != specs.size:
        message = "tensor_names and shape_and_slices have different number of elements: "
        message += f"{names.size} vs. {specs.size}"
        raise errors.InvalidArgumentError(None, None, message)
    if names.size != count:
        message = f"Got {names.size} tensor names but {count} tensors."
        raise errors.InvalidArgumentError(None, None, message)


def _text(array: np.ndarray) -> str:
    return array.item().decode(errors="surrogateescape")


def _texts(array: np.ndarray) -> list[str]:
    return [one.decode(errors="surrogateescape") for one in array.reshape(-1).tolist()]


def _shown(shape: tuple[int, ...]) -> str:
    return "[" + ",".join(map(str, shape)) + "]"


def _kind(dtype: DType) -> str:
    names = {"float32": "float", "float64": "double", "float16": "half"}
    return names.get(dtype.name, dtype.name)

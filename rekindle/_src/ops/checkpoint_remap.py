"""Ops that read a matrix of a checkpoint in the order of another vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.formats.files import open_file
from rekindle._src.formats.tensor_bundle import BundleReader
from rekindle._src.formats.tensor_slice import FULL, Slice
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops.string import dtype_name


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _remapping_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    infer.with_rank(c.shapes[1], 0)
    return [(c.attr("num_new_vocab"),), ()]


@op("GenerateVocabRemapping", infer=_remapping_rule, host=True)
def generate_vocab_remapping(new_vocab_file, old_vocab_file, *, new_vocab_offset, num_new_vocab, old_vocab_size=-1):
    """The line in the old vocabulary of each of some lines of the new one, -1 for none; and how many have one."""
    new = _lines(new_vocab_file)
    if new_vocab_offset + num_new_vocab > len(new):
        raise _invalid("lookup table size must be larger than last new vocab entry's line")
    old = _lines(old_vocab_file)
    if old_vocab_size >= 0:
        old = old[:old_vocab_size]
    places = {line: i for i, line in enumerate(old)}
    wanted = new[new_vocab_offset : new_vocab_offset + num_new_vocab]
    found = torch.tensor([places.get(line, -1) for line in wanted], dtype=torch.int64)
    return found, (found >= 0).sum().to(torch.int32)


def _lines(name: Any) -> list[bytes]:
    if not name[()]:
        raise _invalid("new vocab filename cannot be empty.")
    with open_file(name[()], "rb") as file:
        return file.read().splitlines()


def _matrix_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[1], 0)
    return (c.attr("num_rows"), c.attr("num_cols"))


@op("LoadAndRemapMatrix", infer=_matrix_rule, host=True)
def load_and_remap_matrix(ckpt_path, old_tensor_name, row_remapping, col_remapping, initializing_values, *, num_rows,
                          num_cols, max_rows_in_memory=-1):  # fmt: skip
    """A matrix of rows and columns of one in a checkpoint; what that lacks comes from `initializing_values`."""
    rows, cols = row_remapping.numpy(), col_remapping.numpy()
    if len(rows) != num_rows:
        raise _invalid(f"Size of row_remapping is {len(rows)} instead of being equal to num_rows={num_rows}")
    _check_unique(rows)
    if len(cols) and len(cols) != num_cols:
        raise _invalid(
            f"Provided col_remapping, but its size is {len(cols)} instead of being equal to num_cols={num_cols}"
        )
    _check_unique(cols)
    name = old_tensor_name[()].decode(errors="surrogateescape")
    reader = BundleReader(ckpt_path.reshape(-1)[0].decode(errors="surrogateescape"))
    shape = _checked_shape(reader, name, num_cols, bool(len(cols)))
    cols = cols if len(cols) else np.arange(num_cols)
    out = np.zeros((num_rows, num_cols), np.float32)
    has_row, has_col = rows >= 0, cols >= 0
    if (has_row & (rows >= shape[0])).any() or (has_col & (cols >= shape[1])).any():
        raise _invalid(f"A remapping asks for rows or columns that tensor {name} of shape {infer.show(shape)} lacks")
    _copy_rows(reader, name, out, rows, cols, max_rows_in_memory)
    missing = ~(has_row[:, None] & has_col[None, :])
    values = initializing_values.numpy().reshape(-1)
    count = int(missing.sum())
    if len(values) < count:
        raise _invalid(f"initializing_values contained {len(values)} elements, but more missing values remain.")
    if len(values) > count:
        raise _invalid(
            f"initializing_values contained {len(values)} elements, but only {count} elements were used to fill in "
            "missing values."
        )
    out[missing] = values
    return torch.from_numpy(out)


def _check_unique(remapping: np.ndarray) -> None:
    seen: dict[int, int] = {}
    for new, old in enumerate(remapping.tolist()):
        if old >= 0 and seen.setdefault(old, new) != new:
            message = f"Old ID {old} is mapped to both new ID {seen[old]} and {new}, which is not supported."
            raise errors.UnimplementedError(None, None, message)


def _checked_shape(reader: BundleReader, name: str, num_cols: int, remaps_cols: bool) -> tuple[int, ...]:
    dtype, shape = reader.facts(name)
    if dtype is not dtypes.float32:
        raise _invalid(f"Tensor {name} has invalid type {dtype_name(dtype)} instead of expected type float")
    if len(shape) != 2:
        raise _invalid(
            f"Tensor {name} has shape {infer.show(shape)} of invalid rank {len(shape)} instead of expected shape of "
            "rank 2."
        )
    if not remaps_cols and num_cols != shape[1]:
        raise _invalid(
            f"Tensor {name} has shape {infer.show(shape)}, where the size of its 2nd dimension is {shape[1]} instead "
            f"of being equal to num_cols={num_cols}"
        )
    return shape


def _copy_rows(
    reader: BundleReader, name: str, out: np.ndarray, rows: np.ndarray, cols: np.ndarray, at_once: int
) -> None:
    """Copy rows of the old matrix to their places, so many at once as are allowed."""
    wanted = np.flatnonzero(rows >= 0)
    if not len(wanted):
        return
    first, last = int(rows[wanted].min()), int(rows[wanted].max())
    step = last - first + 1 if at_once <= 0 else at_once
    kept = np.flatnonzero(cols >= 0)
    for start in range(first, last + 1, step):
        count = min(step, last + 1 - start)
        block = reader.read_slice(name, Slice(((start, count), (0, FULL))))
        here = wanted[(rows[wanted] >= start) & (rows[wanted] < start + count)]
        out[np.ix_(here, kept)] = block[np.ix_(rows[here] - start, cols[kept])]


for _block in (generate_vocab_remapping, load_and_remap_matrix):
    _block.no_gradient()

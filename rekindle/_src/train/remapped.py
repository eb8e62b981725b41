"""Initial values from a matrix of a checkpoint, in the order of another vocabulary.

Holds `load_and_remap_matrix` and the initializers made of it. The ops are in ops/checkpoint_remap.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rekindle._src.graph import convert, dtypes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array, checkpoint_remap
from rekindle._src.ops import math as math_ops
from rekindle._src.state import initializers


def _check_files(what: str, old: Any, new: Any, buckets: int) -> bool:
    """Whether rows or columns are remapped.

    Raises:
      ValueError: only one file is given, or the number of buckets is negative.
    """
    if buckets < 0:
        raise ValueError(f"num_{what}_oov_buckets must be >= 0, but received {buckets}")
    if bool(old) != bool(new):
        raise ValueError(
            f"old_{what}_vocab_file and new_{what}_vocab_file must both be specified or left unspecified. "
            f"old_{what}_vocab_file='{old}', new_{what}_vocab_file='{new}'"
        )
    return bool(old)


@public("contrib.framework.load_and_remap_matrix")
def load_and_remap_matrix(
    ckpt_path: str, old_tensor_name: str, new_row_vocab_offset: int, num_rows_to_load: int, new_col_vocab_size: int,
    initializer: Callable[..., Any], old_row_vocab_size: int = -1, old_row_vocab_file: str | None = None,
    new_row_vocab_file: str | None = None, old_col_vocab_file: str | None = None,
    new_col_vocab_file: str | None = None, num_row_oov_buckets: int = 0, num_col_oov_buckets: int = 0,
    max_rows_in_memory: int = -1,
) -> Tensor:  # fmt: skip
    """Rows of a matrix of a checkpoint in the order of a new vocabulary; new ones by `initializer`.

    Args:
      ckpt_path: the checkpoint.
      old_tensor_name: the matrix.
      new_row_vocab_offset: the first row to load, by the new vocabulary.
      num_rows_to_load: the number of rows to load.
      new_col_vocab_size: the number of columns.
      initializer: gives values of a shape, for what the checkpoint lacks.
      old_row_vocab_size: so many lines of the old vocabulary count; -1: all.
      old_row_vocab_file: the file with the names of the checkpoint's rows, a line each; None: rows keep their order.
      new_row_vocab_file: the file with the names of the new rows.
      old_col_vocab_file: the file with the names of the checkpoint's columns; None: they keep their order.
      new_col_vocab_file: the file with the names of the new columns.
      num_row_oov_buckets: rows to add at the end.
      num_col_oov_buckets: columns to add at the end.
      max_rows_in_memory: read so many rows of the checkpoint at once; -1: all.

    Raises:
      ValueError: files or numbers do not fit.
    """
    remaps_rows = _check_files("row", old_row_vocab_file, new_row_vocab_file, num_row_oov_buckets)
    remaps_cols = _check_files("col", old_col_vocab_file, new_col_vocab_file, num_col_oov_buckets)
    if not remaps_rows and not remaps_cols:
        raise ValueError(
            "Must provide either row or column vocab files. If no remapping is necessary, consider using "
            "`tf.contrib.framework.init_from_checkpoint` instead."
        )
    rows_present: Any = num_rows_to_load
    if remaps_rows:
        rows, rows_present = checkpoint_remap.generate_vocab_remapping(
            new_vocab_file=new_row_vocab_file, old_vocab_file=old_row_vocab_file,
            new_vocab_offset=new_row_vocab_offset, num_new_vocab=num_rows_to_load, old_vocab_size=old_row_vocab_size,
        )  # fmt: skip
    else:
        rows = math_ops.range(new_row_vocab_offset, new_row_vocab_offset + num_rows_to_load, dtype=dtypes.int64)
    cols: Any = []
    cols_present: Any = new_col_vocab_size
    if remaps_cols:
        cols, cols_present = checkpoint_remap.generate_vocab_remapping(
            new_vocab_file=new_col_vocab_file, old_vocab_file=old_col_vocab_file, new_vocab_offset=0,
            num_new_vocab=new_col_vocab_size,
        )  # fmt: skip
    missing = num_rows_to_load * new_col_vocab_size - rows_present * cols_present
    out = checkpoint_remap.load_and_remap_matrix(
        ckpt_path=ckpt_path, old_tensor_name=old_tensor_name, row_remapping=rows, col_remapping=cols,
        initializing_values=initializer([missing, 1]), num_rows=num_rows_to_load, num_cols=new_col_vocab_size,
        max_rows_in_memory=max_rows_in_memory,
    )  # fmt: skip
    if num_row_oov_buckets:
        more = convert.convert_to_tensor(initializer([num_row_oov_buckets, new_col_vocab_size]))
        out = array.concat([out, more], 0)
    if num_col_oov_buckets:
        more = initializer([num_rows_to_load + num_row_oov_buckets, num_col_oov_buckets])
        out = array.concat([out, convert.convert_to_tensor(more)], 1)
    return out


@public("contrib.framework.load_and_remap_matrix_initializer")
def load_and_remap_matrix_initializer(
    ckpt_path: str, old_tensor_name: str, new_row_vocab_size: int, new_col_vocab_size: int,
    old_row_vocab_size: int = -1, old_row_vocab_file: str | None = None, new_row_vocab_file: str | None = None,
    old_col_vocab_file: str | None = None, new_col_vocab_file: str | None = None, num_row_oov_buckets: int = 0,
    num_col_oov_buckets: int = 0, initializer: Callable[..., Any] | None = None, max_rows_in_memory: int = -1,
) -> Callable[..., Any]:  # fmt: skip
    """An initializer of a variable, or of a part of one, by `load_and_remap_matrix`.

    Args:
      ckpt_path: the checkpoint.
      old_tensor_name: the matrix.
      new_row_vocab_size: the number of rows without the added ones.
      new_col_vocab_size: the number of columns without the added ones.
      old_row_vocab_size: so many lines of the old vocabulary count; -1: all.
      old_row_vocab_file: see `load_and_remap_matrix`, as the other files.
      new_row_vocab_file: see there.
      old_col_vocab_file: see there.
      new_col_vocab_file: see there.
      num_row_oov_buckets: rows to add at the end.
      num_col_oov_buckets: columns to add at the end.
      initializer: gives values of a shape, for what the checkpoint lacks; default: zeros.
      max_rows_in_memory: read so many rows of the checkpoint at once; -1: all.

    Raises:
      TypeError: `initializer` is no function.
    """
    fallback = initializers.Zeros() if initializer is None else initializer
    if not callable(fallback):
        kind = type(fallback)
        raise TypeError(f"initializer must be callable, instead of being {fallback} of type {kind}.")

    def initialize(shape: Any, dtype: Any = dtypes.float32, partition_info: Any = None) -> Any:
        if dtype != dtypes.float32:
            raise TypeError(f"Currently, only float32 is supported. Received dtype: {dtype}")
        _check_shape(shape, new_col_vocab_size, num_col_oov_buckets)
        offset = 0 if partition_info is None else partition_info.single_offset(shape)
        whole = new_row_vocab_size + num_row_oov_buckets
        if offset + shape[0] > whole:
            raise ValueError(
                f"Trying to initialize {shape[0]} additional rows after {offset} rows have already been initialized, "
                "which would exceed expected total row count of new_row_vocab_size "
                f"({new_row_vocab_size}) + num_row_oov_buckets ({num_row_oov_buckets}) = {whole}."
            )
        buckets = min(shape[0], max(0, offset + shape[0] - new_row_vocab_size))
        if offset > new_row_vocab_size:
            if shape[0] != buckets:
                raise ValueError(
                    "Partitioned variable offset is greater than new vocab size and not operating on OOV-only "
                    "partition."
                )
            return fallback(shape)
        return load_and_remap_matrix(
            ckpt_path, old_tensor_name, offset, shape[0] - buckets, new_col_vocab_size, fallback, old_row_vocab_size,
            old_row_vocab_file, new_row_vocab_file, old_col_vocab_file, new_col_vocab_file, buckets,
            num_col_oov_buckets, max_rows_in_memory,
        )  # fmt: skip

    return initialize


def _check_shape(shape: Any, cols: int, buckets: int) -> None:
    if len(shape) != 2:
        raise ValueError(f"Expected 2-dim shape, but received: {shape}")
    if shape[0] <= 0:
        raise ValueError(f"Expected 1st dim of shape to be > 0, but received shape: {shape}")
    if shape[1] != cols + buckets:
        raise ValueError(
            f"Expected 2nd dim of shape to be new_col_vocab_size ({cols}) + num_col_oov_buckets ({buckets}) = "
            f"{cols + buckets}, but received shape: {shape}"
        )


@public("contrib.framework.load_embedding_initializer")
def load_embedding_initializer(
    ckpt_path: str, embedding_tensor_name: str, new_vocab_size: int, embedding_dim: int, old_vocab_file: str,
    new_vocab_file: str, old_vocab_size: int = -1, num_oov_buckets: int = 0,
    initializer: Callable[..., Any] | None = None, max_rows_in_memory: int = -1,
) -> Callable[..., Any]:  # fmt: skip
    """`load_and_remap_matrix_initializer` of an embedding; new rows are drawn from a truncated normal distribution."""
    if initializer is None:
        initializer = initializers.TruncatedNormal(stddev=1.0 / math.sqrt(embedding_dim))
    return load_and_remap_matrix_initializer(
        ckpt_path, embedding_tensor_name, new_vocab_size, embedding_dim, old_vocab_size, old_vocab_file,
        new_vocab_file, num_row_oov_buckets=num_oov_buckets, initializer=initializer,
        max_rows_in_memory=max_rows_in_memory,
    )  # fmt: skip


_load_and_remap_matrix = load_and_remap_matrix
_load_and_remap_matrix_initializer = load_and_remap_matrix_initializer
_load_embedding_initializer = load_embedding_initializer

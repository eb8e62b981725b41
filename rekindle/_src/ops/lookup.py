"""The blocks of lookup tables: maps from keys to values that live in the session.

Holds `LookupTable`, what a table's handle stands for at run time, and the ops on it. The classes that users have are in
lookup_tables.py.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops.string import dtype_name, text_of

WHOLE_LINE, LINE_NUMBER = -2, -1


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


class LookupTable:
    """Keys and values of fixed types; values may be tensors of one shape."""

    def __init__(
        self, key_dtype: Any, value_dtype: Any, value_shape: Any = (), mutable: bool = False
    ) -> None:
        self.key_dtype = key_dtype
        self.value_dtype = value_dtype
        self.value_shape = value_shape
        self.mutable = mutable
        self.refused: tuple[Any, ...] = ()  # keys that cannot be used
        self.items: dict[Any, Any] = {}
        self._is_filled = mutable
        self._lock = threading.Lock()

    def check(self) -> None:
        """Refuse a table that was not filled yet.

        Raises:
          FailedPreconditionError: it was not.
        """
        if not self._is_filled:
            raise errors.FailedPreconditionError(None, None, "Table not initialized.")

    def check_types(self, keys: Any, values: Any) -> None:
        """Refuse keys or values of other types.

        Raises:
          InvalidArgumentError: they are.
        """
        for name, wanted, found in (
            ("Key", self.key_dtype, keys),
            ("Value", self.value_dtype, values),
        ):
            if found is not wanted:
                raise _invalid(
                    f"{name} must be type {dtype_name(wanted)} but got {dtype_name(found)}"
                )

    def find(self, keys: Any, default: Any) -> Any:
        """The values of the keys, the default for those that are not there."""
        self.check()
        rest = default.tolist()
        found = [self.items.get(key, rest) for key in self._keys(keys)]
        return self._values(found, tuple(keys.shape))

    def fill(self, keys: Any, values: Any) -> None:
        """The first content of a table that does not change.

        Raises:
          InvalidArgumentError: a key has two values.
        """
        with self._lock:
            pairs = list(zip(self._keys(keys), _rows(values, 0)))
            if self._is_filled:
                if all(self.items.get(key) == value for key, value in pairs):
                    return
                raise errors.FailedPreconditionError(None, None, "Table already initialized.")
            items: dict[Any, Any] = {}
            for key, value in pairs:
                if items.setdefault(key, value) != value:
                    raise _invalid(
                        f"HashTable has different value for same key. Key {_shown(key)} has "
                        f"{_shown(items[key])} and trying to add value {_shown(value)}"
                    )
            self.items, self._is_filled = items, True

    def insert(self, keys: Any, values: Any) -> None:
        """Add keys, or give them other values."""
        with self._lock:
            flat = self._keys(keys)
            for key in flat:
                if key in self.refused:
                    raise _invalid("Using the empty_key as a table key is not allowed")
            self.items.update(
                zip(
                    flat, _rows(values, keys.dim() if isinstance(keys, torch.Tensor) else keys.ndim)
                )
            )

    def replace(self, keys: Any, values: Any) -> None:
        """Forget everything, then hold these."""
        with self._lock:
            self.items = {}
        self.insert(keys, values)

    def remove(self, keys: Any) -> None:
        """Forget keys."""
        with self._lock:
            for key in self._keys(keys):
                self.items.pop(key, None)

    def export(self) -> tuple[Any, Any]:
        """All keys and all values."""
        with self._lock:
            items = dict(self.items)
        count = (len(items),)
        keys = _array(list(items), self.key_dtype, count)
        return keys, self._values(list(items.values()), count)

    def _keys(self, keys: Any) -> list[Any]:
        return keys.reshape(-1).tolist()

    def _values(self, found: list[Any], shape: tuple[int, ...]) -> Any:
        return _array(found, self.value_dtype, shape + tuple(self.value_shape or ()))


def _rows(values: Any, axes: int) -> list[Any]:
    """The values one for each key: `axes` is how many axes the keys have, 0 for all."""
    if not axes or values.ndim == axes:
        return values.reshape(-1).tolist()
    return values.reshape(-1, *values.shape[axes:]).tolist()


def _array(values: list[Any], dtype: Any, shape: tuple[int, ...]) -> Any:
    if dtype is dtypes.string:
        return text_of(values, shape)
    return torch.tensor(values, dtype=dtype.torch).reshape(shape)


def _shown(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


# Making tables.


def _table(ctx: Any, container: str, shared_name: str, make: Any) -> LookupTable:
    return ctx.store.resource("table", container, shared_name or ctx.name, make)


@op("HashTableV2", infer=infer.scalar, once=True)
def hash_table_v2(
    *, key_dtype, value_dtype, container="", shared_name="", use_node_name_sharing=False, ctx
):
    """The handle of a table that is filled once."""
    return _table(ctx, container, shared_name, lambda: LookupTable(key_dtype, value_dtype))


@op("MutableHashTableV2", infer=infer.scalar, once=True)
def mutable_hash_table_v2(*, key_dtype, value_dtype, container="", shared_name="", use_node_name_sharing=False,
                          ctx):  # fmt: skip
    """The handle of a table of scalars that may change."""
    return _table(
        ctx, container, shared_name, lambda: LookupTable(key_dtype, value_dtype, (), True)
    )


@op("MutableHashTableOfTensorsV2", infer=infer.scalar, once=True)
def mutable_hash_table_of_tensors_v2(*, key_dtype, value_dtype, value_shape=(), container="", shared_name="",
                                     use_node_name_sharing=False, ctx):  # fmt: skip
    """The handle of a table of vectors that may change."""
    return _table(
        ctx, container, shared_name, lambda: LookupTable(key_dtype, value_dtype, value_shape, True)
    )


@op("MutableDenseHashTableV2", infer=infer.scalar)
def mutable_dense_hash_table_v2(empty_key, deleted_key, *, key_dtype, value_dtype, value_shape=(), container="",
                                shared_name="", ctx):  # fmt: skip
    """The handle of a table that may change, in which two keys cannot be used."""

    def make() -> LookupTable:
        table = LookupTable(key_dtype, value_dtype, value_shape, True)
        table.refused = (empty_key.reshape(-1).tolist()[0], deleted_key.reshape(-1).tolist()[0])
        return table

    return _table(ctx, container, shared_name, make)


# Using tables.

_PASSING = frozenset(["Identity", "Enter", "Exit", "Switch", "Merge"])


def _maker(c: Any) -> Any:
    """The operation that made the table."""
    operation = c.op._inputs[0]._op
    while operation.type in _PASSING:
        operation = operation._inputs[0]._op
    return operation


def _find_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    infer.with_rank_at_most(c.shapes[2], 1)
    maker, keys = _maker(c), c.shapes[1]
    if not maker.type.startswith("Mutable"):
        return None
    value_shape = maker._attrs.get("value_shape", ())
    if keys is None or value_shape is None:
        return None
    if maker.type == "MutableDenseHashTableV2":
        suffix = maker._inputs[0]._static_shape
        if suffix is None:
            return None
        keys = keys[: len(keys) - len(suffix)]
    return keys + value_shape


@op("LookupTableFindV2", infer=_find_rule, host=True)
def lookup_table_find_v2(table_handle, keys, default_value, *, Tin, Tout):  # noqa: N803
    """The values of the keys, the default for those that are not there."""
    table_handle.check_types(Tin, Tout)
    return table_handle.find(keys, default_value)


def _handle_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    return []


@op("LookupTableInsertV2", infer=_handle_rule, host=True)
def lookup_table_insert_v2(table_handle, keys, values, *, Tin, Tout):  # noqa: N803
    """Add keys, or give them other values."""
    table_handle.check_types(Tin, Tout)
    if not table_handle.mutable:
        raise errors.UnimplementedError(
            None, None, "Insert not supported by InitializableLookupTable implementations"
        )
    table_handle.insert(keys, values)


@op("LookupTableImportV2", infer=_handle_rule, host=True)
def lookup_table_import_v2(table_handle, keys, values, *, Tin, Tout):  # noqa: N803
    """Replace the content of the table."""
    table_handle.check_types(Tin, Tout)
    if table_handle.mutable:
        table_handle.replace(keys, values)
    else:
        table_handle.fill(keys, values)


@op("InitializeTableV2", infer=_handle_rule, host=True)
def initialize_table_v2(table_handle, keys, values, *, Tkey, Tval):  # noqa: N803
    """The first content of the table."""
    table_handle.check_types(Tkey, Tval)
    table_handle.fill(keys, values)


@op("LookupTableRemoveV2", infer=_handle_rule, host=True)
def lookup_table_remove_v2(table_handle, keys):
    """Forget keys."""
    table_handle.remove(keys)


@op("LookupTableSizeV2", infer=infer.scalar, host=True)
def lookup_table_size_v2(table_handle):
    """How many keys the table has."""
    table_handle.check()
    return torch.tensor(len(table_handle.items), dtype=torch.int64)


def _export_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    maker = _maker(c)
    if not maker.type.startswith("Mutable"):
        return [None, None]
    value_shape = maker._attrs.get("value_shape", ())
    return [(None,), None if value_shape is None else (None,) + value_shape]


@op("LookupTableExportV2", infer=_export_rule, host=True)
def lookup_table_export_v2(table_handle):
    """All keys and all values."""
    return table_handle.export()


def _file_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    infer.with_rank(c.shapes[1], 0)
    return []


@op("InitializeTableFromTextFileV2", infer=_file_rule, host=True)
def initialize_table_from_text_file_v2(table_handle, filename, *, key_index, value_index, vocab_size=-1,
                                       delimiter="\t"):  # fmt: skip
    """Fill the table from a file, one pair a line."""
    name = filename[()].decode()
    columns = _Columns(name, delimiter)
    lines = _lines(name, vocab_size)
    keys = [
        columns.part(line, i, key_index, value_index, table_handle.key_dtype)
        for i, line in enumerate(lines)
    ]
    values = [
        columns.part(line, i, value_index, key_index, table_handle.value_dtype)
        for i, line in enumerate(lines)
    ]
    count = (len(lines),)
    table_handle.fill(
        _array(keys, table_handle.key_dtype, count), _array(values, table_handle.value_dtype, count)
    )


def _lines(name: str, limit: int) -> list[bytes]:
    try:
        lines = Path(name).read_bytes().split(b"\n")
    except OSError as error:
        kind = errors.NotFoundError if isinstance(error, FileNotFoundError) else errors.UnknownError
        raise kind(None, None, f"{name}; {error.strerror}") from None
    if lines[-1] == b"":
        lines.pop()
    if limit != -1 and len(lines) < limit:
        raise _invalid(f"Invalid vocab_size in {name}: expected {limit} but got {len(lines)}")
    lines = lines[:limit] if limit != -1 else lines
    for i, line in enumerate(lines):
        if not line:
            raise _invalid(f"Invalid content in {name}: empty line found at position {i}.")
    return lines


class _Columns:
    """Parts of the lines of a vocabulary file."""

    def __init__(self, name: str, delimiter: str) -> None:
        self._name = name
        self._delimiter = delimiter.encode()

    def part(self, line: bytes, number: int, index: int, other: int, dtype: Any) -> Any:
        """A column of a line, its number, or the whole of it."""
        if index == LINE_NUMBER:
            return number
        text = line
        if index != WHOLE_LINE:
            columns = line.split(self._delimiter)
            if max(index, other) >= len(columns):
                raise _invalid(
                    f"Invalid number of columns in {self._name} line {number} ({line.decode(errors='replace')}) : "
                    f"expected {max(index, other)} got {len(columns)}"
                )
            text = columns[index]
        if dtype is dtypes.string:
            return text
        try:
            return int(text) if dtype.is_integer else float(text)
        except ValueError:
            raise _invalid(
                f"Field {text.decode(errors='replace')} in line {number} is not a valid {dtype_name(dtype)}."
            ) from None


for _block in (
    hash_table_v2, mutable_hash_table_v2, mutable_hash_table_of_tensors_v2, mutable_dense_hash_table_v2,
    lookup_table_find_v2, lookup_table_insert_v2, lookup_table_size_v2, initialize_table_v2,
    initialize_table_from_text_file_v2,
):  # fmt: skip
    _block.no_gradient()

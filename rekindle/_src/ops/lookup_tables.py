"""Lookup tables as users have them: static tables, and what fills them.

Buckets for unknown keys are in lookup_buckets.py; tables that may change, and the functions of tf.contrib.lookup, in
contrib/lookup.py.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import (
    constant,
    control,
    lookup,
)


@public("tables_initializer", "initializers.tables_initializer")
def tables_initializer(name: str = "init_all_tables") -> Any:
    """An operation that fills all tables of the graph."""
    fills = get_collection(GraphKeys.TABLE_INITIALIZERS)
    return control.group(*fills, name=name) if fills else control.no_op(name=name)


@public("initialize_all_tables")
def initialize_all_tables(name: str = "init_all_tables") -> Any:
    """The old name of `tables_initializer`."""
    return tables_initializer(name)


def check_types(table: Any, key_dtype: Any, value_dtype: Any) -> None:
    """Refuse keys or values that are not of the table's types.

    Raises:
      TypeError: they are not.
    """
    for what, wanted, found in (
        ("key", table.key_dtype, key_dtype),
        ("value", table.value_dtype, value_dtype),
    ):
        if found.base_dtype != wanted:
            raise TypeError(f"Invalid {what} dtype, expected {wanted} but got {found}.")


@public("contrib.lookup.LookupInterface")
class LookupInterface:
    """A map from keys to values that lives in the session."""

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)
        self._resource_handle: Any = None

    def _create_resource(self) -> Any:
        raise NotImplementedError

    @property
    def key_dtype(self) -> Any:
        """The type of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> Any:
        """The type of the values."""
        return self._value_dtype

    @property
    def resource_handle(self) -> Any:
        """The tensor that stands for the table."""
        return self._resource_handle

    @property
    def name(self) -> Any:
        """The table's name."""
        raise NotImplementedError

    def size(self, name: str | None = None) -> Any:
        """How many keys it has."""
        raise NotImplementedError

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys."""
        raise NotImplementedError

    def _check_keys(self, keys: Any, wanted: Any) -> None:
        if keys.dtype.base_dtype != wanted:
            raise TypeError(f"Signature mismatch. Keys must be dtype {wanted}, got {keys.dtype}.")


def like(keys: Any, values: Any) -> Any:
    """Values in the form of the keys: sparse for sparse ones."""
    if isinstance(keys, SparseTensor):
        return SparseTensor(keys.indices, values, keys.dense_shape)
    return values


@public("contrib.lookup.InitializableLookupTableBase")
class InitializableLookupTableBase(LookupInterface):
    """A table that an operation fills once.

    Args:
      default_value: the value of keys that are not there.
      initializer: what fills it.
    """

    def __init__(self, default_value: Any, initializer: Any) -> None:
        super().__init__(initializer.key_dtype, initializer.value_dtype)
        self._default_value = convert.convert_to_tensor(default_value, dtype=self._value_dtype)
        self._default_value.shape.merge_with(())
        self._initializer = initializer
        with scopes.init_scope():
            self._resource_handle = self._create_resource()
        if scopes.get_default_graph()._get_control_flow_context() is not None:
            with scopes.init_scope():
                self._init_op = self._initialize()
        else:
            self._init_op = self._initialize()

    def _initialize(self) -> Any:
        return self._initializer.initialize(self)

    @property
    def default_value(self) -> Any:
        """The value of keys that are not there."""
        return self._default_value

    @property
    def initializer(self) -> Any:
        """The operation that fills it."""
        return self._init_op

    def size(self, name: str | None = None) -> Any:
        """How many keys it has."""
        with scopes.name_scope(name, f"{self.name}_Size", [self.resource_handle]):
            return lookup.lookup_table_size_v2(self.resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of a tensor or SparseTensor of keys.

        Raises:
          TypeError: the keys are of another type.
        """
        flat = keys.values if isinstance(keys, SparseTensor) else keys
        self._check_keys(keys, self._key_dtype)
        with scopes.name_scope(
            name, f"{self.name}_Lookup", (self.resource_handle, flat, self._default_value)
        ):
            values = lookup.lookup_table_find_v2(self.resource_handle, flat, self._default_value)
        values.set_shape(flat.shape)
        return like(keys, values)


@public("lookup.StaticHashTable")
class StaticHashTable(InitializableLookupTableBase):
    """A hash table that is filled once: `StaticHashTable(initializer, default_value)`."""

    def __init__(self, initializer: Any, default_value: Any, name: str | None = None) -> None:
        self._shared_name = initializer._shared_name or f"hash_table_{uuid.uuid4()}"
        self._name = name or "hash_table"
        self._table_name: str | None = None
        super().__init__(default_value, initializer)
        self._value_shape = self._default_value.shape

    def _create_resource(self) -> Any:
        initializer = self._initializer
        handle = lookup.hash_table_v2(
            shared_name=self._shared_name, key_dtype=initializer.key_dtype,
            value_dtype=initializer.value_dtype, name=self._name,
        )  # fmt: skip
        self._table_name = handle.op.name.split("/")[-1]
        return handle

    @property
    def name(self) -> Any:
        """The table's name."""
        return self._table_name

    def export(self, name: str | None = None) -> tuple[Any, Any]:
        """All keys and all values."""
        with scopes.name_scope(name, f"{self.name}_Export", [self.resource_handle]):
            keys, values = lookup.lookup_table_export_v2(
                self.resource_handle, self._key_dtype, self._value_dtype
            )
        values.set_shape(keys.shape.concatenate(self._value_shape))
        return keys, values


# What fills tables.


@public("contrib.lookup.TableInitializerBase")
class TableInitializerBase:
    """What fills a table."""

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)

    @property
    def key_dtype(self) -> Any:
        """The type of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> Any:
        """The type of the values."""
        return self._value_dtype

    @property
    def _shared_name(self) -> str:
        return ""

    def initialize(self, table: Any) -> Any:
        """The operation that fills the table."""
        raise NotImplementedError


@public("lookup.KeyValueTensorInitializer", "contrib.lookup.KeyValueTensorInitializer")
class KeyValueTensorInitializer(TableInitializerBase):
    """Fills a table with keys and values given as tensors."""

    def __init__(
        self,
        keys: Any,
        values: Any,
        key_dtype: Any = None,
        value_dtype: Any = None,
        name: str | None = None,
    ) -> None:
        in_branch = scopes.get_default_graph()._get_control_flow_context() is not None
        with scopes.init_scope() if in_branch else contextlib.nullcontext():
            self._keys = convert.convert_to_tensor(keys, key_dtype, "keys")
            self._values = convert.convert_to_tensor(values, value_dtype, "values")
        self._name = "key_value_init" if name is None else name
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table: Any) -> Any:
        """The operation that fills the table.

        Raises:
          TypeError: the table is of other types.
        """
        check_types(table, self._keys.dtype, self._values.dtype)
        with scopes.name_scope(
            self._name, values=(table.resource_handle, self._keys, self._values)
        ):
            fill = lookup.lookup_table_import_v2(table.resource_handle, self._keys, self._values)
        add_to_collection(GraphKeys.TABLE_INITIALIZERS, fill)
        return fill


@public("lookup.TextFileIndex", "contrib.lookup.TextFileIndex")
class TextFileIndex:
    """Which part of a line: these, or the number of a column."""

    WHOLE_LINE = lookup.WHOLE_LINE
    LINE_NUMBER = lookup.LINE_NUMBER


def _check_columns(key_dtype: Any, key_index: int, value_dtype: Any, value_index: int) -> None:
    if key_index < -2:
        raise ValueError(f"Invalid key index {key_index}.")
    if key_index == TextFileIndex.LINE_NUMBER and key_dtype != dtypes.int64:
        raise ValueError(f"Signature mismatch. Keys must be dtype {dtypes.int64}, got {key_dtype}.")
    if (
        key_index == TextFileIndex.WHOLE_LINE
        and not key_dtype.is_integer
        and key_dtype != dtypes.string
    ):
        raise ValueError(f"Signature mismatch. Keys must be integer or string, got {key_dtype}.")
    if value_index < -2:
        raise ValueError(f"Invalid value index {value_index}.")
    if value_index == TextFileIndex.LINE_NUMBER and value_dtype != dtypes.int64:
        raise ValueError(
            f"Signature mismatch. Values must be dtype {dtypes.int64}, got {value_dtype}."
        )
    if value_index == TextFileIndex.WHOLE_LINE and value_dtype != dtypes.string:
        raise ValueError(
            f"Signature mismatch. Values must be dtype {dtypes.string}, got {value_dtype}."
        )


@public("lookup.TextFileInitializer", "contrib.lookup.TextFileInitializer")
class TextFileInitializer(TableInitializerBase):
    """Fills a table from a text file, one pair a line.

    Args:
      filename: the file.
      key_dtype, value_dtype: the types.
      key_index, value_index: a column, or one of `TextFileIndex`.
      vocab_size: how many lines the file must have at least; only these are read.
      delimiter: what stands between columns.
      name: the name of the scope.

    Raises:
      ValueError: types and columns do not go together.
    """

    def __init__(
        self, filename: Any, key_dtype: Any, key_index: int, value_dtype: Any, value_index: int,
        vocab_size: int | None = None, delimiter: str = "\t", name: str | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(filename, Tensor) and not filename:
            raise ValueError(f"Filename required for {name}.")
        self._filename_arg = filename
        key_dtype, value_dtype = dtypes.as_dtype(key_dtype), dtypes.as_dtype(value_dtype)
        _check_columns(key_dtype, key_index, value_dtype, value_index)
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"Invalid vocab_size {vocab_size}.")
        self._key_index, self._value_index = key_index, value_index
        self._vocab_size, self._delimiter, self._name = vocab_size, delimiter, name
        with scopes.init_scope(), scopes.device("CPU"):
            self._filename = convert.convert_to_tensor(filename, dtypes.string, "asset_path")
        super().__init__(key_dtype, value_dtype)

    def initialize(self, table: Any) -> Any:
        """The operation that fills the table.

        Raises:
          TypeError: the table is of other types.
        """
        check_types(table, self.key_dtype, self.value_dtype)
        with scopes.name_scope(self._name, "text_file_init", (table.resource_handle,)):
            fill = lookup.initialize_table_from_text_file_v2(
                table.resource_handle, self._filename, self._key_index, self._value_index,
                -1 if self._vocab_size is None else self._vocab_size, self._delimiter,
            )  # fmt: skip
        add_to_collection(GraphKeys.TABLE_INITIALIZERS, fill)
        if constant.is_constant(self._filename):
            add_to_collection(GraphKeys.ASSET_FILEPATHS, self._filename)
        return fill

    @property
    def _shared_name(self) -> str:
        size = f"{self._vocab_size}_" if self._vocab_size else ""
        return f"hash_table_{self._filename_arg}_{size}{self._key_index}_{self._value_index}"


@public("contrib.lookup.TextFileStringTableInitializer")
class TextFileStringTableInitializer(TextFileInitializer):
    """Fills a table from ids to strings from a text file."""

    def __init__(
        self, filename: Any, key_column_index: int = TextFileIndex.LINE_NUMBER,
        value_column_index: int = TextFileIndex.WHOLE_LINE, vocab_size: int | None = None, delimiter: str = "\t",
        name: str = "text_file_string_table_init",
    ) -> None:  # fmt: skip
        super().__init__(
            filename, dtypes.int64, key_column_index, dtypes.string, value_column_index,
            vocab_size=vocab_size, delimiter=delimiter, name=name,
        )  # fmt: skip


@public("contrib.lookup.TextFileIdTableInitializer")
class TextFileIdTableInitializer(TextFileInitializer):
    """Fills a table from strings (or integers) to ids from a text file."""

    def __init__(
        self, filename: Any, key_column_index: int = TextFileIndex.WHOLE_LINE,
        value_column_index: int = TextFileIndex.LINE_NUMBER, vocab_size: int | None = None, delimiter: str = "\t",
        name: str = "text_file_id_table_init", key_dtype: Any = dtypes.string,
    ) -> None:  # fmt: skip
        super().__init__(
            filename, key_dtype, key_column_index, dtypes.int64, value_column_index,
            vocab_size=vocab_size, delimiter=delimiter, name=name,
        )  # fmt: skip

"""tf.contrib.lookup: tables of vocabularies, and tables that may change."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_shape, lookup
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.lookup_buckets import FastHashSpec, IdTableWithHashBuckets
from rekindle._src.ops.lookup_tables import (
    InitializableLookupTableBase,
    KeyValueTensorInitializer,
    LookupInterface,
    StaticHashTable,
    TextFileIdTableInitializer,
    TextFileIndex,
    TextFileStringTableInitializer,
)
from rekindle._src.train.saveables import SaveableObject, SaveSpec


@public("contrib.lookup.HashTable")
class HashTable(InitializableLookupTableBase):
    """A hash table that is filled once, which sessions share under `shared_name`."""

    def __init__(
        self,
        initializer: Any,
        default_value: Any,
        shared_name: str | None = None,
        name: str | None = None,
    ) -> None:
        self._shared_name = shared_name
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
    def init(self) -> Any:
        """The old name of `initializer`."""
        return self.initializer

    @property
    def name(self) -> Any:
        """The table's name."""
        return self._table_name

    def export(self, name: str | None = None) -> tuple[Any, Any]:
        """All keys and all values."""
        with scopes.name_scope(name, f"{self.name}_Export", [self.resource_handle]) as name:
            keys, values = lookup.lookup_table_export_v2(
                self.resource_handle, self._key_dtype, self._value_dtype, name=name
            )
        values.set_shape(keys.shape.concatenate(self._value_shape))
        return keys, values


# Vocabularies.


def _check_vocabulary(num_oov_buckets: int, dtype: Any) -> None:
    if num_oov_buckets < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {num_oov_buckets}.")
    if not dtype.is_integer and dtypes.string != dtype.base_dtype:
        raise TypeError("Only integer and string keys are supported.")


def _check_file(vocabulary_file: Any) -> None:
    if vocabulary_file is None or vocabulary_file == "":
        raise ValueError("vocabulary_file must be specified and must not be empty.")


@public("contrib.lookup.index_table_from_file")
def index_table_from_file(
    vocabulary_file: Any = None, num_oov_buckets: int = 0, vocab_size: Any = None, default_value: int = -1,
    hasher_spec: Any = FastHashSpec, key_dtype: Any = dtypes.string, name: str | None = None,
    key_column_index: int = TextFileIndex.WHOLE_LINE, value_column_index: int = TextFileIndex.LINE_NUMBER,
    delimiter: str = "\t",
) -> Any:  # fmt: skip
    """A table from the words of a file, one a line, to their line numbers.

    Raises:
      ValueError, TypeError: the arguments do not go together.
    """
    _check_file(vocabulary_file)
    _check_vocabulary(num_oov_buckets, key_dtype)
    if vocab_size is not None and vocab_size < 1:
        shown = vocabulary_file
        if isinstance(vocabulary_file, Tensor):
            shown = constants.constant_value(vocabulary_file) or "?"
        raise ValueError(
            f"vocab_size must be greater than 0, got {vocab_size}. vocabulary_file: {shown}"
        )
    with scopes.name_scope(name, "string_to_index"):
        with scopes.name_scope(None, "hash_table"):
            fill = TextFileIdTableInitializer(
                vocabulary_file, vocab_size=vocab_size,
                key_dtype=dtypes.int64 if key_dtype.is_integer else key_dtype, name="table_init",
                key_column_index=key_column_index, value_column_index=value_column_index, delimiter=delimiter,
            )  # fmt: skip
            table = StaticHashTable(fill, default_value)
        if num_oov_buckets:
            return IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=key_dtype)
        return table


@public("contrib.lookup.index_table_from_tensor")
def index_table_from_tensor(
    mapping: Any, num_oov_buckets: int = 0, default_value: int = -1, hasher_spec: Any = FastHashSpec,
    dtype: Any = dtypes.string, name: str | None = None,
) -> Any:  # fmt: skip
    """A table from the words of a vector to their places in it.

    Raises:
      ValueError, TypeError: the arguments do not go together.
    """
    if mapping is None:
        raise ValueError("mapping must be specified.")
    _check_vocabulary(num_oov_buckets, dtype)
    with scopes.name_scope(name, "string_to_index"):
        keys = convert.convert_to_tensor(mapping)
        if keys.dtype.is_integer != dtype.is_integer:
            wanted = "integer" if dtype.is_integer else "non-integer"
            raise ValueError(f"Expected {wanted}, got {keys.dtype}.")
        if not dtype.is_integer and keys.dtype.base_dtype != dtype:
            raise ValueError(f"Expected {dtype}, got {keys.dtype}.")
        values = _places(keys)
        with scopes.name_scope(None, "hash_table"):
            keys = math_ops.cast(keys, dtypes.int64) if keys.dtype.is_integer else keys
            fill = KeyValueTensorInitializer(
                keys, values, keys.dtype.base_dtype, dtypes.int64, name="table_init"
            )
            table = StaticHashTable(fill, default_value)
        if num_oov_buckets:
            return IdTableWithHashBuckets(table, num_oov_buckets, hasher_spec, key_dtype=dtype)
        return table


def _places(keys: Any) -> Any:
    """0, 1, ... one for each key: int64."""
    return math_ops.cast(math_ops.range(array_shape.size(keys)), dtypes.int64)


@public("contrib.lookup.string_to_index_table_from_file")
def string_to_index_table_from_file(
    vocabulary_file: Any = None, num_oov_buckets: int = 0, vocab_size: Any = None, default_value: int = -1,
    hasher_spec: Any = FastHashSpec, name: str | None = None,
) -> Any:  # fmt: skip
    """The old name of `index_table_from_file`."""
    return index_table_from_file(
        vocabulary_file, num_oov_buckets, vocab_size, default_value, hasher_spec, name=name
    )


@public("contrib.lookup.string_to_index_table_from_tensor")
def string_to_index_table_from_tensor(
    mapping: Any, num_oov_buckets: int = 0, default_value: int = -1, hasher_spec: Any = FastHashSpec,
    name: str | None = None,
) -> Any:  # fmt: skip
    """The old name of `index_table_from_tensor`."""
    with scopes.name_scope(name, "string_to_index") as scope:
        mapping = convert.convert_to_tensor(mapping)
    return index_table_from_tensor(
        mapping, num_oov_buckets, default_value, hasher_spec, dtype=mapping.dtype, name=scope
    )


@public("contrib.lookup.string_to_index")
def string_to_index(
    tensor: Any, mapping: Any, default_value: int = -1, name: str | None = None
) -> Any:
    """The places of strings in the vector `mapping`."""
    table = index_table_from_tensor(mapping=mapping, default_value=default_value, name=name)
    return table.lookup(tensor)


@public("contrib.lookup.index_to_string_table_from_file")
def index_to_string_table_from_file(
    vocabulary_file: Any, vocab_size: Any = None, default_value: str = "UNK", name: str | None = None,
    key_column_index: int = TextFileIndex.LINE_NUMBER, value_column_index: int = TextFileIndex.WHOLE_LINE,
    delimiter: str = "\t",
) -> Any:  # fmt: skip
    """A table from line numbers to the words of a file.

    Raises:
      ValueError: there is no file, or `vocab_size` is not positive.
    """
    _check_file(vocabulary_file)
    if vocab_size is not None and vocab_size < 1:
        raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}.")
    with scopes.name_scope(name, "index_to_string"):
        fill = TextFileStringTableInitializer(
            vocabulary_file, vocab_size=vocab_size, name="table_init", key_column_index=key_column_index,
            value_column_index=value_column_index, delimiter=delimiter,
        )  # fmt: skip
        return StaticHashTable(fill, default_value)


@public("contrib.lookup.index_to_string_table_from_tensor")
def index_to_string_table_from_tensor(
    mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """A table from places in a vector to the words there.

    Raises:
      ValueError: there is no vector.
    """
    if mapping is None:
        raise ValueError("mapping must be specified.")
    with scopes.name_scope(name, "index_to_string"):
        words = convert.convert_to_tensor(mapping, dtypes.string)
        fill = KeyValueTensorInitializer(
            _places(words), words, dtypes.int64, dtypes.string, name="table_init"
        )
        return StaticHashTable(fill, default_value)


@public("contrib.lookup.index_to_string")
def index_to_string(
    tensor: Any, mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """The strings at places of the vector `mapping`."""
    table = index_to_string_table_from_tensor(mapping, default_value, name)
    return table.lookup(tensor)


# Tables that may change.


class _TableSaveable(SaveableObject):
    """A table in a checkpoint: its keys and its values."""

    def __init__(self, table: Any, name: str) -> None:
        keys, values = table.export()
        specs = [SaveSpec(keys, "", f"{name}-keys"), SaveSpec(values, "", f"{name}-values")]
        super().__init__(table, specs, name)

    def restore(self, restored_tensors: Any, restored_shapes: Any, name: str | None = None) -> Any:
        """The operation that fills the table from a checkpoint."""
        handle = self.op.resource_handle
        with scopes.name_scope(name, f"{self.name}_table_restore"), scopes.colocate_with(handle):
            return lookup.lookup_table_import_v2(handle, restored_tensors[0], restored_tensors[1])


class _MutableTable(LookupInterface):
    """A table that keys can be added to and removed from."""

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default: Any, name: str, checkpoint: bool
    ) -> None:
        super().__init__(key_dtype, value_dtype)
        self._default_value = default
        self._value_shape = default.shape
        self._name, self._checkpoint = name, checkpoint
        self._table_name: str | None = None
        self._resource_handle = self._create_resource()
        self._table_name = self._resource_handle.op.name.split("/")[-1]
        if checkpoint:
            add_to_collection(GraphKeys.SAVEABLE_OBJECTS, _TableSaveable(self, name))

    @property
    def name(self) -> Any:
        """The table's name."""
        return self._table_name

    def _scope(self, name: str | None, default: str, *values: Any) -> Any:
        return scopes.name_scope(name, f"{self.name}_{default}", (self.resource_handle, *values))

    def size(self, name: str | None = None) -> Any:
        """How many keys it has."""
        with self._scope(name, "Size"), scopes.colocate_with(self.resource_handle):
            return lookup.lookup_table_size_v2(self.resource_handle)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys, the default for those that are not there."""
        with self._scope(name, "lookup_table_find", keys):
            keys = convert.convert_to_tensor(keys, self._key_dtype, "keys")
            with scopes.colocate_with(self.resource_handle):
                return lookup.lookup_table_find_v2(self.resource_handle, keys, self._default_value)

    def insert(self, keys: Any, values: Any, name: str | None = None) -> Any:
        """An operation that adds keys, or gives them other values."""
        with self._scope(name, "lookup_table_insert", keys, values):
            keys = convert.convert_to_tensor(keys, self._key_dtype, "keys")
            values = convert.convert_to_tensor(values, self._value_dtype, "values")
            with scopes.colocate_with(self.resource_handle):
                return lookup.lookup_table_insert_v2(self.resource_handle, keys, values)

    def remove(self, keys: Any, name: str | None = None) -> Any:
        """An operation that forgets keys.

        Raises:
          TypeError: the keys are of another type.
        """
        if keys.dtype != self._key_dtype:
            raise TypeError(
                f"Signature mismatch. Keys must be dtype {self._key_dtype}, got {keys.dtype}."
            )
        with self._scope(name, "lookup_table_remove", keys):
            return lookup.lookup_table_remove_v2(self.resource_handle, keys)

    def export(self, name: str | None = None) -> tuple[Any, Any]:
        """All keys and all values."""
        with (
            self._scope(name, "lookup_table_export_values"),
            scopes.colocate_with(self.resource_handle),
        ):
            return lookup.lookup_table_export_v2(
                self.resource_handle, self._key_dtype, self._value_dtype
            )


@public("contrib.lookup.MutableHashTable")
class MutableHashTable(_MutableTable):
    """A hash table that keys can be added to and removed from, and that checkpoints hold."""

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default_value: Any, name: str = "MutableHashTable",
        checkpoint: bool = True,
    ) -> None:  # fmt: skip
        default = convert.convert_to_tensor(default_value, dtype=value_dtype)
        super().__init__(key_dtype, value_dtype, default, name, checkpoint)

    def _create_resource(self) -> Any:
        common = {
            "use_node_name_sharing": self._checkpoint, "key_dtype": self._key_dtype,
            "value_dtype": self._value_dtype, "name": self._name,
        }  # fmt: skip
        if self._value_shape.ndims == 0:
            return lookup.mutable_hash_table_v2(**common)
        return lookup.mutable_hash_table_of_tensors_v2(value_shape=self._value_shape, **common)


@public("contrib.lookup.MutableDenseHashTable", "lookup.experimental.DenseHashTable")
class MutableDenseHashTable(_MutableTable):
    """A hash table in which two keys cannot be used."""

    def __init__(
        self, key_dtype: Any, value_dtype: Any, default_value: Any, empty_key: Any, deleted_key: Any,
        initial_num_buckets: int | None = None, name: str = "MutableDenseHashTable", checkpoint: bool = True,
    ) -> None:  # fmt: skip
        default = convert.convert_to_tensor(default_value, value_dtype, "default_value")
        self._initial_num_buckets = initial_num_buckets
        self._empty_key = convert.convert_to_tensor(empty_key, key_dtype, "empty_key")
        self._deleted_key = convert.convert_to_tensor(deleted_key, key_dtype, "deleted_key")
        super().__init__(key_dtype, value_dtype, default, name, checkpoint)

    def _create_resource(self) -> Any:
        return lookup.mutable_dense_hash_table_v2(
            empty_key=self._empty_key, deleted_key=self._deleted_key, use_node_name_sharing=self._checkpoint,
            value_dtype=self._value_dtype, value_shape=self._value_shape,
            initial_num_buckets=self._initial_num_buckets, name=self._name,
        )  # fmt: skip

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> Any:
        """An operation that adds keys, or gives them other values."""
        return self.insert(keys, values, name)

    def erase(self, keys: Any, name: str | None = None) -> Any:
        """An operation that forgets keys."""
        return self.remove(keys, name)

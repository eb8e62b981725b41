"""Lookup tables with hash buckets for keys that they do not have."""

from __future__ import annotations

import collections
import functools
import numbers
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.names import export, public
from rekindle._src.ops import array_select, control, lookup_tables, string, string_hash
from rekindle._src.ops import math as math_ops


@public("contrib.lookup.HasherSpec")
class HasherSpec(collections.namedtuple("HasherSpec", ["hasher", "key"])):
    """Which hash puts strings into buckets."""

    __slots__ = ()


FastHashSpec = HasherSpec("fasthash", None)
export("contrib.lookup.FastHashSpec", __name__, "FastHashSpec")


@public("contrib.lookup.StrongHashSpec")
class StrongHashSpec(HasherSpec):
    """A hash with a key of two integers."""

    __slots__ = ()

    def __new__(cls, key: Any) -> StrongHashSpec:
        if len(key) != 2:
            raise ValueError(f"key must have size 2, got {len(key)}.")
        if not all(isinstance(part, numbers.Integral) for part in key):
            raise TypeError(f"Invalid key {key}. Must be unsigned integer values.")
        return super().__new__(cls, "stronghash", key)


def _hash_of(spec: Any) -> Any:
    if not isinstance(spec, HasherSpec):
        raise TypeError(f"hasher_spec must be of type HasherSpec {spec}")
    if spec.hasher == "fasthash":
        return string_hash.string_to_hash_bucket_fast
    if spec.hasher == "legacy":
        return string_hash.string_to_hash_bucket
    if spec.hasher == "stronghash":
        return functools.partial(string_hash.string_to_hash_bucket_strong, key=list(spec.key))
    raise ValueError(f"Unknown hasher {spec.hasher}")


class _Bucketed(lookup_tables.LookupInterface):
    """A table of ids, or none, and buckets for keys that it does not have."""

    _table: Any
    _num_oov_buckets: int
    _table_name: Any

    def _create_resource(self) -> Any:
        return None if self._table is None else self._table._create_resource()

    @property
    def initializer(self) -> Any:
        """The operation that fills the table."""
        if self._table is not None:
            return self._table._init_op
        with scopes.name_scope(None, "init"):
            return control.no_op()

    @property
    def resource_handle(self) -> Any:
        """The tensor that stands for the table."""
        return None if self._table is None else self._table.resource_handle

    @property
    def name(self) -> Any:
        """The table's name."""
        return self._table_name

    def size(self, name: str | None = None) -> Any:
        """How many keys and buckets there are."""
        with scopes.name_scope(name, f"{self.name}_Size"):
            known = (
                convert.convert_to_tensor(0, dtypes.int64)
                if self._table is None
                else self._table.size()
            )
            return known + self._num_oov_buckets

    def _values(self, keys: Any) -> Any:
        self._check_keys(keys, self._key_dtype)
        values = keys.values if isinstance(keys, SparseTensor) else keys
        if self._table is not None and self._table.key_dtype.base_dtype == dtypes.int64:
            values = math_ops.cast(values, dtypes.int64)
        return values

    def _ids(self, values: Any, spec: Any) -> Any:
        text = values if values.dtype.base_dtype == dtypes.string else string.as_string(values)
        buckets = _hash_of(spec)(text, num_buckets=self._num_oov_buckets, name="hash_bucket")
        if self._table is None:
            return buckets
        ids = self._table.lookup(values)
        buckets = math_ops.add(buckets, self._table.size())
        is_known = math_ops.not_equal(ids, self._table.default_value)
        return array_select.where_v2(is_known, ids, buckets)


def _check_key_types(table_dtype: Any, key_dtype: Any, value_dtype: Any) -> None:
    supported = (dtypes.int64, dtypes.string)
    if table_dtype not in supported:
        raise TypeError(f"Invalid key dtype, expected one of {supported}, but got {key_dtype}.")
    if table_dtype.is_integer != key_dtype.is_integer:
        wanted = "integer" if key_dtype.is_integer else "non-integer"
        raise TypeError(f"Invalid key dtype, expected {wanted} but got {table_dtype}.")
    if value_dtype != dtypes.int64:
        raise TypeError(f"Invalid value dtype, expected {dtypes.int64} but got {value_dtype}.")


@public("contrib.lookup.IdTableWithHashBuckets")
class IdTableWithHashBuckets(_Bucketed):
    """A table of ids with hash buckets for keys that it does not have.

    Args:
      table: the table, or None for buckets alone.
      num_oov_buckets: how many buckets.
      hasher_spec: which hash.
      name: the table's name.
      key_dtype: the type of the keys; the table's by default.

    Raises:
      ValueError, TypeError: types and numbers do not go together.
    """

    def __init__(
        self, table: Any, num_oov_buckets: int, hasher_spec: Any = FastHashSpec, name: str | None = None,
        key_dtype: Any = None,
    ) -> None:  # fmt: skip
        name = name.rstrip("/") if name else name
        if table:
            key_dtype = table.key_dtype if key_dtype is None else key_dtype
            _check_key_types(table.key_dtype, key_dtype, table.value_dtype)
            name = name or table.name
        else:
            if num_oov_buckets <= 0:
                raise ValueError("oov_buckets must be > 0 if no table is supplied.")
            key_dtype = dtypes.string if key_dtype is None else key_dtype
            name = name or "hash_bucket"
        if not key_dtype.is_integer and dtypes.string != key_dtype:
            raise TypeError(f"Invalid key_dtype, expected integer or string, got {key_dtype}.")
        if not isinstance(hasher_spec, HasherSpec):
            raise TypeError(f"hasher_spec must be of type HasherSpec, got {hasher_spec}")
        self._table = table or None
        self._num_oov_buckets = num_oov_buckets
        self._hasher_spec = hasher_spec
        self._table_name = name.split("/")[-1] if name else None
        super().__init__(key_dtype, dtypes.int64)

    @property
    def init(self) -> Any:
        """The old name of `initializer`."""
        return self.initializer

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The ids of keys; buckets come after the table's ids.

        Raises:
          TypeError: the keys are of another type.
        """
        values = self._values(keys)
        if self._num_oov_buckets == 0:
            return lookup_tables.like(keys, self._table.lookup(values, name=name))
        with scopes.name_scope(name, f"{self.name}_Lookup"):
            ids = self._ids(values, self._hasher_spec)
        return lookup_tables.like(keys, ids)


@public("lookup.StaticVocabularyTable")
class StaticVocabularyTable(_Bucketed):
    """A vocabulary: ids of an initializer's keys, and buckets for other words."""

    def __init__(
        self,
        initializer: Any,
        num_oov_buckets: int,
        lookup_key_dtype: Any = None,
        name: str | None = None,
    ) -> None:
        if num_oov_buckets <= 0:
            raise ValueError("oov_buckets must be > 0.")
        name = name.rstrip("/") if name else name
        self._table = None
        if initializer:
            lookup_key_dtype = (
                initializer.key_dtype if lookup_key_dtype is None else lookup_key_dtype
            )
            _check_key_types(initializer.key_dtype, lookup_key_dtype, initializer.value_dtype)
            self._table = lookup_tables.StaticHashTable(initializer, default_value=-1)
            name = name or self._table.name
        else:
            lookup_key_dtype = dtypes.string
            name = name or "hash_bucket"
        if not lookup_key_dtype.is_integer and dtypes.string != lookup_key_dtype:
            raise TypeError(
                f"Invalid key_dtype, expected integer or string, got {lookup_key_dtype}."
            )
        self._num_oov_buckets = num_oov_buckets
        self._table_name = None if name is None else name.split("/")[-1]
        super().__init__(lookup_key_dtype, dtypes.int64)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The ids of keys; buckets come after the table's ids.

        Raises:
          TypeError: the keys are of another type.
        """
        values = self._values(keys)
        with scopes.name_scope(name, f"{self.name}_Lookup"):
            ids = self._ids(values, FastHashSpec)
        return lookup_tables.like(keys, ids)

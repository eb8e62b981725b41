"""tf.parse_example and its kin: what to read from serialized Examples, and the tensors that come of it."""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import (
    array_shape,
    assertion,
    control,
    example_kernels,
    parsing_kernels,
    sequence_kernels,
    slicing,
    string,
)
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import sparse as sparse_ops


@public("VarLenFeature", "io.VarLenFeature")
class VarLenFeature(collections.namedtuple("VarLenFeature", ["dtype"])):
    """A feature of any number of values: parsed to a SparseTensor."""

    __slots__ = ()


@public("SparseFeature", "io.SparseFeature")
class SparseFeature(
    collections.namedtuple("SparseFeature", ["index_key", "value_key", "dtype", "size", "already_sorted"])
):
    """Two (or more) features that are the indices and the values of a SparseTensor."""

    __slots__ = ()

    def __new__(
        cls, index_key: Any, value_key: Any, dtype: Any, size: Any, already_sorted: bool = False
    ) -> SparseFeature:
        return super().__new__(cls, index_key, value_key, dtype, size, already_sorted)


@public("FixedLenFeature", "io.FixedLenFeature")
class FixedLenFeature(collections.namedtuple("FixedLenFeature", ["shape", "dtype", "default_value"])):
    """A feature of one shape: parsed to a tensor."""

    __slots__ = ()

    def __new__(cls, shape: Any, dtype: Any, default_value: Any = None) -> FixedLenFeature:
        return super().__new__(cls, shape, dtype, default_value)


@public("FixedLenSequenceFeature", "io.FixedLenSequenceFeature")
class FixedLenSequenceFeature(
    collections.namedtuple("FixedLenSequenceFeature", ["shape", "dtype", "allow_missing", "default_value"])
):
    """A feature of any number of rows of one shape: parsed to a tensor, padded."""

    __slots__ = ()

    def __new__(
        cls, shape: Any, dtype: Any, allow_missing: bool = False, default_value: Any = None
    ) -> FixedLenSequenceFeature:
        return super().__new__(cls, shape, dtype, allow_missing, default_value)


class _Wanted:
    """What an op is told of the features: keys, types, shapes and defaults, in the order of the keys."""

    def __init__(self, features: Any, allowed: Sequence[type]) -> None:
        self.sparse: dict[str, Any] = {}  # key -> type
        self.dense: dict[str, tuple[Any, Any]] = {}  # key -> (type, shape)
        self.defaults: dict[str, Any] = {}
        for key in sorted(features or ()):
            self._add(key, features[key], allowed)

    def _add(self, key: str, feature: Any, allowed: Sequence[type]) -> None:
        for kind in (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature):
            if isinstance(feature, kind) and kind not in allowed:
                raise ValueError(f"Unsupported {kind.__name__} {feature}.")
        if isinstance(feature, SparseFeature):
            self._add_sparse(key, feature)
            return
        if not isinstance(feature, (VarLenFeature, FixedLenFeature, FixedLenSequenceFeature)):
            raise ValueError(f"Invalid feature {key}:{feature}.")
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}.")
        if isinstance(feature, VarLenFeature):
            self.sparse[key] = dtypes.as_dtype(feature.dtype)
            return
        if feature.shape is None:
            raise ValueError(f"Missing shape for feature {key}.")
        if isinstance(feature, FixedLenFeature):
            _check_shape(key, feature)
        elif feature.allow_missing:
            self.defaults[key] = None
        self.dense[key] = (dtypes.as_dtype(feature.dtype), TensorShape(feature.shape))
        if feature.default_value is not None:
            self.defaults[key] = feature.default_value

    def _add_sparse(self, key: str, feature: SparseFeature) -> None:
        for what in ("index_key", "value_key"):
            if not getattr(feature, what):
                raise ValueError(f"Missing {what} for SparseFeature {feature}.")
        if not feature.dtype:
            raise ValueError(f"Missing type for feature {key}.")
        keys = [feature.index_key] if isinstance(feature.index_key, str) else feature.index_key
        wanted = [(one, dtypes.int64) for one in sorted(keys)] + [(feature.value_key, feature.dtype)]
        for one, dtype in wanted:
            found = self.sparse.setdefault(one, dtypes.as_dtype(dtype))
            if found != dtype:
                raise ValueError(f"Conflicting type {found} vs {dtypes.as_dtype(dtype).name} for feature {one}.")

    def check(self) -> None:
        """Refuse features that no op can read.

        Raises:
          ValueError: there are none, or a key is both sparse and dense.
        """
        if not self.sparse and not self.dense:
            raise ValueError("Must provide at least one sparse key or dense key")
        if self.sparse.keys() & self.dense.keys():
            raise ValueError(
                f"Dense and sparse keys must not intersect; intersection: {self.sparse.keys() & self.dense.keys()}"
            )

    def default_tensors(self) -> list[Any]:
        """A tensor for each dense feature: what stands for it where it is missing; empty if it must be there."""
        return [self._default(key, dtype, shape, self.defaults.get(key)) for key, (dtype, shape) in self.dense.items()]

    def plain_default_tensors(self) -> list[Any]:
        """`default_tensors` as they are given, not reshaped."""
        found = []
        for key, (dtype, _) in self.dense.items():
            value = self.defaults.get(key)
            title = None if value is None else f"key_{_node_name(key)}"
            value = [] if value is None else value
            found.append(value if isinstance(value, Tensor) else convert.convert_to_tensor(value, dtype, title))
        return found

    def _default(self, key: str, dtype: Any, shape: TensorShape, value: Any) -> Any:
        is_open = bool(shape.ndims) and shape.as_list()[0] is None
        if is_open and value is None:
            return convert.convert_to_tensor("" if dtype == dtypes.string else 0, dtype)
        if is_open:
            value = convert.convert_to_tensor(value, dtype, f"padding_{_node_name(key)}")
            return array_shape.reshape(value, [])
        if value is None:
            return convert.constant([], dtype=dtype)
        if isinstance(value, Tensor):
            return value
        value = convert.convert_to_tensor(value, dtype, f"key_{_node_name(key)}")
        return array_shape.reshape(value, shape)


def _node_name(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.\-/]", "_", key)


def _check_shape(key: str, feature: FixedLenFeature) -> None:
    shape = TensorShape(feature.shape)
    if feature.shape and shape.ndims and shape.as_list()[0] is None:
        raise ValueError(f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature.")
    if not shape.is_fully_defined():
        raise ValueError(f"All dimensions of shape for feature {key} need to be known but received {feature.shape}.")


def _with_rows(features: Any) -> Any:
    """The features, those of any number of rows with an unknown first size."""
    out = dict(features)
    for key, feature in features.items():
        if isinstance(feature, FixedLenSequenceFeature):
            if not feature.allow_missing:
                raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
            out[key] = feature._replace(shape=[None] + list(feature.shape))
    return out


def _only_asked_for(features: Any, parsed: dict[str, Any]) -> dict[str, Any]:
    """The parsed features, sparse ones put together of theirs."""
    out = dict(parsed)
    for key in sorted(features):
        feature = features[key]
        if isinstance(feature, SparseFeature):
            if isinstance(feature.index_key, str):
                ids: Any = out[feature.index_key]
            else:
                ids = [out[one] for one in feature.index_key]
            out[key] = sparse_ops.sparse_merge(
                ids, out[feature.value_key], feature.size, already_sorted=feature.already_sorted
            )
    return {key: value for key, value in out.items() if key in features}


def decode_raw(
    input_bytes: Any, out_type: Any, little_endian: bool = True, fixed_length: Any = None, name: str | None = None
) -> Any:
    """The bytes of each string as numbers: [...] -> [..., n]; with `fixed_length`, of so many bytes of each.

    TensorFlow's second version, which its modules have under this name; tf.decode_raw is the first.
    """
    if fixed_length is None:
        return string.decode_raw_op(input_bytes, out_type, little_endian=little_endian, name=name)
    return parsing_kernels.decode_padded_raw(
        input_bytes, fixed_length=fixed_length, out_type=out_type, little_endian=little_endian, name=name
    )


_ALL = (VarLenFeature, SparseFeature, FixedLenFeature, FixedLenSequenceFeature)


def _by_key(wanted: _Wanted, outputs: Any) -> dict[str, Any]:
    indices, values, shapes, dense = outputs
    sparse = [SparseTensor(*parts) for parts in zip(indices, values, shapes)]
    return dict(zip([*wanted.sparse, *wanted.dense], sparse + list(dense)))


def _parse(serialized: Any, names: Any, wanted: _Wanted, name: str | None) -> dict[str, Any]:
    with scopes.name_scope(name, "ParseExample", [serialized, names]):
        wanted.check()
        defaults = wanted.default_tensors()
        outputs = example_kernels.parse_example(
            serialized=serialized, names=[] if names is None else names, dense_defaults=defaults,
            sparse_keys=list(wanted.sparse), sparse_types=list(wanted.sparse.values()),
            dense_keys=list(wanted.dense), dense_shapes=[shape for _, shape in wanted.dense.values()], name=name,
        )  # fmt: skip
        return _by_key(wanted, outputs)


@public("parse_example", "io.parse_example")
def parse_example(serialized: Any, features: Any, name: str | None = None, example_names: Any = None) -> Any:
    """The features of a vector of serialized Examples, by key: tensors [N, ...] and SparseTensors.

    Args:
      serialized: a vector of strings.
      features: key to what to read (FixedLenFeature, VarLenFeature, ...).
      name: the name of the scope.
      example_names: names of the examples, for error messages.

    Raises:
      ValueError: a feature is not well described.
    """
    if not features:
        raise ValueError(f"Missing: features was {features}.")
    features = _with_rows(features)
    return _only_asked_for(features, _parse(serialized, example_names, _Wanted(features, _ALL), name))


@public("parse_single_example", "io.parse_single_example")
def parse_single_example(serialized: Any, features: Any, name: str | None = None, example_names: Any = None) -> Any:
    """The features of one serialized Example, by key.

    Raises:
      ValueError: a feature is not well described.
    """
    if not features:
        raise ValueError("Missing features.")
    features = _with_rows(features)
    wanted = _Wanted(features, _ALL)
    if example_names is not None:
        return _only_asked_for(features, _parse_as_batch(serialized, example_names, wanted, name))
    with scopes.name_scope(name, "ParseSingleExample", [serialized]):
        serialized = convert.convert_to_tensor(serialized, name="serialized")
        wanted.check()
        defaults = wanted.default_tensors()
        outputs = example_kernels.parse_single_example(
            serialized=serialized, dense_defaults=defaults, num_sparse=len(wanted.sparse),
            sparse_keys=list(wanted.sparse), sparse_types=list(wanted.sparse.values()),
            dense_keys=list(wanted.dense), dense_shapes=[shape for _, shape in wanted.dense.values()], name=name,
        )  # fmt: skip
        parsed = _by_key(wanted, outputs)
    return _only_asked_for(features, parsed)


def _scalar(value: Any, what: str, scope: str) -> Any:
    """A tensor that is a scalar, checked when it runs if that is not known."""
    value = convert.convert_to_tensor(value)
    said = f"Input {what} must be a scalar"
    if value.shape.ndims is None:
        check = assertion.Assert(math_ops.equal(array_shape.rank(value), 0), [said], name=f"{scope}IsScalar")
        return control.with_dependencies([check], value, name=f"{scope}Dependencies")
    if value.shape.ndims != 0:
        raise ValueError(said)
    return value


def _parse_as_batch(serialized: Any, names: Any, wanted: _Wanted, name: str | None) -> dict[str, Any]:
    with scopes.name_scope(name, "ParseSingleExample", [serialized, names]):
        serialized = array_shape.expand_dims(_scalar(serialized, "serialized", "Serialized"), 0)
        names = array_shape.expand_dims(_scalar(names, "names", "Names"), 0)
        parsed = _parse(serialized, names, wanted, name)
        for key in wanted.dense:
            parsed[key] = array_shape.squeeze(parsed[key], [0], name=f"Squeeze_{_node_name(key)}")
        for key in wanted.sparse:
            one, title = parsed[key], _node_name(key)
            indices = slicing.slice(one.indices, [0, 1], [-1, -1], name=f"Slice_Indices_{title}")
            shape = slicing.slice(one.dense_shape, [1], [-1], name=f"Squeeze_Shape_{title}")
            parsed[key] = SparseTensor(indices, one.values, shape)
        return parsed


@public("parse_single_sequence_example", "io.parse_single_sequence_example")
def parse_single_sequence_example(
    serialized: Any, context_features: Any = None, sequence_features: Any = None, example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:  # fmt: skip
    """The context features and the feature lists of one serialized SequenceExample, each by key.

    Args:
      serialized: a string.
      context_features: key to FixedLenFeature or VarLenFeature.
      sequence_features: key to FixedLenSequenceFeature or VarLenFeature.
      example_name: a name for error messages.
      name: the name of the scope.

    Raises:
      ValueError: a feature is not well described.
    """
    if not (context_features or sequence_features):
        raise ValueError("Missing features.")
    context = _Wanted(context_features, (VarLenFeature, FixedLenFeature))
    steps = _Wanted(sequence_features, (VarLenFeature, FixedLenSequenceFeature))
    with scopes.name_scope(name, "ParseSingleSequenceExample", [serialized]):
        _check_no_defaults(steps)
        defaults = context.default_tensors()
        outputs = sequence_kernels.parse_single_sequence_example(
            serialized=serialized, debug_name="" if example_name is None else example_name,
            context_dense_defaults=defaults, context_sparse_keys=list(context.sparse),
            context_sparse_types=list(context.sparse.values()), context_dense_keys=list(context.dense),
            context_dense_shapes=[shape for _, shape in context.dense.values()],
            feature_list_sparse_keys=list(steps.sparse), feature_list_sparse_types=list(steps.sparse.values()),
            feature_list_dense_keys=list(steps.dense),
            feature_list_dense_types=[dtype for dtype, _ in steps.dense.values()],
            feature_list_dense_shapes=[shape for _, shape in steps.dense.values()],
            feature_list_dense_missing_assumed_empty=list(steps.defaults), name=name,
        )  # fmt: skip
        return _by_key(context, outputs[:4]), _by_key(steps, outputs[4:])


@public("io.parse_sequence_example")
def parse_sequence_example(
    serialized: Any, context_features: Any = None, sequence_features: Any = None, example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:  # fmt: skip
    """The context features, the feature lists and the lengths of the dense ones of a vector of serialized
    SequenceExamples, each by key.

    Args:
      serialized: a vector of strings.
      context_features: key to FixedLenFeature or VarLenFeature.
      sequence_features: key to FixedLenSequenceFeature or VarLenFeature.
      example_names: names of the examples, for error messages.
      name: the name of the scope.

    Raises:
      ValueError: a feature is not well described.
    """
    if not (context_features or sequence_features):
        raise ValueError("Missing features.")
    context = _Wanted(context_features, (VarLenFeature, FixedLenFeature))
    steps = _Wanted(sequence_features, (VarLenFeature, FixedLenSequenceFeature))
    with scopes.name_scope(name, "ParseSequenceExample", [serialized]):
        _check_no_defaults(steps)
        outputs = sequence_kernels.parse_sequence_example(
            serialized=serialized, debug_name=[] if example_names is None else example_names,
            context_dense_defaults=context.plain_default_tensors(), Ncontext_sparse=len(context.sparse),
            Ncontext_dense=len(context.dense), Nfeature_list_sparse=len(steps.sparse),
            Nfeature_list_dense=len(steps.dense), context_sparse_keys=list(context.sparse),
            context_sparse_types=list(context.sparse.values()), context_dense_keys=list(context.dense),
            context_dense_shapes=[shape for _, shape in context.dense.values()],
            feature_list_sparse_keys=list(steps.sparse), feature_list_sparse_types=list(steps.sparse.values()),
            feature_list_dense_keys=list(steps.dense),
            feature_list_dense_types=[dtype for dtype, _ in steps.dense.values()],
            feature_list_dense_shapes=[shape for _, shape in steps.dense.values()],
            feature_list_dense_missing_assumed_empty=list(steps.defaults), name=name,
        )  # fmt: skip
        return _by_key(context, outputs[:4]), _by_key(steps, outputs[4:8]), dict(zip(steps.dense, outputs[8]))


def _check_no_defaults(steps: _Wanted) -> None:
    for key, value in steps.defaults.items():
        if value is not None:
            raise ValueError(f"Value feature_list_dense_defaults[{key}] must be None")

"""The blocks that read Example and SequenceExample messages into tensors.

What users call is in parsing.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer, proto
from rekindle._src.graph.opdef import op
from rekindle._src.ops.string import dtype_name, text_of

_KINDS = {"bytes_list": dtypes.string, "float_list": dtypes.float32, "int64_list": dtypes.int64}
_WORDS = {dtypes.string: "bytes", dtypes.float32: "float", dtypes.int64: "int64"}

#: makes the error of a feature of one example, of what is wrong with it
Refuse = Callable[[str, str], Exception]


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _parsed(kind: Any, text: bytes) -> Any:
    try:
        return kind.FromString(text)
    except DecodeError:
        shown = text.decode(errors="replace")
        raise _invalid(f"Could not parse example input, value: '{shown}'") from None


def _values(feature: Any) -> tuple[Any, Any]:
    """(dtype, list of values) of a Feature; (None, []) of an empty one."""
    held = feature.WhichOneof("kind")
    return (None, []) if held is None else (_KINDS[held], getattr(feature, held).value)


def _of_type(features: Any, key: str, dtype: Any, refuse: Refuse, is_sparse: bool = False) -> Any:
    """The values of a feature, None where there are none."""
    if key not in features:
        return None
    found, values = _values(features[key])
    if found is None:
        return None
    if found is not dtype:
        have, want = dtype_name(found), dtype_name(dtype)
        if is_sparse:
            raise refuse(key, f"Data types don't match. Expected type: {want}, Actual type: {have}")
        raise refuse(key, f"Data types don't match. Data type: {have} but expected type: {want}")
    return values


def tensor_of(values: Any, dtype: Any, shape: Any) -> Any:
    """A list of values of a feature as a value of a tensor."""
    if dtype is dtypes.string:
        return text_of(list(values), shape)
    array = np.fromiter(values, dtype.as_numpy_dtype, len(values))
    return torch.from_numpy(array).reshape(tuple(shape))


def _flat(value: Any) -> list[Any]:
    return value.reshape(-1).tolist()


def _is_open(shape: Any) -> bool:
    """True for the shape of a feature of which each example has as many rows as it likes."""
    return bool(shape) and shape[0] is None


def _fixed(features: Any, key: str, dtype: Any, shape: Any, default: Any, refuse: Refuse, missing: str) -> list[Any]:
    """The values of a feature that every example has."""
    found = _of_type(features, key, dtype, refuse)
    count = math.prod(shape)
    if found is None:
        held = _flat(default)
        if not held and count:
            raise _invalid(f"{missing} (data type: {dtype_name(dtype)}) is required but could not be found.")
        return held * count if len(held) == 1 else held
    if len(found) != count:
        raise refuse(
            key,
            f"Number of {_WORDS[dtype]} values != expected.  Values size: {len(found)} but output "
            f"shape: {infer.show(tuple(shape))}",
        )
    return list(found)


def _rows(features: Any, key: str, dtype: Any, shape: Any, refuse: Refuse) -> list[Any]:
    """The values of a feature of which an example has as many rows as it likes."""
    found = _of_type(features, key, dtype, refuse)
    found = [] if found is None else list(found)
    if len(found) % math.prod(shape[1:]):
        raise refuse(
            key,
            f"Number of {_WORDS[dtype]} values is not a multiple of stride length. Saw {len(found)} "
            f"values but output shape is: {infer.show(tuple(shape))}",
        )
    return found


def _ragged(rows: list[list[Any]], dtype: Any) -> tuple[Any, Any, Any]:
    """Rows of values as a sparse matrix."""
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    indices = torch.tensor(places, dtype=torch.int64).reshape(-1, 2)
    values = tensor_of([v for row in rows for v in row], dtype, [len(places)])
    widest = max((len(row) for row in rows), default=0)
    return indices, values, torch.tensor([len(rows), widest], dtype=torch.int64)


def _padded(rows: list[list[Any]], dtype: Any, shape: Any, default: Any) -> Any:
    """Rows of values, those that are short filled up: [N, most, ...]."""
    inner = list(shape[1:])
    stride = math.prod(inner)
    most = max((len(row) for row in rows), default=0) // stride
    fill = _flat(default)[0]
    whole = [v for row in rows for v in [*row, *[fill] * (most * stride - len(row))]]
    return tensor_of(whole, dtype, [len(rows), most, *inner])


# Example.


def _example_rule(c: Any) -> Any:
    batch = infer.with_rank(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 1)
    count = len(c.attr("sparse_types"))
    sparse = [(None, 2)] * count + [(None,)] * count + [(2,)] * count
    return sparse + [None if s is None else batch + s for s in c.attr("dense_shapes")]


def _keys(tensors: list[Any]) -> list[str]:
    return [one[()].decode() for one in tensors]


@op("ParseExample", infer=_example_rule, host=True)
def parse_example(serialized, names, sparse_keys, dense_keys, dense_defaults, *, sparse_types, Tdense,  # noqa: N803
                  dense_shapes):  # fmt: skip
    """Sparse and dense features of a vector of serialized Examples."""
    examples = [_parsed(proto.Example, text).features.feature for text in serialized.tolist()]
    titles = [text.decode() for text in names.tolist()] or ["<unknown>"] * len(examples)

    def refuser(index: int) -> Refuse:
        return lambda key, said: _invalid(f"Name: {titles[index]}, Key: {key}, Index: {index}.  {said}")

    refusers = [refuser(i) for i in range(len(examples))]
    sparse = []
    for key, dtype in zip(_keys(sparse_keys), sparse_types):
        rows = [list(_of_type(one, key, dtype, r, True) or []) for one, r in zip(examples, refusers)]
        sparse.append(_ragged(rows, dtype))
    dense = []
    for key, dtype, shape, default in zip(_keys(dense_keys), Tdense, dense_shapes, dense_defaults):
        if _is_open(shape):
            rows = [_rows(one, key, dtype, shape, r) for one, r in zip(examples, refusers)]
            dense.append(_padded(rows, dtype, shape, default))
            continue
        flat: list[Any] = []
        for one, refuse, title in zip(examples, refusers, titles):
            flat += _fixed(one, key, dtype, shape, default, refuse, f"Name: {title}, Feature: {key}")
        dense.append(tensor_of(flat, dtype, [len(examples), *shape]))
    return [*_columns(sparse), dense]


def _single_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    count = len(c.attr("sparse_types"))
    return [(None, 1)] * count + [(None,)] * count + [(1,)] * count + list(c.attr("dense_shapes"))


def _vector(values: list[Any], dtype: Any) -> tuple[Any, Any, Any]:
    """Values as a sparse vector."""
    count = len(values)
    indices = torch.arange(count, dtype=torch.int64).reshape(-1, 1)
    return indices, tensor_of(values, dtype, [count]), torch.tensor([count], dtype=torch.int64)


def _refuse_key(key: str, said: str) -> Exception:
    # TensorFlow says of a wrong number of values only that it cannot parse them
    said = "Can't parse serialized Example." if said.startswith("Number of") else said
    return _invalid(f"Key: {key}.  {said}")


def _one(features: Any, key: str, dtype: Any, shape: Any, default: Any) -> Any:
    """A dense feature of one example."""
    if _is_open(shape):
        found = _rows(features, key, dtype, shape, _refuse_key)
        return tensor_of(found, dtype, [len(found) // math.prod(shape[1:]), *shape[1:]])
    found = _fixed(features, key, dtype, shape, default, _refuse_key, f"Feature: {key}")
    return tensor_of(found, dtype, shape)


@op("ParseSingleExample", infer=_single_rule, host=True)
def parse_single_example(serialized, dense_defaults, *, sparse_keys, dense_keys, sparse_types, Tdense,  # noqa: N803
                         dense_shapes):  # fmt: skip
    """Sparse and dense features of one serialized Example."""
    features = _parsed(proto.Example, serialized[()]).features.feature
    sparse = [
        _vector(list(_of_type(features, _text(key), dtype, _refuse_key, True) or []), dtype)
        for key, dtype in zip(sparse_keys, sparse_types)
    ]
    dense = [
        _one(features, _text(key), dtype, shape, default)
        for key, dtype, shape, default in zip(dense_keys, Tdense, dense_shapes, dense_defaults)
    ]
    return [*_columns(sparse), dense]


def _text(key: Any) -> str:
    return key.decode() if isinstance(key, bytes) else key


# SequenceExample.


def _sequence_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    infer.with_rank(c.shapes[1], 1)
    context, steps = (len(c.attr(f"{name}_sparse_types")) for name in ("context", "feature_list"))
    return [
        *[(None, 1)] * context, *[(None,)] * context, *[(1,)] * context, *c.attr("context_dense_shapes"),
        *[(None, 2)] * steps, *[(None,)] * steps, *[(2,)] * steps,
        *[None if s is None else (None, *s) for s in c.attr("feature_list_dense_shapes")],
    ]  # fmt: skip


def _steps(lists: Any, key: str, dtype: Any, title: str) -> list[list[Any]] | None:
    """The values of each step of a feature list, None if it is not there."""
    if key not in lists:
        return None
    out = []
    for i, feature in enumerate(lists[key].feature):
        found, values = _values(feature)
        if found not in (None, dtype):
            raise _invalid(
                f"Name: {title}, Feature list: {key}, Index: {i}.  Data types don't match. Expected "
                f"type: {dtype_name(dtype)}, Feature is: {feature}"
            )
        out.append(list(values))
    return out


def _stacked(lists: Any, key: str, dtype: Any, shape: Any, may_be_missing: bool, title: str) -> Any:
    """A feature list of which each step has the same shape: [steps, ...]."""
    steps = _steps(lists, key, dtype, title)
    if steps is None:
        if not may_be_missing:
            raise _invalid(
                f"Name: {title}, Feature list '{key}' is required but could not be found.  Did you mean "
                "to include it in feature_list_dense_missing_assumed_empty or "
                "feature_list_dense_defaults?"
            )
        steps = []
    count = math.prod(shape)
    for i, values in enumerate(steps):
        if len(values) != count:
            raise _invalid(
                f"Name: {title}, Key: {key}, Index: {i}.  Number of {_WORDS[dtype]} values != expected.  "
                f"values size: {len(values)} but output shape: {infer.show(tuple(shape))}"
            )
    return tensor_of([v for values in steps for v in values], dtype, [len(steps), *shape])


@op("ParseSingleSequenceExample", infer=_sequence_rule, host=True)
def parse_single_sequence_example(
    serialized, feature_list_dense_missing_assumed_empty, context_sparse_keys, context_dense_keys,
    feature_list_sparse_keys, feature_list_dense_keys, context_dense_defaults, debug_name, *,
    context_sparse_types=(), Tcontext_dense=(), feature_list_dense_types=(), context_dense_shapes=(),  # noqa: N803
    feature_list_sparse_types=(), feature_list_dense_shapes=(),
):  # fmt: skip
    """Context features and feature lists of one serialized SequenceExample."""
    message = _parsed(proto.SequenceExample, serialized[()])
    title = debug_name[()].decode()
    context, lists = message.context.feature, message.feature_lists.feature_list
    free = set(feature_list_dense_missing_assumed_empty.tolist())

    def refuse(key: str, said: str) -> Exception:
        return _invalid(f"Name: {title}, Context feature: {key}.  {said}")

    sparse = [
        _vector(list(_of_type(context, key, dtype, refuse, True) or []), dtype)
        for key, dtype in zip(_keys(context_sparse_keys), context_sparse_types)
    ]
    defaults = zip(_keys(context_dense_keys), Tcontext_dense, context_dense_shapes, context_dense_defaults)
    dense = [
        tensor_of(
            _fixed(context, key, kind, shape, default, refuse, f"Name: {title}, Context feature '{key}'"),
            kind,
            shape,
        )
        for key, kind, shape, default in defaults
    ]
    ragged = [
        _ragged(_steps(lists, key, dtype, title) or [], dtype)
        for key, dtype in zip(_keys(feature_list_sparse_keys), feature_list_sparse_types)
    ]
    wanted = zip(_keys(feature_list_dense_keys), feature_list_dense_types, feature_list_dense_shapes)
    stacked = [_stacked(lists, key, kind, shape, key.encode() in free, title) for key, kind, shape in wanted]
    return [*_columns(sparse), dense, *_columns(ragged), stacked]


def _columns(parts: list[tuple[Any, Any, Any]]) -> list[list[Any]]:
    """Sparse tensors as lists of their indices, values and shapes."""
    return [list(column) for column in zip(*parts)] if parts else [[], [], []]

"""The blocks that read SequenceExample messages, single ones and vectors of them, into tensors.

What users call is in parsing.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from google.protobuf.message import DecodeError

from rekindle._src.graph import dtypes, infer, proto
from rekindle._src.graph.opdef import op
from rekindle._src.ops import example_columns
from rekindle._src.ops.example_columns import Column
from rekindle._src.ops.example_kernels import FEATURES, WORDS, invalid, keys_of, sparse_columns, unreadable, vector
from rekindle._src.ops.string import dtype_name
from rekindle._src.ops.torch_types import to_numpy

_LISTS = 0x12


def _key(key: Any) -> bytes:
    return key if isinstance(key, bytes) else key.encode()


def _shown(key: Any) -> str:
    return key if isinstance(key, str) else key.decode(errors="replace")


def _kind_of(dtype: Any) -> int:
    return next(kind for kind, one in example_columns.TYPES.items() if one is dtype)


# Single messages.


def _single_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    infer.with_rank(c.shapes[1], 1)
    context, steps = (len(c.attr(f"{name}_sparse_types")) for name in ("context", "feature_list"))
    return [
        *[(None, 1)] * context, *[(None,)] * context, *[(1,)] * context, *c.attr("context_dense_shapes"),
        *[(None, 2)] * steps, *[(None,)] * steps, *[(2,)] * steps,
        *[None if s is None else (None, *s) for s in c.attr("feature_list_dense_shapes")],
    ]  # fmt: skip


@op("ParseSingleSequenceExample", infer=_single_rule, host=True)
def parse_single_sequence_example(
    serialized, feature_list_dense_missing_assumed_empty, context_sparse_keys, context_dense_keys,
    feature_list_sparse_keys, feature_list_dense_keys, context_dense_defaults, debug_name, *,
    context_sparse_types=(), Tcontext_dense=(), feature_list_dense_types=(), context_dense_shapes=(),  # noqa: N803
    feature_list_sparse_types=(), feature_list_dense_shapes=(),
):  # fmt: skip
    """Context features and feature lists of one serialized SequenceExample."""
    title = debug_name[()].decode(errors="replace")
    free = set(feature_list_dense_missing_assumed_empty.tolist())
    sparse, dense = keys_of(context_sparse_keys), keys_of(context_dense_keys)
    ragged, stacked = keys_of(feature_list_sparse_keys), keys_of(feature_list_dense_keys)
    context, lists = _columns_of_one(serialized[()], sparse + dense, ragged + stacked)
    dense_facts = zip(dense, context[len(sparse) :], Tcontext_dense, context_dense_shapes, context_dense_defaults)
    dense_values = [_fixed(*one, title) for one in dense_facts]
    sparse_facts = list(zip(sparse, context, context_sparse_types))
    for key, column, dtype in sparse_facts:
        _check_types(column, dtype, f"Name: {title}, Context feature: {_shown(key)}", True)
    stacked_facts = zip(stacked, lists[len(ragged) :], feature_list_dense_types, feature_list_dense_shapes)
    stacked_values = [_stacked(*one, one[0] in free, title) for one in stacked_facts]
    rows = []
    for key, steps, dtype in zip(ragged, lists, feature_list_sparse_types):
        steps = Column(b"", np.empty((0, 2), np.int64)) if steps is None else steps
        _check_types(steps, dtype, f"Name: {title}, Feature List: {_shown(key)}, Index: ", True)
        rows.append(steps.ragged(dtype))
    vectors = [vector(column, dtype) for _, column, dtype in sparse_facts]
    return [*sparse_columns(vectors), dense_values, *sparse_columns(rows), stacked_values]


def _columns_of_one(
    text: bytes, context_keys: list[bytes], list_keys: list[bytes]
) -> tuple[list[Column], list[Column | None]]:
    """The columns of the context features of a message, and of the steps of its feature lists (None: no list)."""
    try:
        return _strict_columns(text, context_keys, list_keys)
    except ValueError:  # not as protocol buffers write it; they may still read it
        try:
            message = proto.SequenceExample.FromString(text)
        except DecodeError:
            raise unreadable(text) from None
        return _strict_columns(message.SerializeToString(), context_keys, list_keys)


def _strict_columns(
    text: bytes, context_keys: list[bytes], list_keys: list[bytes]
) -> tuple[list[Column], list[Column | None]]:
    context = example_columns.columns([text], FEATURES, context_keys)
    found = example_columns.columns([text], _LISTS, list_keys)
    lists = [one.steps()[0] if one.is_there[0] else None for one in found]
    for column in (*context, *(one for one in lists if one is not None)):
        if (column.counts < 0).any() or (column.kinds == example_columns.UNKNOWN).any():
            raise ValueError(0)
    return context, lists


def _check_types(column: Column, dtype: Any, place: str, may_be_empty: bool) -> None:
    """Refuse values of another type; `place` ends with "Index: " where the number of the feature belongs there."""
    wrong = column.kinds != _kind_of(dtype)
    if may_be_empty:
        wrong &= column.kinds != 0
    if not wrong.any():
        return
    row = int(wrong.argmax())
    start, end = column.cells[row]
    feature = proto.Feature.FromString(column.text[start:end])
    where = f"{place}{row}" if place.endswith("Index: ") else place
    raise invalid(f"{where}.  Data types don't match. Expected type: {dtype_name(dtype)}  Feature is: {feature}")


def _check_counts(column: Column, dtype: Any, shape: Any, title: str, key: bytes) -> None:
    """Refuse features that have not as many values as the shape."""
    wrong = column.counts != math.prod(shape)
    if not wrong.any():
        return
    row = int(wrong.argmax())
    colon, size = (" ", "Values") if dtype is dtypes.string else (": ", "values")
    raise invalid(
        f"Name: {title}, Key{colon}{_shown(key)}, Index: {row}.  Number of {WORDS[dtype]} values != expected.  "
        f"{size} size: {int(column.counts[row])} but output shape: {infer.show(tuple(shape))}"
    )


def _fixed(key: bytes, column: Column, dtype: Any, shape: Any, default: Any, title: str) -> Any:
    """A context feature of one shape."""
    if not column.is_there[0]:
        if not to_numpy(default).size:
            raise invalid(f"Name: {title}, Context feature '{_shown(key)}' is required but could not be found.")
        return default.reshape(tuple(shape))
    _check_types(column, dtype, f"Name: {title}, Context feature: {_shown(key)}", False)
    _check_counts(column, dtype, shape, title, key)
    return column.values(dtype).reshape(tuple(shape))


def _stacked(key: bytes, steps: Column | None, dtype: Any, shape: Any, may_be_missing: bool, title: str) -> Any:
    """A feature list of which each step has the same shape: [steps, ...]."""
    if steps is None:
        if not may_be_missing:
            raise invalid(
                f"Name: {title}, Feature list '{_shown(key)}' is required but could not be found.  Did you mean "
                "to include it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
            )
        steps = Column(b"", np.empty((0, 2), np.int64))
    _check_types(steps, dtype, f"Name: {title}, Feature list: {_shown(key)}, Index: ", False)
    _check_counts(steps, dtype, shape, title, key)
    return steps.values(dtype).reshape((len(steps.counts), *shape))


# Vectors of messages.


def _vector_rule(c: Any) -> Any:
    batch = infer.with_rank(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 1)
    context, steps = (len(c.attr(f"{name}_sparse_types")) for name in ("context", "feature_list"))
    shapes = c.attr("feature_list_dense_shapes")
    return [
        *[(None, 2)] * context, *[(None,)] * context, *[(2,)] * context,
        *[None if s is None else batch + s for s in c.attr("context_dense_shapes")],
        *[(None, 3)] * steps, *[(None,)] * steps, *[(3,)] * steps,
        *[None if s is None else (*batch, None, *s) for s in shapes], *[batch] * len(shapes),
    ]  # fmt: skip


@op("ParseSequenceExample", infer=_vector_rule, host=True)
def parse_sequence_example(
    serialized, debug_name, context_dense_defaults, *, feature_list_dense_missing_assumed_empty=(),
    context_sparse_keys=(), context_dense_keys=(), feature_list_sparse_keys=(), feature_list_dense_keys=(),
    context_sparse_types=(), Tcontext_dense=(), feature_list_dense_types=(), context_dense_shapes=(),  # noqa: N803
    feature_list_sparse_types=(), feature_list_dense_shapes=(),
):  # fmt: skip
    """Context features and feature lists of a vector of serialized SequenceExamples."""
    if debug_name.size and debug_name.size != serialized.size:
        raise invalid("example_names must be empty or have the correct number of elements")
    titles = [one.decode(errors="replace") for one in debug_name.tolist()] or ["<unknown>"] * serialized.size
    sparse, dense = list(map(_key, context_sparse_keys)), list(map(_key, context_dense_keys))
    ragged, stacked = list(map(_key, feature_list_sparse_keys)), list(map(_key, feature_list_dense_keys))
    free = set(map(_key, feature_list_dense_missing_assumed_empty))
    texts = serialized.tolist()
    try:
        context = example_columns.columns(texts, FEATURES, sparse + dense)
        lists = example_columns.columns(texts, _LISTS, ragged + stacked)
    except ValueError as error:
        raise invalid(f"Invalid protocol message input, example id: {titles[error.args[0]]}") from None
    for key, column, dtype in zip(sparse + dense, context, (*context_sparse_types, *Tcontext_dense)):
        _check_readable(column, dtype, f"Error in context feature {_shown(key)} in example ", titles)
    types = (*feature_list_sparse_types, *feature_list_dense_types)
    steps = [_steps(*one, titles) for one in zip(ragged + stacked, lists, types)]
    defaults = zip(dense, context[len(sparse) :], Tcontext_dense, context_dense_shapes, context_dense_defaults)
    dense_values = [_fixed_rows(*one, titles) for one in defaults]
    sparse_values = [column.ragged(dtype) for column, dtype in zip(context, context_sparse_types)]
    wanted = zip(stacked, lists[len(ragged) :], steps[len(ragged) :], feature_list_dense_types,
                 feature_list_dense_shapes)  # fmt: skip
    stacked_values = [_stacked_rows(*one, one[0] in free, titles) for one in wanted]
    ragged_values = [_ragged_rows(*one, dtype) for one, dtype in zip(steps, feature_list_sparse_types)]
    return [
        *sparse_columns(sparse_values), dense_values, *sparse_columns(ragged_values),
        [values for values, _ in stacked_values], [lengths for _, lengths in stacked_values],
    ]  # fmt: skip


def _check_readable(column: Column, dtype: Any, said: str, titles: list[str], rows: np.ndarray | None = None) -> None:
    """Refuse features that hold another list; `rows` tells the example of each."""
    wrong = (column.counts < 0) | ((column.kinds != 0) & (column.kinds != _kind_of(dtype)))
    if wrong.any():
        at = int(wrong.argmax())
        raise invalid(f"{said}{titles[at if rows is None else int(rows[at])]}")


def _steps(key: bytes, column: Column, dtype: Any, titles: list[str]) -> tuple[Column, np.ndarray]:
    said = f"Error in sequence feature {_shown(key)} in example "
    try:
        steps, ends = column.steps()
    except ValueError as error:
        raise invalid(f"{said}{titles[error.args[0]]}") from None
    rows = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    _check_readable(steps, dtype, said, titles, rows)
    return steps, ends


def _fixed_rows(key: bytes, column: Column, dtype: Any, shape: Any, default: Any, titles: list[str]) -> Any:
    """A context feature of one shape in each message: [N, ...]."""
    default = to_numpy(default).reshape(-1)
    count = math.prod(shape)
    most = max(int(column.counts.max(initial=0)), default.size)
    if most != count:
        raise invalid(f"Inconsistent number of elements for feature {_shown(key)}: {most} vs 1")
    absent = ~column.is_there
    if absent.any() and not default.size:
        raise invalid(
            f"Feature: {_shown(key)} (data type: {dtype_name(dtype)}) is required but could not be found."
        )
    short = ~absent & (column.counts != count)
    if short.any():
        raise invalid(f"Unexpected number of elements in example {titles[int(short.argmax())]}")
    rows = len(column.counts)
    places = np.arange(rows) * count
    out = column.placed(dtype, places, [rows, *shape], default[0] if default.size else None)
    if absent.any():
        to_numpy(out).reshape(rows, -1)[absent] = default
    return out


def _stacked_rows(
    key: bytes, lists: Column, found: tuple[Column, np.ndarray], dtype: Any, shape: Any, may_be_missing: bool,
    titles: list[str],
) -> tuple[Any, Any]:  # fmt: skip
    """Feature lists, padded: [N, most steps, ...]; and their lengths."""
    steps, ends = found
    if not may_be_missing and not lists.is_there.all():
        title = titles[int((~lists.is_there).argmax())]
        raise invalid(f"Missing feature {_shown(key)} in example {title}")
    lengths = np.diff(ends, prepend=0)
    count = math.prod(shape)
    totals = np.add.reduceat(np.append(steps.counts, 0), np.append(0, ends[:-1])) * (lengths > 0)
    if count and int(totals.max(initial=0)) % count:
        raise invalid(f"Unexpected shape error in feature {_shown(key)}")
    wrong = steps.counts != count
    rows = np.repeat(np.arange(len(ends)), lengths)
    if wrong.any():
        title = titles[int(rows[int(wrong.argmax())])]
        raise invalid(f"Unexpected number of elements in feature {_shown(key)}, example {title}")
    most = int(lengths.max(initial=0))
    within = np.arange(len(steps.counts)) - np.repeat(ends - lengths, lengths)
    fill = b"" if dtype is dtypes.string else 0
    values = steps.placed(dtype, (rows * most + within) * count, [len(ends), most, *shape], fill)
    return values, torch.from_numpy(lengths)


def _ragged_rows(steps: Column, ends: np.ndarray, dtype: Any) -> tuple[Any, Any, Any]:
    """Feature lists as a sparse tensor [N, steps, values]: indices, values, shape."""
    lengths = np.diff(ends, prepend=0)
    rows = np.repeat(np.arange(len(ends)), lengths)
    within = np.arange(len(steps.counts)) - np.repeat(ends - lengths, lengths)
    places, values, shape = steps.ragged(dtype)
    number = places.numpy()
    indices = np.stack([rows[number[:, 0]], within[number[:, 0]], number[:, 1]], axis=1)
    sizes = [len(ends), int(lengths.max(initial=0)), int(shape[1])]
    return torch.from_numpy(np.ascontiguousarray(indices)), values, torch.tensor(sizes, dtype=torch.int64)

"""Splitting strings, joining those of a segment, and text in other encodings."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.names import public
from rekindle._src.ops.arguments import renamed
from rekindle._src.ops.string import each, text_of


def _split_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 0)
    return [(None, 2), (None,), (2,)]


def _ragged(rows: list[list[bytes]]) -> tuple[Any, Any, Any]:
    """Rows of strings as indices, values and shape."""
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    indices = torch.tensor(places, dtype=torch.int64).reshape(-1, 2)
    values = text_of([text for row in rows for text in row], [len(places)])
    widest = max((len(row) for row in rows), default=0)
    return indices, values, torch.tensor([len(rows), widest], dtype=torch.int64)


@op("StringSplit", infer=_split_rule, host=True)
def string_split_op(input, delimiter, *, skip_empty=True):
    """Each string cut at every one of the delimiter's characters; without any, into bytes."""
    marks = delimiter[()]
    pattern = re.compile(b"[" + re.escape(marks) + b"]") if marks else None
    rows = []
    for text in input.tolist():
        if pattern is None:
            parts = [text[i : i + 1] for i in range(len(text))]
        else:
            parts = pattern.split(text) if text else []
        rows.append([part for part in parts if part] if skip_empty else parts)
    return _ragged(rows)


@op("StringSplitV2", infer=_split_rule, host=True)
def string_split_v2_op(input, sep, *, maxsplit=-1):
    """Each string split as Python's str.split does: at a separator, or at runs of white space."""
    mark = sep[()] or None
    return _ragged([text.split(mark, maxsplit) for text in input.tolist()])


string_split_op.no_gradient()


def _as_sparse(parts: Any) -> SparseTensor:
    indices, values, shape = parts
    indices.set_shape([None, 2])
    values.set_shape([None])
    shape.set_shape([2])
    return SparseTensor(indices, values, shape)


def _check_result(result_type: str) -> None:
    if result_type == "RaggedTensor":
        raise NotImplementedError(
            "rekindle has no RaggedTensor; ask for result_type='SparseTensor'"
        )
    if result_type != "SparseTensor":
        raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")


@public("string_split")
def string_split(
    source: Any, sep: Any = None, skip_empty: bool = True, delimiter: Any = None,
    result_type: str = "SparseTensor", name: str | None = None,
) -> SparseTensor:  # fmt: skip
    """The parts of each of a vector of strings, cut at the delimiter (a space by default).

    Args:
      source: a vector of strings.
      sep: the delimiter; each of its characters is one.
      skip_empty: leave empty parts out.
      delimiter: the same as `sep`.
      result_type: "SparseTensor".
      name: the name of the scope.

    Raises:
      ValueError: both names of the delimiter are given.
    """
    _check_result(result_type)
    with scopes.name_scope(name, "StringSplit", [source]):
        delimiter = renamed("sep", sep, "delimiter", delimiter)
        delimiter = " " if delimiter is None else delimiter
        delimiter = convert.convert_to_tensor(delimiter, dtypes.string)
        source = convert.convert_to_tensor(source, dtypes.string)
        return _as_sparse(string_split_op(source, delimiter=delimiter, skip_empty=skip_empty))


@public("strings.split")
def strings_split(
    input: Any = None, sep: Any = None, maxsplit: int = -1, result_type: str = "SparseTensor",
    source: Any = None, name: str | None = None,
) -> SparseTensor:  # fmt: skip
    """The parts of each of a vector of strings, split as Python's str.split does."""
    input = renamed("input", input, "source", source)
    _check_result(result_type)
    with scopes.name_scope(name, "StringSplit", [input]):
        input = convert.convert_to_tensor(input, dtypes.string, "input")
        if input.shape.rank != 1:
            raise NotImplementedError(
                "rekindle splits vectors of strings; reshape the input to one axis"
            )
        sep = convert.convert_to_tensor("" if sep is None else sep, dtypes.string)
        return _as_sparse(string_split_v2_op(input, sep=sep, maxsplit=maxsplit))


# Segments.


def _segment_rule(c: Any) -> Any:
    sizes, ids = c.shapes[0], c.shapes[1]
    infer.with_rank(c.shapes[2], 0)
    count = c.value(2)
    if sizes is None or ids is None:
        return None
    infer.merge(sizes[: len(ids)], ids)
    return (None if count is None else int(count),) + sizes[len(ids) :]


@op("UnsortedSegmentJoin", public="strings.unsorted_segment_join", infer=_segment_rule, host=True)
def unsorted_segment_join(inputs, segment_ids, num_segments, *, separator=""):
    """The strings of each segment one after the other."""
    count, rest = int(num_segments), inputs.shape[segment_ids.dim() :]
    rows = inputs.reshape(-1, *rest)
    out: list[list[Any]] = [[] for _ in range(count)]
    for row, segment in zip(rows, segment_ids.reshape(-1).tolist()):
        if not 0 <= segment < count:
            raise errors.InvalidArgumentError(
                None, None, f"segment_ids[0] = {segment} is out of range [0, {count})"
            )
        out[segment].append(np.asarray(row, object))
    between = separator.encode()
    joined = [
        each(lambda *parts: between.join(parts), *one) if one else each(lambda: b"", np.zeros(0))
        for one in out
    ]
    whole = np.full((count, *rest), b"", object)
    for i, one in enumerate(out):
        if one:
            whole[i] = joined[i][()] if not rest else joined[i]
    return whole


# Encodings.

_CODECS = {"UTF-8": "utf-8", "UTF-16-BE": "utf-16-be", "UTF-32-BE": "utf-32-be"}


def _codec(name: str) -> str:
    codec = _CODECS.get(name.upper(), name)
    try:
        b"".decode(codec)
    except LookupError:
        raise errors.InvalidArgumentError(
            None, None, f"Could not create converter for input encoding: {name}"
        ) from None
    return codec


def decoded(text: bytes, encoding: str, on_error: str, replacement: int, controls: bool) -> str:
    """Bytes as text, what is malformed dealt with as asked for.

    Raises:
      InvalidArgumentError: something is malformed, and `on_error` is "strict".
    """
    try:
        out = text.decode(encoding)
    except UnicodeDecodeError:
        if on_error == "strict":
            raise errors.InvalidArgumentError(
                None, None, "Invalid formatting on input string"
            ) from None
        out = text.decode(encoding, on_error).replace("\ufffd", chr(replacement))
    if controls:
        out = re.sub("[\x00-\x08\x0b-\x1f\x7f]", chr(replacement), out)
    return out


@op("UnicodeTranscode", public="strings.unicode_transcode", infer=infer.same, host=True)
def unicode_transcode(input, *, input_encoding, output_encoding, errors="replace", replacement_char=65533,
                      replace_control_characters=False):  # fmt: skip
    """The strings in another encoding."""
    source, target = _codec(input_encoding), _CODECS[output_encoding]
    return each(
        lambda text: decoded(
            text, source, errors, replacement_char, replace_control_characters
        ).encode(target),
        input,
    )

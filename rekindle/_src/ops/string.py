"""Ops on strings: join, strip, cut, case, regular expressions, base64, numbers and raw bytes.

Strings are arrays of bytes. Splitting is in string_split.py, hashing in string_hash.py.
"""

from __future__ import annotations

import base64
import functools
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array_shape
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.arguments import renamed
from rekindle._src.ops.torch_types import to_numpy


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def each(function: Callable[..., bytes], *arrays: Any) -> np.ndarray:
    """A function of each element (of each pair, ...), of arrays of one shape."""
    shape = arrays[0].shape
    out = np.empty(math.prod(shape), object)
    out[:] = [function(*items) for items in zip(*(a.reshape(-1).tolist() for a in arrays))]
    return out.reshape(tuple(shape))


def text_of(texts: list[bytes], shape: Any) -> np.ndarray:
    """A list of bytes as an array of strings."""
    out = np.empty(len(texts), object)
    out[:] = texts
    return out.reshape(tuple(shape))


# Join.


def _join_rule(c: Any) -> Any:
    if all(shape == () for shape in c.shapes):
        return ()
    out = None
    for shape in c.shapes:
        if shape:
            out = infer.merge(out, shape)
    return out


@op("StringJoin", public="string_join strings.join", infer=_join_rule, host=True)
def string_join(inputs, *, separator=""):
    """The strings of each place one after the other; scalars go to all places."""
    shape = next((one.shape for one in inputs if one.ndim), ())
    for one in inputs:
        if one.ndim and one.shape != shape:
            raise _invalid(
                "Input shapes do not match: "
                f"{infer.show(tuple(shape))} vs. {infer.show(tuple(one.shape))}"
            )
    between = separator.encode()
    whole = [np.broadcast_to(one, shape) for one in inputs]
    return each(lambda *parts: between.join(parts), *whole)


def _reduce_rule(c: Any) -> Any:
    sizes, axes = c.shapes[0], c.value(1)
    if sizes is None:
        return None
    if axes is None:
        return (None,) * len(sizes) if c.attr("keep_dims") else None
    gone = set()
    for axis in axes.reshape(-1).tolist():
        if not -len(sizes) <= axis < len(sizes):
            raise ValueError(
                f"Invalid reduction dimension {axis} for input with {len(sizes)} dimensions."
            )
        gone.add(axis % len(sizes))
    if c.attr("keep_dims"):
        return tuple(1 if i in gone else d for i, d in enumerate(sizes))
    return tuple(d for i, d in enumerate(sizes) if i not in gone)


@op("ReduceJoin", infer=_reduce_rule, host=True)
def reduce_join_op(inputs, reduction_indices, *, keep_dims=False, separator=""):
    """The strings along axes one after the other, the first axis named running fastest."""
    rank = inputs.ndim
    axes = []
    for axis in reduction_indices.reshape(-1).tolist():
        if not -rank <= axis < rank:
            raise _invalid(f"Invalid reduction dimension {axis} for input with {rank} dimensions.")
        if axis % rank in axes:
            raise _invalid(f"Duplicate reduction dimension {axis}")
        axes.append(axis % rank)
    if not axes:
        return inputs.copy()
    kept = [i for i in range(rank) if i not in axes]
    rows = inputs.transpose(kept + axes[::-1]).reshape(math.prod(inputs.shape[i] for i in kept), -1)
    joined = [separator.encode().join(row) for row in rows.tolist()]
    if keep_dims:
        return text_of(joined, [1 if i in axes else d for i, d in enumerate(inputs.shape)])
    return text_of(joined, [inputs.shape[i] for i in kept])


@public("reduce_join", "strings.reduce_join")
def reduce_join(
    inputs: Any, axis: Any = None, keep_dims: Any = None, separator: str = "", name: str | None = None,
    reduction_indices: Any = None, keepdims: Any = None,
) -> Any:  # fmt: skip
    """The strings along axes one after the other; along all axes by default, the last one first."""
    keep = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    axis = renamed("axis", axis, "reduction_indices", reduction_indices)
    with scopes.name_scope(None, "ReduceJoin", [inputs, axis]):
        inputs = convert.convert_to_tensor(inputs)
        if axis is None:
            rank = inputs.shape.ndims
            if rank is not None:
                axis = convert.constant(np.arange(rank - 1, -1, -1), dtype=dtypes.int32)
            else:
                axis = math_ops.range(array_shape.rank(inputs) - 1, -1, -1)
        return reduce_join_op(
            inputs=inputs,
            reduction_indices=axis,
            keep_dims=bool(keep),
            separator=separator,
            name=name,
        )


# Case, spaces, length.


@op("StringStrip", public="string_strip strings.strip", infer=infer.same, host=True)
def string_strip(input):
    """The strings without spaces at either end."""
    return each(bytes.strip, input)


def _cased(function: str, texts: np.ndarray, encoding: str) -> np.ndarray:
    if encoding not in ("", "utf-8"):
        raise _invalid(f"only utf-8 or '' (no encoding) is supported, received {encoding}")
    if not encoding:
        return each(getattr(bytes, function), texts)
    change = getattr(str, function)
    return each(lambda text: change(text.decode("utf-8", "replace")).encode(), texts)


@op("StringLower", public="strings.lower", infer=infer.same, host=True)
def string_lower(input, *, encoding=""):
    """The strings in lower case: ASCII letters, or all letters of utf-8."""
    return _cased("lower", input, encoding)


@op("StringUpper", public="strings.upper", infer=infer.same, host=True)
def string_upper(input, *, encoding=""):
    """The strings in upper case: ASCII letters, or all letters of utf-8."""
    return _cased("upper", input, encoding)


def _characters(text: bytes) -> list[bytes]:
    """The characters of utf-8; a byte that is none counts as one."""
    return [c.encode("utf-8", "surrogateescape") for c in text.decode("utf-8", "surrogateescape")]


@op("StringLength", infer=infer.same, host=True)
def string_length_op(input, *, unit="BYTE"):
    """The number of bytes, or of characters, of each string."""
    # a character begins with each byte that does not continue one
    count = len if unit == "BYTE" else lambda text: sum(b & 0xC0 != 0x80 for b in text)
    flat = [count(text) for text in input.reshape(-1).tolist()]
    return torch.tensor(flat, dtype=torch.int32).reshape(input.shape)


@public("strings.length")
def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Any:
    """The number of bytes, or of characters for unit "UTF8_CHAR", of each string."""
    return string_length_op(input, unit=unit, name=name)


def _substr_rule(c: Any) -> Any:
    pos, length = c.shapes[1], c.shapes[2]
    if length is not None:
        pos = infer.with_rank(pos, len(length))
    if pos is not None and length is not None and pos != length:
        raise ValueError(
            f"pos and len shapes must match: {infer.show(pos)} vs. {infer.show(length)}"
        )
    return infer.broadcast_shapes(c.shapes[0], c.shapes[1])


@op("Substr", infer=_substr_rule, host=True)
def substr_op(input, pos, len, *, unit="BYTE"):  # noqa: A002 - the op's name for it
    """So many bytes (or characters) of each string from a place on."""
    starts, counts = to_numpy(pos), to_numpy(len)
    if starts.ndim and input.ndim:
        try:
            shape = np.broadcast_shapes(input.shape, starts.shape)
        except ValueError:
            raise _invalid(
                f"Incompatible shapes: {infer.show(input.shape)} vs. {infer.show(starts.shape)}"
            ) from None
    else:
        shape = input.shape or starts.shape
    parts = (np.broadcast_to(one, shape) for one in (input, starts, counts))
    flat = [part.reshape(-1).tolist() for part in parts]
    out = [_cut(text, at, count, unit, i) for i, (text, at, count) in enumerate(zip(*flat))]
    return text_of(out, shape)


def _cut(text: bytes, at: int, count: int, unit: str, place: int) -> bytes:
    units: Any = text if unit == "BYTE" else _characters(text)
    size = len(units)
    if at > size or at < -size:
        shown = "string" if unit != "BYTE" else f"string b'{text.decode(errors='replace')}'"
        raise _invalid(f"pos {at} out of range for {shown} at index {place}")
    begin = at + size if at < 0 else at
    part = units[begin : begin + max(count, 0)]
    return part if unit == "BYTE" else b"".join(part)


@public("substr", "strings.substr")
def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Any:  # noqa: A002
    """So many bytes (characters for unit "UTF8_CHAR") of each string from a place on."""
    return substr_op(input, pos, len, unit=unit, name=name)


# Regular expressions.

_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7F", "blank": r"\t ", "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@[-`{-~", "space": r"\t\n\v\f\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


#: what Python says of a pattern -> what RE2 says
_RE2_WORDS = {
    "missing ), unterminated subpattern": "missing )",
    "unbalanced parenthesis": "unexpected )",
    "unterminated character set": "missing ]",
    "nothing to repeat": "no argument for repetition operator",
}


@functools.lru_cache(maxsize=256)
def regex(pattern: bytes) -> re.Pattern[str]:
    """A pattern of RE2, compiled.

    Raises:
      InvalidArgumentError: it is none.
    """
    text = pattern.decode("utf-8", "surrogateescape")
    text = re.sub(r"\[:(\w+):\]", lambda m: _POSIX.get(m[1], m[0]), text).replace(r"\z", r"\Z")
    try:
        return re.compile(text, re.ASCII)
    except re.error as error:
        shown = pattern.decode(errors="replace")
        said = _RE2_WORDS.get(error.msg, error.msg)
        raise _invalid(f"Invalid pattern: {shown}, error: {said}: {shown}") from None


def _replaced(texts: np.ndarray, pattern: bytes, rewrite: bytes, everywhere: bool) -> np.ndarray:
    compiled = regex(pattern)
    made = rewrite.decode("utf-8", "surrogateescape")
    # RE2 names groups \0 to \9, and spells a backslash \\
    parts = re.split(r"\\(\d|\\)", made)

    def new(match: re.Match[str]) -> str:
        out = [parts[0]]
        for mark, text in zip(parts[1::2], parts[2::2]):
            out.append("\\" if mark == "\\" else match[int(mark)] or "")
            out.append(text)
        return "".join(out)

    def change(text: bytes) -> bytes:
        found = compiled.sub(new, text.decode("utf-8", "surrogateescape"), 0 if everywhere else 1)
        return found.encode("utf-8", "surrogateescape")

    return each(change, texts)


def _regex_rule(c: Any) -> Any:
    for shape in c.shapes[1:]:
        infer.with_rank(shape, 0)
    return c.shapes[0]


@op("RegexReplace", infer=_regex_rule, host=True)
def regex_replace_op(input, pattern, rewrite, *, replace_global=True):
    """The strings with matches of the pattern replaced."""
    return _replaced(input, pattern[()], rewrite[()], replace_global)


@op("StaticRegexReplace", infer=infer.same, host=True)
def static_regex_replace(input, *, pattern, rewrite, replace_global=True):
    """The strings with matches of the pattern replaced."""
    return _replaced(input, pattern.encode(), rewrite.encode(), replace_global)


def _matched(texts: np.ndarray, pattern: bytes) -> Any:
    compiled = regex(pattern)
    flat = [
        compiled.fullmatch(text.decode("utf-8", "surrogateescape")) is not None
        for text in texts.reshape(-1).tolist()
    ]
    return torch.tensor(flat, dtype=torch.bool).reshape(texts.shape)


@op("RegexFullMatch", infer=_regex_rule, host=True)
def regex_full_match_op(input, pattern):
    """Whether the pattern matches each whole string."""
    return _matched(input, pattern[()])


@op("StaticRegexFullMatch", infer=infer.same, host=True)
def static_regex_full_match(input, *, pattern):
    """Whether the pattern matches each whole string."""
    return _matched(input, pattern.encode())


@public("strings.regex_full_match")
def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Any:
    """Whether the pattern matches each whole string."""
    if isinstance(pattern, (str, bytes)):
        return static_regex_full_match(input, pattern=pattern, name=name)
    return regex_full_match_op(input, pattern, name=name)


@public("regex_replace", "strings.regex_replace")
def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Any:
    r"""The strings with matches of `pattern` replaced by `rewrite`, in which \1 stands for the first group."""
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        return static_regex_replace(
            input, pattern=pattern, rewrite=rewrite, replace_global=replace_global, name=name
        )
    return regex_replace_op(input, pattern, rewrite, replace_global=replace_global, name=name)


# Base64.


@op("EncodeBase64", public="encode_base64 io.encode_base64", infer=infer.same, host=True)
def encode_base64(input, *, pad=False):
    """The strings in the web-safe base64 alphabet, with or without padding."""

    def encode(text: bytes) -> bytes:
        made = base64.urlsafe_b64encode(text)
        return made if pad else made.rstrip(b"=")

    return each(encode, input)


@op("DecodeBase64", public="decode_base64 io.decode_base64", infer=infer.same, host=True)
def decode_base64(input):
    """What strings in the web-safe base64 alphabet stand for."""

    def decode(text: bytes) -> bytes:
        if not re.fullmatch(rb"[0-9A-Za-z_-]*={0,2}", text):
            raise _invalid("Invalid character found in base64.")
        bare = text.rstrip(b"=")
        if len(bare) % 4 == 1:
            raise _invalid("Base64 string length 1 modulo 4 is invalid.")
        return base64.urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))

    return each(decode, input)


# Numbers.


@op("AsString", public="as_string strings.as_string dtypes.as_string", infer=infer.same, host=True)
def as_string(input, *, precision=-1, scientific=False, shortest=False, width=-1, fill=""):
    """The numbers as text: %d, %f (%e, %g), with so many digits, in so many places."""
    kind = input.dtype
    if len(fill) > 1:
        raise _invalid(f"Fill string must be one or fewer characters, but got: {fill}")
    if scientific and shortest:
        raise _invalid("Cannot select both scientific and shortest notation")
    is_float = kind.is_floating_point or kind.is_complex
    if not is_float and (scientific or shortest):
        raise _invalid(
            "scientific and shortest format not supported for datatype " + _type_name(kind)
        )
    if precision > -1 and not is_float:
        raise _invalid("precision not supported for datatype " + _type_name(kind))
    spec = "%" + fill + (str(width) if width > -1 else "")
    if is_float:
        spec += (f".{precision}" if precision > -1 else "") + (
            "e" if scientific else "g" if shortest else "f"
        )
    else:
        spec += "d"
    flat = [_printed(spec, value) for value in input.reshape(-1).tolist()]
    return text_of(flat, input.shape)


def _printed(spec: str, value: Any) -> bytes:
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, complex):
        return f"({spec % value.real},{spec % value.imag})".encode()
    return (spec % value).encode()


def _type_name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


_NUMBER = re.compile(
    r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan|0x[\da-f.]+)\s*", re.I
)


@op("StringToNumber", infer=infer.same, host=True)
def string_to_number_op(string_tensor, *, out_type=dtypes.float32):
    """The numbers that strings spell."""
    flat = [parsed(text, out_type) for text in string_tensor.reshape(-1).tolist()]
    return torch.tensor(flat, dtype=out_type.torch).reshape(string_tensor.shape)


def parsed(text: bytes, dtype: Any) -> Any:
    """The number of a type that a string spells.

    Raises:
      InvalidArgumentError: it spells none, or one that is out of range.
    """
    shown = text.decode(errors="replace")
    try:
        if dtype.is_integer:
            if not re.fullmatch(r"\s*[+-]?\d+\s*", shown):
                raise ValueError
            value = int(shown)
            if not dtype.min <= value <= dtype.max:
                raise ValueError
            return value
        if not _NUMBER.fullmatch(shown):
            raise ValueError
        return float(shown)
    except ValueError:
        raise _invalid(f"StringToNumberOp could not correctly convert string: {shown}") from None


@public("string_to_number", "strings.to_number")
def string_to_number(
    string_tensor: Any = None,
    out_type: Any = dtypes.float32,
    name: str | None = None,
    input: Any = None,
) -> Any:
    """The numbers that strings spell."""
    text = renamed("input", input, "string_tensor", string_tensor)
    return string_to_number_op(text, out_type, name=name)


# Raw bytes.


@op("DecodeRaw", infer=lambda c: None if c.shapes[0] is None else c.shapes[0] + (None,), host=True)
def decode_raw_op(bytes, *, out_type, little_endian=True):  # noqa: A002 - the op's name for it
    """The bytes of each string as numbers: [...] -> [..., n]."""
    texts = bytes.reshape(-1).tolist()
    width = np.dtype(out_type.as_numpy_dtype).itemsize
    size = len(texts[0]) if texts else 0
    for text in texts:
        if len(text) != size:
            raise _invalid(
                f"DecodeRaw requires input strings to all be the same size, but element {texts.index(text)} "
                f"has size {size} != {len(text)}"
            )
    if size % width:
        raise _invalid(
            f"Input to DecodeRaw has length {size} that is not a multiple of {width}, the size of "
            f"{dtype_name(out_type)}"
        )
    array = np.frombuffer(b"".join(texts), out_type.as_numpy_dtype)
    if not little_endian:
        array = array.byteswap()
    return torch.from_numpy(array.copy()).reshape((*bytes.shape, size // width))


def dtype_name(dtype: Any) -> str:
    """A type in the words of C++: float, double, half."""
    return {"float32": "float", "float64": "double", "float16": "half"}.get(dtype.name, dtype.name)


@public("decode_raw", "io.decode_raw")
def decode_raw(
    input_bytes: Any = None,
    out_type: Any = None,
    little_endian: bool = True,
    name: str | None = None,
    bytes: Any = None,  # noqa: A002
) -> Any:
    """The bytes of each string as numbers of type `out_type`: [...] -> [..., n].

    Raises:
      ValueError: no type is given.
    """
    texts = renamed("input_bytes", input_bytes, "bytes", bytes)
    if out_type is None:
        raise ValueError("decode_raw_v1() missing 1 positional argument: 'out_type'")
    return decode_raw_op(texts, out_type, little_endian=little_endian, name=name)


for _block in (
    regex_replace_op, static_regex_replace, reduce_join_op, string_join, as_string, encode_base64, decode_base64,
    decode_raw_op, string_to_number_op, substr_op,
):  # fmt: skip
    _block.no_gradient()

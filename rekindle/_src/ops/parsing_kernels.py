"""Text and bytes read into tensors: CSV, compressed strings, serialized tensors, Examples as JSON."""

from __future__ import annotations

import gzip
import re
import zlib
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer, proto, tensor_value
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops.example_kernels import tensor_of
from rekindle._src.ops.string import dtype_name, each
from rekindle._src.ops.torch_types import to_numpy, to_torch


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Serialized tensors.


@op("ParseTensor", public="parse_tensor io.parse_tensor", infer=infer.unknown, host=True)
def parse_tensor(serialized, *, out_type):
    """The tensor of a serialized TensorProto."""
    if serialized.ndim:
        raise _invalid(f"Expected `serialized` to be a scalar, got shape: {infer.show(serialized.shape)}")
    try:
        message = proto.TensorProto.FromString(serialized[()])
    except DecodeError:
        shown = serialized[()].decode(errors="replace")
        raise _invalid(f"Could not parse `serialized` as TensorProto: '{shown}'") from None
    found = dtypes.as_dtype(message.dtype) if message.dtype else None
    if found is not out_type:
        have = "invalid" if found is None else dtype_name(found)
        raise _invalid(f"Type mismatch between parsed tensor ({have}) and dtype ({dtype_name(out_type)})")
    return to_torch(tensor_value.make_ndarray(message), out_type)


@op("SerializeTensor", public="serialize_tensor io.serialize_tensor", infer=infer.scalar, host=True)
def serialize_tensor(tensor, *, T):  # noqa: N803 - the attr's name
    """The tensor as a serialized TensorProto."""
    out = np.empty((), object)
    out[()] = tensor_value.array_proto(to_numpy(tensor, T), T).SerializeToString()
    return out


@op("DecodeJSONExample", public="decode_json_example io.decode_json_example", infer=infer.same, host=True)
def decode_json_example(json_examples):
    """Examples as JSON to serialized Examples."""
    from google.protobuf import json_format  # rarely wanted, and it takes a while to import

    def decode(text: bytes) -> bytes:
        try:
            return json_format.Parse(text, proto.Example()).SerializeToString()
        except json_format.ParseError as error:
            raise _invalid(f"Error while parsing JSON: {error}") from None

    return each(decode, json_examples)


# Raw bytes.


def _padded_rule(c: Any) -> Any:
    width, fixed = c.attr("out_type").size, c.value(1)
    infer.with_rank(c.shapes[1], 0)
    if fixed is not None and int(fixed) % width:
        raise ValueError(f"Dimension size must be evenly divisible by {width} but is {int(fixed)}")
    return None if c.shapes[0] is None else (*c.shapes[0], None if fixed is None else int(fixed) // width)


@op("DecodePaddedRaw", infer=_padded_rule, host=True)
def decode_padded_raw(input_bytes, fixed_length, *, out_type, little_endian=True):
    """The bytes of each string, cut or filled with zeros to one length, as numbers: [...] -> [..., n]."""
    length, width = int(fixed_length), out_type.size
    if length % width:
        raise _invalid(f"fixed_length ({length}) must be a multiple of the size of out_type ({width})")
    if length <= 0:
        raise _invalid(f"fixed_length ({length}) must be greater than zero.")
    rows = [one[:length].ljust(length, b"\0") for one in input_bytes.reshape(-1).tolist()]
    array = np.frombuffer(b"".join(rows), out_type.as_numpy_dtype)
    array = array.copy() if little_endian else array.byteswap()
    return to_torch(array.reshape((*input_bytes.shape, length // width)), out_type)


decode_padded_raw.no_gradient()


# Compressed strings.

_COMPRESSIONS = {"": bytes, "ZLIB": zlib.decompress, "GZIP": gzip.decompress}


@op("DecodeCompressed", public="decode_compressed io.decode_compressed", infer=infer.same, host=True)
def decode_compressed(bytes, *, compression_type=""):  # noqa: A002 - the op's name for it
    """The strings decompressed: ZLIB, GZIP or, for "", as they are."""
    if compression_type not in _COMPRESSIONS:
        raise _invalid("Only ZLIB, GZIP or NONE are supported compressions")
    decompress = _COMPRESSIONS[compression_type]

    def decode(text: Any) -> Any:
        try:
            return decompress(text)
        except (OSError, EOFError, zlib.error) as error:
            # "Error -3 while decompressing data: what is wrong"
            said = re.sub(r"^Error (-?\d+) while [^:]*", r"with error \1", str(error))
            raise errors.DataLossError(None, None, f"inflate() failed {said}") from None

    return each(decode, bytes)


# CSV.


def _csv_rule(c: Any) -> Any:
    for shape in c.shapes[1:]:
        sizes = infer.with_rank_at_most(shape, 1)
        if sizes and (sizes[0] or 0) > 1:
            raise ValueError("Shape of a default must be a length-0 or length-1 vector, or a scalar.")
    return [c.shapes[0]] * len(c.op.outputs)


@op("DecodeCSV", infer=_csv_rule, host=True)
def decode_csv_op(records, record_defaults, *, OUT_TYPE, field_delim=",", use_quote_delim=True,  # noqa: N803
                  na_value="", select_cols=()):
    """The columns of lines of CSV."""
    columns: list[list[Any]] = [[] for _ in OUT_TYPE]
    for number, record in enumerate(records.reshape(-1).tolist()):
        fields = split_csv(record, field_delim.encode(), use_quote_delim, number)
        if select_cols:
            fields = [fields[i] for i in select_cols if i < len(fields)]
        if len(fields) != len(OUT_TYPE):
            raise _invalid(f"Expect {len(OUT_TYPE)} fields but have {len(fields)} in record {number}")
        for i, (text, dtype, default) in enumerate(zip(fields, OUT_TYPE, record_defaults)):
            columns[i].append(_field(text, i, number, dtype, default, na_value.encode()))
    return [tensor_of(column, dtype, records.shape) for column, dtype in zip(columns, OUT_TYPE)]


def _field(text: bytes, place: int, record: int, dtype: Any, default: Any, na_value: bytes) -> Any:
    if not text or text == na_value:
        held = default.reshape(-1).tolist()
        if not held:
            raise _invalid(f"Field {place} is required but missing in record {record}!")
        return held[0]
    if dtype is dtypes.string:
        return text
    try:
        value = int(text) if dtype.is_integer else float(text)
        if dtype.is_integer and not dtype.min <= value <= dtype.max:
            raise ValueError
        return value
    except ValueError:
        shown = text.decode(errors="replace")
        raise _invalid(f"Field {place} in record {record} is not a valid {dtype_name(dtype)}: {shown}") from None


def split_csv(line: bytes, delimiter: bytes, quoting: bool, number: int = 0) -> list[bytes]:
    """The fields of a line of CSV.

    Raises:
      InvalidArgumentError: a quote stands where none may.
    """
    line = line.rstrip(b"\r\n")
    if not line:
        return []
    if not quoting:
        return line.split(delimiter)
    fields, at = [], 0
    while True:
        field, at = _quoted(line, at, delimiter) if line[at : at + 1] == b'"' else _bare(line, at, delimiter)
        fields.append(field)
        if at >= len(line):
            return fields
        at += 1
        if at == len(line):
            return [*fields, b""]


def _bare(line: bytes, at: int, delimiter: bytes) -> tuple[bytes, int]:
    end = line.find(delimiter, at)
    end = len(line) if end < 0 else end
    field = line[at:end]
    if b'"' in field or b"\n" in field or b"\r" in field:
        raise _invalid("Unquoted fields cannot have quotes/CRLFs inside")
    return field, end


def _quoted(line: bytes, at: int, delimiter: bytes) -> tuple[bytes, int]:
    out, at = b"", at + 1
    while True:
        end = line.find(b'"', at)
        if end < 0:
            raise _invalid("Quoted field has to end with quote followed by delim or end")
        out += line[at:end]
        if line[end + 1 : end + 2] != b'"':
            break
        out, at = out + b'"', end + 2
    if end + 1 < len(line) and line[end + 1 : end + 2] != delimiter:
        raise _invalid("Quote inside a string has to be escaped by another quote")
    return out, end + 1


@public("decode_csv", "io.decode_csv")
def decode_csv(
    records: Any, record_defaults: Any, field_delim: str = ",", use_quote_delim: bool = True,
    name: str | None = None, na_value: str = "", select_cols: Any = None,
) -> Any:  # fmt: skip
    """The columns of lines of CSV, each a tensor in the shape of `records`.

    Args:
      records: strings, a line each.
      record_defaults: a tensor for each column: its type, and what stands for an empty field; an empty vector if
        none does.
      field_delim: what stands between fields.
      use_quote_delim: whether double quotes keep a field together.
      name: the name of the node.
      na_value: one more text for an empty field.
      select_cols: the numbers of the columns to read, increasing; all by default.

    Raises:
      ValueError: `select_cols` is not increasing, or does not go with the defaults.
    """
    if select_cols is not None:
        if any(a >= b for a, b in zip(select_cols, select_cols[1:])):
            raise ValueError("select_cols is not strictly increasing.")
        if select_cols[0] < 0:
            raise ValueError("select_cols contains negative values.")
        if len(select_cols) != len(record_defaults):
            raise ValueError("Length of select_cols and record_defaults do not match.")
    return decode_csv_op(
        records=records, record_defaults=record_defaults, field_delim=field_delim,
        use_quote_delim=use_quote_delim, na_value=na_value, name=name, select_cols=select_cols,
    )  # fmt: skip

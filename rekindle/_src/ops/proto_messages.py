"""Ops between serialized protocol messages and tensors of their fields: `tf.io.decode_proto`, `tf.io.encode_proto`.

The messages are those of TensorFlow, or of a FileDescriptorSet that the op is given as a file or as bytes.
"""
from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.formats import wire
from rekindle._src.formats.files import local_path, open_file
from rekindle._src.graph import dtypes, infer, proto
from rekindle._src.graph.opdef import op
from rekindle._src.ops.string import text_of
from rekindle._src.ops.torch_types import to_numpy, to_torch

_FIELD = FieldDescriptor
_BYTES_SOURCE = b"bytes://"
_WORDS = (dtypes.int32, dtypes.int64)
_UNSIGNED = (dtypes.uint32, dtypes.uint64)
#: type of a field -> types of tensors for it
_FITTING = {
    _FIELD.TYPE_DOUBLE: (dtypes.float64,),
    _FIELD.TYPE_FLOAT: (dtypes.float32, dtypes.float64),
    **dict.fromkeys((_FIELD.TYPE_INT64, _FIELD.TYPE_SFIXED64, _FIELD.TYPE_SINT64), (dtypes.int64,)),
    **dict.fromkeys((_FIELD.TYPE_UINT64, _FIELD.TYPE_FIXED64), (dtypes.uint64,)),
    **dict.fromkeys((_FIELD.TYPE_INT32, _FIELD.TYPE_SFIXED32, _FIELD.TYPE_SINT32), _WORDS),
    **dict.fromkeys((_FIELD.TYPE_UINT32, _FIELD.TYPE_FIXED32), _UNSIGNED),
    _FIELD.TYPE_ENUM: (dtypes.int32,),
    _FIELD.TYPE_BOOL: (dtypes.bool_,),
    **dict.fromkeys(
        (_FIELD.TYPE_STRING, _FIELD.TYPE_BYTES, _FIELD.TYPE_MESSAGE, _FIELD.TYPE_GROUP), (dtypes.string,)
    ),
}


def _invalid(said: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, said)


def _message(message_type: str, source: str) -> Any:
    """The descriptor of a message, from TensorFlow's own or from those that `source` has."""
    try:
        if source in ("", "local://"):
            return proto.descriptor_named(message_type)
        return _pool(source.encode(errors="surrogateescape")).FindMessageTypeByName(message_type)
    except KeyError:
        raise _invalid(f"No descriptor found for message type {message_type}") from None


def _pool(source: bytes) -> Any:
    """The pool of a FileDescriptorSet: one in a file, or after "bytes://"."""
    found = descriptor_pb2.FileDescriptorSet()
    if not source.startswith(_BYTES_SOURCE) and os.path.exists(local_path(source)):
        said = f"descriptor_source contains invalid FileDescriptorSet: {os.fsdecode(source)}"
        with open_file(source, "rb") as file:
            content = file.read()
    else:
        said = "Source does not represent serialized file descriptor set proto."
        if not source.startswith(_BYTES_SOURCE):
            raise _invalid(said)
        content = source.removeprefix(_BYTES_SOURCE)
    pool = descriptor_pool.DescriptorPool()
    try:
        found.ParseFromString(content)
        for file in found.file:
            pool.AddSerializedFile(file.SerializeToString())
        for file in found.file:
            pool.FindFileByName(file.name)
    except (DecodeError, TypeError, KeyError) as error:
        raise _invalid(f"{said} {error}" if found.file else said) from None
    return pool


def _field(message: Any, name: str, extensions: bool = False) -> Any:
    found = message.fields_by_name.get(name)
    if found is None and extensions:
        every = message.file.pool.FindAllExtensions(message)
        found = next((one for one in every if one.full_name == name), None)
    if found is None:
        raise _invalid(f"Unknown field: {name} in message type {message.full_name}")
    return found


def _decoded_shapes(c: Any) -> list[Any]:
    count = len(c.attr("output_types"))
    outer = c.shapes[0]
    if outer is None:
        return [None] * (count + 1)
    return [(*outer, count), *[(*outer, None)] * count]


@op("DecodeProtoV2", public="io.decode_proto", infer=_decoded_shapes, host=True)
def decode_proto(
    bytes, *, message_type, field_names, output_types, descriptor_source="local://", message_format="binary",
    sanitize=False,
):  # fmt: skip
    """Fields of serialized messages: how many values each has, and the values, filled up with defaults."""
    message = _message(message_type, descriptor_source)
    if len(field_names) != len(output_types):
        raise _invalid("field_names and output_types attributes must have the same length")
    wanted = [_field(message, name, extensions=True) for name in field_names]
    for one, dtype in zip(wanted, output_types, strict=True):
        if dtype not in _FITTING[one.type]:
            raise _invalid(f"Unexpected output type for {one.full_name}: {one.cpp_type} to {dtype.as_datatype_enum}")
    if message_format not in ("binary", "text"):
        raise _invalid("format must be one of binary or text")
    texts = bytes.reshape(-1).tolist()
    if not texts:
        raise _invalid("Bufs argument must contain at least one value")
    if message_format == "text" or sanitize:
        texts = [_reserialized(message, one, message_format) for one in texts]
    rows = [_values_of(one, wanted) for one in texts]
    sizes = np.array([[len(one) for one in row] for row in rows], np.int32).reshape(*bytes.shape, len(wanted))
    columns = [
        _column([row[i] for row in rows], one, dtype, bytes.shape)
        for i, (one, dtype) in enumerate(zip(wanted, output_types, strict=True))
    ]
    return torch.from_numpy(sizes), columns


def _reserialized(message: Any, text: bytes, form: str) -> bytes:
    """The message in bytes, without what its type does not know."""
    made = message_factory.GetMessageClass(message)()
    try:
        if form == "binary":
            made.ParseFromString(text)
            made.DiscardUnknownFields()
        else:
            text_format.Parse(text, made)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError):
        raise errors.DataLossError(None, None, f"Unable to parse {form} protobuf") from None
    return made.SerializeToString()


def _values_of(text: bytes, wanted: list[Any]) -> list[list[Any]]:
    """The values in a message of each field; of a field that is not repeated the last one."""
    found: list[list[Any]] = [[] for _ in wanted]
    places: dict[int, list[int]] = {}
    for place, one in enumerate(wanted):
        places.setdefault(one.number, []).append(place)
    try:
        for number, kind, value in wire.fields(text):
            for place in places.get(number, ()):
                found[place] += wire.decoded(wanted[place].type, kind, value)
    except ValueError as error:
        said = f"CountFields: Failed to consume entire buffer: {error}"
        raise errors.DataLossError(None, None, said) from None
    return [values if _is_repeated(one) else values[-1:] for one, values in zip(wanted, found)]


def _is_repeated(field: Any) -> bool:
    return field.default_value == []  # what says so outright has another name in each version of protobuf


def _column(rows: list[list[Any]], field: Any, dtype: Any, shape: tuple[int, ...]) -> Any:
    """A tensor of the values of a field, one row a message."""
    width = max(1, *map(len, rows))
    default = field.default_value
    if field.type in (_FIELD.TYPE_MESSAGE, _FIELD.TYPE_GROUP) or _is_repeated(field):
        default = b"" if dtype is dtypes.string else 0
    if isinstance(default, str):
        default = default.encode()
    filled = [one for row in rows for one in (*row, *[default] * (width - len(row)))]
    if dtype is dtypes.string:
        return text_of(filled, (*shape, width))
    return to_torch(np.array(filled, dtype.as_numpy_dtype).reshape(*shape, width), dtype)


def _encoded_shape(c: Any) -> Any:
    shape = None
    for one in reversed(c.shapes[1:]):
        inner = infer.with_rank_at_least(one, 2)
        shape = infer.merge(None if inner is None else inner[:-1], shape)
    return shape


@op("EncodeProto", public="io.encode_proto", infer=_encoded_shape, host=True)
def encode_proto(sizes, values, *, field_names, message_type, descriptor_source="local://", Tinput_types):  # noqa: N803
    """Serialized messages of tensors of their fields, each with so many values as `sizes` says."""
    message = _message(message_type, descriptor_source)
    wanted = [_field(message, name) for name in field_names]
    arrays = [to_numpy(one, dtype) for one, dtype in zip(values, Tinput_types, strict=True)]
    if len(field_names) != len(arrays):
        raise _invalid("Length of inputs list must match field_names")
    prefix = _checked_prefix(wanted, arrays, Tinput_types)
    counts = to_numpy(sizes)
    if counts.shape != (*prefix, len(wanted)):
        raise _invalid(
            f"sizes should be batch_size + [len(field_names)].  Saw: {_shown(counts.shape)} but expected: "
            f"{_shown((*prefix, len(wanted)))}"
        )
    counts = counts.reshape(-1, len(wanted))
    rows = [one.reshape(len(counts), one.shape[-1]) for one in arrays]
    for i, one in enumerate(rows):
        for number in np.flatnonzero(counts[:, i] > one.shape[1]):
            raise _invalid(
                f"Size to write must not be larger than value tensor; but saw: {counts[number, i]} > {one.shape[1]} "
                f"at message {number} field {i}"
            )
    order = sorted(range(len(wanted)), key=lambda i: wanted[i].number)
    texts = [
        b"".join(_packed(wanted[i], rows[i][number, : counts[number, i]]) for i in order if counts[number, i] > 0)
        for number in range(len(counts))
    ]
    return text_of(texts, prefix)


def _packed(field: Any, values: np.ndarray) -> bytes:
    return wire.encoded(field.number, field.type, values.tolist(), field.GetOptions().packed)


def _checked_prefix(wanted: list[Any], arrays: list[np.ndarray], types: list[Any]) -> tuple[int, ...]:
    """The shape that all values have but for their last dimension."""
    for one, array, dtype in zip(wanted, arrays, types, strict=True):
        if dtype not in _FITTING[one.type]:
            raise _invalid(
                f"Incompatible type for field {one.name}.  Saw dtype: {dtype.name} but field type is: "
                f"{_FIELD_NAMES[one.type]}"
            )
        if array.ndim < 2:
            raise _invalid(
                f"Invalid shape for field {one.name}.  Saw shape {_shown(array.shape)} but it should be at least a "
                "matrix."
            )
        if array.shape[:-1] != arrays[0].shape[:-1]:
            raise _invalid("Values must match up to the last dimension")
    return arrays[0].shape[:-1]


def _shown(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


_FIELD_NAMES = {
    value.number: value.name.removeprefix("TYPE_").lower()
    for value in descriptor_pb2.FieldDescriptorProto.DESCRIPTOR.enum_types_by_name["Type"].values
}
for _block in (decode_proto, encode_proto):
    _block.no_gradient()

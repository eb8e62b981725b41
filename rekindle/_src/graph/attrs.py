"""Attrs of operations: the Python form in which the graph holds them, and the AttrValue form of files.

Python forms: DType, shape tuple or None, int, float, bool, bytes, numpy array (tensor), NameAttrList (func), and lists
of these. Attrs that a signature does not name (those with a leading underscore, and those of function calls) are held
as AttrValue.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import dtypes, proto, tensor_value
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.signatures import Attr

_FIELD = {"int": "i", "float": "f", "bool": "b", "string": "s"}


def normal(attr: Attr, value: Any, op_type: str) -> Any:
    """A user's value of an attr in the form in which operations hold it.

    Raises:
      TypeError, ValueError: the value is not of the attr's type, or is not allowed.
    """
    if value.__class__ is proto.AttrValue:
        value = from_proto(attr.type, value)
    if attr.type.startswith("list("):
        if not isinstance(value, (list, tuple)):
            raise TypeError(f"Expected list for attr {attr.name}")
        kind = attr.type[5:-1]
        out = [_one(kind, x, attr, op_type) for x in value]
        for one in out:
            _check_allowed(attr, one, op_type)
        if attr.minimum is not None and len(out) < attr.minimum:
            raise ValueError(f"Attr '{attr.name}' of '{op_type}' Op passed list of length {len(out)} less than "
                             f"minimum {attr.minimum}.")
        return out
    out = _one(attr.type, value, attr, op_type)
    _check_allowed(attr, out, op_type)
    if attr.type == "int" and attr.minimum is not None and out < attr.minimum:
        raise ValueError(f"Attr '{attr.name}' of '{op_type}' Op passed {out} less than minimum {attr.minimum}.")
    return out


def _one(kind: str, value: Any, attr: Attr, op_type: str) -> Any:
    if kind == "type":
        try:
            return dtypes.as_dtype(value).base_dtype
        except TypeError:
            raise TypeError(f"Expected DataType for argument '{attr.name}' not {value!r}.") from None
    if kind == "shape":
        return _shape(value, attr)
    if kind == "string":
        return _string(value, attr)
    if kind == "tensor":
        if isinstance(value, np.ndarray):
            return value
        return tensor_value.make_ndarray(value) if isinstance(value, proto.TensorProto) else np.asarray(value)
    if kind == "func":
        return proto.NameAttrList(name=value) if isinstance(value, str) else _function(value, attr)
    try:
        if kind == "bool":
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError
            return bool(value)
        if isinstance(value, (str, bytes)) or (kind == "int" and isinstance(value, float)):
            raise TypeError
        return int(value) if kind == "int" else float(value)
    except TypeError:
        raise TypeError(f"Expected {kind} for argument '{attr.name}' not {value!r}.") from None


def _shape(value: Any, attr: Attr) -> Any:
    if value is None or isinstance(value, tuple) and all(d is None or type(d) is int and d >= 0 for d in value):
        return value
    if isinstance(value, proto.TensorShapeProto):
        return shape_from_proto(value)
    try:
        return (value if isinstance(value, TensorShape) else TensorShape(value)).dims_tuple
    except ValueError as error:
        raise ValueError(f"Error converting {attr.name} to a TensorShape: {error}.") from None
    except TypeError as error:
        raise TypeError(f"Error converting {value} (type {type(value)}) to a TensorShape for argument "
                        f"'{attr.name}': {error}") from None


def _string(value: Any, attr: Attr) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise TypeError(f"Expected string for argument '{attr.name}' not {value!r}.")


def _function(value: Any, attr: Attr) -> Any:
    if isinstance(value, proto.NameAttrList):
        return value
    name = getattr(value, "name", None)
    if not isinstance(name, (str, bytes)):
        raise TypeError(f"Don't know how to convert {value!r} to a func for argument {attr.name}")
    add_to_graph = getattr(value, "add_to_graph", None)
    if add_to_graph is not None:
        add_to_graph()
    return proto.NameAttrList(name=name)


def _check_allowed(attr: Attr, value: Any, op_type: str) -> None:
    if not attr.allowed or value in attr.allowed:
        return
    if isinstance(value, bytes):
        names = '", "'.join(x.decode() for x in attr.allowed)
        raise ValueError(f"Attr '{attr.name}' of '{op_type}' Op passed string '{value.decode()}' not in: "
                         f'"{names}".')
    names = ", ".join(x.name for x in attr.allowed)
    raise TypeError(f"Value passed to parameter '{attr.name}' has DataType {value.name} not in list of allowed "
                    f"values: {names}")


def shape_from_proto(shape: Any) -> tuple[int | None, ...] | None:
    """A TensorShapeProto as a shape tuple, None for unknown rank."""
    if shape.unknown_rank:
        return None
    return tuple(None if d.size == -1 else d.size for d in shape.dim)


def shape_to_proto(shape: Any) -> Any:
    """A shape tuple, or None, as a TensorShapeProto."""
    out = proto.TensorShapeProto()
    if shape is None:
        out.unknown_rank = True
        return out
    for size in shape:
        out.dim.add(size=-1 if size is None else size)
    return out


def to_proto(kind: str, value: Any) -> Any:
    """An attr in its Python form as an AttrValue."""
    if isinstance(value, proto.AttrValue):
        return value
    out = proto.AttrValue()
    if kind.startswith("list("):
        out.list.SetInParent()
        _fill_list(out.list, kind[5:-1], value)
    elif kind == "type":
        out.type = value.as_datatype_enum
    elif kind == "shape":
        out.shape.CopyFrom(shape_to_proto(value))
    elif kind == "tensor":
        out.tensor.CopyFrom(tensor_proto(value))
    elif kind == "func":
        out.func.CopyFrom(value)
    else:
        setattr(out, _FIELD[kind], value)
    return out


def tensor_proto(value: np.ndarray) -> Any:
    """A tensor attr as a TensorProto."""
    return tensor_value.array_proto(value, dtypes.as_dtype(value.dtype))


def _fill_list(out: Any, kind: str, values: list[Any]) -> None:
    if kind == "type":
        out.type.extend(x.as_datatype_enum for x in values)
    elif kind == "shape":
        out.shape.extend(shape_to_proto(x) for x in values)
    elif kind == "tensor":
        out.tensor.extend(tensor_proto(x) for x in values)
    elif kind == "func":
        out.func.extend(values)
    else:
        getattr(out, _FIELD[kind]).extend(values)


def from_proto(kind: str, value: Any) -> Any:
    """An AttrValue in its Python form.

    Raises:
      ValueError: it holds a value of another type.
    """
    held = value.WhichOneof("value")
    if kind.startswith("list("):
        if held not in ("list", None):
            raise ValueError(f"AttrValue had value with type '{_kind_name(held)}' when '{kind}' expected")
        return _read_list(value.list, kind[5:-1])
    field = {"type": "type", "shape": "shape", "tensor": "tensor", "func": "func", **_FIELD}[kind]
    if held != field:
        raise ValueError(f"AttrValue had value with type '{_kind_name(held)}' when '{kind}' expected")
    found = getattr(value, field)
    if kind == "type":
        return dtypes.as_dtype(found)
    if kind == "shape":
        return shape_from_proto(found)
    if kind == "tensor":
        return tensor_value.make_ndarray(found)
    return found


def _kind_name(field: str | None) -> str:
    names = {"i": "int", "f": "float", "b": "bool", "s": "string", "list": "list(any)"}
    return "none" if field is None else names.get(field, field)


def _read_list(held: Any, kind: str) -> list[Any]:
    if kind == "type":
        return [dtypes.as_dtype(x) for x in held.type]
    if kind == "shape":
        return [shape_from_proto(x) for x in held.shape]
    if kind == "tensor":
        return [tensor_value.make_ndarray(x) for x in held.tensor]
    if kind == "func":
        return list(held.func)
    return list(getattr(held, _FIELD[kind]))

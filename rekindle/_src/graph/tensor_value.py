"""Python values as arrays, and arrays as TensorProtos: what constants and feeds are made of.

Holds `as_array` (a Python value by TensorFlow's typing rules), `make_tensor_proto`, `make_ndarray`. Nothing here knows
graphs.
"""
from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from rekindle._src import nest
from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.dtypes import DType
from rekindle._src.graph.shapes import Dimension
from rekindle._src.names import public

_LIMIT = 2**31 - 1
#: elements that the last value of a TensorProto may be repeated to, where it is not the only one
_MOST_FILLED = 2**26


@public("make_tensor_proto")
def make_tensor_proto(values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False,
                      allow_broadcast: bool = False) -> Any:
    """A TensorProto of a Python or numpy value.

    Args:
      values: a scalar, nested list, numpy array or TensorProto.
      dtype: the element type; default: TensorFlow's for the value (Python ints int32, floats float32).
      shape: the shape to give it, the last value repeated to fill it.
      verify_shape: the value must have exactly that shape.
      allow_broadcast: repeat the last value to fill the shape (only if not verify_shape).

    Raises:
      TypeError, ValueError: the value does not fit the type or the shape.
    """
    if isinstance(values, proto.TensorProto):
        return values
    return array_proto(*as_array(values, dtype, shape, verify_shape))


def as_array(values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False) -> tuple[np.ndarray, DType]:
    """A Python or numpy value as an array and its DType, by the typing rules of TensorFlow's constants.

    Strings become arrays of bytes objects. With a shape, the last value fills up what is missing.

    Raises:
      TypeError, ValueError: the value does not fit the type or the shape.
    """
    wanted = None if dtype is None else dtypes.as_dtype(dtype).base_dtype
    if isinstance(values, (np.ndarray, np.generic)):
        array = np.asarray(values, _numpy_type(wanted))
        if wanted is None and array.dtype == np.object_:
            array = _strings(array.tolist())
    else:
        array = _from_python(values, wanted)
    actual = dtypes.as_dtype(array.dtype)
    if wanted is not None and wanted.is_quantized and actual is not wanted:
        array, actual = array.astype(wanted.as_numpy_dtype[wanted.name]).view(wanted.as_numpy_dtype), wanted
    if actual is dtypes.string and (array.dtype != np.object_ or _has_text(array)):
        array = _strings(array.tolist(), array.shape)
    if wanted is not None and actual is not wanted:
        raise TypeError(f"Incompatible types: {wanted} vs. {array.dtype}. Value is {values}")
    return _shaped(array, shape, verify_shape), actual


def _numeric(dtype: DType | None) -> bool:
    return dtype is not None and dtype.is_numpy_compatible and dtype is not dtypes.string and not dtype.is_quantized


def _numpy_type(dtype: DType | None) -> Any:
    """The numpy type of numbers; None where numpy is to find one."""
    return dtype.as_numpy_dtype if dtype is not None and _numeric(dtype) else None


def _from_python(values: Any, wanted: DType | None) -> np.ndarray:
    if values is None:
        raise ValueError("None values not supported.")
    kind = _numpy_type(wanted)
    if callable(getattr(values, "__array__", None)) or isinstance(getattr(values, "__array_interface__", None), dict):
        return np.asarray(values, kind)
    if wanted is not None:
        _check_leaves(values, wanted)
    try:
        array = np.array(values, kind)
    except OverflowError:
        array = np.array(values).astype(kind)  # a given type cuts off what it cannot hold
    except ValueError as error:
        if "inhomogeneous" in str(error):
            _raise_ragged(values)
        raise
    if array.shape != _list_shape(values) and (wanted is None or not wanted.is_quantized):
        if wanted is None or array.dtype.kind == "O":
            _raise_ragged(values)
    if wanted is None:
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        elif array.dtype == np.int64:
            small = array.astype(np.int32)
            array = small if np.array_equal(small, array) else array
    if wanted is dtypes.string and not array.size:
        return array.astype(object)  # numpy takes an empty list for floats
    if array.dtype.kind not in "SUO":
        return array
    try:
        return _strings(_leaves(values), array.shape)
    except TypeError:
        raise TypeError(f"Failed to convert object of type {type(values)} to Tensor. Contents: {values}. Consider "
                        "casting elements to a supported type.") from None


def _raise_ragged(values: Any) -> None:
    """Say which item of a ragged list is not like the others, in TensorFlow's words."""
    expected = _list_shape(values)
    raise ValueError(f"Argument must be a dense tensor: {values} - got shape {list(_numpy_shape(values))}, "
                     f"but wanted {list(expected)}.")


def _list_shape(values: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(values, (list, tuple)):
        shape.append(len(values))
        if not values:
            break
        values = values[0]
    return tuple(shape)


def _numpy_shape(values: Any) -> tuple[int, ...]:
    if not isinstance(values, (list, tuple)):
        return np.shape(values)
    inner = {_numpy_shape(v) for v in values}
    return (len(values),) + (inner.pop() if len(inner) == 1 else ())


_EXPECTED = {"f": (numbers.Real, np.number), "c": (numbers.Complex, np.number), "i": (int, np.integer, Dimension),
             "u": (int, np.integer, Dimension), "b": (bool, np.bool_), "q": (int, tuple, np.integer),
             "s": (str, bytes)}


def _check_leaves(values: Any, wanted: DType) -> None:
    """Refuse a leaf which TensorFlow would not convert to the wanted type."""
    for leaf in nest.flatten(values):
        if not isinstance(leaf, (_EXPECTED.get(wanted.kind, object), np.ndarray)):
            raise TypeError(f"Expected {wanted.name}, got {leaf!r} of type '{type(leaf).__name__}' instead.")


def _leaves(values: Any) -> list[Any]:
    """The elements of nested lists and arrays, as they are: numpy's own text types drop zero bytes at the end."""
    return [one for leaf in nest.flatten(values)
            for one in (leaf.reshape(-1).tolist() if isinstance(leaf, np.ndarray) else [leaf])]


def _strings(values: Any, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """An array of bytes objects."""
    flat = [one.encode() if isinstance(one, str) else bytes(one) if isinstance(one, np.bytes_) else one
            for one in nest.flatten(values)]
    if shape is None:
        shape = np.shape(np.array(values, object)) if isinstance(values, (list, tuple)) else ()
    for one in flat:
        if not isinstance(one, bytes):
            raise TypeError(f"Expected binary or unicode string, got {one!r}")
    array = np.empty(len(flat), object)
    array[:] = flat
    return array.reshape(shape)


def _has_text(array: np.ndarray) -> bool:
    return any(not isinstance(one, bytes) for one in array.reshape(-1))


def _shaped(array: np.ndarray, shape: Any, verify: bool) -> np.ndarray:
    if shape is None:
        return array
    wanted = tuple(int(d) for d in shape)
    size = math.prod(wanted)
    if verify and wanted != array.shape:
        raise TypeError(f"Expected Tensor's shape: {wanted}, got {array.shape}.")
    if not size:
        return np.empty(wanted, array.dtype)
    if array.size > size:
        raise ValueError(f"Too many elements provided. Needed at most {size}, but received {array.size}")
    if array.size == size:
        return array.reshape(wanted)
    if array.size == 0:
        raise ValueError(f"Cannot fill a tensor of shape {wanted} from an empty value")
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), wanted)
    flat = array.reshape(-1)
    return np.concatenate([flat, np.repeat(flat[-1:], size - flat.size)]).reshape(wanted)


_FIELD = {"float32": "float_val", "float64": "double_val", "int32": "int_val", "uint8": "int_val", "int16": "int_val",
          "int8": "int_val", "uint16": "int_val", "int64": "int64_val", "bool": "bool_val", "uint32": "uint32_val",
          "uint64": "uint64_val", "qint8": "int_val", "quint8": "int_val", "qint16": "int_val", "quint16": "int_val",
          "qint32": "int_val"}
#: types whose arrays are written as raw bytes; those of others are written value by value
_IN_BYTES = frozenset([
    "float32", "float64", "int32", "uint8", "int16", "int8", "int64", "qint8", "quint8", "qint16", "quint16", "qint32",
    "uint32", "uint64"])


def array_proto(array: np.ndarray, dtype: DType) -> Any:
    """An array as a TensorProto, spelt as TensorFlow spells it: one value where all are equal, else raw bytes.

    Raises:
      ValueError: it takes more than 2 GB.
    """
    out = proto.TensorProto(dtype=dtype.as_datatype_enum)
    out.tensor_shape.SetInParent()
    for size in array.shape:
        out.tensor_shape.dim.add(size=size)
    if dtype is dtypes.string:
        is_splat = array.size > 1 and not any(array.strides)
        out.string_val.extend([array.flat[0]] if is_splat else array.reshape(-1).tolist())
        return out
    if array.nbytes > _LIMIT and 0 not in array.strides:
        raise ValueError("Cannot create a tensor proto whose content is larger than 2GB.")
    splat = array.size > 1 and 0 in array.strides
    if array.size > 1 and not splat and dtype.name in _IN_BYTES:
        out.tensor_content = np.ascontiguousarray(array).tobytes()
        return out
    flat = np.array([array.flat[0]], array.dtype) if splat else np.ascontiguousarray(array).reshape(-1)
    if dtype.is_quantized:
        flat = flat[dtype.name]
    if dtype in (dtypes.float16, dtypes.bfloat16):
        out.half_val.extend(flat.view(np.uint16).tolist())
    elif dtype is dtypes.complex64:
        out.scomplex_val.extend(flat.view(np.float32).tolist())
    elif dtype is dtypes.complex128:
        out.dcomplex_val.extend(flat.view(np.float64).tolist())
    else:
        getattr(out, _FIELD[dtype.name]).extend(flat.tolist())
    return out


@public("make_ndarray")
def make_ndarray(tensor: Any) -> np.ndarray:
    """The array that a TensorProto holds.

    Raises:
      TypeError: the type has no array form.
      ValueError: the content does not fill the shape.
    """
    dtype = dtypes.as_dtype(tensor.dtype)
    shape = [d.size for d in tensor.tensor_shape.dim]
    size = math.prod(shape)
    if tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, dtype.as_numpy_dtype).copy().reshape(shape)
    if dtype is dtypes.string:
        values = list(tensor.string_val) or [b""]
        if len(values) == 1 and size != 1:
            return np.broadcast_to(np.array(values + [None], object)[:1].reshape(()), shape)
        _check_filled(size, len(values))
        flat = np.empty(size, object)
        flat[:] = (values + values[-1:] * (size - len(values)))[:size]
        return flat.reshape(shape)
    if dtype in (dtypes.float16, dtypes.bfloat16):
        values = np.fromiter(tensor.half_val, np.uint16).view(dtype.as_numpy_dtype)
    elif dtype.is_complex:
        parts = np.fromiter(tensor.scomplex_val if dtype is dtypes.complex64 else tensor.dcomplex_val, np.float64)
        values = (parts[::2] + 1j * parts[1::2]).astype(dtype.as_numpy_dtype)
    elif dtype.name not in _FIELD:
        raise TypeError(f"Unsupported tensor type: {dtype.as_datatype_enum}")
    elif dtype.is_quantized:
        storage = dtype.as_numpy_dtype[dtype.name]
        values = np.fromiter(tensor.int_val, storage).view(dtype.as_numpy_dtype)
    else:
        values = np.array(list(getattr(tensor, _FIELD[dtype.name])), dtype.as_numpy_dtype)
    if len(values) == size:
        return values.reshape(shape)
    if len(values) > size:
        raise ValueError(f"A TensorProto of shape {shape} holds {len(values)} values")
    if len(values) < 2:
        return np.broadcast_to(values[0] if len(values) else np.zeros((), dtype.as_numpy_dtype), shape)
    _check_filled(size, len(values))
    return np.concatenate([values, np.repeat(values[-1:], size - len(values))]).reshape(shape)


def _check_filled(size: int, given: int) -> None:
    """Refuse a few values that stand for more than memory is to be spent on."""
    if size > max(given, _MOST_FILLED):
        raise ValueError(f"A TensorProto of {given} values stands for {size}")

"""What scripts take from tensorflow.python.layers.utils: sizes and formats of convolutions."""
from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.layers.reach import reachable
from rekindle._src.layers.shapes import checked_tuple, op_format
from rekindle._src.ops import cond
from rekindle._src.state.variable import Variable

normalize_tuple = checked_tuple
get_reachable_from_inputs = reachable


def convert_data_format(data_format: str, ndim: int) -> str:
    """The format in the words of ops: "NHWC", "NCW", ...

    Raises:
      ValueError: there is no such format.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError("Invalid data_format:", data_format)
    return op_format(data_format, ndim)


def normalize_data_format(value: str) -> str:
    """The format in small letters: "channels_last" or "channels_first".

    Raises:
      ValueError: it is neither.
    """
    data_format = value.lower()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError('The `data_format` argument must be one of "channels_first", '
                         f'"channels_last". Received: {value}')
    return data_format


def normalize_padding(value: str) -> str:
    """The padding in small letters: "valid" or "same".

    Raises:
      ValueError: it is neither.
    """
    padding = value.lower()
    if padding not in ("valid", "same"):
        raise ValueError(f'The `padding` argument must be one of "valid", "same". Received: {padding}')
    return padding


def conv_output_length(input_length: int | None, filter_size: int, padding: str, stride: int,
                       dilation: int = 1) -> int | None:
    """The size of an axis after a convolution."""
    if input_length is None:
        return None
    reach = (filter_size - 1) * dilation
    length = input_length + {"same": 0, "valid": -reach, "full": reach}[padding]
    return (length + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """The size of an axis before a convolution."""
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_output_length(input_length: Any, filter_size: int, padding: str, stride: int) -> Any:
    """The size of an axis after a transposed convolution."""
    if input_length is None:
        return None
    length = input_length * stride
    if padding == "valid":
        return length + max(filter_size - stride, 0)
    return length - (stride + filter_size - 2) if padding == "full" else length


def smart_cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """Call one of two functions if `pred` is known, else `tf.cond`."""
    if isinstance(pred, Variable):
        return cond.cond(pred, true_fn=true_fn, false_fn=false_fn, name=name)
    return cond.smart_cond(pred, true_fn=true_fn, false_fn=false_fn, name=name)


def constant_value(pred: Any) -> Any:
    """A predicate's value, None if it is known only at run time.

    Raises:
      TypeError: `pred` is no predicate.
    """
    if isinstance(pred, Variable):
        return None
    return cond.smart_constant_value(bool(pred) if pred in (0, 1) and isinstance(pred, int) else pred)


def static_shape(x: Any) -> tuple[Any, ...] | None:
    """The static shape, None if the rank is not known."""
    if x is None or x.get_shape().ndims is None:
        return None
    return tuple(x.get_shape().as_list())


def object_list_uid(object_list: Any) -> str:
    """A text that identifies the objects."""
    return ", ".join(str(abs(id(x))) for x in nest.flatten(object_list))

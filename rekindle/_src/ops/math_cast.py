"""From one element type to another: casts, and the parts of complex numbers."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.dtypes import DType, as_dtype
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import IndexedSlices, SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_binary, math_broadcast, math_unary

_DIFFERENTIABLE = (
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
    dtypes.bfloat16,
    dtypes.complex64,
    dtypes.complex128,
)


@op("Cast", infer=infer.same)
def cast_op(x, *, SrcT, DstT):
    """The same numbers in another element type;
    the fraction is cut off, what does not fit wraps.
    """
    return torch.Tensor.to(
        torch.real(x) if SrcT.is_complex and not DstT.is_complex else x,
        target(SrcT, DstT),
        copy=True,
    )


def target(source: DType, wanted: DType) -> Any:
    """The torch type of a cast.

    Raises:
      UnimplementedError: there is no such cast.
    """
    if source.torch is None or wanted.torch is None:
        named = [dtypes.proto_name(d).removeprefix("DT_").lower() for d in (source, wanted)]
        raise errors.UnimplementedError(
            None, None, f"Cast {named[0]} to {named[1]} is not supported"
        )
    return wanted.torch


@cast_op.gradient
def cast_gradient(op, dy):
    source = op.inputs[0].dtype.base_dtype
    if source in _DIFFERENTIABLE and dy.dtype.base_dtype in _DIFFERENTIABLE:
        return cast(dy, source)
    return None


def is_resource_variable(x: Any) -> bool:
    """True for a variable that lives behind a resource handle."""
    handle = getattr(x, "handle", None)
    return isinstance(handle, Tensor) and handle.dtype is dtypes.resource


@public("cast", "dtypes.cast")
def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """A tensor, SparseTensor or IndexedSlices with elements of another type.

    Raises:
      TypeError: `x` has no elements that convert.
    """
    base = as_dtype(dtype).base_dtype
    if (isinstance(x, Tensor) or is_resource_variable(x)) and x.dtype is base:
        return x
    with scopes.name_scope(name, "Cast", [x]) as scope:
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, cast(x.values, base, name=scope), x.dense_shape)
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, base, name=scope), x.indices, x.dense_shape)
        x = convert.convert_to_tensor(x, name="x")
        return x if x.dtype.base_dtype is base else cast_op(x, base, name=scope)


@public("saturate_cast", "dtypes.saturate_cast")
def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """A cast in which what does not fit becomes the nearest value that does."""
    with scopes.name_scope(name, "saturate_cast", [value]) as scope:
        value = convert.convert_to_tensor(value, name="value")
        dtype = as_dtype(dtype).base_dtype
        if value.dtype.min < dtype.min:
            value = math_binary.maximum(
                value, convert.convert_to_tensor(dtype.min, value.dtype.base_dtype, "min")
            )
        if value.dtype.max > dtype.max:
            value = math_binary.minimum(
                value, convert.convert_to_tensor(dtype.max, value.dtype.base_dtype, "max")
            )
        return cast(value, dtype, name=scope)


@public("to_float")
def to_float(x: Any, name: str = "ToFloat") -> Any:
    """A cast to float32."""
    return cast(x, dtypes.float32, name=name)


@public("to_double")
def to_double(x: Any, name: str = "ToDouble") -> Any:
    """A cast to float64."""
    return cast(x, dtypes.float64, name=name)


@public("to_int32")
def to_int32(x: Any, name: str = "ToInt32") -> Any:
    """A cast to int32."""
    return cast(x, dtypes.int32, name=name)


@public("to_int64")
def to_int64(x: Any, name: str = "ToInt64") -> Any:
    """A cast to int64."""
    return cast(x, dtypes.int64, name=name)


@public("to_bfloat16")
def to_bfloat16(x: Any, name: str = "ToBFloat16") -> Any:
    """A cast to bfloat16."""
    return cast(x, dtypes.bfloat16, name=name)


@public("to_complex64")
def to_complex64(x: Any, name: str = "ToComplex64") -> Any:
    """A cast to complex64."""
    return cast(x, dtypes.complex64, name=name)


@public("to_complex128")
def to_complex128(x: Any, name: str = "ToComplex128") -> Any:
    """A cast to complex128."""
    return cast(x, dtypes.complex128, name=name)


@op("Complex", infer=infer.broadcast)
def complex_op(real, imag):
    """real + 1j * imag, elementwise."""
    return torch.complex(*torch.broadcast_tensors(real, imag))


@complex_op.gradient
def complex_gradient(op, dy):
    real_shape, imag_shape, real_axes, imag_axes = math_broadcast.broadcast_axes(*op.inputs)
    return (
        math_broadcast.summed_to(real(dy), real_axes, real_shape),
        math_broadcast.summed_to(imag(dy), imag_axes, imag_shape),
    )


_PARTS = {
    (dtypes.float32, dtypes.float32): dtypes.complex64,
    (dtypes.float64, dtypes.float64): dtypes.complex128,
}


@public("complex", "dtypes.complex")
def complex(real: Any, imag: Any, name: str | None = None) -> Any:
    """Complex numbers of their real and imaginary parts.

    Raises:
      TypeError: the parts are not both float32 or both float64.
    """
    real = convert.convert_to_tensor(real, name="real")
    imag = convert.convert_to_tensor(imag, name="imag")
    with scopes.name_scope(name, "Complex", [real, imag]) as scope:
        whole = _PARTS.get((real.dtype.base_dtype, imag.dtype.base_dtype))
        if whole is None:
            raise TypeError(
                f"real and imag have incorrect types: {real.dtype.name} {imag.dtype.name}"
            )
        return complex_op(real, imag, Tout=whole, name=scope)


@op("Real", infer=infer.same)
def real_op(input):
    """The real part."""
    return torch.real(input).clone()


@real_op.gradient
def real_gradient(op, dy):
    return complex(dy, convert.constant(0, dy.dtype.base_dtype))


@public("real", "math.real")
def real(input: Any, name: str | None = None) -> Any:
    """The real part; real numbers as they are."""
    with scopes.name_scope(name, "Real", [input]) as scope:
        input = convert.convert_to_tensor(input, name="input")
        return (
            real_op(input, Tout=input.dtype.real_dtype, name=scope)
            if input.dtype.is_complex
            else input
        )


@op("Imag", infer=infer.same)
def imag_op(input):
    """The imaginary part."""
    return torch.imag(input).clone()


@imag_op.gradient
def imag_gradient(op, dy):
    return complex(convert.constant(0, dy.dtype.base_dtype), dy)


@public("imag", "math.imag")
def imag(input: Any, name: str | None = None) -> Any:
    """The imaginary part; zeros for real numbers."""
    with scopes.name_scope(name, "Imag", [input]) as scope:
        input = convert.convert_to_tensor(input, name="input")
        if input.dtype.is_complex:
            return imag_op(input, Tout=input.dtype.real_dtype, name=scope)
        return array_ops.zeros_like(input)


@op("Angle", infer=infer.same)
def angle_op(input):
    """The argument of a complex number, in radians."""
    return torch.angle(input)


@angle_op.gradient
def angle_gradient(op, dy):
    x = op.inputs[0]
    with scopes.control_dependencies([dy]):
        re, im = real(x), imag(x)
        inverse = math_unary.reciprocal(complex(im, re))
        return -complex(dy, convert.constant(0, dy.dtype.base_dtype)) * inverse


@public("angle", "math.angle")
def angle(input: Any, name: str | None = None) -> Any:
    """The argument of a complex number, in radians; zeros for real numbers."""
    with scopes.name_scope(name, "Angle", [input]) as scope:
        input = convert.convert_to_tensor(input, name="input")
        if input.dtype.is_complex:
            return angle_op(input, Tout=input.dtype.real_dtype, name=scope)
        return array_ops.zeros_like(input)


@op("Conj", infer=infer.same)
def conj_op(input):
    """The complex conjugate."""
    return torch.conj_physical(input)


@conj_op.gradient
def conj_gradient(op, dy):
    return conj(dy)


@public("conj", "math.conj")
def conj(x: Any, name: str | None = None) -> Any:
    """The complex conjugate; real numbers as they are.

    Raises:
      TypeError: `x` is not numeric.
    """
    if isinstance(x, Tensor) and _is_real(x.dtype):
        return x
    with scopes.name_scope(name, "Conj", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        if x.dtype.is_complex or x.dtype.base_dtype is dtypes.variant:
            return conj_op(x, name=scope)
        if _is_real(x.dtype):
            return x
        raise TypeError(f"Expected numeric or variant tensor, got dtype {x.dtype!r}")


def _is_real(dtype: DType) -> bool:
    return dtype.is_floating or dtype.is_integer

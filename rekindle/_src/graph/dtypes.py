"""Element types: `tf.float32` and its kin, and the way between them, numpy and Python.

Holds `DType`, every TensorFlow dtype, `as_dtype` and the quantized groups. The torch dtype of each is filled in by the
op layer (`DType.torch`), so that this layer stays free of torch. Source: the enum of types.proto.
"""
from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from rekindle._src.names import export, public

_REF_OFFSET = 100


@public("DType", "dtypes.DType")
class DType:
    """The type of the elements of a tensor, an interned value: compare with `==` or `is`.

    A reference type (`float32_ref`) is what a ref variable's output has; `base_dtype` is the type of its elements.
    """

    __slots__ = ("_name", "_enum", "_numpy", "_ref", "_base", "torch", "kind")

    _name: str
    _enum: int
    _numpy: Any
    _ref: DType | None
    _base: DType
    torch: Any
    kind: str

    def __init__(self, type_enum: int | DType) -> None:
        other = as_dtype(type_enum)
        for slot in DType.__slots__:
            setattr(self, slot, getattr(other, slot))

    @property
    def name(self) -> str:
        """TensorFlow's name: "float32", "string", "float32_ref"."""
        return self._name

    @property
    def as_datatype_enum(self) -> int:
        """The number of this type in types.proto."""
        return self._enum

    @property
    def as_numpy_dtype(self) -> Any:
        """The numpy scalar type of the elements (object for strings)."""
        return self._numpy

    @property
    def base_dtype(self) -> DType:
        """This type without its being a reference."""
        return self._base

    @property
    def real_dtype(self) -> DType:
        """The type of the real part: float32 for complex64, float64 for complex128, else the type itself."""
        if self._base is complex64:
            return float32
        if self._base is complex128:
            return float64
        return self

    @property
    def _is_ref_dtype(self) -> bool:
        return self._enum > _REF_OFFSET

    @property
    def _as_ref(self) -> DType:
        return self if self._ref is None else self._ref

    @property
    def is_numpy_compatible(self) -> bool:
        """True where numpy has such elements (not resource or variant)."""
        return self._base.name not in ("resource", "variant")

    @property
    def is_bool(self) -> bool:
        """True for bool."""
        return self.kind == "b"

    @property
    def is_integer(self) -> bool:
        """True for the integers that are not quantized."""
        return self.kind in "iu"

    @property
    def is_unsigned(self) -> bool:
        """True for the unsigned integers."""
        return self.kind == "u"

    @property
    def is_floating(self) -> bool:
        """True for real floating point types, bfloat16 among them."""
        return self.kind == "f"

    @property
    def is_complex(self) -> bool:
        """True for complex64 and complex128."""
        return self.kind == "c"

    @property
    def is_quantized(self) -> bool:
        """True for the q types."""
        return self.kind == "q"

    @property
    def min(self) -> Any:
        """The smallest value.

        Raises:
          TypeError: the type has none (bool, string, complex, quantized).
        """
        return self._range("minimum")[0]

    @property
    def max(self) -> Any:
        """The largest value.

        Raises:
          TypeError: the type has none (bool, string, complex, quantized).
        """
        return self._range("maximum")[1]

    @property
    def limits(self) -> tuple[Any, Any]:
        """(least, greatest) value of the type as images use it: 0 to 1 for floats."""
        return dtype_range[self._numpy]

    @property
    def size(self) -> int:
        """Bytes of one element (1 for variants and resources, as TensorFlow says)."""
        return 1 if self._base.name in ("variant", "resource") else np.dtype(self._numpy).itemsize

    def _range(self, which: str) -> tuple[Any, Any]:
        if self.kind in "qc" or self._base.name in ("bool", "string", "resource", "variant"):
            if self._base is bool_:
                return False, True
            raise TypeError(f"Cannot find {which} value of {self}.")
        if self._base is bfloat16:
            return float.fromhex("-0x1.FEp127"), float.fromhex("0x1.FEp127")
        limits = np.finfo(self._numpy) if self.is_floating else np.iinfo(self._numpy)
        return limits.min, limits.max

    def is_compatible_with(self, other: Any) -> bool:
        """True if a tensor of `other` may stand where this type is asked for."""
        other = as_dtype(other)
        return self._enum in (other.as_datatype_enum, other.base_dtype.as_datatype_enum)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other is None:
            return False
        try:
            return self._enum == as_dtype(other)._enum
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return self._enum

    def __int__(self) -> int:
        return self._enum

    def __str__(self) -> str:
        return f"<dtype: {self._name!r}>"

    def __repr__(self) -> str:
        return "tf." + self._name

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self._name,)


_BY_ENUM: dict[int, DType] = {}
_BY_ANY: dict[Any, DType] = {}


def _quantized(name: str, storage: Any) -> np.dtype:
    return np.dtype([(name, storage)])


def _make(name: str, enum: int, numpy_type: Any, kind: str) -> DType:
    base, ref = DType.__new__(DType), DType.__new__(DType)
    for one, suffix, number in ((base, "", enum), (ref, "_ref", enum + _REF_OFFSET)):
        one._name, one._enum, one._numpy, one.kind = name + suffix, number, numpy_type, kind
        one._base, one.torch, one._ref = base, None, ref if one is base else None
        _BY_ENUM[number] = _BY_ANY[one._name] = one
    export(f"{name} dtypes.{name}", __name__, "bool_" if name == "bool" else name)
    return base


float32 = _make("float32", 1, np.float32, "f")
float64 = _make("float64", 2, np.float64, "f")
int32 = _make("int32", 3, np.int32, "i")
uint8 = _make("uint8", 4, np.uint8, "u")
int16 = _make("int16", 5, np.int16, "i")
int8 = _make("int8", 6, np.int8, "i")
string = _make("string", 7, np.object_, "s")
complex64 = _make("complex64", 8, np.complex64, "c")
int64 = _make("int64", 9, np.int64, "i")
bool_ = _make("bool", 10, np.bool_, "b")
qint8 = _make("qint8", 11, _quantized("qint8", np.int8), "q")
quint8 = _make("quint8", 12, _quantized("quint8", np.uint8), "q")
qint32 = _make("qint32", 13, _quantized("qint32", np.int32), "q")
bfloat16 = _make("bfloat16", 14, ml_dtypes.bfloat16, "f")
qint16 = _make("qint16", 15, _quantized("qint16", np.int16), "q")
quint16 = _make("quint16", 16, _quantized("quint16", np.uint16), "q")
uint16 = _make("uint16", 17, np.uint16, "u")
complex128 = _make("complex128", 18, np.complex128, "c")
float16 = _make("float16", 19, np.float16, "f")
resource = _make("resource", 20, np.object_, "o")
variant = _make("variant", 21, np.object_, "o")
uint32 = _make("uint32", 22, np.uint32, "u")
uint64 = _make("uint64", 23, np.uint64, "u")
half = float16
double = float64
# float32_ref and its kin, the types of the outputs of ref variables
globals().update({d._as_ref.name: d._as_ref for d in tuple(_BY_ENUM.values())})
export("half dtypes.half", __name__, "half")
export("double dtypes.double", __name__, "double")

QUANTIZED_DTYPES = frozenset([qint8, quint8, qint16, quint16, qint32]
                             + [d._as_ref for d in (qint8, quint8, qint16, quint16, qint32)])
export("QUANTIZED_DTYPES dtypes.QUANTIZED_DTYPES", __name__, "QUANTIZED_DTYPES")

#: the span of a type's values as images use it
dtype_range = {np.bool_: (False, True), np.uint8: (0, 255), np.uint16: (0, 65535), np.int8: (-128, 127),
               np.int16: (-32768, 32767), np.int64: (-(2**63), 2**63 - 1), np.uint64: (0, 2**64 - 1),
               np.int32: (-(2**31), 2**31 - 1), np.uint32: (0, 2**32 - 1), np.float32: (-1, 1),
               np.float64: (-1, 1)}

_BY_ANY.update({"half": float16, "half_ref": float16._as_ref, "float": float32, "float_ref": float32._as_ref,
                "double": float64, "double_ref": float64._as_ref})
_BY_ANY.update({float: float32, int: int64, bool: bool_, str: string, bytes: string, object: string})
_PROTO_NAME = {d: "DT_" + {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}.get(
    d.base_dtype.name, d.base_dtype.name.upper()) + ("_REF" if d._is_ref_dtype else "") for d in _BY_ENUM.values()}
_BY_ANY.update({name: d for d, name in _PROTO_NAME.items()})
for _dtype in (float32, float64, float16, bfloat16, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool_,
               complex64, complex128):
    _BY_ANY[_dtype.as_numpy_dtype] = _dtype
    _BY_ANY[np.dtype(_dtype.as_numpy_dtype)] = _dtype
for _dtype in (qint8, quint8, qint16, quint16, qint32):
    _BY_ANY[_dtype.as_numpy_dtype] = _dtype


@public("as_dtype", "dtypes.as_dtype")
def as_dtype(type_value: Any) -> DType:
    """The `DType` that a value names: a DType, an enum number, a name, a numpy or Python type.

    Raises:
      TypeError: nothing has that name.
    """
    if type_value.__class__ is DType:
        return type_value
    try:
        found = _BY_ENUM.get(type_value) if isinstance(type_value, int) else _BY_ANY.get(type_value)
    except TypeError:
        found = None
    if found is not None:
        return found
    plain: Any = type_value
    try:
        numpy_type = np.dtype(plain)
    except TypeError:
        numpy_type = None
    if numpy_type is not None:
        if numpy_type.kind in "SUO":
            return string
        found = _BY_ANY.get(numpy_type) or _BY_ANY.get(numpy_type.type)
        if found is not None:
            return found
    raise TypeError(f"Cannot convert value {type_value!r} to a TensorFlow DType.")


def proto_name(dtype: DType) -> str:
    """The name in types.proto: "DT_FLOAT", "DT_INT32_REF"."""
    return _PROTO_NAME[dtype]

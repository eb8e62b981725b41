"""Static shapes: `tf.TensorShape` and `tf.Dimension` with the behaviour of TensorFlow 1.15.

Inside Rekindle a shape is a plain tuple of int and None, or None for an unknown rank.
`TensorShape._of` wraps such a tuple without checks, `TensorShape.dims_tuple` gives it back. In the
1.x behaviour an unknown dimension equals only itself, as an object, so a shape hands out the same
`Dimension` objects again and shares them with its slices.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from rekindle._src.graph import dtypes
from rekindle._src.graph.proto import TensorShapeProto
from rekindle._src.names import public

#: the internal form of a shape
Dims = tuple[int | None, ...] | None


@public("Dimension")
class Dimension:
    """The size of one dimension: a number of elements, or None where it is not known.

    Arithmetic and comparisons with an unknown size are unknown: `Dimension(None) == 3` is None.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        if type(value) is int or value is None:
            self._value: int | None = value
        elif isinstance(value, Dimension):
            self._value = value._value
        elif isinstance(value, dtypes.DType):
            raise TypeError(f"Cannot convert {value} to Dimension")
        else:
            self._value = int(value)
            if not isinstance(value, str | bytes) and self._value != value:
                raise ValueError(f"Ambiguous dimension: {value}")
        if self._value is not None and self._value < 0:
            raise ValueError(f"Dimension {self._value} must be >= 0")

    @property
    def value(self) -> int | None:
        """The size, or None when it is not known."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """Whether both can be sizes of one dimension: equal, or one of them unknown."""
        size = _size(other)
        if size is NotImplemented:
            return size
        return self._value is None or size is None or self._value == size

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless `is_compatible_with(other)`."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """The dimension that both describe; ValueError if they are not compatible."""
        size = _size(other)
        if size is NotImplemented:
            return size
        self.assert_is_compatible_with(other)
        return Dimension(size if self._value is None else self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value!r})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __reduce__(self) -> tuple[Any, ...]:
        return Dimension, (self._value,)

    def __int__(self) -> int:
        return self._value  # type: ignore[return-value]

    def __index__(self) -> int:
        return self._value  # type: ignore[return-value]

    def __eq__(self, other: Any) -> Any:
        size = _size(other)
        if size is NotImplemented or self._value is None or size is None:
            return size if size is NotImplemented else None
        return self._value == size

    def __ne__(self, other: Any) -> Any:
        equal = self.__eq__(other)
        return not equal if isinstance(equal, bool) else equal

    __hash__ = None  # type: ignore[assignment] - as in TensorFlow

    def __add__(self, other: Any) -> Dimension:
        return _known(self._value, _size(other), int.__add__)

    def __radd__(self, other: Any) -> Dimension:
        return self + other

    def __sub__(self, other: Any) -> Dimension:
        return _known(self._value, _size(other), int.__sub__)

    def __rsub__(self, other: Any) -> Dimension:
        return _known(as_dimension(other)._value, self._value, int.__sub__)

    def __mul__(self, other: Any) -> Dimension:
        return _known(self._value, _size(other), int.__mul__)

    def __rmul__(self, other: Any) -> Dimension:
        return self * other

    def __floordiv__(self, other: Any) -> Dimension:
        return _known(self._value, _size(other), int.__floordiv__)

    def __rfloordiv__(self, other: Any) -> Dimension:
        return _known(as_dimension(other)._value, self._value, int.__floordiv__)

    def __mod__(self, other: Any) -> Dimension:
        return _known(self._value, as_dimension(other)._value, int.__mod__)

    def __rmod__(self, other: Any) -> Dimension:
        return as_dimension(other) % self

    def __truediv__(self, other: Any) -> Dimension:
        raise TypeError(
            f"unsupported operand type(s) for /: 'Dimension' and '{type(other).__name__}', "
            "please use // instead"
        )

    def __rtruediv__(self, other: Any) -> Dimension:
        raise TypeError(
            f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Dimension', "
            "please use // instead"
        )

    def __lt__(self, other: Any) -> Any:
        return _ordered(self._value, other, int.__lt__)

    def __le__(self, other: Any) -> Any:
        return _ordered(self._value, other, int.__le__)

    def __gt__(self, other: Any) -> Any:
        return _ordered(self._value, other, int.__gt__)

    def __ge__(self, other: Any) -> Any:
        return _ordered(self._value, other, int.__ge__)


@public("TensorShape")
class TensorShape:
    """What is known of a tensor's shape: every size, some sizes, or not even the rank.

    Args:
      dims: None (unknown rank), one size, or an iterable of sizes (int, None, Dimension), a
        TensorShape or a TensorShapeProto.

    Raises:
      TypeError, ValueError: `dims` is a string, or holds what is no size.
    """

    __slots__ = ("_tuple", "_dimensions")

    #: iterating and indexing give plain numbers, as in TensorFlow 2
    _v2_behavior: ClassVar[bool] = False

    _tuple: Dims
    _dimensions: list[Dimension] | None

    def __init__(self, dims: Any) -> None:
        self._dimensions = None
        if dims is None:
            self._tuple = None
        elif isinstance(dims, TensorShape):
            self._tuple = dims._tuple
            self._dimensions = dims._made() if _partly_known(dims._tuple) else None
        elif isinstance(dims, str | bytes):
            raise TypeError(
                "A string has ambiguous TensorShape, please wrap in a list or convert to an int: "
                f"{dims!s}"
            )
        elif isinstance(dims, TensorShapeProto):
            self._tuple = _of_proto(dims)
        else:
            self._take(dims)

    @classmethod
    def _of(cls, dims: Dims) -> TensorShape:
        """The shape of an internal tuple (or None); nothing is checked."""
        shape = object.__new__(cls)
        shape._tuple = dims
        shape._dimensions = None
        return shape

    @property
    def dims_tuple(self) -> Dims:
        """The shape in the internal form: a tuple of int and None, or None for an unknown rank."""
        return self._tuple

    @property
    def dims(self) -> list[Dimension] | None:
        """A list of Dimension, or None for an unknown rank."""
        return None if self._tuple is None else list(self._made())

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or None."""
        return None if self._tuple is None else len(self._tuple)

    @property
    def ndims(self) -> int | None:
        """The number of dimensions, or None; the older name of `rank`."""
        return None if self._tuple is None else len(self._tuple)

    def num_elements(self) -> int | None:
        """The product of the sizes; None unless all are known."""
        if not self.is_fully_defined():
            return None
        count = 1
        for size in self._tuple:  # type: ignore[union-attr]
            count *= size  # type: ignore[operator]
        return count

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return self._tuple is not None and None not in self._tuple

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError unless every size is known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def as_list(self) -> list[int | None]:
        """The sizes as a list; ValueError when the rank is unknown."""
        if self._tuple is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._tuple)

    def as_proto(self) -> Any:
        """The TensorShapeProto, with -1 for an unknown size."""
        if self._tuple is None:
            return TensorShapeProto(unknown_rank=True)
        sizes = (-1 if size is None else size for size in self._tuple)
        return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])

    def is_compatible_with(self, other: Any) -> bool:
        """Whether some full shape fits both."""
        mine, theirs = self._tuple, as_shape(other)._tuple
        if mine is None or theirs is None:
            return True
        return len(mine) == len(theirs) and all(
            a is None or b is None or a == b for a, b in zip(mine, theirs)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless `is_compatible_with(other)`."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def merge_with(self, other: Any) -> TensorShape:
        """The shape that both describe; ValueError if they are not compatible."""
        other = as_shape(other)
        mine, theirs = self._tuple, other._tuple
        if mine is None:
            return other
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        if theirs is None:
            return TensorShape._of(mine)
        return TensorShape._of(tuple(b if a is None else a for a, b in zip(mine, theirs)))

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """The shape that keeps what both know alike: sizes that differ become unknown."""
        mine, theirs = self._tuple, as_shape(other)._tuple
        if mine is None or theirs is None or len(mine) != len(theirs):
            return TensorShape._of(None)
        return TensorShape._of(tuple(a if a == b else None for a, b in zip(mine, theirs)))

    def concatenate(self, other: Any) -> TensorShape:
        """The dimensions of this shape, then those of `other`; unknown if either is."""
        other = as_shape(other)
        if self._tuple is None or other._tuple is None:
            return TensorShape._of(None)
        both = TensorShape._of(self._tuple + other._tuple)
        if _partly_known(both._tuple):
            both._dimensions = self._made() + other._made()
        return both

    def assert_same_rank(self, other: Any) -> None:
        """Raise ValueError if the ranks are known and differ."""
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError if the rank is known and is not `rank`."""
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: int) -> TensorShape:
        """This shape with that rank; ValueError if its rank is another."""
        self.assert_has_rank(rank)
        return self.merge_with(unknown_shape(rank))

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape; ValueError if its rank is known and lower."""
        if self._tuple is not None and len(self._tuple) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape; ValueError if its rank is known and higher."""
        if self._tuple is not None and len(self._tuple) > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def __repr__(self) -> str:
        if self._tuple is None or self._v2_behavior:
            return f"TensorShape({None if self._tuple is None else list(self._tuple)})"
        return "TensorShape([" + ", ".join(f"Dimension({size})" for size in self._tuple) + "])"

    def __str__(self) -> str:
        if self._tuple is None:
            return "<unknown>"
        unknown = "None" if self._v2_behavior else "?"
        sizes = [unknown if size is None else str(size) for size in self._tuple]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def __len__(self) -> int:
        if self._tuple is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._tuple)

    def __bool__(self) -> bool:
        return self._tuple is not None

    def __iter__(self) -> Iterator[Any]:
        if self._tuple is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._tuple) if self._v2_behavior else iter(self._made())

    def __getitem__(self, key: Any) -> Any:
        if self._tuple is None:
            return self._item_of_unknown(key)
        if isinstance(key, slice):
            part = TensorShape._of(self._tuple[key])
            if _partly_known(part._tuple):
                part._dimensions = self._made()[key]
            return part
        dimension = self._made()[key]
        return dimension._value if self._v2_behavior else dimension

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __concat__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __eq__(self, other: Any) -> Any:
        try:
            other = as_shape(other)
        except TypeError:
            return NotImplemented
        if self._tuple != other._tuple or not _partly_known(self._tuple):
            return self._tuple == other._tuple
        pairs = zip(self._made(), other._made())
        return all(a is b for a, b in pairs if a._value is None)

    def __ne__(self, other: Any) -> Any:
        try:
            other = as_shape(other)
        except TypeError:
            return NotImplemented
        if self._tuple is None or other._tuple is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return not self == other

    __hash__ = None  # type: ignore[assignment] - as in TensorFlow

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (self.dims,)

    def _take(self, dims: Any) -> None:
        """Set the sizes from one size or an iterable of sizes."""
        try:
            items = list(dims)
        except TypeError:
            items = [dims]
        if all(type(item) is int and item >= 0 for item in items):
            self._tuple = tuple(items)
            return
        made = [as_dimension(item) for item in items]
        self._tuple = tuple(dimension._value for dimension in made)
        self._dimensions = made

    def _made(self) -> list[Dimension]:
        """The Dimension objects, the same ones each time; the rank must be known."""
        if self._dimensions is None:
            self._dimensions = [Dimension(size) for size in self._tuple]  # type: ignore[union-attr]
        return self._dimensions

    def _item_of_unknown(self, key: Any) -> Any:
        if not isinstance(key, slice):
            return None if self._v2_behavior else Dimension(None)
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        start = 0 if key.start is None else key.start
        if key.stop is None or start < 0 or key.stop < 0:
            return TensorShape._of(None)
        return unknown_shape(key.stop - start)


def as_dimension(value: Any) -> Dimension:
    """`value` as a Dimension; one that is a Dimension stays the object that it is."""
    return value if isinstance(value, Dimension) else Dimension(value)


def as_shape(shape: Any) -> TensorShape:
    """`shape` as a TensorShape; one that is a TensorShape stays the object that it is."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None, **kwargs: Any) -> TensorShape:
    """A shape of unknown sizes, of known or (None) unknown rank; `ndims` is the older name."""
    if rank is None and "ndims" in kwargs:
        rank = kwargs.pop("ndims")
    if kwargs:
        raise TypeError(f"Unknown argument: {kwargs}")
    if rank is None:
        return TensorShape._of(None)
    return TensorShape._of((None,) * rank)


@public("dimension_value", "compat.dimension_value")
def dimension_value(dimension: Any) -> int | None:
    """The size in a Dimension; what is no Dimension stays as it is."""
    return dimension._value if isinstance(dimension, Dimension) else dimension


@public("dimension_at_index", "compat.dimension_at_index")
def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """The Dimension at `index`, unknown when the rank is."""
    if shape.dims_tuple is None:
        return Dimension(None)
    return shape._made()[index]


@public("enable_v2_tensorshape")
def enable_v2_tensorshape() -> None:
    """Make iterating and indexing a TensorShape give plain numbers, as TensorFlow 2 does."""
    TensorShape._v2_behavior = True


@public("disable_v2_tensorshape")
def disable_v2_tensorshape() -> None:
    """Make iterating and indexing a TensorShape give Dimension objects, the default."""
    TensorShape._v2_behavior = False


def scalar() -> TensorShape:
    """The shape of a scalar."""
    return TensorShape._of(())


def vector(length: Any) -> TensorShape:
    """The shape of a vector."""
    return TensorShape([length])


def matrix(rows: Any, cols: Any) -> TensorShape:
    """The shape of a matrix."""
    return TensorShape([rows, cols])


def _size(other: Any) -> Any:
    """The size of what can be a Dimension, NotImplemented of what cannot."""
    try:
        return as_dimension(other)._value
    except (TypeError, ValueError):
        return NotImplemented


def _known(a: Any, b: Any, combine: Callable[[int, int], int]) -> Any:
    if b is NotImplemented:
        return b
    return Dimension(None if a is None or b is None else combine(a, b))


def _ordered(mine: int | None, other: Any, compare: Callable[[int, int], bool]) -> bool | None:
    size = as_dimension(other)._value
    return None if mine is None or size is None else compare(mine, size)


def _partly_known(dims: Dims) -> bool:
    return dims is not None and None in dims


def _of_proto(message: Any) -> Dims:
    if message.unknown_rank:
        return None
    sizes = tuple(None if dim.size == -1 else dim.size for dim in message.dim)
    for size in sizes:
        as_dimension(size)  # raises for a size below -1
    return sizes

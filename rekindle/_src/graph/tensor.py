"""`Tensor`: a handle on one output of an operation.

Holds the handle only. Its operators (`a + b`, `a[1:]`) are put on by the op layer through `overload`; sessions give
values.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rekindle._src.errors import OperatorNotAllowedInGraphError
from rekindle._src.graph import scopes
from rekindle._src.graph.dtypes import DType
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.names import public

if TYPE_CHECKING:
    from rekindle._src.graph.operation import Operation


@public("Tensor")
class Tensor:
    """One output of an operation: a dtype and a static shape now, a value when a session runs.

    Compared and hashed by identity, as in TensorFlow 1.
    """

    __slots__ = ("_op", "_value_index", "_dtype", "_static_shape", "_consumers", "__dict__", "__weakref__")

    __array_priority__ = 100

    OVERLOADABLE_OPERATORS = {
        "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__div__", "__rdiv__", "__truediv__",
        "__rtruediv__", "__floordiv__", "__rfloordiv__", "__mod__", "__rmod__", "__lt__", "__le__", "__gt__", "__ge__",
        "__ne__", "__eq__", "__and__", "__rand__", "__or__", "__ror__", "__xor__", "__rxor__", "__getitem__",
        "__pow__", "__rpow__", "__invert__", "__neg__", "__abs__", "__matmul__", "__rmatmul__"}

    def __init__(self, op: Operation, value_index: int, dtype: Any) -> None:
        self._op = op
        self._value_index = value_index
        self._dtype = dtype
        self._static_shape: tuple[int | None, ...] | None = None
        self._consumers: list[Operation] = []

    @property
    def op(self) -> Operation:
        """The operation that makes this tensor."""
        return self._op

    @property
    def dtype(self) -> DType:
        """The element type; a reference type for the output of a ref variable."""
        return self._dtype

    @property
    def graph(self) -> Any:
        """The graph that holds the operation."""
        return self._op.graph

    @property
    def name(self) -> str:
        """The operation's name, a colon, and the index of the output."""
        return f"{self._op.name}:{self._value_index}"

    @property
    def device(self) -> str:
        """The device that was asked for, "" if none."""
        return self._op.device

    @property
    def value_index(self) -> int:
        """Which output of its operation it is."""
        return self._value_index

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape before the graph runs."""
        return TensorShape._of(self._static_shape)

    @property
    def _shape(self) -> TensorShape:
        return TensorShape._of(self._static_shape)

    def get_shape(self) -> TensorShape:
        """What is known of the shape before the graph runs."""
        return TensorShape._of(self._static_shape)

    def _shape_tuple(self) -> tuple[int | None, ...] | None:
        return self._static_shape

    def _shape_as_list(self) -> list[int | None] | None:
        return None if self._static_shape is None else list(self._static_shape)

    def _rank(self) -> int | None:
        return None if self._static_shape is None else len(self._static_shape)

    def set_shape(self, shape: Any) -> None:
        """Add to what is known of the shape.

        Raises:
          ValueError: `shape` contradicts what is known.
        """
        self._static_shape = self.shape.merge_with(shape).dims_tuple

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as an input."""
        return list(dict.fromkeys(self._consumers))

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value, computed by `session` or the default session.

        Raises:
          ValueError: there is no session, or it runs another graph.
        """
        return scopes.session_for(self.graph, session, "evaluate tensor", "eval").run(self, feed_dict)

    def experimental_ref(self) -> Reference:
        """A hashable stand-in that compares by identity."""
        return Reference(self)

    def _as_node_def_input(self) -> str:
        return self._op.name if self._value_index == 0 else f"{self._op.name}:{self._value_index}"

    def _as_tf_output(self) -> Tensor:
        return self

    def __str__(self) -> str:
        shape = self._static_shape
        shown = f", shape={self.shape}" if shape is not None else ""
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shown}, dtype={self._dtype.name}{device})'

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self._dtype.name}>"

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return id(self) == id(other)

    def __copy__(self) -> Tensor:
        return self

    def __iter__(self) -> Any:
        raise OperatorNotAllowedInGraphError(
            "iterating over `tf.Tensor` is not allowed in Graph execution. Use Eager execution or decorate this "
            "function with @tf.function.")

    def __len__(self) -> int:
        raise TypeError(f"len is not well defined for symbolic Tensors. ({self.name}) Please call `x.shape` rather "
                        f"than "
                        "`len(x)` for shape information.")

    def __bool__(self) -> bool:
        raise OperatorNotAllowedInGraphError(
            "using a `tf.Tensor` as a Python `bool` is not allowed in Graph execution. Use Eager execution or decorate "
            "this function with @tf.function.")

    __nonzero__ = __bool__

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise NotImplementedError(f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array.")

    @staticmethod
    def _override_operator(operator: str, func: Callable[..., Any]) -> None:
        overload(operator, func)


class Reference:
    """A tensor or variable as a dictionary key, compared by identity."""

    __slots__ = ("_referenced",)

    def __init__(self, referenced: Any) -> None:
        self._referenced = referenced

    def deref(self) -> Any:
        """What it refers to."""
        return self._referenced

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._referenced is other._referenced

    def __hash__(self) -> int:
        return id(self._referenced)


def overload(operator: str, function: Callable[..., Any]) -> None:
    """Put an operator on every tensor.

    Raises:
      ValueError: it is not one of Tensor.OVERLOADABLE_OPERATORS.
    """
    if operator not in Tensor.OVERLOADABLE_OPERATORS:
        raise ValueError(f"Overriding {operator} is disallowed")
    setattr(Tensor, operator, function)

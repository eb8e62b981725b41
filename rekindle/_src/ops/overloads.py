"""The operators of tensors, sparse tensors and variables: `a + b`, `a @ b`, `-a`, `a < b`.

Holds the wrapper that converts the other operand and opens the operator's name scope, and
`install_operators`, which gives the same operators to another class. Slicing stands in slicing.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import convert, dtypes, opdef, scopes
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor, overload
from rekindle._src.ops import (
    linalg_matmul,
    math_binary,
    math_cast,
    math_divide,
    math_logic,
    math_unary,
)

Binary = Callable[..., Any]


def _add(x: Tensor, y: Any, name: str) -> Any:
    block = math_binary.add if x.dtype.base_dtype is dtypes.string else math_binary.add_v2
    return block(x, y, name=name)


def _multiply(x: Tensor, y: Any, name: str) -> Any:
    if not isinstance(y, SparseTensor):
        return math_binary.mul(x, y, name=name)
    values = opdef.call("SparseDenseCwiseMul", y.indices, y.values, y.dense_shape, x, name=name)
    return SparseTensor(y.indices, values, y.dense_shape)


_BINARY: dict[str, Binary] = {
    "add": _add,
    "sub": math_binary.sub,
    "mul": _multiply,
    "div": math_divide.div,
    "truediv": math_divide.truediv,
    "floordiv": math_divide.floordiv,
    "mod": math_divide.floor_mod,
    "pow": math_binary.pow,
    "and": math_logic.logical_and,
    "or": math_logic.logical_or,
    "xor": math_logic.logical_xor,
    "matmul": linalg_matmul.matmul,
}


def _left(name: str, function: Binary) -> Binary:
    """The operator of a tensor on the left."""
    reverse = f"__r{name}__"

    def operator(x: Any, y: Any) -> Any:
        with scopes.name_scope(None, name, [x, y]) as scope:
            if not isinstance(y, (Tensor, SparseTensor)):
                try:
                    y = convert.convert_to_tensor(y, dtype_hint=x.dtype.base_dtype, name="y")
                except TypeError:
                    if getattr(type(y), reverse, None) is not None:
                        return NotImplemented
                    raise
            return function(x, y, name=scope)

    operator.__name__ = operator.__qualname__ = f"__{name}__"
    operator.__doc__ = function.__doc__
    return operator


def _right(name: str, function: Binary) -> Binary:
    """The operator of a tensor on the right of something else."""

    def operator(y: Any, x: Any) -> Any:
        with scopes.name_scope(None, name, [x, y]) as scope:
            x = convert.convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
            return function(x, y, name=scope)

    operator.__name__ = operator.__qualname__ = f"__r{name}__"
    operator.__doc__ = function.__doc__
    return operator


def _sparse(name: str, function: Binary) -> Binary:
    """The operator of a SparseTensor and something dense."""

    def operator(x: SparseTensor, y: Any) -> SparseTensor:
        with scopes.name_scope(None, name, [x, y]) as scope:
            y = convert.convert_to_tensor(y, dtype=x.dtype.base_dtype, name="y")
            return SparseTensor(
                x.indices,
                function(x.indices, x.values, x.dense_shape, y, name=scope),
                x.dense_shape,
            )

    operator.__name__ = operator.__qualname__ = f"__{name}__"
    return operator


def _sparse_divide(indices: Tensor, values: Tensor, shape: Tensor, y: Tensor, name: str) -> Any:
    return opdef.call("SparseDenseCwiseDiv", indices, values, shape, y, name=name)


def _sparse_multiply(indices: Tensor, values: Tensor, shape: Tensor, y: Tensor, name: str) -> Any:
    return opdef.call("SparseDenseCwiseMul", indices, values, shape, y, name=name)


def _sparse_true_divide(
    indices: Tensor, values: Tensor, shape: Tensor, y: Tensor, name: str
) -> Any:
    with scopes.name_scope(name, "truediv", [indices, values, shape, y]) as scope:
        values = convert.convert_to_tensor(values, name="sp_values")
        y = convert.convert_to_tensor(y, name="y")
        if values.dtype.base_dtype is not y.dtype.base_dtype:
            raise TypeError(
                "x and y must have the same dtype, got "
                f"{values.dtype.base_dtype!r} != {y.dtype.base_dtype!r}"
            )
        wanted = math_divide.true_type(values.dtype.base_dtype)
        if wanted is not None:
            values, y = math_cast.cast(values, wanted), math_cast.cast(y, wanted)
        return _sparse_divide(indices, values, shape, y, scope)


def operators() -> dict[str, Callable[..., Any]]:
    """All operators of a tensor but slicing, equality and inequality,
    by the names of their methods.
    """
    found: dict[str, Callable[..., Any]] = {}
    for name, function in _BINARY.items():
        found[f"__{name}__"], found[f"__r{name}__"] = _left(name, function), _right(name, function)
    for name, block in (
        ("lt", math_logic.less),
        ("le", math_logic.less_equal),
        ("gt", math_logic.greater),
        ("ge", math_logic.greater_equal),
    ):
        found[f"__{name}__"] = _plain(block)
    for name, function in (
        ("neg", math_unary.neg),
        ("abs", math_unary.abs),
        ("invert", math_logic.logical_not),
    ):
        found[f"__{name}__"] = _plain(function)
    return found


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that is no more than a function: a block is no method by itself."""

    def operator(*operands: Any) -> Any:
        return function(*operands)

    return operator


def install_operators(cls: type) -> None:
    """Give a class whose objects convert to tensors (variables) the operators of tensors.

    The object is converted first, as a value: `v + 1` reads the variable.
    """
    for method, function in operators().items():
        setattr(cls, method, _of_value(method, function))


def _of_value(method: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def operator(self: Any, *operands: Any) -> Any:
        return function(self._AsTensor(), *operands)

    operator.__name__ = operator.__qualname__ = method
    operator.__doc__ = function.__doc__
    return operator


for _method, _function in operators().items():
    overload(_method, _function)
for _name, _of_sparse in (
    ("div", _sparse_divide),
    ("truediv", _sparse_true_divide),
    ("mul", _sparse_multiply),
):
    setattr(SparseTensor, f"__{_name}__", _sparse(_name, _of_sparse))

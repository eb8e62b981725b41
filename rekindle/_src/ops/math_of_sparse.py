"""The elementwise functions that take a SparseTensor as well, and map its values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.names import export
from rekindle._src.ops import math_special, math_trig, math_unary


def _mapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of tensors, or of the values of a SparseTensor."""

    def of_any(x: Any, name: str | None = None) -> Any:
        try:
            return function(x, name=name)
        except (TypeError, ValueError):
            if not isinstance(x, SparseTensor):
                raise
        return SparseTensor(x.indices, function(x.values, name=name), x.dense_shape)

    of_any.__doc__ = function.__doc__
    return of_any


abs = _mapped(math_unary.abs)
negative = _mapped(math_unary.neg)
sign = _mapped(math_unary.sign)
square = _mapped(math_unary.square)
sqrt = _mapped(math_unary.sqrt)
erf = _mapped(math_special.erf)
tanh = _mapped(math_trig.tanh)
bessel_i0e = _mapped(math_special.bessel_i0e)
bessel_i1e = _mapped(math_special.bessel_i1e)
for _name, _function in list(globals().items()):
    if getattr(_function, "__name__", "") == "of_any":
        _function.__name__ = _function.__qualname__ = _name
for _name in ("abs", "negative", "sign", "square", "sqrt", "erf", "tanh"):
    export(f"{_name} math.{_name}", __name__, _name)
export("nn.tanh", __name__, "tanh")
export("math.bessel_i0e", __name__, "bessel_i0e")
export("math.bessel_i1e", __name__, "bessel_i1e")

"""Which function is the gradient of which op: `tf.RegisterGradient`, `tf.NotDifferentiable`, and
the look-up.

The table itself is `opdef.GRADIENTS`, which the op blocks fill.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import opdef
from rekindle._src.graph.operation import Operation
from rekindle._src.names import public

Gradient = Callable[..., Any]


def _register(op_type: str, function: Gradient | None) -> None:
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    if op_type in opdef.GRADIENTS:
        raise KeyError(
            f"Registering two gradient with name '{op_type}'! (Previous registration was in "
            f"{_place(opdef.GRADIENTS[op_type])})"
        )
    opdef.GRADIENTS[op_type] = function


def _place(function: Gradient | None) -> str:
    code = getattr(function, "__code__", None)
    if code is None:
        return "a block of rekindle, as not differentiable"
    return f"{code.co_name} {code.co_filename}:{code.co_firstlineno}"


@public("RegisterGradient")
class RegisterGradient:
    """Decorator: the function is the gradient of ops of a type, or of ops that
    `gradient_override_map` gives the name.

    The function takes the operation and a gradient for each output, and gives one for each input
    (None where there is none).

    Args:
      op_type: the op's type, or a new name.

    Raises:
      TypeError: `op_type` is no string.
      KeyError: it has a gradient already.
    """

    def __init__(self, op_type: str) -> None:
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Gradient) -> Gradient:
        _register(self._op_type, f)
        return f


@public("no_gradient", "NotDifferentiable", "NoGradient")
def no_gradient(op_type: str) -> None:
    """Say that gradients stop at ops of a type: they count as constant.

    Raises:
      TypeError: `op_type` is no string.
      KeyError: it has a gradient already.
    """
    _register(op_type, None)


def get_gradient_function(op: Operation) -> Gradient | None:
    """The gradient function of an operation, None where gradients stop.

    Raises:
      LookupError: nothing is registered for it.
    """
    if not op._inputs:
        return None
    key = op.type
    if "_gradient_op_type" in op._attrs:
        key = op.get_attr("_gradient_op_type")
        key = key.decode() if isinstance(key, bytes) else key
    if key not in opdef.GRADIENTS:
        raise LookupError(f"gradient registry has no entry for: {key}")
    return opdef.GRADIENTS[key]

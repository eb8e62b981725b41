"""Shape rules: the table of them, what a rule is given, and the rules that many ops share.

A rule is a function of an `InferContext`: it gives the shape of the one output, or a list of shapes for several. Shapes
are tuples of int or None, or None for unknown rank. The graph calls it as operations are made; the compiler calls it
again with the shapes of a step's feeds.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.graph.signatures import Signature

Shape = tuple[int | None, ...] | None
Rule = Callable[[Any], Any]

#: op type -> shape rule
RULES: dict[str, Rule] = {}
#: op type -> value rule: the outputs as arrays where they follow from the shapes of the inputs, else None
VALUES: dict[str, Callable[[Any], list[np.ndarray] | None]] = {}
#: what is known of the elements of a tensor list: their type and shape
Element = tuple[Any, Shape]
#: op type -> rule of what is known of the elements of outputs that are lists; it may refuse the inputs
ELEMENTS: dict[str, Callable[[Any], list[Element | None]]] = {}


class InferContext:
    """What a shape rule may ask of the operation at hand."""

    __slots__ = ("op", "shapes", "asked", "as_shape", "blind")
    late = False  # a step is being compiled: the shapes are those of what it is fed

    def __init__(self, op: Any, blind: bool = False) -> None:
        self.op = op
        self.asked: set[int] = set()  # inputs whose value the rule asked for
        self.as_shape: dict[int, Shape] = {}  # inputs that it asked for as shapes
        self.blind = blind  # tell no values: shows what the rule says before it asks
        self.shapes: list[Shape] = [t._static_shape for t in op._inputs]

    @property
    def dtypes(self) -> list[Any]:
        """The element types of the inputs."""
        return [t._dtype.base_dtype for t in self.op._inputs]

    def attr(self, name: str) -> Any:
        """An attr in its Python form (strings as str)."""
        value = self.op._attrs[name]
        return value.decode() if isinstance(value, bytes) else value

    def value(self, index: int) -> np.ndarray | None:
        """Input `index` as an array if it is known now, else None."""
        if self.blind:
            return None
        self.asked.add(index)
        return constants.value_of(self.op._inputs[index])

    def element(self, index: int) -> Element | None:
        """What is known of the elements of input `index`, a list; None where nothing is."""
        return element_of(self.op._inputs[index])

    def shape_value(self, index: int) -> Shape:
        """Input `index` read as a shape, as far as it is known now: -1 and what is not known are None.

        Raises:
          ValueError: it is no vector, or has a size below -1.
        """
        count = with_rank(self.shapes[index], 1)[0]
        if self.blind:
            return None if count is None else (None,) * count
        constant = constants.quick_value(self.op._inputs[index])
        if constant is not None and (constant < -1).any():
            raise BadShapeValue(f"Invalid value in tensor used for shape: {constant[constant < -1][0]}")
        found = self.as_shape[index] = constants.shape_of(self.op._inputs[index])
        return found


class BadShapeValue(ValueError):
    """A tensor that is to be a shape holds what no shape can: said without the operation, as in TensorFlow."""


def output_types(signature: Signature, attrs: dict[str, Any]) -> list[Any]:
    """The types of an op's outputs, lists flattened."""
    out: list[Any] = []
    for arg in signature.outputs:
        if arg.type_list_attr is not None:
            types = list(attrs[arg.type_list_attr])
        else:
            one: Any = attrs[arg.type_attr] if arg.type_attr is not None else arg.dtype
            types = [one] * (attrs[arg.number_attr] if arg.number_attr is not None else 1)
        out.extend(t._as_ref if arg.is_ref else t for t in types)
    return out


def set_shapes(op: Any) -> None:
    """Give the outputs of a new operation the shapes that its rule says.

    Raises:
      ValueError: the rule refuses the inputs.
    """
    rule = RULES.get(op.type)
    if rule is None:
        return
    context = InferContext(op)
    try:
        shapes = rule(context)
        if op.type in ELEMENTS:
            _set_elements(op, context)
    except ValueError as error:
        raise ValueError(_refusal(rule, op, context, error)) from None
    outputs = op.outputs
    if len(outputs) == 1 and not isinstance(shapes, list):
        outputs[0]._static_shape = shapes
        return
    for tensor, shape in zip(outputs, shapes or (), strict=False):
        tensor._static_shape = shape


def element_of(tensor: Any) -> Element | None:
    """What is known of the elements of a tensor that holds lists; None where nothing is."""
    return getattr(tensor, "_element", None)


def _set_elements(op: Any, context: InferContext) -> None:
    for tensor, element in zip(op.outputs, ELEMENTS[op.type](context), strict=False):
        if element is not None:
            tensor._element = element


def _refusal(rule: Rule, op: Any, context: InferContext, error: ValueError) -> str:
    """The message of a rule that refused: what it says without the inputs' values goes first, as in TensorFlow."""
    blind = InferContext(op, blind=True)
    try:
        rule(blind)
    except ValueError as earlier:
        return describe(str(earlier), op, blind)
    return str(error) if isinstance(error, BadShapeValue) else describe(str(error), op, context)


def describe(message: str, op: Any, context: Any) -> str:
    """A rule's message completed by the operation, its input shapes and values, in TensorFlow's words."""
    text = f"{message} for '{op.name}' (op: '{op.type}') with input shapes: {', '.join(map(show, context.shapes))}"
    computed, partial = [], []
    for i in sorted(context.asked | context.as_shape.keys()):
        shape = context.as_shape.get(i)
        value = constants.quick_value(op._inputs[i])
        if shape is not None:
            partial.append(f"input[{i}] = {show(shape)}")
        elif value is not None and i in context.asked and value.dtype.kind in "iu":
            computed.append(f"input[{i}] = <{summary(value)}>")
    if computed:
        text += " and with computed input tensors: " + ", ".join(computed)
    if partial:
        text += " and with input tensors computed as partial shapes: " + ",".join(partial)
    return text + "."


def summary(value: np.ndarray) -> str:
    """An integer array in the words of shape errors: "1 2", "[1 -1][0 2]"."""
    if value.ndim < 2:
        return " ".join(map(str, value.reshape(-1)))
    return "".join(f"[{summary(row)}]" for row in value)


def show(shape: Shape) -> str:
    """A shape in the words of TensorFlow's shape errors: "[2,?]", "?" where nothing is known."""
    return "?" if shape is None else "[" + ",".join("?" if d is None else str(d) for d in shape) + "]"


def _sizes(c: Any) -> list[np.ndarray] | None:
    """The shapes of all inputs, as Shape and ShapeN give them."""
    if not all(is_known(s) for s in c.shapes):
        return None
    kind = c.attr("out_type").as_numpy_dtype
    return [np.array(s, kind) for s in c.shapes]


def _size(c: Any) -> list[np.ndarray] | None:
    shape = c.shapes[0]
    if not is_known(shape):
        return None
    return [np.array(np.prod(shape, dtype=np.int64), c.attr("out_type").as_numpy_dtype)]


def _rank(c: Any) -> list[np.ndarray] | None:
    return None if c.shapes[0] is None else [np.array(len(c.shapes[0]), np.int32)]


VALUES.update(Shape=_sizes, ShapeN=_sizes, Size=_size, Rank=_rank)


def _same_elements(c: Any) -> list[Element | None]:
    """The outputs hold the lists of the first input."""
    return [c.element(0)] * len(c.op.outputs)


ELEMENTS.update(dict.fromkeys(
    ["Identity", "StopGradient", "Switch", "Enter", "Exit", "NextIteration", "ZerosLike", "StridedSlice"],
    _same_elements))


# Rules that many ops share.

def same(c: Any) -> Shape:
    """The output has the shape of the first input."""
    return c.shapes[0]


def scalar(c: Any) -> Shape:
    """The output is a scalar."""
    return ()


def unknown(c: Any) -> list[Shape]:
    """Nothing is known of the outputs."""
    return [None] * len(c.op.outputs)


def nothing(c: Any) -> list[Shape]:
    """There are no outputs."""
    return []


def broadcast(c: Any) -> Shape:
    """The output has the broadcast shape of two inputs."""
    return broadcast_shapes(c.shapes[0], c.shapes[1])


def broadcast_shapes(x: Shape, y: Shape) -> Shape:
    """The shape that numpy's broadcasting gives, as far as it is known.

    Raises:
      ValueError: two dimensions cannot go together.
    """
    if x == y and x is not None and None not in x:
        return x
    if x is None or y is None:
        return None
    rank = max(len(x), len(y))
    x, y = (1,) * (rank - len(x)) + x, (1,) * (rank - len(y)) + y
    return tuple(map(_broadcast_dim, x, y))


def _broadcast_dim(a: int | None, b: int | None) -> int | None:
    if a == b:
        return a
    if a is None or b is None:
        known = b if a is None else a
        return known if known is not None and known > 1 else None
    if a == 1:
        return b
    if b == 1:
        return a
    raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def merge(x: Shape, y: Shape) -> Shape:
    """What is known of a shape of which both are known.

    Raises:
      ValueError: they contradict each other.
    """
    if x is None or y is None:
        return y if x is None else x
    if len(x) != len(y):
        raise ValueError(f"Shapes must be equal rank, but are {len(x)} and {len(y)}")
    for i, (a, b) in enumerate(zip(x, y, strict=True)):
        if a is not None and b is not None and a != b:
            raise ValueError(f"Dimension {i} in both shapes must be equal, but are {a} and {b}. Shapes are {show(x)} "
                             f"and {show(y)}.")
    return tuple(b if a is None else a for a, b in zip(x, y, strict=True))


def merge_dim(a: int | None, b: int | None) -> int | None:
    """What is known of a size of which both are known.

    Raises:
      ValueError: they differ.
    """
    if a is None or b is None or a == b:
        return b if a is None else a
    raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def with_rank(shape: Shape, rank: int) -> tuple[int | None, ...]:
    """The shape, known to have `rank` dimensions.

    Raises:
      ValueError: it has another rank.
    """
    if shape is None:
        return (None,) * rank
    if len(shape) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(shape)}")
    return shape


def with_rank_at_least(shape: Shape, rank: int) -> Shape:
    """The shape, known to have at least `rank` dimensions.

    Raises:
      ValueError: it has fewer.
    """
    if shape is not None and len(shape) < rank:
        raise ValueError(f"Shape must be at least rank {rank} but is rank {len(shape)}")
    return shape


def with_rank_at_most(shape: Shape, rank: int) -> Shape:
    """The shape, known to have at most `rank` dimensions.

    Raises:
      ValueError: it has more.
    """
    if shape is not None and len(shape) > rank:
        raise ValueError(f"Shape must be at most rank {rank} but is rank {len(shape)}")
    return shape


def is_known(shape: Shape) -> bool:
    """True if rank and every size are known."""
    return shape is not None and None not in shape


# Constants look at operations, whose module needs this one.
from rekindle._src.graph import constants  # noqa: E402

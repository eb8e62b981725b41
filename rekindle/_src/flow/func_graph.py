"""The graphs of functions that branches and loops call: tensors of outer graphs become arguments.

Holds `FuncGraph`, `built` (the graph of a Python function), `of_definition` (that of a function of a library) and
`add_function`.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rekindle._src import errors, nest
from rekindle._src.flow.ordering import marked, order_effects
from rekindle._src.graph import convert, function_body, library, scopes
from rekindle._src.graph.graph import Graph
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.graph.type_spec import TensorSpec
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import flow_values, placeholder
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.state import variable_scope

_numbers = itertools.count(1)


def number() -> int:
    """A number that no function has in its name."""
    return next(_numbers)


class FuncGraph(Graph):
    """The graph of a function's body.

    `inputs` are the arguments, those for captured tensors last; `outputs` the results, and `structured_outputs` the
    same in the structure that the Python function gave.
    """

    _functional_flow = True

    def __init__(self, name: str, collections: Any = None) -> None:
        super().__init__()
        outer = scopes.get_default_graph()
        self.name = name
        self.outer_graph = self._outer_graph = outer
        self._building_function = True
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.structured_outputs: Any = None
        self.control_captures: list[Operation] = []
        self.control_outputs: list[Operation] = []  # run in any case
        self._captures: dict[Tensor, Tensor] = {}
        self.seed = outer.seed
        self._colocation_stack = list(outer._colocation_stack)
        self._container = outer._container
        if collections is not None:
            self._collections = collections
            return
        self._collections = {key: list(value) for key, value in outer._collections.items()}
        for key in variable_scope.variable_keys():
            self._collections[key] = outer._collections.setdefault(key, [])

    def __str__(self) -> str:
        return f"FuncGraph(name={self.name}, id={id(self)})"

    @property
    def captures(self) -> list[tuple[Tensor, Tensor]]:
        """(outer tensor, argument) of all captured tensors, in their order."""
        return list(self._captures.items())

    @property
    def external_captures(self) -> list[Tensor]:
        """The captured tensors of outer graphs."""
        return list(self._captures)

    @property
    def internal_captures(self) -> list[Tensor]:
        """The arguments that stand for them."""
        return list(self._captures.values())

    def reset_captures(self, pairs: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Say anew which outer tensors are captured, and by which arguments."""
        self._captures = dict(pairs)
        for outer, inner in self._captures.items():
            inner._captured_from = outer

    @contextlib.contextmanager
    def as_default(self) -> Iterator[FuncGraph]:
        """A context in which this graph is the default graph of the thread."""
        outer, devices = scopes.get_default_graph(), self._device_stack
        if any(map(callable, outer._device_stack)):  # devices that a function chooses hold inside, too
            self._device_stack = list(outer._device_stack)
        try:
            with super().as_default():
                yield self
        finally:
            self._device_stack = devices

    def control_dependencies(self, control_inputs: Any) -> Any:
        """Operations made inside run after `control_inputs`; the whole function runs after those of outer graphs."""
        if control_inputs is None:
            return super().control_dependencies(None)
        own = []
        for one in control_inputs:
            element = one if isinstance(one, (Tensor, Operation, str)) else getattr(one, "op", one)
            if getattr(element, "graph", self) is self:
                own.append(element)
            elif element not in self.control_captures:
                self.control_captures.append(element)
        return super().control_dependencies(own)

    def add(self, signature: Any, inputs: Any, *args: Any, **kwargs: Any) -> Operation:
        """Add an operation; inputs of other graphs are captured."""
        return super().add(signature, [self.capture(t) for t in inputs], *args, **kwargs)

    def capture(self, tensor: Tensor, name: str | None = None) -> Tensor:
        """A tensor of any graph as one of this graph.

        Raises:
          InaccessibleTensorError: it belongs to a function inside of this one.
        """
        graph = tensor._op._graph
        if graph is self:
            return tensor
        inner = graph
        while isinstance(inner, FuncGraph):
            if inner is self:
                raise errors.InaccessibleTensorError(
                    f"The tensor '{tensor}' cannot be accessed here: it is defined in another function or code block. "
                    "Use return values, explicit Python locals or TensorFlow collections to access it. Defined in: "
                    f"{graph}; accessed from: {self}.\n")
            inner = inner.outer_graph
        return self.capture_outer(tensor, name or tensor._op.name)

    def capture_outer(self, tensor: Tensor, name: str) -> Tensor:
        """The argument that stands for a tensor of another graph."""
        found = self._captures.get(tensor)
        if found is None:
            with self.control_dependencies(None), self.as_default():
                found = argument(tensor, name)
                found._captured_from = tensor
            self._captures[tensor] = found
            self.inputs.append(found)
        return found


def argument(like: Any, name: str | None = None) -> Tensor:
    """A new argument of the function being built, of the type and shape of a tensor or spec."""
    made = placeholder.placeholder_op(dtype=like.dtype, shape=like.shape, name=name)
    element = getattr(like, "_element", None)
    if element is not None:
        made._element = element
    return made


def built(
    graph: FuncGraph, function: Callable[..., Any], arguments: Any = (), op_value: Any = None, ordered: bool = False
) -> FuncGraph:
    """`graph`, in which `function` made its operations.

    Args:
      arguments: tensors and specs, in any structure, of what `function` takes.
      op_value: the tensor that stands for operations among the results.
      ordered: operations with effects run in the order in which they are made.

    Raises:
      TypeError: a result is no tensor.
    """
    with graph.as_default():
        scope = variable_scope.get_variable_scope()
        use_resource = scope.use_resource
        scope.set_use_resource(True)
        try:
            taken = nest.map_structure(_argument, list(arguments))
            graph.inputs = nest.flatten(taken, expand_composites=True)
            given = list(graph.inputs)
            results = nest.map_structure(
                lambda one: _result(one, function, op_value, ordered), function(*taken), expand_composites=True)
        finally:
            scope.set_use_resource(use_resource)
        graph.inputs = given + graph.internal_captures
        graph.structured_outputs = results
        graph.outputs.extend(graph.capture(one) for one in flow_values.flat(results) if one is not None)
    if ordered:
        graph.control_outputs = order_effects(graph, graph.outputs)
    return graph


def _argument(one: Any) -> Any:
    if isinstance(one, Tensor):
        return argument(one)
    if isinstance(one, TensorSpec):
        return argument(one, one.name)
    specs = nest.flatten(one, expand_composites=True)
    return nest.pack_sequence_as(one, [_argument(spec) for spec in specs], expand_composites=True)


def _result(one: Any, function: Any, op_value: Any, ordered: bool) -> Any:
    if one is None:
        return None
    if isinstance(one, Operation) and op_value is not None:
        with scopes.control_dependencies([one]):
            one = array_ops.identity(op_value)
    elif not isinstance(one, TensorArray):
        try:
            one = convert.convert_to_tensor(one)
        except (ValueError, TypeError):
            raise TypeError(
                "To be compatible with tf.contrib.eager.defun, Python functions must return zero or more Tensors; in "
                f"compilation of {function}, found return value of type {type(one)}, which is not a Tensor.") from None
    return marked(one) if ordered else one


def add_function(graph: FuncGraph) -> str:
    """Put the function into the library of the graph around it; gives its name."""
    definition = function_body.definition_of(graph.name, graph.get_operations(), graph.inputs, graph.outputs,
                                             effects=graph.control_outputs)
    outer = graph.outer_graph
    if not outer._is_function(graph.name):
        outer._add_function(library.LibraryFunction(
            graph.name, definition, library.function_signature(definition.signature)))
    for inner in graph._functions.values():
        if not outer._is_function(inner.name):
            outer._add_function(inner)
    return graph.name


def of_definition(operation: Any, name: str, known: list[Any]) -> FuncGraph:
    """The graph of a function of the library that an operation calls.

    Args:
      operation: the operation.
      name: the function's name.
      known: (shape, element) of each argument: what is known of it, and of the elements of a list.
    """
    outer = operation.graph
    with outer.as_default():
        graph = FuncGraph(name)
    graph._colocation_stack = []
    graph._functions.update(outer._functions)
    definition = outer._get_function(name).definition
    body = function_body.body_of(definition, {}, outer._functions, graph, known)
    graph.inputs, graph.outputs = body.inputs, body.outputs
    graph.control_outputs = [graph.get_operation_by_name(one) for one in definition.control_ret.values()]
    graph.structured_outputs = list(body.outputs)
    return graph

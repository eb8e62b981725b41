"""`Defun`: Python functions as functions of a graph's library.

Holds the decorator, the graph in which a body is built, and the functions that it makes. FunctionDefs
stand in graph/function_body.py.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from rekindle._src import errors
from rekindle._src.graph import (
    convert,
    dtypes,
    function_body,
    function_hash,
    library,
    proto,
    scopes,
)
from rekindle._src.graph.graph import Graph
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.state import variable_scope


class FunctionGraph(Graph):
    """The graph of a function's body: tensors of other graphs become further arguments."""

    def __init__(
        self, name: str, by_value: bool, allowed: set[Operation], values_of_variables: bool
    ) -> None:
        super().__init__()
        self.name = name
        self._building_function = True
        self._outer_graph = scopes.get_default_graph()
        self._variable_scope = variable_scope.get_variable_scope()
        self._by_value = by_value
        self._allowed = allowed
        self._values_of_variables = values_of_variables
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.extra_inputs: list[Tensor] = []
        self.extra_args: list[Tensor] = []
        self.extra_vars: list[Any] = []
        self._captured: dict[Tensor, Tensor] = {}

    def add(self, signature: Any, inputs: Any, *args: Any, **kwargs: Any) -> Operation:
        """Add an operation; inputs of other graphs are captured."""
        own = [t if t._op._graph is self else self.capture(t) for t in inputs]
        return super().add(signature, own, *args, **kwargs)

    def capture(self, tensor: Tensor, name: str | None = None) -> Tensor:
        """A tensor of another graph as one of this graph."""
        found = self._captured.get(tensor)
        if found is not None:
            return found
        if self._by_value:
            return self._copied(tensor.op).outputs[tensor.value_index]
        self.extra_inputs.append(tensor)
        with self.control_dependencies(None), self.as_default():
            argument = array_ops.placeholder(tensor.dtype, shape=tensor.shape, name=name)
        argument._captured_from = tensor  # what is known of a variable's handle is known inside
        self.inputs.append(argument)
        self.extra_args.append(argument)
        self._captured[tensor] = argument
        return argument

    def _copied(self, op: Operation) -> Operation:
        """An operation of another graph, and what it takes, made again here.

        Raises:
          ValueError: it has state or is fed.
        """
        about = f"(name:{op.name}, type:{op.type}) by value."
        if op.signature.stateful and op not in self._allowed:
            raise ValueError(f"Cannot capture a stateful node {about}")
        if op.type in ("Placeholder", "PlaceholderV2"):
            raise ValueError(f"Cannot capture a placeholder {about}")
        inputs = [self._copied(t.op).outputs[t.value_index] for t in op._inputs]
        made = self.create_op(op.type, inputs, name=op.name, attrs=dict(op._attrs))
        self._captured.update(zip(op.outputs, made.outputs, strict=True))
        return made

    def variable(self, getter: Any, name: str, **kwargs: Any) -> Any:
        """A variable that the body asks for: one of the graph around, captured."""
        wanted = (
            "shape", "dtype", "initializer", "reuse", "trainable", "collections", "use_resource",
        )
        with self._outer_graph.as_default():
            found = self._variable_scope.get_variable(
                variable_scope.default_variable_store(), name,
                **{key: kwargs[key] for key in wanted if key in kwargs},
            )
            self.extra_vars.append(found)
            is_resource = getattr(found, "handle", None) is not None
            return found.value() if is_resource and self._values_of_variables else found


def get_extra_vars() -> list[Any]:
    """The variables that the function being built has asked for so far."""
    graph = scopes.get_default_graph()
    return graph.extra_vars if isinstance(graph, FunctionGraph) else []


def get_extra_inputs() -> list[Tensor]:
    """The tensors that the function being built has captured so far."""
    graph = scopes.get_default_graph()
    return graph.extra_inputs if isinstance(graph, FunctionGraph) else []


def get_extra_args() -> list[Tensor]:
    """The arguments that stand for them."""
    graph = scopes.get_default_graph()
    return graph.extra_args if isinstance(graph, FunctionGraph) else []


class Defun:
    """Decorator: a Python function of tensors becomes a function of the graph.

    Args:
      *input_types: the types of the arguments; without them, the function is made anew for the
        types of each call.
      func_name: its name in the library.
      grad_func: the function of the library that is its gradient.
      python_grad_func: what makes the gradient's operations, as with tf.RegisterGradient.
      out_names: the names of the results.
      shape_func: gives the shapes of a call's outputs, of the operation.
      capture_by_value: copy what the function takes from outside into it.
    """

    def __init__(self, *input_types: Any, **kwargs: Any) -> None:
        self._input_types = input_types
        self._options = kwargs

    def __call__(self, func: Callable[..., Any]) -> Any:
        """The function of the graph.

        Raises:
          ValueError: `func` is not callable, has defaults or keyword arguments, or takes another
            number of arguments than there are types.
        """
        if not callable(func):
            raise ValueError(f"function {func} must be callable")
        spec = inspect.getfullargspec(func)
        if spec.varkw or spec.defaults:
            raise ValueError(
                "function with argument defaults or keywords arguments are not supported. "
                f"{func} has defaults {spec.defaults} and keywords {spec.varkw}."
            )
        names = spec.args[1:] if inspect.ismethod(func) else spec.args
        if self._input_types:
            count = len(self._input_types)
            if count < len(names) or (count > len(names) and not spec.varargs):
                raise ValueError(
                    "The function has fewer arguments than the number of specified input types."
                )
            return DefinedFunction(func, names, self._input_types, **self._options)
        if not names and not spec.varargs:
            return DefinedFunction(func, [], [], **self._options)
        return OverloadedFunction(func, names, **self._options)


class DefinedFunction:
    """A function of the graph for fixed argument types; a call adds an operation."""

    def __init__(
        self, func: Any, argnames: list[str], input_types: Any,
        func_name: str | None = None, grad_func: DefinedFunction | None = None,
        python_grad_func: Any = None, out_names: Any = None, shape_func: Any = None,
        capture_by_value: bool = False, whitelisted_stateful_ops: Any = None,
        capture_resource_var_by_value: bool = True, **kwargs: Any,
    ) -> None:
        self._func = func
        self._argument_names = [
            argnames[i] if i < len(argnames) else f"arg{i}" for i in range(len(input_types))
        ]
        self._input_types = input_types
        self._func_name = func_name
        self._grad_func = grad_func
        self._python_grad_func = python_grad_func
        self._out_names = out_names
        self._shape_func = shape_func
        self._capture: tuple[bool, set[Any], bool] = (capture_by_value, set(whitelisted_stateful_ops or ()),
                         capture_resource_var_by_value)
        self._extra = kwargs
        self._library: library.LibraryFunction | None = None
        self._extra_inputs: list[Tensor] = []
        self._inner: list[Any] = []
        self._stateful: list[tuple[str, str]] = []

    @property
    def name(self) -> str:
        """The name in the library."""
        return self._made().name

    @property
    def definition(self) -> Any:
        """The FunctionDef."""
        return self._made().definition

    @property
    def _signature(self) -> Any:
        return self.definition.signature

    @property
    def declared_input_types(self) -> Any:
        """The types of the arguments, captured ones aside."""
        return self._input_types

    @property
    def captured_inputs(self) -> list[Tensor]:
        """The tensors from outside that calls pass on."""
        self._made()
        return self._extra_inputs

    @property
    def stateful_ops(self) -> list[tuple[str, str]]:
        """The (name, type) of operations inside that have state."""
        self._made()
        return self._stateful

    @property
    def grad_func_name(self) -> str | None:
        """The name of the function that is its gradient, or None."""
        return None if self._grad_func is None else self._grad_func.name

    @property
    def python_grad_func(self) -> Any:
        """What makes the gradient's operations, or None."""
        return self._python_grad_func

    def set_grad_func(self, grad_func: DefinedFunction) -> None:
        """Say which function is the gradient."""
        self._grad_func = grad_func
        if self._library is not None:
            self._library.grad_func_name = grad_func.name

    def add_to_graph(self, graph: Any = None) -> None:
        """Put the function, and those that it calls, into a graph's library; default: the default graph's."""
        graph = scopes.get_default_graph() if graph is None else graph
        function = self._made()
        graph._add_function(function)  # of functions with one name the last says what the gradient is
        for inner in self._inner:
            if not graph._is_function(inner.name):
                graph._add_function(inner)
        if self._grad_func is not None:
            self._grad_func.add_to_graph(graph)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a call: a tensor, a tuple of tensors, or the operation if there are no results."""
        graph = scopes.get_default_graph()
        self.add_to_graph(graph)
        function = self._made()
        inputs = [convert.convert_to_tensor(arg) for arg in args] + self._extra_inputs
        wanted = len(function.definition.signature.input_arg)
        if len(inputs) != wanted:
            raise ValueError(f"Expected number of arguments: {wanted}, received: {len(inputs)}")
        name = kwargs.pop("name", None) or function.name
        op = graph.create_op(function.name, inputs, name=name, attrs=_attrs(function.name, kwargs))
        if self._shape_func is not None:
            shapes = self._shape_func(op)
            if len(shapes) != len(op.outputs):
                raise ValueError(
                    f"shape_func produced {len(shapes)} shapes for {len(op.outputs)} outputs"
                )
            for tensor, shape in zip(op.outputs, shapes, strict=True):
                tensor.set_shape(shape)
        if not op.outputs:
            return op
        return op.outputs[0] if len(op.outputs) == 1 else tuple(op.outputs)

    def _made(self) -> library.LibraryFunction:
        if self._library is None:
            self._library = self._make()
        return self._library

    def _make(self) -> library.LibraryFunction:
        name = self._func_name or getattr(self._func, "__name__", type(self._func).__name__)
        if self._func_name is None and self._grad_func is not None:
            name = f"{name}_{self._grad_func.name}"
        graph = self._build(name)
        self._extra_inputs = graph.extra_inputs
        names, count = self._out_names, len(graph.outputs)
        if names and len(names) != count:
            raise errors.InvalidArgumentError(
                None, None,
                "output names must be either empty or equal in size to outputs. output names size = "
                f"{len(names)} outputs size = {count}",
            )
        self._inner = list(graph._functions.values())
        self._stateful = [(o.name, o.type) for o in graph.get_operations() if o.signature.stateful]
        definition = function_body.definition_of(
            name, graph.get_operations(), graph.inputs, graph.outputs, self._out_names,
            self._func.__doc__ or "",
        )
        if self._func_name is None:
            definition.signature.name = f"{name}_{function_hash.short_hash(definition)}"
        for key, value in _attrs(name, self._extra).items():
            definition.attr[key].CopyFrom(value)
        return library.LibraryFunction(
            definition.signature.name, definition,
            library.function_signature(definition.signature), self.grad_func_name,
            self._python_grad_func,
        )

    def _build(self, name: str) -> FunctionGraph:
        """The graph of the body."""
        outer = scopes.get_default_graph()
        graph = FunctionGraph(name, *self._capture)
        for key in variable_scope.variable_keys():
            graph._collections[key] = outer._collections.setdefault(key, [])
        device = outer._device_stack[-1] if outer._device_stack else None
        with graph.as_default(), scopes.device(device):
            for label, dtype in zip(self._argument_names, self._input_types, strict=True):
                graph.inputs.append(array_ops.placeholder(dtypes.as_dtype(dtype), name=label))
            with variable_scope.variable_scope("", custom_getter=graph.variable):
                outputs = self._func(*graph.inputs)
            if outputs is None:
                outputs = []
            elif not isinstance(outputs, (list, tuple)):
                outputs = (outputs,)
            if any(one is None for one in outputs):
                raise ValueError(f"Function {name} can not return None.")
            tensors = [convert.convert_to_tensor(one) for one in outputs]
            graph.outputs = [t if t.graph is graph else graph.capture(t) for t in tensors]
        return graph


_DefinedFunction = DefinedFunction


class OverloadedFunction:
    """A function of the graph for any argument types: one function for each combination."""

    def __init__(
        self, func: Callable[..., Any], argnames: list[str], func_name: str | None = None,
        grad_func: OverloadedFunction | None = None, python_grad_func: Any = None,
        out_names: Any = None, **kwargs: Any,
    ) -> None:
        self._func = func
        self._argument_names = argnames
        self._func_name = func_name
        self._grad_func = grad_func
        self._options = {"python_grad_func": python_grad_func, "out_names": out_names, **kwargs}
        self._overload: dict[str, DefinedFunction] = {}

    def instantiate(self, input_types: Any) -> DefinedFunction:
        """The function for the types."""
        key = "_".join(dtypes.as_dtype(t).name for t in input_types)
        found = self._overload.get(key)
        if found is None:
            name = None if self._func_name is None else f"{self._func_name}_{key}"
            found = DefinedFunction(
                self._func, self._argument_names, list(input_types), name, **self._options
            )
            if self._grad_func is not None:
                results = [dtypes.as_dtype(a.type) for a in found.definition.signature.output_arg]
                found.set_grad_func(self._grad_func.instantiate([*input_types, *results]))
            self._overload[key] = found
        return found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a call of the function for the types of the arguments."""
        tensors = [convert.convert_to_tensor(arg) for arg in args]
        return self.instantiate([t.dtype for t in tensors])(*tensors, **kwargs)


class Declare:
    """A function that is defined later, under the same name: calls may be made already.

    Args:
      func_name: the name in the library.
      inputs, outputs: lists of (name, type).
    """

    def __init__(self, func_name: str, inputs: Any, outputs: Any) -> None:
        self._signature = proto.OpDef(name=func_name)
        sides = (inputs, self._signature.input_arg), (outputs, self._signature.output_arg)
        for pairs, field in sides:
            for name, dtype in pairs:
                field.add(name=name, type=dtypes.as_dtype(dtype).as_datatype_enum)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a call."""
        inputs = [convert.convert_to_tensor(arg) for arg in args]
        graph = scopes.get_default_graph()
        name = self._signature.name
        facts = library.function_signature(self._signature)
        label = graph._scoped(kwargs.pop("name", None) or name)
        types = [dtypes.as_dtype(a.type) for a in self._signature.output_arg]
        op = graph.add(facts, inputs, _attrs(name, kwargs), label, types)
        if not op.outputs:
            return op
        return op.outputs[0] if len(op.outputs) == 1 else tuple(op.outputs)


def _attrs(func_name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The attrs of a call or definition that keyword arguments ask for.

    Raises:
      ValueError: a keyword is unknown.
    """
    left = dict(kwargs)
    out = {}
    noinline = left.pop("noinline", None)
    if noinline is not None:
        out["_noinline"] = proto.AttrValue(b=bool(noinline))
    out["_disable_call_shape_inference"] = proto.AttrValue(b=True)
    compiled, separate = left.pop("compiled", None), left.pop("separate_compiled_gradients", None)
    if compiled is not None:
        scope = scopes.get_default_graph()._attr_scope_map.get("_XlaScope")
        out["_XlaCompile"] = proto.AttrValue(b=bool(compiled))
        out["_XlaSeparateCompiledGradients"] = proto.AttrValue(b=bool(separate))
        out["_XlaScope"] = scope or proto.AttrValue(s=f"function_{func_name}".encode())
    for key in list(left):
        if key.startswith("experimental_") or key in ("_implements", "_reference"):
            out[key] = _attr_value(key, left.pop(key))
    if left:
        raise ValueError(f"Unknown keyword arguments: {left.keys()}")
    return out


def _attr_value(key: str, value: Any) -> Any:
    for kind, field in ((bool, "b"), (int, "i"), (float, "f")):
        if isinstance(value, kind):
            return proto.AttrValue(**{field: value})
    if not isinstance(value, str):
        raise ValueError(f"Unsupported attribute type for {key} with type {type(value)}")
    return proto.AttrValue(s=value.encode())

"""`ResourceVariable`: a variable behind a resource handle; each read is a node of its own, ordered
by edges.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn

from rekindle._src.graph import convert, dtypes, meta_graph, proto, scopes
from rekindle._src.graph.shapes import TensorShape, as_shape
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_shape, state_resource, state_scatter, state_slices
from rekindle._src.state import assign
from rekindle._src.state.ref_variable import check_outside_control_flow, colocated_attrs
from rekindle._src.state.safe_initial_values import guarded
from rekindle._src.state.variable import Variable, checked_collections, checked_kinds


class HandleVariable(Variable):
    """What a variable behind a handle can do, however the handle came about."""

    _handle: Tensor
    _dtype: Any
    _shape: TensorShape
    _graph_element: Tensor
    _cached_value: Tensor | None = None
    _initial_value: Any = None
    _initializer_op: Any = None
    _constraint: Any = None

    @property
    def handle(self) -> Tensor:
        """The handle."""
        return self._handle

    @property
    def create(self) -> Any:
        """The operation that gives it its initial value."""
        return self._initializer_op

    @property
    def name(self) -> str:
        """The name of the handle: "W:0"."""
        return self._handle.name

    @property
    def op(self) -> Any:
        """The operation of the handle."""
        return self._handle.op

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._dtype

    @property
    def device(self) -> str:
        """The device that was asked for."""
        return self._handle.device

    @property
    def graph(self) -> Any:
        """The graph that holds it."""
        return self._handle.graph

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._shape

    def _shape_as_list(self) -> Any:
        return None if self._shape.ndims is None else self._shape.as_list()

    def _shape_tuple(self) -> Any:
        return self._shape.dims_tuple

    def _as_graph_element(self) -> Tensor:
        return self._graph_element

    def set_shape(self, shape: Any) -> NoReturn:
        """Refused: the shape is fixed."""
        raise NotImplementedError("ResourceVariable does not implement set_shape()")

    def _read(self) -> Tensor:
        return state_resource.read_variable_op(self._handle, self._dtype)

    def value(self) -> Tensor:
        """The value, read on the variable's device."""
        if self._cached_value is not None:
            return self._cached_value
        with scopes.colocate_with(None, ignore_existing=True), scopes.device(self._handle.device):
            return self._read()

    def read_value(self) -> Tensor:
        """The value, read in the current control dependencies."""
        with scopes.name_scope("Read"), scopes.device(self._handle.device):
            value = self._read()
        return array_shape.identity(value)

    def is_initialized(self, name: str | None = None) -> Tensor:
        """A boolean tensor: True once the variable holds a value."""
        return state_resource.var_is_initialized_op(self._handle, name=name)

    def eval(self, session: Any = None) -> Any:
        """The value in `session` or the default session."""
        return self._graph_element.eval(session=session)

    def numpy(self) -> NoReturn:
        """Refused: there is no value while a graph is built."""
        raise NotImplementedError("numpy() is only available when eager execution is enabled.")

    def count_up_to(self, limit: int) -> Tensor:
        """The value before it is increased by one, until it is `limit`."""
        return state_resource.resource_count_up_to(self._handle, limit=limit, T=self._dtype)

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Rows of the variable."""
        with scopes.name_scope("Gather" if name is None else name) as scope:
            value = state_resource.resource_gather(self._handle, indices, dtype=self._dtype,
                                                   name=scope)
        return array_shape.identity(value)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Elements or slices of the variable."""
        with scopes.name_scope("GatherNd" if name is None else name) as scope:
            value = state_resource.resource_gather_nd(self._handle, indices, dtype=self._dtype,
                                                      name=scope)
        return array_shape.identity(value)

    @contextlib.contextmanager
    def _after_cached(self) -> Iterator[None]:
        """Updates follow the read for the caching device."""
        if self._cached_value is None:
            yield
            return
        with scopes.control_dependencies([self._cached_value]):
            yield

    def _lazy_read(self, op: Any) -> UnreadVariable:
        return UnreadVariable(self, op)

    def _converted(self, value: Any) -> Tensor:
        return convert.convert_to_tensor(value, dtype=self._dtype)

    def assign(self, value: Any, use_locking: Any = None, name: str | None = None,
               read_value: bool = True) -> Any:
        """Give the variable a new value; gives a variable that reads it, or the operation if not
        `read_value`.

        Raises:
          ValueError: the shapes do not go together.
        """
        tensor = self._converted(value)
        if not self._shape.is_compatible_with(tensor.shape):
            raise ValueError(f"Cannot assign to variable {self.name} due to variable shape "
                             f"{self._shape} and value shape {tensor.shape} are incompatible")
        op = state_resource.assign_variable_op(self._handle, tensor, name=name)
        return self._lazy_read(op) if read_value else op

    def assign_add(self, delta: Any, use_locking: Any = None, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Add to the variable."""
        with self._after_cached():
            op = state_resource.assign_add_variable_op(self._handle, self._converted(delta),
                                                       name=name)
        return self._lazy_read(op) if read_value else op

    def assign_sub(self, delta: Any, use_locking: Any = None, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Subtract from the variable."""
        with self._after_cached():
            op = state_resource.assign_sub_variable_op(self._handle, self._converted(delta),
                                                       name=name)
        return self._lazy_read(op) if read_value else op

    def _scatter(self, block: Any, sparse_delta: Any, name: str | None) -> UnreadVariable:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return self._lazy_read(
            block(self._handle, sparse_delta.indices, self._converted(sparse_delta.values),
                  name=name))

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Any:
        """Subtract IndexedSlices."""
        return self._scatter(state_scatter.resource_scatter_sub, sparse_delta, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Any:
        """Add IndexedSlices."""
        return self._scatter(state_scatter.resource_scatter_add, sparse_delta, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Any:
        """Raise rows to those of IndexedSlices."""
        return self._scatter(state_scatter.resource_scatter_max, sparse_delta, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Any:
        """Lower rows to those of IndexedSlices."""
        return self._scatter(state_scatter.resource_scatter_min, sparse_delta, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Any:
        """Multiply rows by IndexedSlices."""
        return self._scatter(state_scatter.resource_scatter_mul, sparse_delta, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Any:
        """Divide rows by IndexedSlices."""
        return self._scatter(state_scatter.resource_scatter_div, sparse_delta, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False,
                       name: str | None = None) -> Any:
        """Replace rows by those of IndexedSlices."""
        return self._scatter(state_scatter.resource_scatter_update, sparse_delta, name)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False,
                             name: str | None = None) -> Any:
        """Replace, in each batch, rows by those of IndexedSlices."""
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return self._lazy_read(assign.batch_scatter_update(
            self, sparse_delta.indices, sparse_delta.values, use_locking=use_locking, name=name).op)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtract from elements or slices."""
        return self._lazy_read(
            state_scatter.resource_scatter_nd_sub(self._handle, indices, self._converted(updates),
                                                  name=name))

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Add to elements or slices."""
        return self._lazy_read(
            state_scatter.resource_scatter_nd_add(self._handle, indices, self._converted(updates),
                                                  name=name))

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Replace elements or slices."""
        return self._lazy_read(
            state_scatter.resource_scatter_nd_update(self._handle, indices,
                                                     self._converted(updates), name=name))

    def _strided_slice_assign(self, begin: Any, end: Any, strides: Any, value: Any,
                              name: str | None, **masks: int) -> Any:
        with self._after_cached():
            return self._lazy_read(state_slices.resource_strided_slice_assign(
                self._handle, begin, end, strides, self._converted(value), name=name, **masks))

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The VariableDef, None if the variable is not below `export_scope`."""
        if export_scope is not None and not self._handle.name.startswith(export_scope):
            return None
        snapshot = self._graph_element if self._cached_value is None else self._cached_value
        variable_def = proto.VariableDef(
            variable_name=meta_graph.strip_name_scope(self._handle.name, export_scope),
            snapshot_name=meta_graph.strip_name_scope(snapshot.name, export_scope),
            is_resource=True)
        self._fill_proto(variable_def, export_scope)
        return variable_def

    def __copy__(self) -> HandleVariable:
        return self

    def __deepcopy__(self, memo: Any) -> NoReturn:
        raise NotImplementedError("__deepcopy__() is only available when eager execution is "
                                  "enabled.")

    def __bool__(self) -> bool:
        return bool(self.read_value())


def _refusal(operator: str, symbol: str, verb: str) -> Any:
    advice = (f"Use `var.assign(var {symbol} value)` to modify the variable or `var = var {symbol} "
              "value` to get a new Tensor object.")
    if verb:
        advice = (f"Use variable.{verb}(value) to modify the variable value and variable = "
                  f"variable {symbol} value to get a new Tensor object.")

    def refuse(self: Any, other: Any) -> NoReturn:
        raise RuntimeError(f"Variable {symbol}= value not supported. {advice}")

    refuse.__name__ = operator
    return refuse


for _operator, _symbol, _verb in (("__iadd__", "+", "assign_add"), ("__isub__", "-", "assign_sub"),
                                  ("__imul__", "*", ""), ("__itruediv__", "/", ""),
                                  ("__ipow__", "**", "")):
    setattr(HandleVariable, _operator, _refusal(_operator, _symbol, _verb))


class ResourceVariable(HandleVariable):
    """A variable behind a handle of its own."""

    def __init__(self, initial_value: Any = None, trainable: bool | None = None,
                 collections: Any = None, validate_shape: bool = True, caching_device: Any = None,
                 name: str | None = None, dtype: Any = None, variable_def: Any = None,
                 import_scope: str | None = None, constraint: Any = None,
                 distribute_strategy: Any = None, synchronization: Any = None,
                 aggregation: Any = None, shape: Any = None) -> None:
        self._in_graph_mode = True
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._init_from_proto(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        self._synchronization, self._aggregation, self._trainable = checked_kinds(
            synchronization, aggregation, trainable, name)
        collections = checked_collections(collections, self._trainable)
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._constraint = constraint
        with scopes.init_scope():
            values = [] if callable(initial_value) else [initial_value]
            with scopes.name_scope(name, "Variable", values) as scope:
                self._build(scope, initial_value, dtype, shape, caching_device)
            scopes.get_default_graph().add_to_collections(collections, self)

    def _build(self, scope: str, initial_value: Any, dtype: Any, shape: Any,
               caching_device: Any) -> None:
        name = scope[:-1]
        with scopes.get_default_graph()._attr_scope(colocated_attrs(name)):
            with scopes.name_scope("Initializer"), scopes.device(None):
                value = convert.convert_to_tensor(
                    initial_value() if callable(initial_value) else initial_value, dtype,
                    "initial_value")
            if shape is not None and not value.shape.is_compatible_with(shape):
                raise ValueError(f"The initial value's shape ({value.shape}) is not compatible "
                                 f"with the explicitly supplied `shape` argument ({shape}).")
            self._shape = value.shape if shape is None else as_shape(shape)
            self._dtype = value.dtype.base_dtype
            self._handle = state_resource.var_handle_op(
                shape=self._shape, dtype=self._dtype, shared_name=name, name=scope)
        check_outside_control_flow(value, scope)
        self._initial_value = value
        with scopes.name_scope("IsInitialized"):
            self._is_initialized_op = state_resource.var_is_initialized_op(self._handle)
        with (scopes.name_scope("Assign") as assign_scope,
              scopes.colocate_with(None, ignore_existing=True), scopes.device(self._handle.device)):
            self._initializer_op = state_resource.assign_variable_op(
                self._handle, guarded(scope, value), name=assign_scope)
        with scopes.name_scope("Read"):
            with scopes.device(self._handle.device):
                self._graph_element = self._read()
            if caching_device is not None:
                with (scopes.colocate_with(None, ignore_existing=True),
                      scopes.device(caching_device)):
                    self._cached_value = array_shape.identity(self._graph_element)

    def _init_from_proto(self, variable_def: Any, import_scope: str | None) -> None:
        if not variable_def.is_resource:
            raise ValueError("Trying to restore Variable as ResourceVariable.")
        find = self._take_proto(variable_def, import_scope)
        self._handle = find(variable_def.variable_name)
        self._shape = TensorShape(self._handle.op.get_attr("shape"))
        self._dtype = dtypes.as_dtype(self._handle.op.get_attr("dtype"))
        if not variable_def.snapshot_name:
            self._graph_element = self._handle.graph.get_tensor_by_name(
                self._handle.op.name + "/Read/ReadVariableOp:0")
            return
        snapshot = find(variable_def.snapshot_name)
        if snapshot.op.type != "ReadVariableOp":
            self._cached_value = snapshot
        while snapshot.op.type != "ReadVariableOp":
            snapshot = snapshot.op.inputs[0]
        self._graph_element = snapshot


class UnreadVariable(HandleVariable):
    """A variable as it is after an update: each read of it waits for the update."""

    def __init__(self, variable: HandleVariable, parent_op: Any) -> None:
        self._in_graph_mode = True
        self._parent_op = parent_op
        self._handle = variable._handle
        self._dtype = variable._dtype
        self._shape = variable._shape
        self._synchronization, self._aggregation, self._trainable = checked_kinds(None, None, None,
                                                                                  None)
        # only what a session fetches reads at once; in a function nothing does
        self._graph_element: Any = None if scopes.get_default_graph()._building_function else self._read()

    @property
    def name(self) -> str:
        """The name of the update."""
        return self._parent_op.name

    @property
    def op(self) -> Any:
        """The update."""
        return self._parent_op

    def _read(self) -> Tensor:
        with scopes.control_dependencies([self._parent_op]):
            return state_resource.read_variable_op(self._handle, self._dtype)

    def value(self) -> Tensor:
        """The value after the update."""
        return self._read()

    def read_value(self) -> Tensor:
        """The value after the update."""
        return self._read()


def is_resource_variable(variable: Any) -> bool:
    """True if the variable is behind a handle."""
    return isinstance(variable, HandleVariable) or hasattr(
        variable, "_should_act_as_resource_variable")


def _to_tensor(value: HandleVariable, dtype: Any = None, name: str | None = None,
               as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(f"Incompatible type conversion requested to type {dtype.name!r} for "
                         f"variable of type {value.dtype.name!r}")
    return value.read_value().op.inputs[0] if as_ref else value.value()


convert.register_tensor_conversion_function(HandleVariable, _to_tensor)

_enabled = [False]


@public("enable_resource_variables")
def enable_resource_variables() -> None:
    """Make new variables resource variables unless they say otherwise."""
    _enabled[0] = True


@public("disable_resource_variables")
def disable_resource_variables() -> None:
    """Make new variables ref variables unless they say otherwise."""
    _enabled[0] = False


@public("resource_variables_enabled")
def resource_variables_enabled() -> bool:
    """True if new variables are resource variables unless they say otherwise."""
    return _enabled[0]

"""`RefVariable`: a variable behind a reference, TensorFlow 1's default."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, meta_graph, proto, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array_shape, state, state_scatter, state_slices
from rekindle._src.state import assign
from rekindle._src.state.safe_initial_values import guarded
from rekindle._src.state.variable import Variable, checked_collections, checked_kinds

_FROM_CONTROL_FLOW = (
    "Initializer for variable %s is from inside a control-flow construct, such as a loop or "
    "conditional. When creating a variable inside a loop or conditional, use a lambda as the "
    "initializer.")


def colocated_attrs(name: str) -> dict[str, Any]:
    """The attrs of operations on the device of a variable that does not exist yet."""
    group = proto.AttrValue.ListValue(s=[b"loc:@" + name.encode()])
    return {"_class": proto.AttrValue(list=group)}


def check_outside_control_flow(value: Tensor, name: str) -> None:
    """Refuse an initial value made inside a loop or conditional.

    Raises:
      ValueError: it is.
    """
    if value.op._get_control_flow_context() is not None:
        raise ValueError(_FROM_CONTROL_FLOW % name)


class RefVariable(Variable):
    """A variable whose node gives a reference, read through the snapshot "<name>/read"."""

    def __init__(self, initial_value: Any = None, trainable: bool | None = None,
                 collections: Any = None, validate_shape: bool = True, caching_device: Any = None,
                 name: str | None = None, variable_def: Any = None, dtype: Any = None,
                 expected_shape: Any = None, import_scope: str | None = None,
                 constraint: Any = None, synchronization: Any = None, aggregation: Any = None,
                 shape: Any = None) -> None:
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
        self._caching_device = caching_device
        with scopes.init_scope():
            values = [] if callable(initial_value) else [initial_value]
            with scopes.name_scope(name, "Variable", values) as scope:
                self._build(scope, initial_value, dtype, shape, validate_shape)
            scopes.get_default_graph().add_to_collections(collections, self)

    def _build(self, scope: str, initial_value: Any, dtype: Any, shape: Any,
               validate_shape: bool) -> None:
        graph = scopes.get_default_graph()
        if callable(initial_value):
            with graph._attr_scope(colocated_attrs(scope[:-1])):
                with scopes.name_scope("Initializer"), scopes.device(None):
                    value = convert.convert_to_tensor(initial_value(), dtype, "initial_value")
                self._variable = self._new_node(scope, value, shape, validate_shape)
        else:
            value = convert.convert_to_tensor(initial_value, dtype, "initial_value")
            check_outside_control_flow(value, scope)
            self._variable = self._new_node(scope, value, shape, validate_shape)
        self._initial_value = value
        if validate_shape and not value.get_shape().is_fully_defined():
            raise ValueError(f"initial_value must have a shape specified: {value}")
        self._initializer_op = state.assign(
            self._variable, guarded(scope, value), validate_shape=validate_shape).op
        place = scopes.colocate_with(
            self._variable.op) if self._caching_device is None else scopes.device(
            self._caching_device)
        with place:
            self._snapshot = array_shape.identity(self._variable, name="read")

    @staticmethod
    def _new_node(scope: str, value: Tensor, shape: Any, validate_shape: bool) -> Tensor:
        if shape is None:
            shape = value.get_shape() if validate_shape else TensorShape(None)
        return state.variable_v2(shape, value.dtype.base_dtype, name=scope)

    def _init_from_proto(self, variable_def: Any, import_scope: str | None) -> None:
        find = self._take_proto(variable_def, import_scope)
        self._variable = find(variable_def.variable_name)
        self._snapshot = find(variable_def.snapshot_name)
        self._caching_device = None

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The VariableDef, None if the variable is not below `export_scope`."""
        if export_scope is not None and not self._variable.name.startswith(export_scope):
            return None
        variable_def = proto.VariableDef(
            variable_name=meta_graph.strip_name_scope(self._variable.name, export_scope),
            snapshot_name=meta_graph.strip_name_scope(self._snapshot.name, export_scope))
        self._fill_proto(variable_def, export_scope)
        return variable_def

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def _ref(self) -> Tensor:
        return self._variable

    @property
    def name(self) -> str:
        """The name of the reference: "W:0"."""
        return self._variable.name

    @property
    def op(self) -> Any:
        """The variable's operation."""
        return self._variable.op

    @property
    def dtype(self) -> Any:
        """The element type, a reference type."""
        return self._variable.dtype

    @property
    def device(self) -> str:
        """The device that was asked for."""
        return self._variable.device

    @property
    def graph(self) -> Any:
        """The graph that holds it."""
        return self._variable.graph

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return self._variable.get_shape()

    def set_shape(self, shape: Any) -> None:
        """Add to what is known of the shape."""
        self._ref().set_shape(shape)
        self.value().set_shape(shape)

    def value(self) -> Tensor:
        """The snapshot, "<name>/read"."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """The value, read in the current control dependencies."""
        return array_shape.identity(self._variable, name="read")

    def is_initialized(self, name: str | None = None) -> Tensor:
        """A boolean tensor: True once the variable holds a value."""
        return state.is_variable_initialized(self._variable, name=name)

    def eval(self, session: Any = None) -> Any:
        """The value in `session` or the default session."""
        return self._variable.eval(session=session)

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None,
               read_value: bool = True) -> Any:
        """Give the variable a new value; gives the reference, or the operation if not
        `read_value`.
        """
        return _result(assign.assign(self._variable, value, use_locking=use_locking, name=name),
                       read_value)

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Add to the variable."""
        return _result(state.assign_add(self._variable, delta, use_locking=use_locking, name=name),
                       read_value)

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Subtract from the variable."""
        return _result(state.assign_sub(self._variable, delta, use_locking=use_locking, name=name),
                       read_value)

    def count_up_to(self, limit: int) -> Tensor:
        """The value before it is increased by one, until it is `limit`."""
        return state.count_up_to(self._variable, limit=limit)

    def _scatter(self, block: Any, sparse_delta: Any, use_locking: bool,
                 name: str | None) -> Tensor:
        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return block(self._variable, sparse_delta.indices, sparse_delta.values,
                     use_locking=use_locking, name=name)

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Subtract IndexedSlices."""
        return self._scatter(state_scatter.scatter_sub, sparse_delta, use_locking, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Add IndexedSlices."""
        return self._scatter(state_scatter.scatter_add, sparse_delta, use_locking, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Raise rows to those of IndexedSlices."""
        return self._scatter(state_scatter.scatter_max, sparse_delta, use_locking, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Lower rows to those of IndexedSlices."""
        return self._scatter(state_scatter.scatter_min, sparse_delta, use_locking, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Multiply rows by IndexedSlices."""
        return self._scatter(state_scatter.scatter_mul, sparse_delta, use_locking, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False,
                    name: str | None = None) -> Tensor:
        """Divide rows by IndexedSlices."""
        return self._scatter(state_scatter.scatter_div, sparse_delta, use_locking, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False,
                       name: str | None = None) -> Tensor:
        """Replace rows by those of IndexedSlices."""
        return self._scatter(state_scatter.scatter_update, sparse_delta, use_locking, name)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False,
                             name: str | None = None) -> Tensor:
        """Replace, in each batch, rows by those of IndexedSlices."""
        return assign.batch_scatter_update(
            self, sparse_delta.indices, sparse_delta.values, use_locking=use_locking, name=name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Subtract from elements or slices."""
        return state_scatter.scatter_nd_sub(self._variable, indices, updates, use_locking=True,
                                            name=name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Add to elements or slices."""
        return state_scatter.scatter_nd_add(self._variable, indices, updates, use_locking=True,
                                            name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Replace elements or slices."""
        return state_scatter.scatter_nd_update(self._variable, indices, updates, use_locking=True,
                                               name=name)

    def _strided_slice_assign(self, begin: Any, end: Any, strides: Any, value: Any,
                              name: str | None, **masks: int) -> Tensor:
        return state_slices.strided_slice_assign(self._ref(), begin, end, strides, value, name=name,
                                                 **masks)


def _result(assigned: Tensor, read_value: bool) -> Any:
    return assigned if read_value else assigned.op


def _to_tensor(value: RefVariable, dtype: Any = None, name: str | None = None,
               as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(f"Incompatible type conversion requested to type '{dtype.name}' for "
                         f"variable of type '{value.dtype.name}'")
    return value._ref() if as_ref else value.value()


convert.register_tensor_conversion_function(RefVariable, _to_tensor)

"""`Optimizer`: computes gradients of a loss and applies them to variables, with slots for what an
update remembers.

Holds the base class of all optimizers, and `KernelOptimizer`, whose updates are one op each.
"""
from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.autodiff.gradients import gradients
from rekindle._src.graph import convert, dtypes, scopes, sparse
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.graph.trackable import Trackable, TrackableReference
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import array_shape, control, math_cast, state_resource
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.training import Update
from rekindle._src.state import assign, variables
from rekindle._src.state.resource_variable import ResourceVariable, is_resource_variable
from rekindle._src.state.variable import Variable
from rekindle._src.train import slots

_VALID_DTYPES = frozenset([dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64])


def summed_by_index(values: Any, indices: Any) -> tuple[Tensor, Tensor]:
    """Rows with the same index added up: (rows, indices), each index once."""
    unique, position = array_ops.unique(indices)
    summed = math_ops.unsorted_segment_sum(values, position, array_shape.shape(unique)[0])
    return summed, unique


def _key(variable: Any) -> tuple[Any, str]:
    return variable.op.graph, variable.op.name


def _called(value: Any) -> Any:
    return value() if callable(value) else value


def _target(variable: Any) -> Any:
    """What to differentiate with respect to."""
    if variable.op.type == "VarHandleOp" or isinstance(variable, Tensor):
        return variable
    if isinstance(variable, Variable):
        return variable._ref()
    raise NotImplementedError("Trying to optimize unsupported type ", variable)


@public("train.Optimizer")
class Optimizer(Trackable):
    """What all optimizers share; own ones override `_apply_dense` and its kin.

    Args:
      use_locking: kept in the update nodes.
      name: the name scope of the updates and the slots.

    Raises:
      ValueError: there is no name.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Any]] = {}
        self._non_slot_dict: dict[Any, Any] = {}
        #: slot name -> variable's key -> positions of checkpoints that wait for the slot
        self._deferred_slots: dict[str, dict[Any, list[Any]]] = {}

    def get_name(self) -> str:
        """The name given to the constructor."""
        return self._name

    def minimize(self, loss: Any, global_step: Any = None, var_list: Any = None,
                 gate_gradients: int = GATE_OP, aggregation_method: int | None = None,
                 colocate_gradients_with_ops: bool = False, name: str | None = None,
                 grad_loss: Any = None) -> Operation:
        """An operation that takes one step down the gradient of `loss`.

        Args:
          loss: the tensor to make smaller.
          global_step: a variable that is increased by one after the updates.
          var_list: the variables to change; default: the trainable ones.
          gate_gradients: GATE_NONE, GATE_OP or GATE_GRAPH: what must be computed before gradients
            are used.
          aggregation_method: how gradients are added up, of `tf.AggregationMethod`.
          colocate_gradients_with_ops: put gradients on the devices of the operations that they
            belong to.
          name: the name of the operation; default: the optimizer's.
          grad_loss: the gradient of `loss`, default ones.

        Raises:
          ValueError: no variable has a gradient.
        """
        pairs = self.compute_gradients(
            loss, var_list=var_list, gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops, grad_loss=grad_loss)
        if all(g is None for g, _ in pairs):
            raise ValueError("No gradients provided for any variable, check your graph for ops "
                             "that do not support gradients, between variables "
                             f"{[str(v) for _, v in pairs]} and loss {loss}.")
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(self, loss: Any, var_list: Any = None, gate_gradients: int = GATE_OP,
                          aggregation_method: int | None = None,
                          colocate_gradients_with_ops: bool = False,
                          grad_loss: Any = None) -> list[tuple[Any, Any]]:
        """The gradient of `loss` by each variable: [(gradient or None, variable), ...]; arguments
        as for `minimize`.

        Raises:
          ValueError: there are no variables, or a type has no gradient.
          RuntimeError: `loss` is a function, which only eager execution could differentiate.
        """
        if callable(loss):
            raise RuntimeError("A `loss` that is a function needs eager execution; pass the tensor "
                               "instead.")
        if gate_gradients not in (Optimizer.GATE_NONE, Optimizer.GATE_OP, Optimizer.GATE_GRAPH):
            raise ValueError("gate_gradients must be one of: Optimizer.GATE_NONE, "
                             f"Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not {gate_gradients}")
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        if var_list is None:
            var_list = variables.trainable_variables() + get_collection(
                GraphKeys.TRAINABLE_RESOURCE_VARIABLES)
        else:
            var_list = nest.flatten(var_list)
        var_list = var_list + get_collection(GraphKeys._STREAMING_MODEL_PORTS)
        targets = [_target(v) for v in var_list]
        if not var_list:
            raise ValueError("No variables to optimize.")
        grads = gradients(
            loss, targets, grad_ys=grad_loss, gate_gradients=gate_gradients == Optimizer.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops)
        if gate_gradients == Optimizer.GATE_GRAPH:
            grads = control.tuple(grads)
        pairs = list(zip(grads, var_list, strict=True))
        self._assert_valid_dtypes([v for g, v in pairs if g is not None
                                   and v.dtype != dtypes.resource])
        return pairs

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None,
                        name: str | None = None) -> Operation:
        """An operation that applies gradients to variables.

        Args:
          grads_and_vars: [(gradient or None, variable), ...].
          global_step: a variable that is increased by one after the updates.
          name: the name of the operation; default: the optimizer's.

        Raises:
          TypeError: a gradient is no tensor.
          ValueError: there is no variable, or none has a gradient.
        """
        pairs = [(_gradient(g), v) for g, v in grads_and_vars]
        if not pairs:
            raise ValueError("No variables provided.")
        for _, v in pairs:
            _target(v)
        used = [v for g, v in pairs if g is not None]
        if not used:
            raise ValueError("No gradients provided for any variable: "
                             f"{[str(v) for _, v in pairs]}.")
        with scopes.init_scope():
            self._create_slots(used)
        updates = []
        with scopes.name_scope(name, self._name) as scope:
            self._prepare()
            for grad, variable in pairs:
                if grad is None:
                    continue
                with scopes.name_scope("update_" + variable.op.name), scopes.colocate_with(
                    variable):
                    updates.append(self._update(grad, variable))
            applied = self._finished(updates, global_step, scope)
            operation = applied.op if isinstance(applied, Tensor) else applied
            train_ops = scopes.get_default_graph().get_collection_ref(GraphKeys.TRAIN_OP)
            if operation not in train_ops:
                train_ops.append(operation)
            return operation

    def _finished(self, updates: list[Any], global_step: Any, scope: str) -> Any:
        """The operation that stands for the whole step."""
        if global_step is None:
            return self._finish(updates, scope)
        with scopes.control_dependencies([self._finish(updates,
                                                       "update")]), scopes.colocate_with(
                                                           global_step):
            if isinstance(global_step, ResourceVariable):
                one = convert.convert_to_tensor(1, dtype=global_step.dtype)
                return state_resource.assign_add_variable_op(global_step.handle, one, name=scope)
            return assign.assign_add(global_step, 1, name=scope)

    def _update(self, grad: Any, variable: Any) -> Any:
        """The update of one variable, followed by its constraint."""
        if isinstance(variable, Tensor):
            raise NotImplementedError("Trying to update a Tensor ", variable)
        is_handle = variable.op.type == "VarHandleOp"
        if isinstance(grad, IndexedSlices):
            if variable.constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            if is_handle:
                return self._resource_apply_sparse_duplicate_indices(grad.values, variable,
                                                                     grad.indices)
            return self._apply_sparse_duplicate_indices(grad, variable)
        apply = self._resource_apply_dense if is_handle else self._apply_dense
        operation = apply(grad, variable)
        if variable.constraint is None:
            return operation
        with scopes.control_dependencies([operation]):
            return variable.assign(variable.constraint(variable))

    # Slots.

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot `name` of a variable, None if there is none."""
        return self._slots.get(name, {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """The names of the slots, sorted."""
        return sorted(self._slots)

    def variables(self) -> list[Any]:
        """The variables of the optimizer itself in the default graph, by name."""
        graph = scopes.get_default_graph()
        own = [*self._non_slot_variables(), *(v for held in self._slots.values() for v
                                              in held.values())]
        return sorted((v for v in own if v.op.graph is graph), key=lambda v: v.name)

    def _slot_dict(self, slot_name: str) -> dict[Any, Any]:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Any:
        held = self._slot_dict(slot_name)
        if _key(var) not in held:
            held[_key(var)] = slots.create_slot(var, val, op_name)
            self._restore_slot(slot_name, var, held[_key(var)])
        return held[_key(var)]

    def _get_or_make_slot_with_initializer(self, var: Any, initializer: Any, shape: Any, dtype: Any,
                                           slot_name: str, op_name: str) -> Any:
        held = self._slot_dict(slot_name)
        if _key(var) not in held:
            held[_key(var)] = slots.create_slot_with_initializer(var, initializer, shape, dtype,
                                                                 op_name)
            self._restore_slot(slot_name, var, held[_key(var)])
        return held[_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        held = self._slot_dict(slot_name)
        if _key(var) not in held:
            held[_key(var)] = slots.create_zeros_slot(var, op_name)
            self._restore_slot(slot_name, var, held[_key(var)])
        return held[_key(var)]

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Any:
        key = (name, colocate_with.graph)
        if key not in self._non_slot_dict:
            with scopes.colocate_with(colocate_with):
                self._non_slot_dict[key] = Variable(
                    initial_value, name=name, trainable=False,
                    use_resource=is_resource_variable(colocate_with))
            self._handle_deferred_dependencies(name, self._non_slot_dict[key])
        return self._non_slot_dict[key]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slot_dict.get((name, graph))

    def _non_slot_variables(self) -> Any:
        return self._non_slot_dict.values()

    # For checkpoints of objects.

    @property
    def _checkpoint_dependencies(self) -> list[TrackableReference]:
        graph = scopes.get_default_graph()
        own = sorted((name, v) for (name, of), v in self._non_slot_dict.items() if of is graph)
        return super()._checkpoint_dependencies + [TrackableReference(*one) for one in own]

    def _lookup_dependency(self, name: str) -> Any:
        found = super()._lookup_dependency(name)
        return self._get_non_slot_variable(name, scopes.get_default_graph()) if found is None else found

    def _slot_of(self, var: Any, name: str) -> Any:
        """The slot of a variable; None for what is none, or has none."""
        return self.get_slot(var, name) if isinstance(var, Variable) else None

    def _restore_slot(self, slot_name: str, variable: Any, slot: Any) -> None:
        """Restore a new slot from the checkpoints that wait for it, the last one first."""
        waiting = self._deferred_slots.get(slot_name, {}).pop(_key(variable), ())
        for position in sorted(waiting, key=lambda one: -one.restore_uid):
            position.restore(slot)

    def _create_or_restore_slot_variable(
        self, slot_variable_position: Any, slot_name: str, variable: Any
    ) -> None:
        """Restore a slot now, or once it is made."""
        slot = self._slot_of(variable, slot_name)
        if slot is not None:
            slot_variable_position.restore(slot)
            return
        held = self._deferred_slots.setdefault(slot_name, {})
        held.setdefault(_key(variable), []).append(slot_variable_position)

    # What an optimizer says of itself.

    def _assert_valid_dtypes(self, tensors: Any) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                raise ValueError(f"Invalid type {dtype!r} for {tensor.name}, expected: "
                                 f"{list(valid)}.")

    def _valid_dtypes(self) -> Any:
        """The types of losses and variables that it takes."""
        return set(_VALID_DTYPES)

    def _create_slots(self, var_list: Any) -> None:
        """Make the slots that the updates need."""

    def _prepare(self) -> None:
        """Make the tensors that the updates share."""

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        """The update of a ref variable."""
        raise NotImplementedError()

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        """The update of a resource variable."""
        raise NotImplementedError()

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        """The update of some rows of a ref variable, each index once."""
        raise NotImplementedError()

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        """The update of some rows of a resource variable, each index once."""
        raise NotImplementedError()

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        """The update of some rows of a ref variable, where an index may occur several times."""
        values, indices = summed_by_index(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_sparse_duplicate_indices(self, grad: Any, handle: Any, indices: Any) -> Any:
        """The update of some rows of a resource variable, where an index may occur several
        times.
        """
        values, unique = summed_by_index(grad, indices)
        return self._resource_apply_sparse(values, handle, unique)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        """An operation that stands for all updates."""
        return control.group(*update_ops, name=name_scope)

    def _call_if_callable(self, param: Any) -> Any:
        return _called(param)


def _gradient(grad: Any) -> Any:
    if grad is None:
        return None
    try:
        grad = sparse.convert_to_tensor_or_indexed_slices(grad)
    except TypeError:
        raise TypeError("Gradient must be convertible to a Tensor or IndexedSlices, or None: "
                        f"{grad}") from None
    if not isinstance(grad, (Tensor, IndexedSlices)):
        raise TypeError(f"Gradient must be a Tensor, IndexedSlices, or None: {grad}")
    return grad


class KernelOptimizer(Optimizer):
    """An optimizer whose update is one op; it says which op, which slots, and which rates.

    `_rates` gives the scalar inputs of the op by name; `_slot_of_input` names the slots behind its
    other variables.
    """

    _slot_of_input: dict[str, str] = {}

    def _blocks(self) -> Update:
        """The blocks of the update."""
        raise NotImplementedError

    def _rates(self) -> dict[str, Any]:
        """The scalar inputs of the op by name, in the order of the op's signature."""
        raise NotImplementedError

    def _attrs(self) -> dict[str, Any]:
        """Attrs of the op besides `use_locking`."""
        return {}

    def _inputs(self, var: Any, dtype: Any, handles: bool) -> dict[str, Any]:
        held = {"var": var, **{key: self.get_slot(var, slot) for key,
                               slot in self._slot_of_input.items()}}
        if handles:
            held = {key: variable.handle for key, variable in held.items()}
        rates = {key: math_cast.cast(rate, dtype) for key, rate in self._rates().items()}
        return {**held, **rates, **self._attrs(), "use_locking": self._use_locking}

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        block = self._blocks().apply
        inputs = self._inputs(var, var.dtype.base_dtype, False)
        return block(**inputs, **{_gradient_input(block): grad}).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        block = self._blocks().resource_apply
        inputs = self._inputs(handle, grad.dtype.base_dtype, True)
        return block(**inputs, **{_gradient_input(block): grad})

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        inputs = self._inputs(var, var.dtype.base_dtype, False)
        return self._blocks().sparse_apply(**inputs, grad=grad.values, indices=grad.indices).op

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        inputs = self._inputs(handle, grad.dtype, True)
        return self._blocks().resource_sparse_apply(**inputs, grad=grad, indices=indices)


def _gradient_input(block: Any) -> str:
    return "grad" if any(arg.name == "grad" for arg in block.signature.inputs) else "delta"

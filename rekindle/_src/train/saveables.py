"""What a Saver can save: variables, parts of variables, and objects that say how.

Holds `SaveSpec` and `SaveableObject` (the protocol of other savable things, such as lookup
tables), their kinds for variables, and `validate_and_slice_inputs`, which makes a list of them.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rekindle._src.graph import convert, devices, scopes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.graph.trackable import VARIABLE_VALUE_KEY, Trackable
from rekindle._src.ops import array_shape, state_resource
from rekindle._src.ops.array import reshape
from rekindle._src.state import assign
from rekindle._src.state.partitioned import PartitionedVariable
from rekindle._src.state.ref_variable import RefVariable
from rekindle._src.state.resource_variable import HandleVariable
from rekindle._src.state.variable import Variable

_REF_OPS = frozenset(("Variable", "VariableV2", "AutoReloadVariable"))
_VARIABLE_OPS = _REF_OPS | {"VarHandleOp", "ReadVariableOp"}


class SaveSpec:
    """One tensor to save.

    Args:
      tensor: the tensor, or a function that makes it.
      slice_spec: which part of a larger tensor it is ("10 20 0,5:-"), or "".
      name: its name in the checkpoint.
      dtype: its type; needed if `tensor` is a function.
      device: its device; needed if `tensor` is a function.

    Raises:
      AssertionError: `tensor` is a function and dtype or device is missing.
    """

    def __init__(
        self, tensor: Any, slice_spec: str, name: str, dtype: Any = None, device: Any = None
    ) -> None:
        if callable(tensor) and (dtype is None or device is None):
            raise AssertionError(
                "When passing a callable `tensor` to a SaveSpec, an explicit dtype and device must "
                "be provided."
            )
        self._tensor = tensor
        self.slice_spec = slice_spec
        self.name = name
        self.dtype = dtype if callable(tensor) else tensor.dtype
        self.device = device if callable(tensor) else tensor.device

    @property
    def tensor(self) -> Tensor:
        """The tensor; a function makes a new one each time."""
        return self._tensor() if callable(self._tensor) else self._tensor


class SaveableObject:
    """Something that is saved as one or more tensors and restored from them.

    Args:
      op: what is saved; it can be in a Saver only once.
      specs: its tensors, all on one device.
      name: its name.
    """

    #: in a checkpoint of objects: the name that a Saver would give it
    full_name = ""

    def __init__(self, op: Any, specs: list[SaveSpec], name: str) -> None:
        self.op = op
        self.specs = specs
        self.name = name

    @property
    def optional_restore(self) -> bool:
        """True if a checkpoint without it is complete."""
        return False

    @property
    def device(self) -> str:
        """The device of its tensors."""
        return self.specs[0].device

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """Add the operation that restores it.

        Args:
          restored_tensors: the values, in the order of the specs.
          restored_shapes: the shapes to give them; None: as they are.

        Raises:
          ValueError: the values do not fit.
        """
        raise ValueError("Calling an abstract method.")


class ReferenceVariableSaveable(SaveableObject):
    """A ref variable, or a part of one."""

    def __init__(self, var: Any, slice_spec: str, name: str) -> None:
        super().__init__(var, [SaveSpec(var, slice_spec, name, dtype=var.dtype)], name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """Assign the value to the variable."""
        value = _reshaped(restored_tensors[0], restored_shapes)
        known = self.op.get_shape().is_fully_defined()
        return assign.assign(
            self.op, value, validate_shape=restored_shapes is None and known
        )


class ResourceVariableSaveable(SaveableObject):
    """A resource variable (itself or the tensor that reads it), or a part of one.

    Raises:
      ValueError: `var` is something else.
    """

    def __init__(self, var: Any, slice_spec: str, name: str) -> None:
        self._var_device = var.device
        self._var_shape = var.shape
        if isinstance(var, Tensor):
            self.handle_op = var.op.inputs[0]
            tensor: Any = var
        elif isinstance(var, HandleVariable):
            self.handle_op = var.handle

            def tensor() -> Tensor:
                with scopes.device(var.device):
                    value = var.read_value()
                    with scopes.device("/device:CPU:0"):
                        return array_shape.identity(value)

        else:
            message = "Saveable is neither a resource variable nor a read operation. Got: "
            raise ValueError(message + repr(var))
        spec = SaveSpec(tensor, slice_spec, name, dtype=var.dtype, device=var.device)
        super().__init__(var, [spec], name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """Assign the value to the variable, on the variable's device."""
        value = _reshaped(restored_tensors[0], restored_shapes)
        with scopes.device(self._var_device):
            value = array_shape.identity(value)
            TensorShape(self._var_shape).assert_is_compatible_with(value.shape)
            return state_resource.assign_variable_op(self.handle_op, value)


def _reshaped(value: Tensor, shapes: list[Any] | None) -> Tensor:
    return value if shapes is None else reshape(value, shapes[0])


def set_cpu0(device: str) -> str:
    """A device's name with CPU:0 in place of its own device."""
    return devices.DeviceSpec.from_string(device).replace(
        device_type="CPU", device_index=0
    ).to_string()  # fmt: skip


def all_saveable_objects(scope: str | None = None) -> list[Any]:
    """The global variables of the default graph and what else asks to be saved."""
    variables = get_collection(GraphKeys.GLOBAL_VARIABLES, scope)
    return variables + get_collection(GraphKeys.SAVEABLE_OBJECTS, scope)


def validate_and_slice_inputs(names_to_saveables: Any) -> list[SaveableObject]:
    """The objects to save, sorted by name.

    Args:
      names_to_saveables: a dict of names to variables or SaveableObjects, or a list of these.

    Raises:
      TypeError: one is nothing that can be saved, or a name is no string.
      ValueError: one comes twice, or two have one name.
    """
    if not isinstance(names_to_saveables, dict):
        names_to_saveables = op_list_to_dict(names_to_saveables)
    found: list[SaveableObject] = []
    seen: set[int] = set()
    for name, item in sorted(names_to_saveables.items(), key=lambda pair: pair[0]):
        for saveable in saveable_objects_for_op(item, name):
            if id(saveable.op) in seen:
                message = "The same saveable will be restored with two names: "
                raise ValueError(message + saveable.name)
            seen.add(id(saveable.op))
            found.append(saveable)
    return found


def op_list_to_dict(items: Any, convert_variable_to_tensor: bool = True) -> dict[str, Any]:
    """Variables and SaveableObjects by the name to save them under; parts of one variable together.

    Raises:
      TypeError: it is no list, or one is no variable.
      ValueError: two have one name.
    """
    if not isinstance(items, list | tuple | set):
        raise TypeError(f"Variables to save should be passed in a dict or a list: {items}")
    found: dict[str, Any] = {}
    for item in sorted(items, key=lambda one: one.name):
        if isinstance(item, SaveableObject):
            found[item.name] = item
        elif isinstance(item, PartitionedVariable):
            _put(found, item.name, item)
        elif isinstance(item, Variable) and item._save_slice_info is not None:
            name = item._save_slice_info.full_name
            if not isinstance(found.setdefault(name, []), list):
                raise ValueError(f"Mixing slices and non-slices with the same name: {name}")
            found[name].append(item)
        elif isinstance(item, Trackable) and not isinstance(item, Variable):
            made = [_made(one) for one in item._gather_saveables_for_checkpoint().values()]
            found.update(op_list_to_dict(made))
        else:
            tensor = _variable_tensor(item)
            if not _comes_from_variable(tensor):
                raise TypeError(f"Variable to save is not a Variable: {tensor}")
            is_read = tensor.op.type == "ReadVariableOp"
            name = (tensor.op.inputs[0] if is_read else tensor).op.name
            _put(found, name, tensor if convert_variable_to_tensor else item)
    return found


def _made(factory: Any, *name: str) -> Any:
    return factory(*name) if callable(factory) else factory


def _put(found: dict[str, Any], name: str, item: Any) -> None:
    if name in found:
        raise ValueError(f"At least two variables have the same name: {name}")
    found[name] = item


def _variable_tensor(item: Any) -> Any:
    if isinstance(item, HandleVariable):
        return item._graph_element
    return convert.internal_convert(item, as_ref=True)


def _comes_from_variable(tensor: Any) -> bool:
    return isinstance(tensor, Tensor) and tensor.op.type in _VARIABLE_OPS


def saveable_objects_for_op(item: Any, name: Any) -> Iterator[SaveableObject]:
    """Yield what saves and restores `item`: one object, or one for each part of a variable.

    Raises:
      TypeError: the name is no string, or `item` cannot be saved.
    """
    if not isinstance(name, str):
        raise TypeError(
            "names_to_saveables must be a dict mapping string names to trackable operations. Name "
            f"is not a string: {name}"
        )
    if isinstance(item, SaveableObject):
        yield item
    elif isinstance(item, list | tuple | PartitionedVariable):
        yield from _parts(list(item), name)
    elif isinstance(item, Trackable) and not isinstance(item, Variable):
        for key, factory in item._gather_saveables_for_checkpoint().items():
            made = _made(factory, name if key == VARIABLE_VALUE_KEY else f"{name}_{key}")
            yield from saveable_objects_for_op(made, made.name)
    else:
        tensor = _variable_tensor(item)
        if not _comes_from_variable(tensor):
            raise TypeError(
                "names_to_saveables must be a dict mapping string names to Tensors/Variables. Not "
                f"a variable: {tensor}"
            )
        is_ref = tensor.op.type in _REF_OPS
        kind = ReferenceVariableSaveable if is_ref else ResourceVariableSaveable
        yield kind(tensor, "", name)


def _parts(variables: list[Any], name: str) -> Iterator[SaveableObject]:
    """The parts of one variable, each to be saved as a slice."""
    whole = None
    for variable in variables:
        if not isinstance(variable, Variable):
            raise ValueError(f"Slices must all be Variables: {variable}")
        place = variable._save_slice_info
        if place is None:
            raise ValueError(f"Slices must all be slices: {variable}")
        if whole not in (None, place.full_name):
            message = "Slices must all be from the same tensor: "
            raise ValueError(f"{message}{whole} != {place.full_name}")
        whole = place.full_name
        is_ref = isinstance(variable, RefVariable)
        kind = ReferenceVariableSaveable if is_ref else ResourceVariableSaveable
        yield kind(variable, place.spec, name)

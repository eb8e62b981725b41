"""`Variable`: a tensor that keeps its value between runs of a session.

Holds the class that users name, what both kinds of variables share, and the call that makes one:
through the creator scopes, then by the default creator. The kinds are in ref_variable.py and
resource_variable.py; tf.assign and its kin in assign.py.
"""
from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import Callable
from typing import Any

from rekindle._src.graph import meta_graph, proto, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Reference, Tensor
from rekindle._src.graph.trackable import VARIABLE_VALUE_KEY, Trackable
from rekindle._src.names import public
from rekindle._src.ops import cond, overloads, slicing


@public("VariableSynchronization")
class VariableSynchronization(enum.Enum):
    """When the copies of a distributed variable are made equal."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


@public("VariableAggregation")
class VariableAggregation(enum.Enum):
    """How the updates of the copies of a distributed variable are put together."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3  # noqa: PIE796 - the older name

    def __hash__(self) -> int:
        return hash(self.value)


def checked_kinds(synchronization: Any, aggregation: Any, trainable: bool | None,
                  name: str | None) -> tuple[VariableSynchronization, VariableAggregation, bool]:
    """Synchronization, aggregation and trainable with their defaults.

    Raises:
      ValueError: one is not of its enumeration.
    """
    if aggregation is None:
        aggregation = VariableAggregation.NONE
    if not isinstance(aggregation, VariableAggregation):
        try:
            aggregation = VariableAggregation(aggregation)
        except ValueError:
            raise ValueError(f"Invalid variable aggregation mode: {aggregation} for variable: "
                             f"{name}") from None
    if synchronization is None:
        synchronization = VariableSynchronization.AUTO
    try:
        synchronization = VariableSynchronization(synchronization)
    except ValueError:
        raise ValueError(f"Invalid variable synchronization mode: {synchronization} for variable: "
                         f"{name}") from None
    if trainable is None:
        trainable = synchronization is not VariableSynchronization.ON_READ
    return synchronization, aggregation, trainable


def checked_collections(collections: Any, trainable: bool) -> list[Any]:
    """The collections of a new variable.

    Raises:
      ValueError: they are no list, tuple or set.
    """
    if collections is None:
        collections = [GraphKeys.GLOBAL_VARIABLES]
    if not isinstance(collections, (list, tuple, set)):
        raise ValueError("collections argument to Variable constructor must be a list, tuple, or "
                         f"set. Got {collections} of type {type(collections)}")
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
        return [*collections, GraphKeys.TRAINABLE_VARIABLES]
    return list(collections)


_CREATORS = ("__variable_creators",)
_default_creator: list[Callable[..., Any]] = []


def set_default_creators(create: Callable[..., Any], create_v2: Callable[..., Any]) -> None:
    """Say what makes a variable, of the older and the newer class, where no creator scope does."""
    _default_creator[:] = [create, create_v2]


def creators() -> list[Callable[..., Any]]:
    """The functions of the creator scopes around the caller, outermost first."""
    return scopes.get_default_graph().get_collection_ref(_CREATORS)


class SaveSliceInfo:
    """Which part of a larger variable this one is, so that both are saved under one name.

    Args:
      full_name: the name of the whole.
      full_shape: its shape, a list of int.
      var_offset: where this part begins, per dimension.
      var_shape: the shape of this part.
      save_slice_info_def: a SaveSliceInfoDef to read all that from instead.
      import_scope: a scope to put before the name of that.
    """

    def __init__(self, full_name: str | None = None, full_shape: Any = None, var_offset: Any = None,
                 var_shape: Any = None, save_slice_info_def: Any = None,
                 import_scope: str | None = None) -> None:
        if save_slice_info_def is None:
            self.full_name, self.full_shape = full_name, full_shape
            self.var_offset, self.var_shape = var_offset, var_shape
            return
        self.full_name = meta_graph.prepend_name_scope(save_slice_info_def.full_name, import_scope)
        self.full_shape = list(save_slice_info_def.full_shape)
        self.var_offset = list(save_slice_info_def.var_offset)
        self.var_shape = list(save_slice_info_def.var_shape)

    @property
    def spec(self) -> str:
        """The part in the words of SaveSlices: "10 20 0,10:0,20"."""
        whole = " ".join(f"{d}" for d in self.full_shape) + " "
        return whole + ":".join(f"{o},{s}" for o,
                                s in zip(self.var_offset, self.var_shape, strict=True))

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The SaveSliceInfoDef, None if the variable is not below `export_scope`."""
        if export_scope is not None and not self.full_name.startswith(export_scope):
            return None
        return proto.SaveSliceInfoDef(
            full_name=meta_graph.strip_name_scope(self.full_name, export_scope),
            full_shape=list(self.full_shape), var_offset=list(self.var_offset),
            var_shape=list(self.var_shape))


class VariableMetaclass(type):
    """Makes `tf.Variable(...)` go through the creator scopes, and `isinstance(v, tf.Variable)` true
    for either kind.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is not Variable and cls is not VariableV2:
            return super().__call__(*args, **kwargs)
        bound = _SIGNATURES[cls].bind(None, *args, **kwargs)
        bound.apply_defaults()
        settings = dict(bound.arguments)
        del settings["self"]
        if settings["aggregation"] is None:
            settings["aggregation"] = VariableAggregation.NONE
        create = _previous(_default_creator[cls is VariableV2], None)
        for creator in creators():
            create = _previous(creator, create)
        return create(**settings)


def _previous(creator: Callable[..., Any], before: Any) -> Callable[..., Any]:
    return lambda **settings: creator(before, **settings)


class VariableV2(Trackable, metaclass=VariableMetaclass):
    """What inner modules of TensorFlow name `Variable`: the base of the older class, which makes
    resource variables only. The arguments are those of `Variable`.
    """

    SaveSliceInfo = SaveSliceInfo
    __array_priority__ = 100
    _is_dense_tensor_like = True  # lists that hold one are packed
    _save_slice_info: SaveSliceInfo | None = None
    _distribute_strategy = None

    def __init__(self, initial_value: Any = None, trainable: bool | None = None,
                 validate_shape: bool = True, caching_device: Any = None, name: str | None = None,
                 variable_def: Any = None, dtype: Any = None, import_scope: str | None = None,
                 constraint: Any = None,
                 synchronization: Any = VariableSynchronization.AUTO,
                 aggregation: Any = VariableAggregation.NONE, shape: Any = None) -> None:
        raise NotImplementedError

    def _gather_saveables_for_checkpoint(self) -> dict[str, Any]:
        return {VARIABLE_VALUE_KEY: self}

    # Each kind has these, and `assign`, `assign_add`, `assign_sub`, `scatter_*`, `count_up_to`,
    # `to_proto`.

    def value(self) -> Tensor:
        """The value, as the last snapshot has it."""
        raise NotImplementedError

    def read_value(self) -> Tensor:
        """The value, read anew in the current control dependencies."""
        raise NotImplementedError

    def is_initialized(self, name: str | None = None) -> Tensor:
        """A boolean tensor: True once the variable holds a value."""
        raise NotImplementedError

    @property
    def initializer(self) -> Any:
        """The operation that gives it its initial value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Any:
        """The tensor of the initial value."""
        return self._initial_value

    @property
    def trainable(self) -> bool:
        """True if optimizers are to change it."""
        return self._trainable

    @property
    def synchronization(self) -> VariableSynchronization:
        """When its copies are made equal."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How the updates of its copies are put together."""
        return self._aggregation

    @property
    def constraint(self) -> Any:
        """The function that optimizers apply after an update, or None."""
        return self._constraint

    @property
    def _shared_name(self) -> str:
        return self.name[:self.name.index(":")]

    def get_shape(self) -> TensorShape:
        """The shape."""
        return self.shape

    def _get_save_slice_info(self) -> SaveSliceInfo | None:
        return self._save_slice_info

    def _set_save_slice_info(self, save_slice_info: SaveSliceInfo) -> None:
        self._save_slice_info = save_slice_info

    def initialized_value(self) -> Tensor:
        """The value if the variable is initialised, else its initial value."""
        with scopes.init_scope():
            return cond.cond(self.is_initialized(), self.read_value, lambda: self.initial_value)

    def load(self, value: Any, session: Any = None) -> None:
        """Set the value in `session` or the default session, without adding to the graph.

        Raises:
          ValueError: there is no session.
        """
        session = session or scopes.get_default_session()
        if session is None:
            raise ValueError("Either session argument should be provided or default session should "
                             "be established")
        session.run(self.initializer, {self.initializer.inputs[1]: value})

    def experimental_ref(self) -> Reference:
        """A hashable stand-in that compares by identity."""
        return Reference(self)

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Variable:
        """The variable that a VariableDef describes; its nodes are in the default graph."""
        return _default_creator[0](None, variable_def=variable_def, import_scope=import_scope,
                                   use_resource=variable_def.is_resource)

    def _name_in(self, name: str, export_scope: str | None) -> str:
        return meta_graph.strip_name_scope(name, export_scope)

    def _fill_proto(self, variable_def: Any, export_scope: str | None) -> None:
        """Write into a VariableDef what both kinds of variables have."""
        if self._initial_value is not None:
            variable_def.initial_value_name = self._name_in(self._initial_value.name, export_scope)
        variable_def.initializer_name = self._name_in(self.initializer.name, export_scope)
        variable_def.trainable = self.trainable
        variable_def.synchronization = self.synchronization.value
        variable_def.aggregation = self.aggregation.value
        if self._save_slice_info is not None:
            variable_def.save_slice_info_def.MergeFrom(self._save_slice_info.to_proto(export_scope))

    def _take_proto(self, variable_def: Any, import_scope: str | None) -> Callable[[str], Any]:
        """Read from a VariableDef what both kinds have; gives the look-up of its names in the
        graph.
        """
        graph = scopes.get_default_graph()

        def find(name: str) -> Any:
            return graph.as_graph_element(meta_graph.prepend_name_scope(name, import_scope))

        self._initializer_op = find(variable_def.initializer_name)
        self._initial_value = find(
            variable_def.initial_value_name) if variable_def.initial_value_name else None
        self._synchronization, self._aggregation, self._trainable = checked_kinds(
            variable_def.synchronization, variable_def.aggregation, variable_def.trainable,
            variable_def.variable_name)
        if variable_def.HasField("save_slice_info_def"):
            self._save_slice_info = SaveSliceInfo(
                save_slice_info_def=variable_def.save_slice_info_def, import_scope=import_scope)
        self._constraint = None
        return find

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.get_shape()} dtype={self.dtype.name}>"

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    def __iter__(self) -> Any:
        # With __getitem__ alone, Python would ask for items without end.
        raise TypeError("'Variable' object is not iterable.")

    def __getitem__(self, slice_spec: Any) -> Tensor:
        return slicing.getitem_of_variable(self, slice_spec)


@public("Variable")
class Variable(VariableV2):
    """A tensor that keeps its value between runs of a session; it is to be initialised before its
    first use.

    Args:
      initial_value: a tensor, anything that converts to one, or a function without arguments that
        gives one.
      trainable: add it to the collection of variables that optimizers change (default: True).
      collections: graph collections to add it to (default: GLOBAL_VARIABLES).
      validate_shape: the shape of `initial_value` must be known, and stays.
      caching_device: where to keep a copy for readers.
      name: its name ("Variable" by default), made unique.
      variable_def: a VariableDef of a variable whose nodes are in the graph already; excludes
        `initial_value`.
      dtype: the element type; default: that of the initial value.
      expected_shape: not used.
      import_scope: a scope to put before the names in `variable_def`.
      constraint: a function from value to value which optimizers apply after each update.
      use_resource: keep it behind a resource handle rather than a reference.
      synchronization, aggregation: for distributed variables.
      shape: its shape, where that is less precise than that of the initial value.

    Raises:
      ValueError: no initial value, or one of unknown shape although `validate_shape`.
    """

    def __init__(self, initial_value: Any = None, trainable: bool | None = None,
                 collections: Any = None, validate_shape: bool = True, caching_device: Any = None,
                 name: str | None = None, variable_def: Any = None, dtype: Any = None,
                 expected_shape: Any = None, import_scope: str | None = None,
                 constraint: Any = None, use_resource: bool | None = None,
                 synchronization: Any = VariableSynchronization.AUTO,
                 aggregation: Any = VariableAggregation.NONE, shape: Any = None) -> None:
        raise NotImplementedError


_SIGNATURES = {cls: inspect.signature(cls.__init__) for cls in (Variable, VariableV2)}


def _forwarded(operator: str) -> Callable[..., Any]:
    of_tensors = getattr(Tensor, operator)

    @functools.wraps(of_tensors)
    def forward(self: Variable, *args: Any) -> Any:
        return of_tensors(self.value(), *args)

    return forward


for _operator in overloads.operators():
    setattr(VariableV2, _operator, _forwarded(_operator))

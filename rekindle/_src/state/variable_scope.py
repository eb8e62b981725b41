"""Variable scopes: prefixes and defaults for tf.get_variable, and sharing of variables by name.

Holds `VariableScope` (the settings), `variable_scope` (the context), get_variable and its kin,
creator scopes. How a variable is found or made stands in variable_store.py.
"""
from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.names import public
from rekindle._src.state.ref_variable import RefVariable
from rekindle._src.state.resource_variable import ResourceVariable, resource_variables_enabled
from rekindle._src.state.variable import (
    VariableAggregation,
    VariableSynchronization,
    creators,
    set_default_creators,
)
from rekindle._src.state.variable_store import AUTO_REUSE, VariableStore

STORE_KEY = ("__variable_store",)
SCOPES_KEY = ("__varscope",)
_LOG = logging.getLogger("tensorflow")


@public("no_regularizer")
def no_regularizer(_: Any) -> None:
    """A regularizer that does nothing, against that of an outer scope."""


@public("VariableScope")
class VariableScope:
    """A prefix of variable names and the defaults of tf.get_variable.

    Args:
      reuse: True to share existing variables only, False or None to make new ones only, AUTO_REUSE
        for either.
      name: the prefix.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource,
        constraint: defaults.
      name_scope: the name scope in which it was first opened.
    """

    def __init__(self, reuse: Any, name: str = "", initializer: Any = None, regularizer: Any = None,
                 caching_device: Any = None, partitioner: Any = None, custom_getter: Any = None,
                 name_scope: str = "", dtype: Any = dtypes.float32, use_resource: Any = None,
                 constraint: Any = None) -> None:
        self._name = name
        self._initializer = initializer
        self._regularizer = regularizer
        self._reuse = reuse
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource
        self._constraint = constraint

    @property
    def name(self) -> str:
        """The prefix of variable names."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope in which it was first opened."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """Whether existing variables are shared."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def dtype(self) -> Any:
        """The default element type."""
        return self._dtype

    @property
    def use_resource(self) -> Any:
        """Whether new variables are resource variables."""
        return self._use_resource

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """The default caching device."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner."""
        return self._partitioner

    @property
    def custom_getter(self) -> Any:
        """The function through which requests for variables go."""
        return self._custom_getter

    @property
    def constraint(self) -> Any:
        """The default constraint."""
        return self._constraint

    def reuse_variables(self) -> None:
        """Share existing variables from now on."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Set the default element type."""
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool) -> None:
        """Say whether new variables are resource variables."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Set the default caching device."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Set the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Set the function through which requests for variables go."""
        self._custom_getter = custom_getter

    def get_collection(self, name: str) -> list[Any]:
        """What a collection holds of this scope."""
        return get_collection(name, self._name + "/" if self._name else "")

    def trainable_variables(self) -> list[Any]:
        """The trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The global variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(self, var_store: VariableStore, name: str, shape: Any = None,
                     dtype: Any = None, initializer: Any = None, regularizer: Any = None,
                     reuse: Any = None, trainable: Any = None, collections: Any = None,
                     caching_device: Any = None, partitioner: Any = None,
                     validate_shape: bool = True, use_resource: Any = None,
                     custom_getter: Any = None, constraint: Any = None,
                     synchronization: Any = VariableSynchronization.AUTO,
                     aggregation: Any = VariableAggregation.NONE) -> Any:
        """The variable `name` of this scope, with its defaults; see `tf.get_variable`."""
        full_name = self.name + "/" + name if self.name else name
        # Variable names depend on variable scopes only.
        with scopes.name_scope(None):
            if dtype is not None and initializer is not None and not callable(initializer):
                found = convert.convert_to_tensor(initializer).dtype.base_dtype
                if found != dtype:
                    raise ValueError(f"Initializer type '{found}' and explicit dtype '{dtype}' "
                                     "don't match.")
            return var_store.get_variable(
                full_name, shape=shape, dtype=_or(dtype, self._dtype),
                initializer=_or(initializer, self._initializer),
                regularizer=_or(regularizer, self._regularizer), reuse=_or(reuse, self._reuse),
                trainable=trainable, collections=collections,
                caching_device=_or(caching_device, self._caching_device),
                partitioner=_or(partitioner, self._partitioner), validate_shape=validate_shape,
                use_resource=_or(use_resource, self._use_resource),
                custom_getter=_or(custom_getter, self._custom_getter),
                constraint=_or(constraint, self._constraint), synchronization=synchronization,
                aggregation=aggregation)

    def _get_partitioned_variable(self, var_store: VariableStore, name: Any, shape: Any, dtype: Any,
                                  initializer: Any, trainable: Any, collections: Any,
                                  partitioner: Any) -> Any:
        if self._custom_getter is not None:
            raise ValueError(
                "Private access to _get_partitioned_variable is not allowed when a custom getter "
                f"is set.  Current custom getter: {self._custom_getter}.  It is likely that you're "
                "using create_partitioned_variables.  If so, consider instead using get_variable "
                "with a non-empty partitioner parameter instead.")
        full_name = "/".join(part for part in (self.name, name) if part)
        with scopes.name_scope(None):
            return var_store.get_partitioned(
                full_name, _or(partitioner, self._partitioner), shape=shape,
                dtype=_or(dtype, self._dtype), initializer=_or(initializer, self._initializer),
                reuse=self.reuse, regularizer=self._regularizer, trainable=trainable,
                collections=collections, caching_device=self._caching_device, validate_shape=True,
                use_resource=self._use_resource, constraint=self._constraint,
                synchronization=VariableSynchronization.AUTO, aggregation=VariableAggregation.NONE)


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


class _OpenScopes(threading.local):
    """The current scope of each thread, and how often each scope was opened under its parent."""

    def __init__(self) -> None:
        super().__init__()
        self.current_scope = VariableScope(False)
        self.variable_scopes_count: dict[str, int] = {}

    def open_variable_scope(self, name: str) -> None:
        self.variable_scopes_count[name] = self.variable_scopes_count.get(name, 0) + 1

    def close_variable_subscopes(self, name: str | None) -> None:
        for key in self.variable_scopes_count:
            if name is None or key.startswith(name + "/"):
                self.variable_scopes_count[key] = 0

    def variable_scope_count(self, name: str) -> int:
        return self.variable_scopes_count.get(name, 0)


def _of_graph(key: tuple[str], make: Callable[[], Any]) -> Any:
    held = scopes.get_default_graph().get_collection_ref(key)
    if not held:
        held.append(make())
    return held[0]


def get_variable_scope_store() -> _OpenScopes:
    """The open scopes of the default graph."""
    return _of_graph(SCOPES_KEY, _OpenScopes)


def default_variable_store() -> VariableStore:
    """The variables of the default graph by name."""
    return _of_graph(STORE_KEY, VariableStore)


def variable_keys() -> list[Any]:
    """The collections that hold variables, and the key of the store."""
    return [*GraphKeys._VARIABLE_COLLECTIONS, STORE_KEY]


@public("get_variable_scope")
def get_variable_scope() -> VariableScope:
    """The current variable scope."""
    return get_variable_scope_store().current_scope


@public("get_variable")
def get_variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
                 regularizer: Any = None, trainable: Any = None, collections: Any = None,
                 caching_device: Any = None, partitioner: Any = None, validate_shape: bool = True,
                 use_resource: Any = None, custom_getter: Any = None, constraint: Any = None,
                 synchronization: Any = VariableSynchronization.AUTO,
                 aggregation: Any = VariableAggregation.NONE) -> Any:
    """The variable `name` of the current scope: an existing one, or a new one, as the scope's
    `reuse` says.

    Args:
      name: its name below the scope's.
      shape: its shape.
      dtype: its element type; default: the scope's (float32).
      initializer: an initializer, a tensor, or None for the scope's (Glorot uniform for floats,
        zeros for the rest).
      regularizer: a function from variable to loss, added to REGULARIZATION_LOSSES when the
        variable is made.
      trainable: add it to TRAINABLE_VARIABLES.
      collections: other collections than GLOBAL_VARIABLES.
      caching_device, partitioner, use_resource, custom_getter, constraint: default: the scope's.
      validate_shape: the shape of the initial value must be known.
      synchronization, aggregation: for distributed variables.

    Raises:
      ValueError: it exists and must not, does not and must, or is of another shape or type.
    """
    return get_variable_scope().get_variable(
        default_variable_store(), name, shape=shape, dtype=dtype, initializer=initializer,
        regularizer=regularizer, trainable=trainable, collections=collections,
        caching_device=caching_device, partitioner=partitioner, validate_shape=validate_shape,
        use_resource=use_resource, custom_getter=custom_getter, constraint=constraint,
        synchronization=synchronization, aggregation=aggregation)


@public("get_local_variable")
def get_local_variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
                       regularizer: Any = None, trainable: Any = False, collections: Any = None,
                       caching_device: Any = None, partitioner: Any = None,
                       validate_shape: bool = True, use_resource: Any = None,
                       custom_getter: Any = None, constraint: Any = None,
                       synchronization: Any = VariableSynchronization.AUTO,
                       aggregation: Any = VariableAggregation.NONE) -> Any:
    """`get_variable` for a variable of this process: in LOCAL_VARIABLES, not trainable."""
    return get_variable(
        name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer,
        trainable=False, collections=[*(collections or []), GraphKeys.LOCAL_VARIABLES],
        caching_device=caching_device, partitioner=partitioner, validate_shape=validate_shape,
        use_resource=use_resource, custom_getter=custom_getter, constraint=constraint,
        synchronization=synchronization, aggregation=aggregation)


@public("create_partitioned_variables")
def create_partitioned_variables(shape: Any, slicing: Any, initializer: Any,
                                 dtype: Any = dtypes.float32, trainable: bool = True,
                                 collections: Any = None, name: str | None = None,
                                 reuse: Any = None) -> list[Any]:
    """The parts of a variable that is cut as `slicing` says: the number of parts per dimension.

    Raises:
      ValueError: `slicing` does not go with `shape`.
    """
    if len(shape) != len(slicing):
        raise ValueError("The 'shape' and 'slicing' of a partitioned Variable must have the "
                         f"length: shape: {shape}, slicing: {slicing}")
    if len(shape) < 1:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    with variable_scope(name, "PartitionedVariable", reuse=reuse):
        return list(get_variable_scope()._get_partitioned_variable(
            default_variable_store(), None, shape, dtype, initializer, trainable, collections,
            lambda **_: slicing))


class PureVariableScope:
    """Opens a variable scope without a name scope: by name below the current one, or a scope that
    was open before.
    """

    def __init__(self, name_or_scope: Any, old_name_scope: str | None = None, reuse: Any = None,
                 **settings: Any) -> None:
        self._name_or_scope = name_or_scope
        self._old_name_scope = old_name_scope
        self._reuse = reuse
        self._settings = settings
        self._open = get_variable_scope_store()
        self._entered: list[tuple[VariableScope, Any, VariableScope]] = []
        self._reopened = self._reopen(name_or_scope) if isinstance(name_or_scope,
                                                                   VariableScope) else None

    def _reopen(self, scope: VariableScope) -> VariableScope:
        return self._scope(scope, scope.name, self._reuse or scope.reuse, scope._name_scope)

    def _scope(self, defaults: VariableScope, name: str, reuse: Any,
               name_scope: str) -> VariableScope:
        """A new scope: the settings of this `with` statement over those of `defaults`."""
        def pick(key: str) -> Any:
            return _or(self._settings.get(key), getattr(defaults, key))

        getter = self._settings.get("custom_getter")
        if getter is not None and defaults.custom_getter is not None:
            getter = _chained(getter, defaults.custom_getter)
        return VariableScope(
            reuse, name, initializer=pick("initializer"), regularizer=pick("regularizer"),
            caching_device=pick("caching_device"), partitioner=pick("partitioner"),
            custom_getter=_or(getter, defaults.custom_getter), name_scope=name_scope,
            dtype=pick("dtype"), use_resource=pick("use_resource"),
            constraint=self._settings.get("constraint"))

    def __enter__(self) -> VariableScope:
        store = self._open
        old = store.current_scope
        if self._reopened is not None:
            scope = self._reopened
            store.open_variable_scope(scope.name)
            counts = dict(store.variable_scopes_count)
        else:
            name = f"{old.name}/{self._name_or_scope}" if old.name else self._name_or_scope
            self._reuse = self._reuse or old.reuse  # sharing is inherited
            name_scope = _or(self._old_name_scope, self._name_or_scope)
            scope, counts = self._scope(old, name, self._reuse, name_scope), None
            store.open_variable_scope(name)
        store.current_scope = scope
        self._entered.append((scope, counts, old))
        return scope

    def check_innermost(self) -> None:
        """Refuse to leave a scope in which another one is open.

        Raises:
          RuntimeError: one is.
        """
        if self._open.current_scope is not self._entered[-1][0]:
            raise RuntimeError("Improper nesting of variable_scope.")

    def __exit__(self, *_: Any) -> None:
        self.check_innermost()
        store = self._open
        scope, counts, old = self._entered.pop()
        if counts is not None:
            store.variable_scopes_count = counts
        else:
            store.close_variable_subscopes(scope.name)
        store.current_scope = old


def _chained(outer: Callable[..., Any], inner: Callable[..., Any]) -> Callable[..., Any]:
    """A custom getter that goes through `outer`, then through that of the scope around."""

    def chained(getter: Any, *args: Any, **kwargs: Any) -> Any:
        return outer(functools.partial(inner, getter), *args, **kwargs)

    return chained


def unique_below_current(prefix: str) -> str:
    """`prefix` with "_1", "_2", ... where scopes of that name were opened in the current one."""
    store = get_variable_scope_store()
    current = store.current_scope.name
    name = current + "/" + prefix if current else prefix
    if store.variable_scope_count(name) == 0:
        return prefix
    number = 1
    while store.variable_scope_count(f"{name}_{number}") > 0:
        number += 1
    return f"{prefix}_{number}"


@public("variable_scope")
class variable_scope:  # noqa: N801 - the name is TensorFlow's
    """Open a variable scope and, with it, a name scope: `with tf.variable_scope("conv1") as
    scope:`.

    Args:
      name_or_scope: a name below the current scope, or a VariableScope to open again.
      default_name: the name if `name_or_scope` is None, made unique.
      values: tensors whose graph is the one to use.
      initializer, regularizer, caching_device, partitioner, custom_getter, dtype, use_resource,
        constraint: defaults of get_variable inside.
      reuse: True to share existing variables, AUTO_REUSE to share or make, None to inherit.
      auxiliary_name_scope: False leaves the name scope as it is.

    Raises:
      TypeError, ValueError: an argument is of the wrong kind, or names do not go together.
    """

    def __init__(self, name_or_scope: Any, default_name: str | None = None, values: Any = None,
                 initializer: Any = None, regularizer: Any = None, caching_device: Any = None,
                 partitioner: Any = None, custom_getter: Any = None, reuse: Any = None,
                 dtype: Any = None, use_resource: Any = None, constraint: Any = None,
                 auxiliary_name_scope: bool = True) -> None:
        if default_name is None and name_or_scope is None:
            raise TypeError("If default_name is None then name_or_scope is required")
        if not (reuse is None or reuse is True or reuse is False or reuse is AUTO_REUSE):
            raise ValueError("The reuse parameter must be True or False or None.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError("The auxiliary_name_scope must be `True` or `False`, while get "
                            f"{auxiliary_name_scope}")
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._reuse = reuse or None
        self._settings = {
            "initializer": initializer, "regularizer": regularizer,
            "caching_device": caching_device, "partitioner": partitioner,
            "custom_getter": custom_getter, "dtype": dtype, "use_resource": use_resource,
            "constraint": constraint}
        self._auxiliary_name_scope = auxiliary_name_scope
        self._graph = scopes.graph_from(values or [])
        self._pure: PureVariableScope | None = None
        self._name_scope: Any = None
        self._exits: list[contextlib.ExitStack] = []

    def __enter__(self) -> VariableScope:
        with contextlib.ExitStack() as stack:
            if not scopes.get_default_graph().building_function:
                stack.enter_context(self._graph.as_default())
            if self._pure is None:
                scope = self._enter_first(stack)
            else:
                if self._name_scope is not None:
                    stack.enter_context(self._name_scope)
                scope = stack.enter_context(self._pure)
            self._exits.append(stack.pop_all())
        return scope

    def _enter_first(self, stack: contextlib.ExitStack) -> VariableScope:
        name_scope: Any = None
        if not self._auxiliary_name_scope:
            current = scopes.get_default_graph().get_name_scope()
            name_scope = scopes.name_scope(current + "/" if current else "")
        given = self._name_or_scope
        if given is None:
            if self._reuse:
                raise ValueError("reuse=True cannot be used without a name_or_scope")
            self._name_scope = name_scope or scopes.name_scope(self._default_name)
            old = stack.enter_context(self._name_scope)
            unique = unique_below_current(self._default_name or "")
            self._pure = PureVariableScope(unique, old, None, **self._settings)
            return stack.enter_context(self._pure)
        if not isinstance(given, (str, VariableScope)):
            raise TypeError("VariableScope: name_or_scope must be a string or VariableScope.")
        is_name = isinstance(given, str)
        word = given if is_name else given.name.split("/")[-1]
        if not word and name_scope is None:
            # The root scope opened again: names stay as they are.
            self._pure = PureVariableScope(given, None, self._reuse, **self._settings)
            return stack.enter_context(self._pure)
        self._name_scope = name_scope or scopes.name_scope(word)
        entered = stack.enter_context(self._name_scope)
        old = entered if is_name else given.original_name_scope
        self._pure = PureVariableScope(given, old, self._reuse, **self._settings)
        return stack.enter_context(self._pure)

    def __exit__(self, *error: Any) -> None:
        if self._pure is not None:
            self._pure.check_innermost()
        self._exits.pop().__exit__(*error)


@public("variable_op_scope")
@contextlib.contextmanager
def variable_op_scope(values: Any, name_or_scope: Any, default_name: str | None = None,
                      initializer: Any = None, regularizer: Any = None, caching_device: Any = None,
                      partitioner: Any = None, custom_getter: Any = None, reuse: Any = None,
                      dtype: Any = None, use_resource: Any = None,
                      constraint: Any = None) -> Iterator[VariableScope]:
    """The old form of `variable_scope`, with the values first."""
    _LOG.warning("tf.variable_op_scope(values, name, default_name) is deprecated, use "
                 "tf.variable_scope(name, default_name, values)")
    with variable_scope(
            name_or_scope, default_name=default_name, values=values, initializer=initializer,
            regularizer=regularizer, caching_device=caching_device, partitioner=partitioner,
            custom_getter=custom_getter, reuse=reuse, dtype=dtype, use_resource=use_resource,
            constraint=constraint) as scope:
        yield scope


@public("variable_creator_scope")
@contextlib.contextmanager
def variable_creator_scope(variable_creator: Callable[..., Any]) -> Iterator[None]:
    """Make variables inside through `variable_creator(next_creator, **arguments)`."""
    held = creators()
    around = list(held)
    held.append(variable_creator)
    try:
        yield
    finally:
        if held != [*around, variable_creator]:
            raise RuntimeError("Exiting variable_creator_scope without proper nesting.")
        held[:] = around


def default_variable_creator(next_creator: Any = None, use_resource: Any = None,
                             expected_shape: Any = None, **settings: Any) -> Any:
    """A new variable of the kind that is asked for, or that the scope or the program prefers."""
    if use_resource is None:
        use_resource = get_variable_scope().use_resource
    if use_resource is None:
        use_resource = resource_variables_enabled()
    return ResourceVariable(**settings) if use_resource else RefVariable(**settings)


def default_variable_creator_v2(next_creator: Any = None, **settings: Any) -> Any:
    """A new resource variable."""
    return ResourceVariable(**settings)


set_default_creators(default_variable_creator, default_variable_creator_v2)

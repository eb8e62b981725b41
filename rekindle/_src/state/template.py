"""`tf.make_template`: a function whose variables are made at its first call and shared by the later
ones.
"""
from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.names import public
from rekindle._src.state import variable_scope


@public("make_template")
def make_template(name_: str, func_: Callable[..., Any], create_scope_now_: bool = False,
                  unique_name_: str | None = None, custom_getter_: Any = None,
                  **kwargs: Any) -> Template:
    """`func_` with `kwargs` bound, such that its get_variable calls give the same variables each
    time.

    Args:
      name_: the variable scope, made unique.
      func_: the function to wrap.
      create_scope_now_: open the variable scope now, not at the first call.
      unique_name_: a name for the scope that is taken as it is.
      custom_getter_: a custom getter for the variables.
      **kwargs: arguments bound to `func_`.

    Raises:
      ValueError: `name_` is None.
    """
    if kwargs:
        func_ = functools.partial(func_, **kwargs)
    return Template(name_, func_, create_scope_now=create_scope_now_, unique_name=unique_name_,
                    custom_getter=custom_getter_)


_LOG = logging.getLogger("tensorflow")


def _own_part(made: list[str], now: list[str]) -> list[str]:
    """The frames of `made` that are not also around the caller."""
    for i, (one, other) in enumerate(zip(made, now, strict=False)):
        if one != other:
            return made[i:]
    return made[-1:]


class Template:
    """A function that shares its variables between calls; made by `make_template`."""

    def __init__(self, name: str, func: Callable[..., Any], create_scope_now: bool = False,
                 unique_name: str | None = None, custom_getter: Any = None) -> None:
        if name is None:
            raise ValueError("name cannot be None.")
        self._func = func
        self._stacktrace = traceback.format_stack()[:-2]
        self._name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._variables_created = False
        self._first_call = True
        self._variable_scope: Any = None
        if create_scope_now:
            self._open_scope()

    def _open_scope(self) -> None:
        with variable_scope.PureVariableScope(
                self._unique_name or variable_scope.unique_below_current(self._name),
                custom_getter=self._custom_getter) as scope:
            self._variable_scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._variable_scope is not None:
            with variable_scope.variable_scope(self._variable_scope, reuse=not self._first_call):
                return self._called(args, kwargs)
        with variable_scope.variable_scope(
                self._unique_name, self._name, custom_getter=self._custom_getter) as scope:
            self._variable_scope = scope
            return self._called(args, kwargs)

    def _called(self, args: Any, kwargs: Any) -> Any:
        try:
            if self._variables_created:
                return self._called_again(args, kwargs)
            first, self._first_call = self._first_call, False
            try:
                result = self._func(*args, **kwargs)
            except BaseException:
                self._first_call = first
                raise
            self._variables_created = True
            return result
        except Exception as error:
            text = str(error.args[0]) if error.args else ""
            trace = "".join(_own_part(self._stacktrace, traceback.format_stack()))
            error.args = (f"{text}\n\noriginally defined at:\n{trace}", *error.args[1:])
            raise

    def _called_again(self, args: Any, kwargs: Any) -> Any:
        graph = scopes.get_default_graph()
        held = graph.get_collection_ref(GraphKeys.GLOBAL_VARIABLES)
        trainable = graph.get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        counts = len(held), len(trainable)
        result = self._func(*args, **kwargs)
        if len(trainable) != counts[1]:
            raise ValueError("Trainable variable created when calling a template after the first "
                             "time, perhaps you used tf.Variable when you meant tf.get_variable: "
                             f"{trainable[counts[1]:]}")
        if len(held) != counts[0]:
            _LOG.info("New variables created when calling a template after the first time, perhaps "
                      "you used tf.Variable when you meant tf.get_variable: %s", held[counts[0]:])
        return result

    @property
    def name(self) -> str:
        """The name given to `make_template`."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The wrapped function."""
        return self._func

    @property
    def variable_scope(self) -> Any:
        """The variable scope, None before the first call."""
        return self._variable_scope

    @property
    def var_scope(self) -> Any:
        """The older name of `variable_scope`."""
        return self._variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the variable scope with a last slash, None before the first call."""
        if self._variable_scope is None:
            return None
        name = self._variable_scope.name
        return name if not name or name.endswith("/") else name + "/"

    @property
    def variables(self) -> list[Any]:
        """The global and local variables of the template."""
        return self.global_variables + self.local_variables

    @property
    def trainable_variables(self) -> list[Any]:
        """The trainable variables of the template."""
        return self._of(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The variables that are not trainable."""
        trainable = set(self.trainable_variables)
        return [v for v in self.variables if v not in trainable]

    @property
    def global_variables(self) -> list[Any]:
        """The global variables of the template."""
        return self._of(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The local variables of the template."""
        return self._of(GraphKeys.LOCAL_VARIABLES)

    @property
    def weights(self) -> list[Any]:
        """The same as `variables`."""
        return self.variables

    @property
    def trainable_weights(self) -> list[Any]:
        """The same as `trainable_variables`."""
        return self.trainable_variables

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The same as `non_trainable_variables`."""
        return self.non_trainable_variables

    def _of(self, collection: str) -> list[Any]:
        if not self._variables_created:
            return []
        return scopes.get_default_graph().get_collection(collection, self.variable_scope_name)

"""What a distribution is: its type, its parameters, the shapes of its batches and events.

Holds `Described`, the first half of every distribution, and how samples depend on parameters.
"""
from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes, shapes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import export, public
from rekindle._src.ops import array_shape, math_logic


@public("distributions.ReparameterizationType contrib.distributions.ReparameterizationType")
class ReparameterizationType:
    """Whether gradients flow through samples to the parameters."""

    def __init__(self, rep_type: str) -> None:
        self._rep_type = rep_type

    def __repr__(self) -> str:
        return f"<Reparameteriation Type: {self._rep_type}>"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


FULLY_REPARAMETERIZED = ReparameterizationType("FULLY_REPARAMETERIZED")
NOT_REPARAMETERIZED = ReparameterizationType("NOT_REPARAMETERIZED")
for _name in ("FULLY_REPARAMETERIZED", "NOT_REPARAMETERIZED"):
    export(f"distributions.{_name} contrib.distributions.{_name}", __name__, _name)


class Described:
    """A distribution's facts, and the name scope in which its methods make operations."""

    def __init__(self, dtype: Any, reparameterization_type: Any, validate_args: bool, allow_nan_stats: bool, *,
                 parameters: dict[str, Any] | None = None, graph_parents: list[Any] | None = None,
                 name: str | None = None) -> None:
        parents = graph_parents or []
        for i, parent in enumerate(parents):
            if not isinstance(parent, Tensor):
                raise ValueError(f"Graph parent item {i} is not a Tensor; {parent}.")
        if not name or name[-1] != "/":
            with scopes.name_scope(name or type(self).__name__) as name:
                pass
        self._dtype = dtype
        self._reparameterization_type = reparameterization_type
        self._allow_nan_stats = allow_nan_stats
        self._validate_args = validate_args
        self._parameters = dict(parameters or {})
        self._graph_parents = parents
        self._name = name

    @property
    def name(self) -> str:
        """The name scope of its operations."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The element type of samples."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was made with."""
        return {k: v for k, v in self._parameters.items() if k != "self" and not k.startswith("__")}

    @property
    def reparameterization_type(self) -> Any:
        """Whether gradients flow through samples."""
        return self._reparameterization_type

    @property
    def allow_nan_stats(self) -> bool:
        """Whether statistics that are not defined are NaN, or raise."""
        return self._allow_nan_stats

    @property
    def validate_args(self) -> bool:
        """Whether operations check their inputs."""
        return self._validate_args

    def copy(self, **override_parameters_kwargs: Any) -> Any:
        """Another one, made with the same parameters but for those given."""
        return type(self)(**{**self.parameters, **override_parameters_kwargs})

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Any:
        """The shape of independent distributions that it stands for: int32 [rank]."""
        with self._name_scope(name):
            return _shape_tensor(self.batch_shape, "batch_shape", self._batch_shape_tensor)

    @property
    def batch_shape(self) -> shapes.TensorShape:
        """That shape as far as it is known."""
        return shapes.as_shape(self._batch_shape())

    def event_shape_tensor(self, name: str = "event_shape_tensor") -> Any:
        """The shape of a sample of one of the distributions: int32 [rank]."""
        with self._name_scope(name):
            return _shape_tensor(self.event_shape, "event_shape", self._event_shape_tensor)

    @property
    def event_shape(self) -> shapes.TensorShape:
        """That shape as far as it is known."""
        return shapes.as_shape(self._event_shape())

    def is_scalar_event(self, name: str = "is_scalar_event") -> Any:
        """Whether a sample is a scalar: bool []."""
        with self._name_scope(name):
            return convert.convert_to_tensor(_is_scalar(self.event_shape, self.event_shape_tensor), name=name)

    def is_scalar_batch(self, name: str = "is_scalar_batch") -> Any:
        """Whether it stands for one distribution: bool []."""
        with self._name_scope(name):
            return convert.convert_to_tensor(_is_scalar(self.batch_shape, self.batch_shape_tensor), name=name)

    @contextlib.contextmanager
    def _name_scope(self, name: str, values: list[Any] | None = None) -> Iterator[str]:
        with scopes.name_scope(self.name), scopes.name_scope(name, values=[*(values or []), *self._graph_parents]) as s:
            yield s

    def _missing(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"{what} is not implemented: {type(self).__name__}")

    def _batch_shape_tensor(self) -> Any:
        raise self._missing("batch_shape_tensor")

    def _batch_shape(self) -> Any:
        return shapes.TensorShape(None)

    def _event_shape_tensor(self) -> Any:
        raise self._missing("event_shape_tensor")

    def _event_shape(self) -> Any:
        return shapes.TensorShape(None)

    def __str__(self) -> str:
        known = [f", {what}_shape={shape}" for what, shape in (
            ("batch", self.batch_shape), ("event", self.event_shape)) if shape.ndims is not None]
        return f"tfp.distributions.{type(self).__name__}(\"{self.name}\"{''.join(known)}, dtype={self.dtype.name})"

    def __repr__(self) -> str:
        return (f"<tfp.distributions.{type(self).__name__} '{self.name}' batch_shape={self.batch_shape} "
                f"event_shape={self.event_shape} dtype={self.dtype.name}>")


def _shape_tensor(known: shapes.TensorShape, name: str, compute: Callable[[], Any]) -> Any:
    if known.is_fully_defined():
        return convert.convert_to_tensor(known.as_list(), dtype=dtypes.int32, name=name)
    return compute()


def _is_scalar(known: shapes.TensorShape, compute: Callable[[], Any]) -> Any:
    if known.ndims is not None:
        return known.ndims == 0
    return math_logic.tf_equal(array_shape.shape(compute())[0], 0)

"""Fetches: any structure of things to fetch, flattened to tensors and operations, and put together again from values.

Holds `plan`, which gives a `Fetches`.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from rekindle._src import errors
from rekindle._src.graph import dtypes, sparse
from rekindle._src.graph.tensor import Tensor

#: builds one part of the result from the list of fetched values
Build = Callable[[list[Any]], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Fetches:
    """Tensors to fetch and operations to run, each once, and how the result is made of the values."""

    tensors: list[Tensor]
    targets: list[Any]
    build: Build


def plan(graph: Any, fetches: Any) -> Fetches:
    """What a fetch structure asks for.

    Raises:
      TypeError: a leaf is nothing that can be fetched.
      ValueError: a leaf is not of this graph, or may not be fetched.
    """
    return _Plan(graph).whole(fetches)


class _Plan:
    """The tensors and targets met so far."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.positions: dict[Tensor, int] = {}
        self.targets: dict[Any, None] = {}

    def whole(self, fetches: Any) -> Fetches:
        """The plan of the whole structure."""
        build = self.part(fetches)
        return Fetches(list(self.positions), list(self.targets), build)

    def part(self, fetch: Any) -> Build:
        """How to build the value of one part."""
        if fetch is None:
            raise TypeError(f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}")
        if isinstance(fetch, (list, tuple)):
            return self.sequence(fetch)
        if isinstance(fetch, Mapping):
            return self.mapping(fetch)
        if hasattr(type(fetch), "__attrs_attrs__"):
            names = [a.name for a in type(fetch).__attrs_attrs__]
            builds = [self.part(getattr(fetch, n)) for n in names]
            return lambda values: type(fetch)(*[b(values) for b in builds])
        if isinstance(fetch, sparse.SparseTensor):
            parts = [self.part(t) for t in (fetch.indices, fetch.values, fetch.dense_shape)]
            return lambda values: sparse.SparseTensorValue(*[b(values) for b in parts])
        if isinstance(fetch, sparse.IndexedSlices):
            parts = [None if t is None else self.part(t) for t in (fetch.values, fetch.indices, fetch.dense_shape)]
            return lambda values: sparse.IndexedSlicesValue(*[None if b is None else b(values) for b in parts])
        return self.leaf(fetch)

    def sequence(self, fetch: Any) -> Build:
        """A list, tuple or named tuple."""
        builds = [self.part(f) for f in fetch]
        if isinstance(fetch, list):
            return lambda values: [b(values) for b in builds]
        if hasattr(fetch, "_fields"):
            return lambda values: type(fetch)(*[b(values) for b in builds])
        return lambda values: tuple([b(values) for b in builds])

    def mapping(self, fetch: Any) -> Build:
        """A dictionary; the result is of its type."""
        builds = {k: self.part(v) for k, v in fetch.items()}
        kind = type(fetch)
        return lambda values: kind((k, b(values)) for k, b in builds.items())

    def leaf(self, fetch: Any) -> Build:
        """A tensor, an operation, or what stands for one."""
        try:
            element = self.graph.as_graph_element(fetch)
        except TypeError as error:
            raise TypeError(f"Fetch argument {fetch!r} has invalid type {type(fetch)!r}, must be a string or Tensor. "
                            f"({error})") from None
        except (ValueError, KeyError) as error:
            raise ValueError(f"Fetch argument {fetch!r} cannot be interpreted as a Tensor. ({error})") from None
        if not self.graph.is_fetchable(element):
            raise ValueError(f"Operation {element.name!r} has been marked as not fetchable.")
        if not isinstance(element, Tensor):
            self.targets[element] = None
            return _nothing
        position = self.positions.setdefault(element, len(self.positions))
        if element.dtype is dtypes.variant:
            return _refuse_variant
        return lambda values: values[position]


def _nothing(values: list[Any]) -> None:
    return None


def _refuse_variant(values: list[Any]) -> None:
    raise errors.InternalError(None, None, "Tensorflow type 21 not convertible to numpy dtype.")

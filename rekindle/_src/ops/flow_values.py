"""Loop variables and results of branches as flat lists of tensors, and back.

A leaf of such a structure may be a tensor, a SparseTensor, IndexedSlices, or a TensorArray, which
travels as its flow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import sparse
from rekindle._src.ops.tensor_array import TensorArray, with_flow


def parts(leaf: Any) -> list[Any]:
    """The tensors that a leaf consists of."""
    if isinstance(leaf, sparse.SparseTensor):
        return [leaf.indices, leaf.values, leaf.dense_shape]
    if isinstance(leaf, sparse.IndexedSlices):
        found = [leaf.values, leaf.indices, leaf.dense_shape]
        return [tensor for tensor in found if tensor is not None]
    return [leaf.flow if isinstance(leaf, TensorArray) else leaf]


def rebuilt(leaf: Any, tensors: list[Any]) -> Any:
    """A leaf of the kind of `leaf` from its tensors."""
    if isinstance(leaf, sparse.SparseTensor):
        return sparse.SparseTensor(*tensors)
    if isinstance(leaf, sparse.IndexedSlices):
        return sparse.IndexedSlices(*tensors)
    return with_flow(leaf, tensors[0]) if isinstance(leaf, TensorArray) else tensors[0]


def flat(structure: Any) -> list[Any]:
    """All tensors of a structure."""
    return [tensor for leaf in nest.flatten(structure) for tensor in parts(leaf)]


def packed(structure: Any, tensors: list[Any]) -> Any:
    """`tensors` in a structure, composites and TensorArrays together again."""
    leaves, at = [], 0
    for leaf in nest.flatten(structure):
        width = len(parts(leaf))
        leaves.append(rebuilt(leaf, tensors[at : at + width]))
        at += width
    return nest.pack_sequence_as(structure, leaves)


def mapped(function: Callable[[Any], Any], leaf: Any) -> Any:
    """A leaf with `function` applied to each of its tensors."""
    return rebuilt(leaf, [function(tensor) for tensor in parts(leaf)])


def converted(leaf: Any) -> Any:
    """A value as a leaf: Python values and arrays become tensors."""
    if isinstance(leaf, (TensorArray, sparse.SparseTensor)):
        return leaf
    return sparse.internal_convert_or_slices(leaf, as_ref=False)

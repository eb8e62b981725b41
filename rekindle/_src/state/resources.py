"""Resources of a graph: tables, readers and the like that are to be made before their first use.

The functions of tensorflow.python.ops.resources; their collections hold one `Resource` each.
"""
from __future__ import annotations

from typing import Any, NamedTuple

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array_join, array_select, control, math_logic


class Resource(NamedTuple):
    """A resource's handle, the operation that makes it, and whether it is there."""

    handle: Any
    create: Any
    is_initialized: Any


def register_resource(handle: Any, create_op: Any, is_initialized_op: Any,
                      is_shared: bool = True) -> None:
    """Add a resource to the collection of those that tasks share, or of local ones."""
    key = GraphKeys.RESOURCES if is_shared else GraphKeys.LOCAL_RESOURCES
    add_to_collection(key, Resource(handle, create_op, is_initialized_op))


def shared_resources() -> list[Any]:
    """The resources that tasks share."""
    return get_collection(GraphKeys.RESOURCES)


def local_resources() -> list[Any]:
    """The resources of this session only."""
    return get_collection(GraphKeys.LOCAL_RESOURCES)


def initialize_resources(resource_list: Any, name: str = "init") -> Any:
    """An operation that makes each resource of a list."""
    if resource_list:
        return control.group(*[r.create for r in resource_list], name=name)
    return control.no_op(name=name)


def report_uninitialized_resources(resource_list: Any = None,
                                   name: str = "report_uninitialized_resources") -> Tensor:
    """The names of the resources that are not there yet: a 1-D string tensor.

    Args:
      resource_list: the resources to look at; default: shared and local ones.
      name: the name scope.
    """
    resources = resource_list if resource_list is not None else (
        shared_resources() + local_resources())
    with scopes.name_scope(name), scopes.device("/cpu:0"):
        if not resources:
            return convert.constant([], dtypes.string)
        missing = math_logic.logical_not(array_join.stack([r.is_initialized for r in resources]))
        names = convert.constant([r.handle.name for r in resources])
        return array_select.boolean_mask(names, missing)

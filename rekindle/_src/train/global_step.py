"""The global step: a variable that counts the steps of training."""
from __future__ import annotations

import logging
from typing import Any

import numpy as np

from rekindle._src.graph import dtypes, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.state import assign, initializers
from rekindle._src.state.resource_variable import is_resource_variable
from rekindle._src.state.variable import Variable, VariableAggregation
from rekindle._src.state.variable_scope import get_variable

_LOG = logging.getLogger("tensorflow")
#: the collection of the tensor that reads the global step for hooks
GLOBAL_STEP_READ_KEY = "global_step_read_op_cache"


@public("train.global_step")
def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The value of the global step in a session."""
    return int(np.asarray(sess.run(global_step_tensor)).item())


@public("train.get_global_step", "contrib.framework.get_global_step")
def get_global_step(graph: Any = None) -> Any:
    """The global step of a graph (the default one): of its collection, or by its name; None if
    there is none.

    Raises:
      TypeError: it is not a scalar integer.
    """
    graph = graph or scopes.get_default_graph()
    held = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(held) > 1:
        _LOG.error("Multiple tensors in global_step collection.")
        return None
    if held:
        found = held[0]
    else:
        try:
            found = graph.get_tensor_by_name("global_step:0")
        except KeyError:
            return None
    assert_global_step(found)
    return found


@public("train.create_global_step", "contrib.framework.create_global_step")
def create_global_step(graph: Any = None) -> Any:
    """A new global step, an int64 variable that begins at 0.

    Raises:
      ValueError: there is one.
    """
    graph = graph or scopes.get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP, shape=[], dtype=dtypes.int64, initializer=initializers.Zeros(),
            trainable=False, aggregation=VariableAggregation.ONLY_FIRST_REPLICA,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP])


@public("train.get_or_create_global_step", "contrib.framework.get_or_create_global_step")
def get_or_create_global_step(graph: Any = None) -> Any:
    """The global step of a graph (the default one), made if there is none."""
    graph = graph or scopes.get_default_graph()
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


@public("train.assert_global_step", "contrib.framework.assert_global_step")
def assert_global_step(global_step_tensor: Any) -> None:
    """Refuse what cannot be a global step.

    Raises:
      TypeError: it is no scalar integer variable or tensor.
    """
    if not (isinstance(global_step_tensor, (Variable, Tensor))
            or is_resource_variable(global_step_tensor)):
        raise TypeError('Existing "global_step" must be a Variable or Tensor: '
                        f'{global_step_tensor}.')
    if not global_step_tensor.dtype.base_dtype.is_integer:
        raise TypeError('Existing "global_step" does not have integer type: '
                        f'{global_step_tensor.dtype}')
    shape = global_step_tensor.get_shape()
    if shape.ndims != 0 and shape.is_fully_defined():
        raise TypeError(f'Existing "global_step" is not scalar: {shape}')


def get_or_create_global_step_read(graph: Any = None) -> Any:
    """The tensor that reads the global step before the updates of a run; None if there is no global
    step.

    Raises:
      RuntimeError: the collection holds several.
    """
    graph = graph or scopes.get_default_graph()
    held = graph.get_collection(GLOBAL_STEP_READ_KEY)
    if len(held) > 1:
        raise RuntimeError(f"There are multiple items in collection {GLOBAL_STEP_READ_KEY}. There "
                           "should be only one.")
    if held:
        return held[0]
    step = get_global_step(graph)
    if step is None:
        return None
    with graph.as_default(), graph.name_scope(None), graph.name_scope(step.op.name + "/"):
        before = len(graph.get_operations())
        value = step.initialized_value() if isinstance(step, Variable) else step
        # + 0: a tensor of its own, which the update of the variable does not change
        read = value + 0
        graph.add_to_collection(GLOBAL_STEP_READ_KEY, read)
        _run_early(graph.get_operations()[before:])
    return read


def _run_early(operations: list[Any]) -> None:
    """Let operations run as soon as what they take is there, ahead of those that were made before them."""
    made = set(operations)
    outside = {t.op for op in operations for t in op.inputs} | {c for op in operations for c in op.control_inputs}
    start = max((op._turn for op in outside - made), default=0)
    for i, op in enumerate(operations, 1):
        op._turn = start + i / (len(operations) + 1)


_get_or_create_global_step_read = get_or_create_global_step_read  # TensorFlow's name


def increment_global_step(increment: Any, graph: Any = None) -> Any:
    """An operation that adds to the global step after it was read.

    Raises:
      ValueError: there is no global step.
    """
    graph = graph or scopes.get_default_graph()
    step = get_global_step(graph)
    if step is None:
        raise ValueError("Global step tensor should be created by "
                         "tf.train.get_or_create_global_step before calling increment.")
    read = get_or_create_global_step_read(graph)
    with (graph.as_default(), graph.name_scope(None), graph.name_scope(step.op.name + "/"),
          scopes.control_dependencies([read])):
        return assign.assign_add(step, increment)


_increment_global_step = increment_global_step  # TensorFlow's name

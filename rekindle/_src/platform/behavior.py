"""What kind of TensorFlow this is: graphs as in 1.x. The switches back to it change nothing.

Holds the functions that programs ask or call to be sure of 1.x (`tf.executing_eagerly`,
`tf.disable_v2_behavior`). The switches to 2.x are not there.
"""
from __future__ import annotations

import contextlib
from typing import Any

from rekindle._src.graph.sparse import IndexedSlices, SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.state.variable import Variable


@public("executing_eagerly")
def executing_eagerly() -> bool:
    """False: operations go into a graph."""
    return False


@public("disable_eager_execution")
def disable_eager_execution() -> None:
    """Let operations go into a graph, as they do."""


@public("disable_v2_behavior")
def disable_v2_behavior() -> None:
    """Behave as TensorFlow 1.x, as it is."""


@public("disable_tensor_equality")
def disable_tensor_equality() -> None:
    """Let `==` compare tensors by identity, as it does."""


@public("is_tensor", "contrib.framework.is_tensor")
def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor, a sparse tensor, slices of one, or a variable."""
    return isinstance(x, Tensor | SparseTensor | IndexedSlices | Variable)


def graph_mode() -> Any:
    """A context in which operations go into a graph: it changes nothing."""
    return contextlib.nullcontext()


def enabled() -> bool:
    """Whether this is TensorFlow 2 (tensorflow.python.tf2.enabled): False."""
    return False

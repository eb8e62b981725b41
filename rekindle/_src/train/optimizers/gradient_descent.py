"""Gradient descent, plain and proximal."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import math_cast, state_scatter, training
from rekindle._src.train.optimizers.optimizer import KernelOptimizer


@public("train.GradientDescentOptimizer")
class GradientDescentOptimizer(KernelOptimizer):
    """var -= learning_rate * gradient.

    Args:
      learning_rate: a number, tensor or function without arguments.
      use_locking: kept in the update nodes.
      name: the name scope.
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False,
                 name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor: Any = None

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert.convert_to_tensor(
            self._call_if_callable(self._learning_rate), name="learning_rate")

    def _blocks(self) -> training.Update:
        return training.gradient_descent

    def _rates(self) -> dict[str, Any]:
        return {"alpha": self._learning_rate_tensor}

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        rate = math_cast.cast(self._learning_rate_tensor, var.dtype.base_dtype)
        delta = IndexedSlices(grad.values * rate, grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking)

    def _resource_apply_sparse_duplicate_indices(self, grad: Any, handle: Any, indices: Any) -> Any:
        return state_scatter.resource_scatter_add(handle.handle, indices,
                                                  -grad * self._learning_rate)


@public("train.ProximalGradientDescentOptimizer")
class ProximalGradientDescentOptimizer(KernelOptimizer):
    """Gradient descent followed by the proximal step of L1 and L2 penalties (Duchi and Singer
    2009).

    Args:
      learning_rate: a number or tensor.
      l1_regularization_strength, l2_regularization_strength: at least zero.
      use_locking: kept in the update nodes.
      name: the name scope.
    """

    def __init__(self, learning_rate: Any, l1_regularization_strength: float = 0.0,
                 l2_regularization_strength: float = 0.0, use_locking: bool = False,
                 name: str = "ProximalGradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._learning_rate_tensor: Any = None
        self._l1_regularization_strength_tensor: Any = None
        self._l2_regularization_strength_tensor: Any = None

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert.convert_to_tensor(self._learning_rate,
                                                               name="learning_rate")
        self._l1_regularization_strength_tensor = convert.convert_to_tensor(
            self._l1_regularization_strength, name="l1_regularization_strength")
        self._l2_regularization_strength_tensor = convert.convert_to_tensor(
            self._l2_regularization_strength, name="l2_regularization_strength")

    def _blocks(self) -> training.Update:
        return training.proximal_gradient_descent

    def _rates(self) -> dict[str, Any]:
        return {"alpha": self._learning_rate_tensor, "l1": self._l1_regularization_strength_tensor,
                "l2": self._l2_regularization_strength_tensor}

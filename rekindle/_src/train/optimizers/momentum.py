"""Momentum, plain and Nesterov's."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert
from rekindle._src.names import public
from rekindle._src.ops import training
from rekindle._src.train.optimizers.optimizer import KernelOptimizer


@public("train.MomentumOptimizer")
class MomentumOptimizer(KernelOptimizer):
    """accumulation = momentum * accumulation + gradient; var -= learning_rate * accumulation.

    Args:
      learning_rate, momentum: numbers, tensors or functions without arguments.
      use_locking: kept in the update nodes.
      name: the name scope.
      use_nesterov: look ahead along the accumulation (Sutskever et al. 2013).
    """

    _slot_of_input = {"accum": "momentum"}

    def __init__(self, learning_rate: Any, momentum: Any, use_locking: bool = False,
                 name: str = "Momentum", use_nesterov: bool = False) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov
        self._learning_rate_tensor: Any = None
        self._momentum_tensor: Any = None

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            self._zeros_slot(variable, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert.convert_to_tensor(
            self._call_if_callable(self._learning_rate), name="learning_rate")
        self._momentum_tensor = convert.convert_to_tensor(self._call_if_callable(self._momentum),
                                                          name="momentum")

    def _blocks(self) -> training.Update:
        return training.momentum

    def _rates(self) -> dict[str, Any]:
        return {"lr": self._learning_rate_tensor, "momentum": self._momentum_tensor}

    def _attrs(self) -> dict[str, Any]:
        return {"use_nesterov": self._use_nesterov}

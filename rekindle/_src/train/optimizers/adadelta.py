"""Adadelta."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert
from rekindle._src.names import public
from rekindle._src.ops import training
from rekindle._src.train.optimizers.optimizer import KernelOptimizer


@public("train.AdadeltaOptimizer")
class AdadeltaOptimizer(KernelOptimizer):
    """Steps scaled by the ratio of the decayed sizes of past steps and of gradients (Zeiler 2012).

    Args:
      learning_rate, rho, epsilon: numbers, tensors or functions without arguments; the paper's
        learning rate is 1.
      use_locking: kept in the update nodes.
      name: the name scope.
    """

    _slot_of_input = {"accum": "accum", "accum_update": "accum_update"}

    def __init__(self, learning_rate: Any = 0.001, rho: Any = 0.95, epsilon: Any = 1e-8,
                 use_locking: bool = False, name: str = "Adadelta") -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon
        self._lr_t: Any = None
        self._rho_t: Any = None
        self._epsilon_t: Any = None

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            self._zeros_slot(variable, "accum", self._name)
            self._zeros_slot(variable, "accum_update", self._name)

    def _prepare(self) -> None:
        rates = [self._call_if_callable(rate) for rate in (self._lr, self._rho, self._epsilon)]
        self._lr_t = convert.convert_to_tensor(rates[0], name="lr")
        self._rho_t = convert.convert_to_tensor(rates[1], name="rho")
        self._epsilon_t = convert.convert_to_tensor(rates[2], name="epsilon")

    def _blocks(self) -> training.Update:
        return training.adadelta

    def _rates(self) -> dict[str, Any]:
        return {"lr": self._lr_t, "rho": self._rho_t, "epsilon": self._epsilon_t}

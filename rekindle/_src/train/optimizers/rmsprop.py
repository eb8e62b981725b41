"""RMSProp, plain and centered."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert
from rekindle._src.names import public
from rekindle._src.ops import array_fill, training
from rekindle._src.state import initializers
from rekindle._src.train.optimizers.optimizer import KernelOptimizer


@public("train.RMSPropOptimizer")
class RMSPropOptimizer(KernelOptimizer):
    """Steps divided by the root of a moving average of squared gradients (Tieleman and Hinton
    2012).

    Args:
      learning_rate, decay, momentum, epsilon: numbers, tensors or functions without arguments.
      use_locking: kept in the update nodes.
      centered: divide by the estimated deviation instead, which takes one slot more (Graves 2013).
      name: the name scope.
    """

    def __init__(self, learning_rate: Any, decay: Any = 0.9, momentum: Any = 0.0,
                 epsilon: Any = 1e-10, use_locking: bool = False, centered: bool = False,
                 name: str = "RMSProp") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered
        self._learning_rate_tensor: Any = None
        self._decay_tensor: Any = None
        self._momentum_tensor: Any = None
        self._epsilon_tensor: Any = None
        self._slot_of_input = {**({"mg": "mg"} if centered else {}), "ms": "rms", "mom": "momentum"}

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            dtype = variable.dtype.base_dtype
            known = variable.get_shape().is_fully_defined()
            ones = initializers.Ones(dtype=dtype) if known else array_fill.ones_like(variable)
            self._get_or_make_slot_with_initializer(variable, ones, variable.get_shape(), dtype,
                                                    "rms", self._name)
            if self._centered:
                self._zeros_slot(variable, "mg", self._name)
            self._zeros_slot(variable, "momentum", self._name)

    def _prepare(self) -> None:
        rates = [self._call_if_callable(rate)
                 for rate in (self._learning_rate, self._decay, self._momentum, self._epsilon)]
        self._learning_rate_tensor = convert.convert_to_tensor(rates[0], name="learning_rate")
        self._decay_tensor = convert.convert_to_tensor(rates[1], name="decay")
        self._momentum_tensor = convert.convert_to_tensor(rates[2], name="momentum")
        self._epsilon_tensor = convert.convert_to_tensor(rates[3], name="epsilon")

    def _blocks(self) -> training.Update:
        return training.centered_rms_prop if self._centered else training.rms_prop

    def _rates(self) -> dict[str, Any]:
        return {"lr": self._learning_rate_tensor, "rho": self._decay_tensor,
                "momentum": self._momentum_tensor,
                "epsilon": self._epsilon_tensor}

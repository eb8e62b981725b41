"""FTRL."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, scopes
from rekindle._src.names import public
from rekindle._src.ops import training
from rekindle._src.train.optimizers.optimizer import KernelOptimizer


@public("train.FtrlOptimizer")
class FtrlOptimizer(KernelOptimizer):
    """Follow the regularized leader, per coordinate (McMahan et al. 2013).

    Args:
      learning_rate: a number or tensor.
      learning_rate_power: how the rate falls; at most zero, -0.5 in the paper.
      initial_accumulator_value: where the sums of squares begin; at least zero.
      l1_regularization_strength, l2_regularization_strength: at least zero.
      use_locking: kept in the update nodes.
      name: the name scope.
      accum_name, linear_name: names of the slots; default: the optimizer's.
      l2_shrinkage_regularization_strength: a penalty of the size added to the gradient; at least
        zero.

    Raises:
      ValueError: a number is out of its range.
    """

    _slot_of_input = {"accum": "accum", "linear": "linear"}

    def __init__(self, learning_rate: Any, learning_rate_power: float = -0.5,
                 initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0,
                 l2_regularization_strength: float = 0.0, use_locking: bool = False,
                 name: str = "Ftrl", accum_name: str | None = None, linear_name: str | None = None,
                 l2_shrinkage_regularization_strength: float = 0.0) -> None:
        super().__init__(use_locking, name)
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power:f} needs to be negative or "
                             "zero")
        for label, value in (("initial_accumulator_value", initial_accumulator_value),
                             ("l1_regularization_strength", l1_regularization_strength),
                             ("l2_regularization_strength", l2_regularization_strength),
                             ("l2_shrinkage_regularization_strength",
                              l2_shrinkage_regularization_strength)):
            if value < 0.0:
                raise ValueError(f"{label} {value:f} needs to be positive or zero")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self._learning_rate_tensor: Any = None
        self._learning_rate_power_tensor: Any = None
        self._l1_regularization_strength_tensor: Any = None
        self._l2_regularization_strength_tensor: Any = None
        self._l2_shrinkage_regularization_strength_tensor: Any = None
        self._accum_name = accum_name
        self._linear_name = linear_name

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            with scopes.colocate_with(variable):
                value = convert.constant(self._initial_accumulator_value, variable.dtype,
                                         variable.get_shape())
                self._get_or_make_slot(variable, value, "accum", self._accum_name or self._name)
                self._zeros_slot(variable, "linear", self._linear_name or self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert.convert_to_tensor(self._learning_rate,
                                                               name="learning_rate")
        self._l1_regularization_strength_tensor = convert.convert_to_tensor(
            self._l1_regularization_strength, name="l1_regularization_strength")
        self._l2_regularization_strength_tensor = convert.convert_to_tensor(
            self._l2_regularization_strength, name="l2_regularization_strength")
        self._l2_shrinkage_regularization_strength_tensor = convert.convert_to_tensor(
            self._l2_shrinkage_regularization_strength, name="l2_shrinkage_regularization_strength")
        self._learning_rate_power_tensor = convert.convert_to_tensor(
            self._learning_rate_power, name="learning_rate_power")

    def _blocks(self) -> training.Update:
        if self._l2_shrinkage_regularization_strength > 0.0:
            return training.ftrl_v2
        return training.ftrl

    def _rates(self) -> dict[str, Any]:
        rates = {"lr": self._learning_rate_tensor, "l1": self._l1_regularization_strength_tensor,
                 "l2": self._l2_regularization_strength_tensor}
        if self._l2_shrinkage_regularization_strength > 0.0:
            rates["l2_shrinkage"] = self._l2_shrinkage_regularization_strength_tensor
        return {**rates, "lr_power": self._learning_rate_power_tensor}

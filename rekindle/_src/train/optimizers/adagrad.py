"""Adagrad, its proximal form, and dual averaging."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, scopes
from rekindle._src.names import public
from rekindle._src.ops import array_fill, array_shape, math_cast, training
from rekindle._src.state import initializers
from rekindle._src.train.optimizers.optimizer import KernelOptimizer


@public("train.AdagradOptimizer")
class AdagradOptimizer(KernelOptimizer):
    """Steps divided by the root of the sum of squared gradients (Duchi et al. 2011).

    Args:
      learning_rate: a number, tensor or function without arguments.
      initial_accumulator_value: where the sums begin; positive.
      use_locking: kept in the update nodes.
      name: the name scope.

    Raises:
      ValueError: the initial value is not positive.
    """

    _slot_of_input = {"accum": "accumulator"}

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1,
                 use_locking: bool = False, name: str = "Adagrad") -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError("initial_accumulator_value must be positive: "
                             f"{initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._learning_rate_tensor: Any = None

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            dtype = variable.dtype.base_dtype
            if variable.get_shape().is_fully_defined():
                fill: Any = initializers.Constant(self._initial_accumulator_value, dtype=dtype)
            else:
                fill = self._filler(variable, dtype)
            self._get_or_make_slot_with_initializer(
                variable, fill, variable.get_shape(), dtype, "accumulator", self._name)

    def _filler(self, variable: Any, dtype: Any) -> Any:
        def fill() -> Any:
            filled = array_fill.fill(array_shape.shape(variable), self._initial_accumulator_value)
            return math_cast.cast(filled, dtype)

        return fill

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert.convert_to_tensor(
            self._call_if_callable(self._learning_rate), name="learning_rate")

    def _blocks(self) -> training.Update:
        return training.adagrad

    def _rates(self) -> dict[str, Any]:
        return {"lr": self._learning_rate_tensor}


@public("train.ProximalAdagradOptimizer")
class ProximalAdagradOptimizer(KernelOptimizer):
    """Adagrad followed by the proximal step of L1 and L2 penalties.

    Args:
      learning_rate: a number or tensor.
      initial_accumulator_value: where the sums begin; positive.
      l1_regularization_strength, l2_regularization_strength: at least zero.
      use_locking: kept in the update nodes.
      name: the name scope.

    Raises:
      ValueError: the initial value is not positive.
    """

    _slot_of_input = {"accum": "accumulator"}

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1,
                 l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
                 use_locking: bool = False, name: str = "ProximalAdagrad") -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError("initial_accumulator_value must be positive: "
                             f"{initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._learning_rate_tensor: Any = None
        self._l1_regularization_strength_tensor: Any = None
        self._l2_regularization_strength_tensor: Any = None

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            with scopes.colocate_with(variable):
                value = convert.constant(
                    self._initial_accumulator_value, variable.dtype.base_dtype,
                    variable.get_shape())
            self._get_or_make_slot(variable, value, "accumulator", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert.convert_to_tensor(self._learning_rate,
                                                               name="learning_rate")
        self._l1_regularization_strength_tensor = convert.convert_to_tensor(
            self._l1_regularization_strength, name="l1_regularization_strength")
        self._l2_regularization_strength_tensor = convert.convert_to_tensor(
            self._l2_regularization_strength, name="l2_regularization_strength")

    def _blocks(self) -> training.Update:
        return training.proximal_adagrad

    def _rates(self) -> dict[str, Any]:
        return {"lr": self._learning_rate_tensor, "l1": self._l1_regularization_strength_tensor,
                "l2": self._l2_regularization_strength_tensor}


@public("train.AdagradDAOptimizer")
class AdagradDAOptimizer(KernelOptimizer):
    """Adagrad by dual averaging: each value follows from sums over all steps (Duchi et al. 2011).

    Args:
      learning_rate: a number or tensor.
      global_step: the tensor or variable that counts the steps.
      initial_gradient_squared_accumulator_value: where the sums of squares begin; positive.
      l1_regularization_strength, l2_regularization_strength: at least zero.
      use_locking: kept in the update nodes.
      name: the name scope.

    Raises:
      ValueError: the initial value is not positive.
    """

    _slot_of_input = {"gradient_accumulator": "gradient_accumulator",
                      "gradient_squared_accumulator": "gradient_squared_accumulator"}

    def __init__(self, learning_rate: Any, global_step: Any,
                 initial_gradient_squared_accumulator_value: float = 0.1,
                 l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
                 use_locking: bool = False, name: str = "AdagradDA") -> None:
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError("initial_gradient_squared_accumulator_value must be positive: "
                             f"{initial_gradient_squared_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_gradient_squared_accumulator_value = (
            initial_gradient_squared_accumulator_value)
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._global_step = global_step
        self._learning_rate_tensor: Any = None
        self._global_step_on_worker: Any = None

    def _create_slots(self, var_list: Any) -> None:
        for variable in var_list:
            shape, dtype = variable.get_shape(), variable.dtype.base_dtype
            with scopes.colocate_with(variable):
                zeros = convert.constant(0.0, dtype, shape)
                squares = convert.constant(self._initial_gradient_squared_accumulator_value, dtype,
                                           shape)
            self._get_or_make_slot(variable, zeros, "gradient_accumulator", self._name)
            self._get_or_make_slot(variable, squares, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert.convert_to_tensor(self._learning_rate,
                                                               name="learning_rate")
        with scopes.colocate_with(self._learning_rate_tensor):
            self._global_step_on_worker = array_shape.identity(self._global_step) + 1

    def _blocks(self) -> training.Update:
        return training.adagrad_da

    def _rates(self) -> dict[str, Any]:
        return {"lr": self._learning_rate_tensor, "l1": self._l1_regularization_strength,
                "l2": self._l2_regularization_strength}

    def _inputs(self, var: Any, dtype: Any, handles: bool) -> dict[str, Any]:
        with scopes.device(var.device):
            global_step = array_shape.identity(self._global_step_on_worker)
        return {**super()._inputs(var, dtype, handles), "global_step": global_step}

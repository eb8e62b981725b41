"""Adam."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import convert, scopes
from rekindle._src.names import public
from rekindle._src.ops import control, math_cast, state_scatter, training
from rekindle._src.ops import math as math_ops
from rekindle._src.state import assign
from rekindle._src.train.optimizers.optimizer import KernelOptimizer


@public("train.AdamOptimizer")
class AdamOptimizer(KernelOptimizer):
    """Steps along a moving average of the gradient, divided by that of its size (Kingma and Ba
    2015).

    Args:
      learning_rate, beta1, beta2, epsilon: numbers, tensors or functions without arguments; epsilon
        is the paper's "epsilon hat".
      use_locking: kept in the update nodes.
      name: the name scope.
    """

    _slot_of_input = {"m": "m", "v": "v"}

    def __init__(self, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999,
                 epsilon: Any = 1e-8, use_locking: bool = False, name: str = "Adam") -> None:
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._lr_t: Any = None
        self._beta1_t: Any = None
        self._beta2_t: Any = None
        self._epsilon_t: Any = None

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        with scopes.init_scope():
            graph = scopes.get_default_graph()
        return (self._get_non_slot_variable("beta1_power", graph=graph),
                self._get_non_slot_variable("beta2_power", graph=graph))

    def _create_slots(self, var_list: Any) -> None:
        # The same variable whatever the order of the list, so that all graphs of a program put the
        # powers on one device.
        first = min(var_list, key=lambda v: v.name)
        self._create_non_slot_variable(self._beta1, "beta1_power", first)
        self._create_non_slot_variable(self._beta2, "beta2_power", first)
        for variable in var_list:
            self._zeros_slot(variable, "m", self._name)
            self._zeros_slot(variable, "v", self._name)

    def _prepare(self) -> None:
        rates = [self._call_if_callable(rate) for rate in (self._lr, self._beta1, self._beta2,
                                                           self._epsilon)]
        self._lr_t = convert.convert_to_tensor(rates[0], name="learning_rate")
        self._beta1_t = convert.convert_to_tensor(rates[1], name="beta1")
        self._beta2_t = convert.convert_to_tensor(rates[2], name="beta2")
        self._epsilon_t = convert.convert_to_tensor(rates[3], name="epsilon")

    def _blocks(self) -> training.Update:
        return training.adam

    def _rates(self) -> dict[str, Any]:
        beta1_power, beta2_power = self._get_beta_accumulators()
        return {"beta1_power": beta1_power, "beta2_power": beta2_power, "lr": self._lr_t,
                "beta1": self._beta1_t,
                "beta2": self._beta2_t, "epsilon": self._epsilon_t}

    def _apply_sparse_shared(self, grad: Any, var: Any, indices: Any,
                             scatter_add: Callable[..., Any]) -> Any:
        """Decay all rows of both averages, add to those that have a gradient, update all rows of
        the variable.
        """
        rates = {key: math_cast.cast(rate, var.dtype.base_dtype) for key,
                 rate in self._rates().items()}
        lr = rates["lr"] * math_ops.sqrt(1 - rates["beta2_power"]) / (1 - rates["beta1_power"])
        m = self.get_slot(var, "m")
        scaled = grad * (1 - rates["beta1"])
        m_t = assign.assign(m, m * rates["beta1"], use_locking=self._use_locking)
        with scopes.control_dependencies([m_t]):
            m_t = scatter_add(m, indices, scaled)
        v = self.get_slot(var, "v")
        scaled = (grad * grad) * (1 - rates["beta2"])
        v_t = assign.assign(v, v * rates["beta2"], use_locking=self._use_locking)
        with scopes.control_dependencies([v_t]):
            v_t = scatter_add(v, indices, scaled)
        root = math_ops.sqrt(v_t)
        updated = assign.assign_sub(var, lr * m_t / (root + rates["epsilon"]),
                                    use_locking=self._use_locking)
        return control.group(updated, m_t, v_t)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        def scatter_add(variable: Any, indices: Any, values: Any) -> Any:
            return assign.scatter_add(variable, indices, values, use_locking=self._use_locking)

        return self._apply_sparse_shared(grad.values, var, grad.indices, scatter_add)

    def _resource_scatter_add(self, x: Any, i: Any, v: Any) -> Any:
        with scopes.control_dependencies([state_scatter.resource_scatter_add(x.handle, i, v)]):
            return x.value()

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._apply_sparse_shared(grad, handle, indices, self._resource_scatter_add)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        with scopes.control_dependencies(update_ops):
            beta1_power, beta2_power = self._get_beta_accumulators()
            with scopes.colocate_with(beta1_power):
                update1 = beta1_power.assign(beta1_power * self._beta1_t,
                                             use_locking=self._use_locking)
                update2 = beta2_power.assign(beta2_power * self._beta2_t,
                                             use_locking=self._use_locking)
        return control.group(*update_ops, update1, update2, name=name_scope)

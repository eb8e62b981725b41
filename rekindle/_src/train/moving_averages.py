"""Moving averages of variables and tensors: `tf.train.ExponentialMovingAverage`."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.names import public
from rekindle._src.ops import control, math_cast
from rekindle._src.ops import math as math_ops
from rekindle._src.state import assign, initializers, variables
from rekindle._src.state.variable import Variable
from rekindle._src.state.variable_scope import get_variable, get_variable_scope, variable_scope
from rekindle._src.train import slots

_FLOATS = (dtypes.bfloat16, dtypes.float16, dtypes.float32, dtypes.float64)


def assign_moving_average(variable: Any, value: Any, decay: Any, zero_debias: bool = True,
                          name: str | None = None) -> Any:
    """variable -= (1 - decay) * (variable - value).

    Args:
      variable: the average.
      value: a tensor of its shape and type.
      decay: a number or tensor.
      zero_debias: the variable began at 0: divide by 1 - decay ^ steps (Kingma and Ba 2015, section
        3), which takes two variables more, "<variable>/biased" and "<variable>/local_step".
      name: the name scope.
    """
    with scopes.name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope:
        rate = convert.convert_to_tensor(1.0 - decay, name="decay")
        if rate.dtype != variable.dtype.base_dtype:
            rate = math_cast.cast(rate, variable.dtype.base_dtype)
        if zero_debias:
            return _debiased(variable, value, rate)
        return assign.assign_sub(variable, (variable - value) * rate, name=scope)


def _debiased(unbiased: Any, value: Any, rate: Any) -> Any:
    with variable_scope(unbiased.name[:-len(":0")], values=[unbiased, value, rate]):
        with scopes.colocate_with(unbiased):
            biased = get_variable(
                _unused("biased"), initializer=initializers.Zeros(), shape=unbiased.get_shape(),
                dtype=unbiased.dtype, trainable=False)
            local_step = get_variable(
                _unused("local_step"), shape=[], dtype=unbiased.dtype,
                initializer=initializers.Zeros(), trainable=False)
    updated = assign.assign_sub(biased, (biased - value) * rate)
    steps = local_step.assign_add(1)
    factor = 1 - math_ops.pow(1.0 - rate, steps)
    return assign.assign(
        unbiased, updated / factor, name=scopes.get_default_graph().get_name_scope() + "/")


def _unused(name: str) -> str:
    """`name` with "_1", "_2", ... where the current variable scope has a variable of that name."""
    scope = get_variable_scope()
    if scope.reuse:
        return name
    taken = {v.op.name for v in scope.global_variables()}
    full = f"{scope.name}/{name}"
    if full not in taken:
        return name
    number = 1
    while f"{full}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def weighted_moving_average(value: Any, decay: Any, weight: Any, truediv: bool = True,
                            collections: Any = None, name: str | None = None) -> Any:
    """The moving average of value * weight, divided by that of weight.

    Args:
      value: a tensor.
      decay: a number or tensor.
      weight: a tensor that broadcasts against `value`.
      truediv: divide integers to floats.
      collections: of the two variables; default GLOBAL_VARIABLES.
      name: the variable scope.
    """
    with variable_scope(name, "WeightedMovingAvg", [value, weight, decay]) as scope:
        def zeros(label: str, like: Any) -> Any:
            return get_variable(label, shape=like.get_shape(), dtype=like.dtype,
                                initializer=initializers.Zeros(), trainable=False,
                                collections=collections or [GraphKeys.GLOBAL_VARIABLES])

        product, total = zeros("value_x_weight", value), zeros("weight", weight)
        numerator = assign_moving_average(product, value * weight, decay, zero_debias=False)
        denominator = assign_moving_average(total, weight, decay, zero_debias=False)
        divide = math_ops.truediv if truediv else math_ops.div
        return divide(numerator, denominator, name=scope.name)


@public("train.ExponentialMovingAverage")
class ExponentialMovingAverage:
    """Keeps averages of variables and tensors: average = decay * average + (1 - decay) * value.

    Args:
      decay: a number or tensor.
      num_updates: a count of updates n; then the decay is min(decay, (1 + n) / (10 + n)).
      zero_debias: correct averages of tensors, which begin at 0, for that.
      name: the name scope, and the last part of the averages' names.
    """

    def __init__(self, decay: Any, num_updates: Any = None, zero_debias: bool = False,
                 name: str = "ExponentialMovingAverage") -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        """The name given to the constructor."""
        return self._name

    def apply(self, var_list: Any = None) -> Any:
        """An operation that updates the averages.

        Args:
          var_list: variables, whose averages begin at their initial values, and tensors, whose
            averages begin at 0;
            default: the trainable variables.

        Raises:
          TypeError: one is not of a floating point type.
        """
        if var_list is None:
            var_list = variables.trainable_variables()
        debiased = set()
        for var in var_list:
            if var.dtype.base_dtype not in _FLOATS:
                raise TypeError(f"The variables must be half, float, or double: {var.name}")
            if var.experimental_ref() in self._averages:
                continue
            with scopes.init_scope():
                average = self._new_average(var)
                if self._zero_debias and not isinstance(var, Variable):
                    debiased.add(average.experimental_ref())
            self._averages[var.experimental_ref()] = average
        with scopes.name_scope(self.name) as scope:
            decay = convert.convert_to_tensor(self._decay, name="decay")
            if self._num_updates is not None:
                count = math_cast.cast(self._num_updates, dtypes.float32, name="num_updates")
                decay = math_ops.minimum(decay, (1.0 + count) / (10.0 + count))
            updates = []
            for var in var_list:
                average = self._averages[var.experimental_ref()]
                updates.append(assign_moving_average(
                    average, var, decay, zero_debias=average.experimental_ref() in debiased))
            return control.group(*updates, name=scope)

    def _new_average(self, var: Any) -> Any:
        if isinstance(var, Variable):
            average = slots.create_slot(var, var.initialized_value(), self.name,
                                        colocate_with_primary=True)
            scopes.get_default_graph().add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, var)
            return average
        is_reference = var.op.type in ("Variable", "VariableV2", "VarHandleOp")
        return slots.create_zeros_slot(var, self.name, colocate_with_primary=is_reference)

    def average(self, var: Any) -> Any:
        """The variable that holds the average of `var`, None if there is none."""
        return self._averages.get(var.experimental_ref())

    def average_name(self, var: Any) -> str:
        """The name that the average of `var` has, or would have."""
        average = self.average(var)
        if average is not None:
            return average.op.name
        return scopes.get_default_graph().unique_name(f"{var.op.name}/{self.name}",
                                                      mark_as_used=False)

    def variables_to_restore(self, moving_avg_variables: Any = None) -> dict[str, Any]:
        """Names in a checkpoint to variables: averages for those that have one, else the variables
        themselves.
        """
        if moving_avg_variables is None:
            moving_avg_variables = variables.trainable_variables(
                ) + variables.moving_average_variables()
        averaged = list(dict.fromkeys(moving_avg_variables))
        out = {self.average_name(v): v for v in averaged}
        names = {v.name for v in averaged}
        for v in dict.fromkeys(variables.global_variables()):
            if v.name not in names and v.op.name not in out:
                out[v.op.name] = v
        return out

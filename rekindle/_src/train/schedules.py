"""Learning rates that fall with the global step: `tf.train.exponential_decay` and its kin.

Each gives a scalar tensor; the step may be a tensor, a variable or a number.
"""
from __future__ import annotations

import math
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.names import public
from rekindle._src.ops import case, cond, math_cast, random
from rekindle._src.ops import math as math_ops


def _rate(learning_rate: Any) -> Any:
    return convert.convert_to_tensor(learning_rate, name="initial_learning_rate")


@public("train.exponential_decay")
def exponential_decay(learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any,
                      staircase: bool = False, name: str | None = None) -> Any:
    """learning_rate * decay_rate ^ (global_step / decay_steps); the exponent rounded down if
    `staircase`.
    """
    with scopes.name_scope(name or "ExponentialDecay") as scope:
        rate = _rate(learning_rate)
        dtype = rate.dtype
        steps = math_cast.cast(decay_steps, dtype)
        factor = math_cast.cast(decay_rate, dtype)
        exponent = math_cast.cast(global_step, dtype) / steps
        if staircase:
            exponent = math_ops.floor(exponent)
        return math_ops.multiply(rate, math_ops.pow(factor, exponent), name=scope)


@public("train.piecewise_constant_decay", "train.piecewise_constant")
def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Any:
    """values[0] up to boundaries[0], values[1] above it up to boundaries[1], and so on.

    Args:
      x: the step, a scalar.
      boundaries: increasing numbers of the type of `x`.
      values: one more than boundaries.
      name: the name scope.

    Raises:
      ValueError: types or lengths do not go together.
    """
    boundaries = convert.convert_n_to_tensor(boundaries)
    values = convert.convert_n_to_tensor(values)
    step = convert.convert_to_tensor(x)
    for i, one in enumerate(boundaries):
        if one.dtype.base_dtype == step.dtype.base_dtype:
            continue
        if one.dtype.base_dtype != dtypes.int32 or step.dtype.base_dtype != dtypes.int64:
            raise ValueError(f"Boundaries ({one.dtype.base_dtype}) must have the same dtype as x "
                             f"({step.dtype.base_dtype}).")
        boundaries[i] = math_cast.cast(one, step.dtype.base_dtype)
    for one in values[1:]:
        if one.dtype.base_dtype != values[0].dtype.base_dtype:
            raise ValueError("Values must have elements all with the same dtype "
                             f"({values[0].dtype.base_dtype} vs {one.dtype.base_dtype}).")
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    with scopes.name_scope(name or "PiecewiseConstant"):
        step = convert.convert_to_tensor(x)
        pairs = [(step <= boundaries[0], lambda: values[0]),
                 (step > boundaries[-1], lambda: values[-1])]
        for low, high, value in zip(boundaries[:-1], boundaries[1:], values[1:-1], strict=True):
            pairs.append(((step > low) & (step <= high), lambda value=value: value))
        return case.case(pairs, lambda: values[0], exclusive=True)


@public("train.polynomial_decay")
def polynomial_decay(learning_rate: Any, global_step: Any, decay_steps: Any,
                     end_learning_rate: Any = 0.0001, power: Any = 1.0, cycle: bool = False,
                     name: str | None = None) -> Any:
    """From `learning_rate` to `end_learning_rate` in `decay_steps` steps, along (1 - step /
    decay_steps) ^ power.

    Args:
      learning_rate: the rate at step 0.
      global_step: the step.
      decay_steps: how many steps it takes.
      end_learning_rate: the rate after them.
      power: 1 for a straight line.
      cycle: begin again, each time over twice, three times, ... as many steps, instead of staying
        at the end.
      name: the name scope.
    """
    with scopes.name_scope(name or "PolynomialDecay") as scope:
        rate = _rate(learning_rate)
        dtype = rate.dtype
        end = math_cast.cast(end_learning_rate, dtype)
        exponent = math_cast.cast(power, dtype)
        step = math_cast.cast(global_step, dtype)
        steps = math_cast.cast(decay_steps, dtype)
        if cycle:
            now = step
            rounds = cond.cond(math_ops.equal(now, 0), lambda: 1.0,
                               lambda: math_ops.ceil(now / decay_steps))
            steps = math_ops.multiply(steps, rounds)
        else:
            step = math_ops.minimum(step, decay_steps)
        done = math_ops.divide(step, steps)
        span = rate - end
        return math_ops.add(
            math_ops.multiply(span, math_ops.pow(1 - done, exponent)), end, name=scope)


@public("train.natural_exp_decay")
def natural_exp_decay(learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any,
                      staircase: bool = False, name: str | None = None) -> Any:
    """learning_rate * exp(-decay_rate * global_step / decay_steps)."""
    factor = math_ops.exp(math_ops.negative(decay_rate))
    return exponential_decay(learning_rate, global_step, decay_steps, factor, staircase=staircase,
                             name=name)


@public("train.inverse_time_decay")
def inverse_time_decay(learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any,
                       staircase: bool = False, name: str | None = None) -> Any:
    """learning_rate / (1 + decay_rate * global_step / decay_steps)."""
    with scopes.name_scope(name or "InverseTimeDecay") as scope:
        rate = _rate(learning_rate)
        dtype = rate.dtype
        steps = math_cast.cast(decay_steps, dtype)
        factor = math_cast.cast(decay_rate, dtype)
        done = math_cast.cast(global_step, dtype) / steps
        if staircase:
            done = math_ops.floor(done)
        one = math_cast.cast(convert.constant(1), dtype)
        return math_ops.divide(rate, math_ops.add(one, math_ops.multiply(factor, done)), name=scope)


def _wave(fraction: Any) -> Any:
    return math_ops.cos(convert.constant(math.pi) * fraction)


@public("train.cosine_decay")
def cosine_decay(learning_rate: Any, global_step: Any, decay_steps: Any, alpha: Any = 0.0,
                 name: str | None = None) -> Any:
    """Half a cosine wave from `learning_rate` to `alpha * learning_rate` (Loshchilov and Hutter
    2016).
    """
    with scopes.name_scope(name or "CosineDecay"):
        rate = _rate(learning_rate)
        dtype = rate.dtype
        steps = math_cast.cast(decay_steps, dtype)
        step = math_ops.minimum(math_cast.cast(global_step, dtype), steps)
        wave = 0.5 * (1.0 + _wave(step / steps))
        return math_ops.multiply(rate, (1 - alpha) * wave + alpha)


@public("train.cosine_decay_restarts")
def cosine_decay_restarts(learning_rate: Any, global_step: Any, first_decay_steps: Any,
                          t_mul: Any = 2.0, m_mul: Any = 1.0, alpha: Any = 0.0,
                          name: str | None = None) -> Any:
    """Cosine decay that starts again, each time over `t_mul` times the steps from `m_mul` times the
    rate (SGDR).
    """
    with scopes.name_scope(name or "SGDRDecay") as scope:
        rate = _rate(learning_rate)
        dtype = rate.dtype
        steps = math_cast.cast(first_decay_steps, dtype)
        floor = math_cast.cast(alpha, dtype)
        growth = math_cast.cast(t_mul, dtype)
        factor = math_cast.cast(m_mul, dtype)
        done = math_cast.cast(global_step, dtype) / steps

        def equal_periods() -> tuple[Any, Any]:
            restarts = math_ops.floor(done)
            return restarts, done - restarts

        def growing_periods() -> tuple[Any, Any]:
            restarts = math_ops.floor(math_ops.log(1.0 - done * (1.0 - growth)) / math_ops.log(
                growth))
            before = (1.0 - growth ** restarts) / (1.0 - growth)
            return restarts, (done - before) / growth ** restarts

        restarts, fraction = cond.cond(math_ops.equal(growth, 1.0), equal_periods, growing_periods)
        wave = 0.5 * factor ** restarts * (1.0 + _wave(fraction))
        return math_ops.multiply(rate, (1 - floor) * wave + floor, name=scope)


@public("train.linear_cosine_decay")
def linear_cosine_decay(learning_rate: Any, global_step: Any, decay_steps: Any,
                        num_periods: Any = 0.5, alpha: Any = 0.0, beta: Any = 0.001,
                        name: str | None = None) -> Any:
    """learning_rate * ((alpha + linear) * cosine + beta), where both fall from 1 to 0 (Bello et al.
    2017).
    """
    with scopes.name_scope(name or "LinearCosineDecay") as scope:
        rate = _rate(learning_rate)
        dtype = rate.dtype
        steps, periods, a, b = (math_cast.cast(v, dtype) for v in (decay_steps, num_periods, alpha,
                                                                   beta))
        step = math_ops.minimum(math_cast.cast(global_step, dtype), steps)
        linear = (steps - step) / steps
        done = step / steps
        fraction = 2.0 * periods * done
        wave = 0.5 * (1.0 + _wave(fraction))
        return math_ops.multiply(rate, (a + linear) * wave + b, name=scope)


@public("train.noisy_linear_cosine_decay")
def noisy_linear_cosine_decay(learning_rate: Any, global_step: Any, decay_steps: Any,
                              initial_variance: Any = 1.0, variance_decay: Any = 0.55,
                              num_periods: Any = 0.5, alpha: Any = 0.0, beta: Any = 0.001,
                              name: str | None = None) -> Any:
    """`linear_cosine_decay` with noise of variance initial_variance / (1 + step) ^ variance_decay
    on the line.
    """
    with scopes.name_scope(name or "NoisyLinearCosineDecay") as scope:
        rate = _rate(learning_rate)
        dtype = rate.dtype
        steps, variance, decay, periods, a, b = (math_cast.cast(v, dtype) for v in (
            decay_steps, initial_variance, variance_decay, num_periods, alpha, beta))
        step = math_ops.minimum(math_cast.cast(global_step, dtype), steps)
        linear = (steps - step) / steps
        deviation = math_ops.sqrt(variance / math_ops.pow(1.0 + step, decay))
        noisy = linear + random.random_normal(linear.shape, stddev=deviation)
        done = step / steps
        fraction = 2.0 * periods * done
        wave = 0.5 * (1.0 + _wave(fraction))
        return math_ops.multiply(rate, (a + noisy) * wave + b, name=scope)

"""`optimize_loss`: a training step in one call, and gradients clipped to what is usual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.spaces import show, shown
from rekindle._src.graph import convert, dtypes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check_shape, clip, control, random, summary
from rekindle._src.ops import math as math_ops
from rekindle._src.state import variables as variable_lists
from rekindle._src.state.initializers import Constant, Zeros
from rekindle._src.state.variable_scope import get_variable, variable_scope
from rekindle._src.train import global_step as steps
from rekindle._src.train.moving_averages import assign_moving_average
from rekindle._src.train.optimizers.adagrad import AdagradOptimizer
from rekindle._src.train.optimizers.adam import AdamOptimizer
from rekindle._src.train.optimizers.ftrl import FtrlOptimizer
from rekindle._src.train.optimizers.gradient_descent import GradientDescentOptimizer
from rekindle._src.train.optimizers.momentum import MomentumOptimizer
from rekindle._src.train.optimizers.optimizer import Optimizer
from rekindle._src.train.optimizers.rmsprop import RMSPropOptimizer

OPTIMIZER_CLS_NAMES = {
    "Adagrad": AdagradOptimizer,
    "Adam": AdamOptimizer,
    "Ftrl": FtrlOptimizer,
    "Momentum": lambda learning_rate: MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": RMSPropOptimizer,
    "SGD": GradientDescentOptimizer,
}
OPTIMIZER_SUMMARIES = [
    "learning_rate",
    "loss",
    "gradients",
    "gradient_norm",
    "global_gradient_norm",
]
show("library", "OPTIMIZER_CLS_NAMES", __name__)
show("library", "OPTIMIZER_SUMMARIES", __name__)

Pairs = list[tuple[Any, Any]]


@shown("library", "optimize_loss")
def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: dict[Any, Any] | None = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable[[Any, Any], Any] | None = None,
    update_ops: Any = None,
    variables: Any = None,
    name: str | None = None,
    summaries: Any = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Any:
    """The loss, after a step of training: [].

    Args:
      loss: [].
      global_step: counts the steps; None for the graph's.
      learning_rate: a float, which becomes a variable, or a tensor.
      optimizer: one of OPTIMIZER_CLS_NAMES, an Optimizer or a subclass of it, or a function from
        learning rate to Optimizer.
      gradient_noise_scale: of noise that is added to the gradients.
      gradient_multipliers: variable, or its name -> factor of its gradient.
      clip_gradients: a largest global norm, or a function of (gradient, variable) pairs.
      learning_rate_decay_fn: from (learning rate, global step) to the rate in use.
      update_ops: what to run before; default: the collection UPDATE_OPS.
      variables: default: all that are trained.
      name: the variable scope.
      summaries: a list of OPTIMIZER_SUMMARIES.
      colocate_gradients_with_ops: put gradients on the devices of their operations.
      increment_global_step: count the step.

    Raises:
      ValueError: the loss is no scalar, or an argument is not of the kinds above.
    """
    loss = convert.convert_to_tensor(loss)
    check_shape.assert_scalar(loss)
    if global_step is None:
        global_step = steps.get_global_step()
    else:
        steps.assert_global_step(global_step)
    with variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = dict.fromkeys(get_collection(GraphKeys.UPDATE_OPS))
        if update_ops:
            loss = control.with_dependencies(list(update_ops), loss)
        rate = _rate(learning_rate)
        shown_summaries = _summaries(summaries)
        if learning_rate is not None and learning_rate_decay_fn is not None:
            rate = _decayed(rate, learning_rate_decay_fn, global_step, shown_summaries)
        made = _optimizer(optimizer, rate, learning_rate)
        if variables is None:
            variables = variable_lists.trainable_variables()
        gradients = made.compute_gradients(
            loss, variables, colocate_gradients_with_ops=colocate_gradients_with_ops
        )
        if gradient_noise_scale is not None:
            gradients = _with_noise(gradients, gradient_noise_scale)
        if gradient_multipliers is not None:
            gradients = _multiplied(gradients, gradient_multipliers)
        gradients = _clipped_and_summarized(loss, gradients, clip_gradients, shown_summaries)
        updates = made.apply_gradients(
            gradients, global_step=global_step if increment_global_step else None, name="train"
        )
        return control.with_dependencies([updates], loss)


def _rate(learning_rate: Any) -> Any:
    if learning_rate is None:
        return None
    if isinstance(learning_rate, Tensor) and learning_rate.get_shape().ndims == 0:
        return learning_rate
    if isinstance(learning_rate, float):
        if learning_rate < 0.0:
            raise ValueError("Invalid learning_rate %s.", learning_rate)
        return get_variable(
            "learning_rate", [], trainable=False, initializer=Constant(learning_rate)
        )
    raise ValueError(
        f"Learning rate should be 0d Tensor or float. Got {learning_rate} of type "
        f"{type(learning_rate)}"
    )


def _summaries(wanted: Any) -> list[str]:
    if wanted is None:
        return ["loss", "learning_rate", "global_gradient_norm"]
    for one in wanted:
        if one not in OPTIMIZER_SUMMARIES:
            raise ValueError(
                f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you provided "
                f"{one}."
            )
    return wanted


def _decayed(rate: Any, decay: Any, global_step: Any, wanted: list[str]) -> Any:
    if global_step is None:
        raise ValueError("global_step is required for learning_rate_decay_fn.")
    rate = decay(rate, global_step)
    if "learning_rate" in wanted:
        summary.scalar("learning_rate", rate)
    return rate


def _optimizer(optimizer: Any, rate: Any, learning_rate: Any) -> Optimizer:
    if isinstance(optimizer, str):
        if rate is None:
            raise ValueError(
                "Learning rate is None, but should be specified if optimizer is string "
                f"({optimizer})."
            )
        if optimizer not in OPTIMIZER_CLS_NAMES:
            raise ValueError(
                f"Optimizer name should be one of [{', '.join(OPTIMIZER_CLS_NAMES)}], you provided "
                f"{optimizer}."
            )
        return OPTIMIZER_CLS_NAMES[optimizer](learning_rate=rate)
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        if rate is None:
            raise ValueError(
                "Learning rate is None, but should be specified if optimizer is class "
                f"({optimizer})."
            )
        return optimizer(learning_rate=rate)  # type: ignore[call-arg]
    if isinstance(optimizer, Optimizer):
        return optimizer
    if not callable(optimizer):
        raise ValueError(
            "Unrecognized optimizer: should be string, subclass of Optimizer, instance of subclass "
            f"of Optimizer or function with one argument. Got {optimizer}."
        )
    made = optimizer() if learning_rate is None else optimizer(rate)
    if not isinstance(made, Optimizer):
        raise ValueError(
            "Unrecognized optimizer: function should return subclass of Optimizer. Got "
            f"{made}."
        )
    return made


def _clipped_and_summarized(
    loss: Any, gradients: Pairs, clipping: Any, wanted: list[str]
) -> Pairs:
    has_norm = "global_gradient_norm" in wanted or "gradient_norm" in wanted
    if has_norm:
        norm = clip.global_norm([g for g, _ in gradients])
        summary.scalar("global_norm/gradient_norm", norm)
    if isinstance(clipping, float):
        clipped, _ = clip.clip_by_global_norm([g for g, _ in gradients], clipping)
        gradients = [(g, v) for g, (_, v) in zip(clipped, gradients, strict=True)]
    elif callable(clipping):
        gradients = list(clipping(gradients))  # type: ignore[arg-type]
    elif clipping is not None:
        raise ValueError(f"Unknown type {type(clipping)} for clip_gradients")
    if "loss" in wanted:
        summary.scalar("loss", loss)
    for gradient, variable in gradients:
        values = gradient.values if isinstance(gradient, IndexedSlices) else gradient
        tag = variable.name.replace(":", "_")
        if values is not None and "gradients" in wanted:
            summary.histogram(f"gradients/{tag}", values)
        if values is not None and "gradient_norm" in wanted:
            summary.scalar(f"gradient_norm/{tag}", clip.global_norm([values]))
    if clipping is not None and has_norm:
        norm = clip.global_norm([g for g, _ in gradients])
        summary.scalar("global_norm/clipped_gradient_norm", norm)
    return gradients


def _with_noise(gradients: Pairs, scale: float) -> Pairs:
    noisy = []
    for gradient, variable in gradients:
        if gradient is not None:
            sparse = isinstance(gradient, IndexedSlices)
            shape = gradient.dense_shape if sparse else gradient.get_shape()
            noise: Any = random.truncated_normal(shape)
            gradient = gradient + noise * scale
        noisy.append((gradient, variable))
    return noisy


def _multiplied(gradients: Pairs, multipliers: dict[Any, Any]) -> Pairs:
    out = []
    for gradient, variable in gradients:
        key = variable if variable in multipliers else variable.name
        if gradient is not None and key in multipliers:
            if isinstance(gradient, IndexedSlices):
                values = gradient.values * multipliers[key]
                gradient = IndexedSlices(values, gradient.indices, gradient.dense_shape)
            else:
                gradient *= math_ops.cast(multipliers[key], gradient.dtype)
        out.append((gradient, variable))
    if not out:
        raise ValueError(
            "Empty list of (gradient, var) pairs encountered. This is most likely to be caused by "
            "an improper value of gradient_multipliers."
        )
    return out


@public("contrib.slim.adaptive_clipping_fn")
def adaptive_clipping_fn(
    std_factor: float = 2.0,
    decay: float = 0.95,
    static_max_norm: float | None = None,
    global_step: Any = None,
    report_summary: bool = False,
    epsilon: float = 1e-8,
    name: str | None = None,
) -> Callable[[Pairs], Pairs]:
    """A function that clips gradients whose global norm is far from its moving average.

    Args:
      std_factor: how many deviations of the norm's logarithm are far.
      decay: of the moving averages.
      static_max_norm: a largest norm at all times.
      global_step: makes the decay weaker in the first steps.
      report_summary: summarize the largest norm.
      epsilon: added to the norm, and the least variance.
      name: the variable scope.
    """

    def gradient_clipping(grads_and_vars: Pairs) -> Pairs:
        norm = clip.global_norm([g for g, _ in grads_and_vars])
        max_norm, log_mean = _usual_norm(norm, std_factor, decay, global_step, epsilon, name)
        if report_summary:
            summary.scalar("global_norm/adaptive_max_gradient_norm", max_norm)
        factor = array_ops.where(
            norm < max_norm, array_ops.ones_like(norm), math_ops.exp(log_mean) / norm
        )
        if static_max_norm is not None:
            factor = math_ops.minimum(static_max_norm / norm, factor)
        return [(_scaled(g, factor), v) for g, v in grads_and_vars]

    return gradient_clipping


def _scaled(gradient: Any, factor: Any) -> Any:
    if isinstance(gradient, IndexedSlices):
        return IndexedSlices(gradient.values * factor, gradient.indices, gradient.dense_shape)
    return None if gradient is None else gradient * factor


def _usual_norm(
    norm: Any, std_factor: float, decay: Any, global_step: Any, epsilon: float, name: str | None
) -> tuple[Any, Any]:
    """(the largest norm that is usual, the moving average of its logarithm)."""
    with variable_scope(name, "AdaptiveMaxNorm", [norm]):
        log_norm = math_ops.log(norm + epsilon)
        if global_step is not None:
            n = math_ops.cast(global_step, dtypes.float32)
            decay = math_ops.minimum(decay, n / (n + 1.0))

        def average(name: str, value: Any) -> Any:
            moving = get_variable(
                name,
                shape=value.get_shape(),
                dtype=value.dtype,
                initializer=Zeros(),
                trainable=False,
            )
            return assign_moving_average(moving, value, decay, zero_debias=False)

        mean = average("mean", log_norm)
        squares = average("sq_mean", math_ops.square(log_norm))
        variance = squares - math_ops.square(mean)
        deviation = math_ops.sqrt(math_ops.maximum(epsilon, variance))
        return math_ops.exp(mean + std_factor * deviation), mean

"""Training operations of `tf.contrib.training`: gradients changed on their way, updates before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.graph import convert, scopes
from rekindle._src.graph.collections import GraphKeys, get_collection, get_collection_ref
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import clip, control, debug, summary
from rekindle._src.state import variables
from rekindle._src.train import global_step as steps
from rekindle._src.train.optimizers.optimizer import Optimizer

Pairs = list[tuple[Any, Any]]
#: asks for the graph's global step; None counts no steps
USE_GLOBAL_STEP = 0


@public("contrib.training.add_gradients_summaries")
def add_gradients_summaries(grads_and_vars: Pairs) -> list[Any]:
    """A histogram and the norm of each gradient, named after its variable."""
    return gradient_summaries(grads_and_vars, "_gradient")


def gradient_summaries(grads_and_vars: Pairs, suffix: str) -> list[Any]:
    """The summaries of gradients, named after the variables and `suffix`."""
    made = []
    for gradient, variable in grads_and_vars:
        if gradient is None:
            tf_logging.info("Var %s has no gradient", variable.op.name)
            continue
        values = gradient.values if isinstance(gradient, IndexedSlices) else gradient
        name = variable.op.name + suffix
        made.append(summary.histogram(name, values))
        made.append(summary.scalar(f"{name}_norm", clip.global_norm([values])))
    return made


@public("contrib.training.clip_gradient_norms", "contrib.slim.learning.clip_gradient_norms")
def clip_gradient_norms(gradients_to_variables: Pairs, max_norm: float) -> Pairs:
    """The pairs with each gradient scaled down to a largest norm."""
    out = []
    for gradient, variable in gradients_to_variables:
        if isinstance(gradient, IndexedSlices):
            values = clip.clip_by_norm(gradient.values, max_norm)
            gradient = IndexedSlices(values, gradient.indices, gradient.dense_shape)
        elif gradient is not None:
            gradient = clip.clip_by_norm(gradient, max_norm)
        out.append((gradient, variable))
    return out


@public("contrib.training.clip_gradient_norms_fn")
def clip_gradient_norms_fn(max_norm: float) -> Callable[[Pairs], Pairs]:
    """`clip_gradient_norms` as a function of the pairs."""
    return lambda gradients_to_variables: clip_gradient_norms(gradients_to_variables, max_norm)


@public("contrib.training.multiply_gradients", "contrib.slim.learning.multiply_gradients")
def multiply_gradients(grads_and_vars: Pairs, gradient_multipliers: dict[Any, Any]) -> Pairs:
    """The pairs with the gradients of some variables multiplied.

    Args:
      grads_and_vars: (gradient, variable) pairs.
      gradient_multipliers: variable, or its operation's name -> factor.

    Raises:
      ValueError: an argument is of another kind or empty, or a gradient to multiply is None.
    """
    if not isinstance(grads_and_vars, list):
        raise ValueError("`grads_and_vars` must be a list.")
    if not gradient_multipliers:
        raise ValueError("`gradient_multipliers` is empty.")
    if not isinstance(gradient_multipliers, dict):
        raise ValueError("`gradient_multipliers` must be a dict.")
    out = []
    for gradient, variable in grads_and_vars:
        key = variable if variable in gradient_multipliers else variable.op.name
        if key in gradient_multipliers:
            if gradient is None:
                raise ValueError("Requested multiple of `None` gradient.")
            factor = convert.convert_to_tensor(gradient_multipliers[key], dtype=gradient.dtype)
            if isinstance(gradient, IndexedSlices):
                values = gradient.values * factor
                gradient = IndexedSlices(values, gradient.indices, gradient.dense_shape)
            else:
                gradient *= factor
        out.append((gradient, variable))
    return out


@public("contrib.training.create_train_op")
def create_train_op(
    total_loss: Any,
    optimizer: Any,
    global_step: Any = USE_GLOBAL_STEP,
    update_ops: Any = None,
    variables_to_train: Any = None,
    transform_grads_fn: Callable[[Pairs], Pairs] | None = None,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
    check_numerics: bool = True,
) -> Any:
    """The loss, after a step of training and after the updates before it: [].

    Args:
      total_loss: [].
      optimizer: an Optimizer.
      global_step: counts the steps; default: the graph's; None for none.
      update_ops: what to run before; default: the collection UPDATE_OPS.
      variables_to_train: default: all that are trained.
      transform_grads_fn: a function from (gradient, variable) pairs to such pairs.
      summarize_gradients: summarize the gradients.
      gate_gradients, aggregation_method, colocate_gradients_with_ops: as for the optimizer.
      check_numerics: fail where the loss is no finite number.

    Raises:
      AssertionError: there is no variable to train, or one that is not trained.
    """
    return built_train_op(
        total_loss,
        optimizer,
        global_step,
        update_ops,
        variables_to_train,
        {
            "gate_gradients": gate_gradients,
            "aggregation_method": aggregation_method,
            "colocate_gradients_with_ops": colocate_gradients_with_ops,
        },
        transform_grads_fn,
        summarize_gradients,
        check_numerics,
    )


def built_train_op(
    total_loss: Any,
    optimizer: Any,
    global_step: Any,
    update_ops: Any,
    variables_to_train: Any,
    how: dict[str, Any],
    transform: Callable[[Pairs], Pairs] | None,
    summarize_gradients: bool,
    check_numerics: bool,
) -> Any:
    """`create_train_op`; `how` goes to `compute_gradients`."""
    if global_step is USE_GLOBAL_STEP:
        global_step = steps.get_or_create_global_step()
    total_loss = _after_updates(total_loss, update_ops)
    trained = variables.trainable_variables()
    if variables_to_train is None:
        variables_to_train = trained
    if not variables_to_train or not all(
        getattr(v, "trainable", False) or any(v is one for one in trained)
        for v in variables_to_train
    ):
        raise AssertionError("There is no variable to train, or one that is not trained")
    pairs = optimizer.compute_gradients(total_loss, variables_to_train, **how)
    if transform is not None:
        pairs = transform(pairs)
    if summarize_gradients:
        with scopes.name_scope("summarize_grads"):
            add_gradients_summaries(pairs)
    updates = optimizer.apply_gradients(pairs, global_step=global_step)
    with scopes.name_scope("train_op"):
        if check_numerics:
            total_loss = debug.check_numerics(total_loss, "LossTensor is inf or nan")
        train_op = control.with_dependencies([updates], total_loss)
    held = get_collection_ref(GraphKeys.TRAIN_OP)
    if not any(train_op is one for one in held):
        held.append(train_op)
    return train_op


def _after_updates(total_loss: Any, update_ops: Any) -> Any:
    collected = dict.fromkeys(get_collection(GraphKeys.UPDATE_OPS))
    wanted = collected if update_ops is None else dict.fromkeys(update_ops)
    if not collected.keys() <= wanted.keys():
        tf_logging.warning(
            "update_ops in create_train_op does not contain all the update_ops in "
            "GraphKeys.UPDATE_OPS"
        )
    if not wanted:
        return total_loss
    with scopes.control_dependencies(list(wanted)):
        barrier = control.no_op(name="update_barrier")
    return control.with_dependencies([barrier], total_loss)

"""The ops of optimizers: each changes a variable and its slots in place, given a gradient.

Holds one formula per optimizer, and what makes of it the blocks ApplyX, ResourceApplyX,
SparseApplyX and ResourceSparseApplyX (those of them that TensorFlow has). A sparse update takes a
gradient for some rows only and leaves the others as they are; where a row occurs twice, the updates
follow each other.

Sources: the formulas are those of TensorFlow 1.15's kernels; the papers are named with each.
"""
from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer, signatures
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.opdef import Op, op
from rekindle._src.graph.signatures import Signature
from rekindle._src.ops import fused
from rekindle._src.ops.state import shown
from rekindle._src.ops.state_resource import handle_shape

_GRADIENTS = ("grad", "delta")


@dataclass(frozen=True, slots=True)
class Update:
    """An optimizer's formula, and its blocks; None for the forms that TensorFlow does not have."""

    formula: Callable[..., None]
    apply: Op
    resource_apply: Op
    sparse_apply: Op
    resource_sparse_apply: Op


def update(name: str, slots: int) -> Callable[[Callable[..., Any]], Update]:
    """Decorator: make the blocks of an update from its formula.

    Args:
      name: the part of the op types after "Apply".
      slots: how many slots follow the variable in the formula's parameters.
    """

    def make(formula: Callable[..., Any]) -> Update:
        forms = ("", "Resource", "Sparse", "ResourceSparse")
        blocks = [_block(f"{form}Apply{name}", formula, slots + 1) for form in forms]
        return Update(formula, *blocks)  # type: ignore[arg-type]

    return make


def _block(op_type: str, formula: Callable[..., Any], buffers: int) -> Op | None:
    if not signatures.is_known(op_type):
        return None
    facts = signatures.signature(op_type)
    names = [arg.name for arg in facts.inputs]
    gradient = next(i for i, name in enumerate(names) if name in _GRADIENTS)
    sparse = "indices" in names
    run = _sparse_kernel(formula, facts, buffers, gradient) if sparse else _dense_kernel(
        formula, facts, buffers, gradient)
    run.__name__ = run.__qualname__ = "".join(
        "_" + c.lower() if c.isupper() else c for c in op_type)[1:]
    run.__doc__ = formula.__doc__
    run.__signature__ = inspect.signature(formula)  # type: ignore[attr-defined]
    rule = functools.partial(_shapes, buffers=buffers, gradient=gradient, sparse=sparse)
    return op(op_type, infer=rule, updates=tuple(names[:buffers]))(run)


def _shapes(c: Any, buffers: int, gradient: int, sparse: bool) -> infer.Shape | list[infer.Shape]:
    shape = handle_shape(c, 0)
    for i in range(1, buffers):
        shape = infer.merge(shape, handle_shape(c, i))
    indices = gradient + 1 if sparse else -1
    for i in range(buffers, len(c.shapes)):
        if i not in (gradient, indices):
            infer.with_rank(c.shapes[i], 0)
    grad = c.shapes[gradient]
    if sparse:
        rows = infer.with_rank(c.shapes[indices], 1)
        if grad is not None:
            infer.merge_dim(rows[0], grad[0])
            grad = (None, *grad[1:])
    shape = infer.merge(shape, grad)
    return shape if c.op.outputs else []


def _dense_kernel(formula: Callable[..., Any], facts: Signature, buffers: int,
                  gradient: int) -> Callable[..., Any]:
    names = [arg.name for arg in facts.inputs]
    scalars = [i for i in range(buffers, len(names)) if i != gradient]
    first = 0 if facts.outputs else None

    def kernel(*inputs: Any, **attrs: Any) -> Any:
        held = inputs[:buffers]
        shape = _initialized(held[0]).shape
        _check_scalars(inputs, scalars, names)
        for i in range(1, buffers):
            _check_same(shape, _initialized(held[i]).shape, names[i])
        _check_same(shape, inputs[gradient].shape, names[gradient])
        formula(*[buffer.own() for buffer in held], *inputs[buffers:], **attrs)
        return None if first is None else held[first]

    return kernel


def _sparse_kernel(formula: Callable[..., Any], facts: Signature, buffers: int,
                   gradient: int) -> Callable[..., Any]:
    names = [arg.name for arg in facts.inputs]
    scalars = [i for i in range(buffers, len(names)) if i not in (gradient, gradient + 1)]
    is_ref = bool(facts.outputs)

    def kernel(*inputs: Any, **attrs: Any) -> Any:
        held = inputs[:buffers]
        var = _initialized(held[0])
        for i in range(1, buffers):
            _check_same(var.shape, _initialized(held[i]).shape, names[i])
        _check_scalars(inputs, scalars, names)
        grad, indices = inputs[gradient], inputs[gradient + 1]
        _check_rows(var, grad, indices)
        own = [buffer.own() for buffer in held]
        rest = [*inputs[buffers:gradient], grad, *inputs[gradient + 2:]]
        at = gradient - buffers
        for rows in _rounds(indices.long()):
            part = [t[indices.long()[rows]] for t in own]
            rest[at] = grad[rows]
            formula(*part, *rest, **attrs)
            for tensor, changed in zip(own, part, strict=True):
                tensor.index_copy_(0, indices.long()[rows], changed)
        return held[0] if is_ref else None

    return kernel


def _rounds(index: Any) -> Sequence[Any]:
    """Positions to update together: all at once, or one after the other where a row occurs
    twice.
    """
    if index.device.type != "cpu" or len(torch.unique(index)) == len(index):
        return [slice(None)]
    return [slice(i, i + 1) for i in range(len(index))]


def _initialized(buffer: Buffer) -> Any:
    if buffer.value is None:
        raise errors.FailedPreconditionError(None, None, "Attempting to use uninitialized "
                                             f"variables: {buffer.name}")
    return buffer.value


def _check_scalars(inputs: Sequence[Any], positions: Sequence[int], names: Sequence[str]) -> None:
    for i in positions:
        if inputs[i].ndim:
            raise errors.InvalidArgumentError(None, None, f"{names[i]} is not a scalar: "
                                              f"{shown(inputs[i].shape)}")


def _check_same(shape: Any, other: Any, name: str) -> None:
    if shape != other:
        raise errors.InvalidArgumentError(
            None, None, f"var and {name} do not have the same shape{shown(shape)} {shown(other)}")


def _check_rows(var: Any, grad: Any, indices: Any) -> None:
    if not var.ndim:
        raise errors.InvalidArgumentError(None, None, "var must be at least 1 dimensional")
    if indices.ndim != 1:
        raise errors.InvalidArgumentError(None, None, "indices must be one-dimensional")
    for d in range(1, var.ndim):
        if grad.ndim != var.ndim or grad.shape[d] != var.shape[d]:
            raise errors.InvalidArgumentError(None, None, "var and grad must match in dimension "
                                              f"{d}")
    if grad.shape[0] != len(indices):
        raise errors.InvalidArgumentError(
            None, None, "grad must be the same size as indices in the first dimension.")
    if indices.device.type != "cpu" or not len(indices):
        return
    bad = ((indices < 0) | (indices >= var.shape[0])).nonzero()
    if len(bad):
        at = int(bad[0])
        raise errors.InvalidArgumentError(
            None, None, f"Index {int(indices[at])} at offset {at} in indices is out of range")


@update("GradientDescent", slots=0)
def gradient_descent(var, alpha, delta):
    """var -= alpha * delta."""
    var.addcmul_(delta, alpha, value=-1)


def gradient_descent_group(var: list[Buffer], alpha: Any, delta: list[Any]) -> None:
    """The update of many variables."""
    fused.check_shapes(var, delta, "delta")
    own = [buffer.own() for buffer in var]
    if fused.in_one_pass(*own, *delta):
        torch._fused_sgd_(own, delta, [], weight_decay=0.0, momentum=0.0, lr=alpha, dampening=0.0,
                          nesterov=False, maximize=False, is_first_step=False)
        return
    for one in zip(own, delta, strict=True):
        gradient_descent.formula(one[0], alpha, one[1])


@update("ProximalGradientDescent", slots=0)
def proximal_gradient_descent(var, alpha, l1, l2, delta):
    """A gradient step, then the proximal step of the L1 and L2 penalties (Duchi and Singer 2009,
    FOBOS).
    """
    var.addcmul_(delta, alpha, value=-1)
    _shrink(var, alpha, l1, l2)


def _shrink(var: Any, rate: Any, l1: Any, l2: Any) -> None:
    """var = sign(var) max(|var| - rate l1, 0) / (1 + rate l2)."""
    sign = var.sign()
    var.abs_().sub_(rate * l1).clamp_(min=0).mul_(sign).div_(1 + l2 * rate)


@update("Momentum", slots=1)
def momentum(var, accum, lr, grad, momentum, *, use_nesterov=False):
    """accum = momentum accum + grad; var -= lr accum, or lr (grad + momentum accum) (Sutskever et
    al. 2013).
    """
    accum.mul_(momentum).add_(grad)
    var.addcmul_(torch.addcmul(grad, accum, momentum) if use_nesterov else accum, lr, value=-1)


def momentum_group(var: list[Buffer], accum: list[Buffer], lr: Any, grad: list[Any], rate: Any, *,
                   use_nesterov: bool = False) -> None:
    """The update of many variables; `rate` is the momentum."""
    fused.check_shapes(var, grad, "grad")
    own, sums = [buffer.own() for buffer in var], [buffer.own() for buffer in accum]
    if fused.in_one_pass(*own, *sums, *grad):
        torch._fused_sgd_(own, grad, sums, weight_decay=0.0, momentum=rate.item(), lr=lr, dampening=0.0,
                          nesterov=use_nesterov, maximize=False, is_first_step=False)
        return
    for one in zip(own, sums, grad, strict=True):
        momentum.formula(*one[:2], lr, one[2], rate, use_nesterov=use_nesterov)


@update("KerasMomentum", slots=1)
def keras_momentum(var, accum, lr, grad, momentum, *, use_nesterov=False):
    """accum = momentum accum - lr grad; var += accum, or momentum accum - lr grad."""
    step = grad * lr
    accum.mul_(momentum).sub_(step)
    var.add_(accum * momentum - step if use_nesterov else accum)


@update("Adam", slots=2)
def adam(var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad, *,
         use_nesterov=False):
    """var -= alpha m / (sqrt(v) + epsilon), alpha = lr sqrt(1 - beta2^t) / (1 - beta1^t) (Kingma
    and Ba 2015).

    epsilon is the "epsilon hat" of the paper.
    """
    alpha = lr * (1 - beta2_power).sqrt() / (1 - beta1_power)
    m.lerp_(grad, 1 - beta1)
    v.lerp_(grad.square(), 1 - beta2)
    mean = torch.addcmul(grad * (1 - beta1), m, beta1) if use_nesterov else m
    var.addcdiv_(mean * alpha, v.sqrt().add_(epsilon), value=-1)


@update("AdamWithAmsgrad", slots=3)
def adam_with_amsgrad(var, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad):
    """Adam with the largest v so far as the denominator (Reddi et al. 2018)."""
    alpha = lr * (1 - beta2_power).sqrt() / (1 - beta1_power)
    m.lerp_(grad, 1 - beta1)
    v.lerp_(grad.square(), 1 - beta2)
    torch.maximum(vhat, v, out=vhat)
    var.addcdiv_(m * alpha, vhat.sqrt().add_(epsilon), value=-1)


@update("AdaMax", slots=2)
def ada_max(var, m, v, beta1_power, lr, beta1, beta2, epsilon, grad):
    """v = max(beta2 v, |grad|); var -= lr / (1 - beta1^t) m / (v + epsilon) (Kingma and Ba 2015,
    section 7.1).
    """
    m.lerp_(grad, 1 - beta1)
    torch.maximum(v.mul_(beta2), grad.abs(), out=v)
    var.addcdiv_(m * (lr / (1 - beta1_power)), v + epsilon, value=-1)


@update("Adagrad", slots=1)
def adagrad(var, accum, lr, grad, *, update_slots=True):
    """accum += grad^2; var -= lr grad / sqrt(accum) (Duchi et al. 2011)."""
    if update_slots:
        accum.addcmul_(grad, grad)
    var.addcmul_(grad * lr, accum.rsqrt(), value=-1)


@update("AdagradV2", slots=1)
def adagrad_v2(var, accum, lr, epsilon, grad, *, update_slots=True):
    """accum += grad^2; var -= lr grad / (sqrt(accum) + epsilon)."""
    if update_slots:
        accum.addcmul_(grad, grad)
    var.addcdiv_(grad * lr, accum.sqrt().add_(epsilon), value=-1)


@update("ProximalAdagrad", slots=1)
def proximal_adagrad(var, accum, lr, l1, l2, grad):
    """An Adagrad step, then the proximal step of the penalties at each element's rate."""
    accum.addcmul_(grad, grad)
    rate = accum.rsqrt().mul_(lr)
    var.addcmul_(grad, rate, value=-1)
    _shrink(var, rate, l1, l2)


@update("AdagradDA", slots=2)
def adagrad_da(var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2,
               global_step):
    """var = -lr sign(g) max(|g| - l1 t, 0) / (l2 t lr + sqrt(gg)), of sums g and gg over steps
    (Duchi et al. 2011).
    """
    gradient_accumulator.add_(grad)
    gradient_squared_accumulator.addcmul_(grad, grad)
    step = global_step.to(var.dtype)
    part = gradient_accumulator.abs().sub_(step * l1).clamp_(min=0).mul_(
        gradient_accumulator.sign()).mul_(-lr)
    torch.div(part, gradient_squared_accumulator.sqrt().add_(l2 * step * lr), out=var)


@update("Adadelta", slots=2)
def adadelta(var, accum, accum_update, lr, rho, epsilon, grad):
    """var -= lr grad sqrt(accum_update + epsilon) / sqrt(accum + epsilon), of decayed sums of
    squares (Zeiler 2012).
    """
    accum.mul_(rho).addcmul_(grad.square(), 1 - rho)
    step = (accum_update + epsilon).sqrt_().mul_((accum + epsilon).rsqrt_()).mul_(grad)
    var.addcmul_(step, lr, value=-1)
    accum_update.mul_(rho).addcmul_(step.square_(), 1 - rho)


@update("RMSProp", slots=2)
def rms_prop(var, ms, mom, lr, rho, momentum, epsilon, grad):
    """mom = momentum mom + lr grad / sqrt(ms + epsilon); var -= mom (Tieleman and Hinton 2012)."""
    if fused.in_one_pass(var, ms, mom, lr):
        from rekindle._src.ops import update_kernels  # numba takes a while to import

        update_kernels.rms_prop(var, ms, mom, grad, lr, rho, momentum, epsilon)
        return
    ms.lerp_(grad.square(), 1 - rho)
    mom.mul_(momentum).addcdiv_(grad * lr, (ms + epsilon).sqrt_())
    var.sub_(mom)


@update("CenteredRMSProp", slots=3)
def centered_rms_prop(var, mg, ms, mom, lr, rho, momentum, epsilon, grad):
    """RMSProp divided by the estimated deviation sqrt(ms - mg^2 + epsilon) (Graves 2013, equations
    38 to 45).
    """
    ms.lerp_(grad.square(), 1 - rho)
    mg.lerp_(grad, 1 - rho)
    mom.mul_(momentum).addcdiv_(grad * lr, torch.addcmul(ms, mg, mg, value=-1).add_(epsilon).sqrt_(
        ))
    var.sub_(mom)


@update("Ftrl", slots=2)
def ftrl(var, accum, linear, grad, lr, l1, l2, lr_power):
    """Follow the regularized leader, per coordinate (McMahan et al. 2013, algorithm 1)."""
    _follow(var, accum, linear, grad, grad, lr, l1, l2, lr_power)


@update("FtrlV2", slots=2)
def ftrl_v2(var, accum, linear, grad, lr, l1, l2, l2_shrinkage, lr_power):
    """FTRL where an L2 penalty of the last value is added to the gradient."""
    shrunk = torch.addcmul(grad, var, 2 * l2_shrinkage)
    _follow(var, accum, linear, grad, shrunk, lr, l1, l2, lr_power)


def _follow(var: Any, accum: Any, linear: Any, grad: Any, shrunk: Any, lr: Any, l1: Any, l2: Any,
            lr_power: Any) -> None:
    total = torch.addcmul(accum, grad, grad)
    power = total.pow(-lr_power)
    linear.add_(shrunk).sub_((power - accum.pow(-lr_power)).div_(lr).mul_(var))
    # clamp(linear, -l1, l1) - linear is 0 inside the interval and l1 sign(linear) - linear outside
    clipped = torch.maximum(torch.minimum(linear, l1), -l1)
    torch.div(clipped.sub_(linear), power.div_(lr).add_(2 * l2), out=var)
    accum.copy_(total)


@update("AddSign", slots=1)
def add_sign(var, m, lr, alpha, sign_decay, beta, grad):
    """var -= lr (alpha + sign_decay sign(grad) sign(m)) grad (Bello et al. 2017)."""
    m.mul_(beta).addcmul_(grad, 1 - beta)
    var.addcmul_((grad.sign() * m.sign()).mul_(sign_decay).add_(alpha).mul_(grad), lr, value=-1)


@update("PowerSign", slots=1)
def power_sign(var, m, lr, logbase, sign_decay, beta, grad):
    """var -= lr exp(logbase sign_decay sign(grad) sign(m)) grad (Bello et al. 2017)."""
    m.mul_(beta).addcmul_(grad, 1 - beta)
    var.addcmul_((grad.sign() * m.sign()).mul_(logbase * sign_decay).exp_().mul_(grad), lr,
                 value=-1)

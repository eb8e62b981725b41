"""Updates of variables in one pass over memory."""
from __future__ import annotations

import numba
import numpy as np
import torch

from rekindle._src.ops.loops import Loops


def _rms_prop(var, ms, mom, grad, lr, rho, momentum, epsilon):  # type: ignore[no-untyped-def]
    number = var.dtype.type
    lr, momentum, epsilon, rest = number(lr), number(momentum), number(epsilon), number(1) - number(rho)
    for i in numba.prange(len(var)):
        g = grad[i]
        ms[i] += (g * g - ms[i]) * rest
        mom[i] = mom[i] * momentum + g * lr / np.sqrt(ms[i] + epsilon)
        var[i] -= mom[i]


def _adam_step(var, m, v, rate, epsilon):  # type: ignore[no-untyped-def]
    rate, epsilon = var.dtype.type(rate), var.dtype.type(epsilon)
    for i in numba.prange(len(var)):
        var[i] -= rate * m[i] / (np.sqrt(v[i]) + epsilon)


_RMS_PROP, _ADAM_STEP = Loops(_rms_prop), Loops(_adam_step)


def rms_prop(var: torch.Tensor, ms: torch.Tensor, mom: torch.Tensor, grad: torch.Tensor,
             *scalars: torch.Tensor) -> None:
    """The update of `training.rms_prop`; scalars: lr, rho, momentum, epsilon."""
    _RMS_PROP(*map(_flat, (var, ms, mom, grad)), *(s.item() for s in scalars))


def adam_step(var: torch.Tensor, m: torch.Tensor, v: torch.Tensor, rate: torch.Tensor, epsilon: torch.Tensor) -> None:
    """var -= rate * m / (sqrt(v) + epsilon); rate and epsilon are scalars."""
    _ADAM_STEP(*map(_flat, (var, m, v)), rate.item(), epsilon.item())


def _flat(tensor: torch.Tensor) -> np.ndarray:
    """The numbers of a tensor, in its memory if it is contiguous."""
    return tensor.numpy().reshape(-1)

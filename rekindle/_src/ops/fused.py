"""Kernels that do the work of several ops at once; the compiler's rules put them in, no graph names them."""
from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph.buffer import Buffer
from rekindle._src.ops import sliding


def apply_adam_group(var: list[Buffer], m: list[Buffer], v: list[Buffer], beta1_power: Any, beta2_power: Any, lr: Any,
                     beta1: Any, beta2: Any, epsilon: Any, grad: list[Any]) -> None:
    """Adam's update of many variables in one pass over memory.

    torch's kernel divides by its own bias corrections; at a step count without end they are 1, and TensorFlow's, which
    stand in the learning rate, are left.
    """
    check_shapes(var, grad, "grad")
    scale = lr * torch.sqrt(1 - beta2_power) / (1 - beta1_power)
    steps = [torch.full((), 1e9, dtype=torch.float32, device=scale.device)] * len(var)
    torch._fused_adam_([b.own() for b in var], [g.contiguous() for g in grad], [b.own() for b in m],
                       [b.own() for b in v], [], steps, lr=scale, beta1=beta1.item(), beta2=beta2.item(),
                       weight_decay=0.0, eps=epsilon.item(), amsgrad=False, maximize=False)


def check_shapes(var: list[Buffer], given: list[Any], name: str) -> None:
    """Refuse gradients of another shape than their variables.

    Raises:
      InvalidArgumentError: names the first variable.
    """
    for buffer, other in zip(var, given, strict=True):
        if buffer.read().shape != other.shape:
            raise errors.InvalidArgumentError(
                None, None, f"var and {name} do not have the same shape{list(buffer.value.shape)} "
                f"{list(other.shape)} for {buffer.name}")


def decay(ref: Buffer, factor: Any) -> Buffer:
    """A variable multiplied by a scalar in place."""
    ref.own().mul_(factor)
    return ref


def adam_step(ref: Buffer, m: Any, v: Any, rate: Any, epsilon: Any) -> Buffer:
    """var -= rate m / (sqrt(v) + epsilon)."""
    var = ref.own()
    if var.shape != m.shape:
        raise errors.InvalidArgumentError(None, None, "Updates and the variable must have the same shape: "
                                          f"{list(m.shape)} and {list(var.shape)} of {ref.name}")
    if in_one_pass(var, m, v):
        from rekindle._src.ops import update_kernels  # numba takes a while to import

        update_kernels.adam_step(var, m, v, rate, epsilon)
    else:
        var.sub_(rate * m / torch.sqrt(v).add_(epsilon))
    return ref


def in_one_pass(*tensors: Any) -> bool:
    """True for what compiled loops work on: floats side by side in the CPU's memory."""
    return all(t.is_cpu and t.is_contiguous() for t in tensors) and tensors[0].dtype in (torch.float32, torch.float64)


def conv2d_bias(input: Any, filter: Any, bias: Any, *, strides: list[int], padding: tuple[int, int],
                dilations: list[int]) -> Any:
    """A convolution of NHWC images with symmetric padding, and its bias, in one kernel."""
    return torch.conv2d(input.permute(0, 3, 1, 2), filter.permute(3, 2, 0, 1), bias, strides[1:3], padding,
                        dilations[1:3]).permute(0, 2, 3, 1)


def matmul_bias(a: Any, b: Any, bias: Any, *, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """The product of two matrices, and a bias for each of its columns, in one kernel."""
    return torch.addmm(bias, a.t() if transpose_a else a, b.t() if transpose_b else b)


def transposed(matrix: Any) -> Any:
    """The transposed matrix, in memory in its own order."""
    return matrix.t().contiguous()


def max_pool_relu(input: Any, *, ksize: list[int], strides: list[int], padding: str) -> Any:
    """The maxima of windows, zero where these are below it: relu, then max pooling, with fewer numbers to rectify."""
    return sliding.maximum(input, ksize, strides, padding, positive=True)


def max_pool_grad(input: Any, output: Any, grad: Any, *, ksize: list[int], strides: list[int], padding: str,
                  positive: bool = False) -> Any:
    """The gradient of max pooling where `output` is known to be what came of it; with `positive`, that of relu and the
    pooling, where `input` is what relu took or what it gave."""
    return sliding.maximum_gradient(input, output, grad, ksize, strides, padding, positive=positive)


def max_pool_grad_and_sum(input: Any, output: Any, grad: Any, *, ksize: list[int], strides: list[int], padding: str,
                          positive: bool = False) -> Any:
    """What `max_pool_grad` gives, and its sum over all axes but the last."""
    return sliding.maximum_gradient_and_sum(input, output, grad, ksize, strides, padding, positive=positive)

"""Accumulators of gradients: steps give some, and others take the mean once there are enough.

Those that are stale, made for an earlier global step, are left out. Dense and sparse kinds.
"""

from __future__ import annotations

import abc
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.graph import convert, dtypes, infer, shapes, sparse
from rekindle._src.graph.opdef import Op, op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.containers import handle_text, held
from rekindle._src.ops.queue_state import shown
from rekindle._src.ops.waiting import Desk, Line, Outcome


def _refuse(message: str) -> None:
    raise errors.InvalidArgumentError(None, None, message)


class Accumulator(abc.ABC):
    """The sum of the gradients since the last was taken, and their number."""

    def __init__(self, name: str, dtype: Any, shape: Any, reduction: str) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.reduction = reduction
        self.count = 0
        self._step = 0
        self._takers = Line("TakeGrad operation was cancelled")
        self._desk = Desk(self._takers)

    def read(self) -> Any:
        """What the edge of its handle carries for whoever reads it."""
        return handle_text(self.name)

    def cancel(self) -> None:
        """Let all runs that wait fail: the session ends."""
        self._desk.cancel()

    def set_step(self, step: int) -> None:
        """Set the global step, before which gradients are stale."""
        with self._desk.lock:
            if step < self._step:
                logging.warning(
                    f"Attempt to set current_global_step_ to smaller value: current_global_step_ = {self._step} >= "
                    f"{step} = new_global_step."
                )
            self._step = step

    def apply(self, step: int, *parts: Any) -> None:
        """Add a gradient unless it is stale.

        Raises:
          InvalidArgumentError: it does not fit.
        """
        with self._desk.lock:
            if step < self._step:
                return
            self._check(*parts)
            self._add(*parts)
            self.count += 1
            self._desk.serve()

    def take(self, required: int) -> Any:
        """The mean (or sum) of the gradients, once there are `required`.

        Raises:
          InvalidArgumentError: that is not positive.
        """
        if required <= 0:
            _refuse(f"Argument num_required must be positive, but was {required}")
        found: list[Any] = []

        def advance() -> Outcome:
            if self.count < required:
                return Outcome.BLOCKED
            self._step += 1
            found.append(self._taken())
            self.count = 0
            return Outcome.COMPLETE

        self._desk.join(self._takers, advance)
        return found[0]

    @abc.abstractmethod
    def _check(self, *parts: Any) -> None:
        """Refuse a gradient that does not fit."""

    @abc.abstractmethod
    def _add(self, *parts: Any) -> None:
        """Add a gradient."""

    @abc.abstractmethod
    def _taken(self) -> Any:
        """The result."""


def _fits(shape: Any, found: Any) -> bool:
    return shape is None or len(shape) == len(found) and all(
        s is None or s == f for s, f in zip(shape, found, strict=True)
    )


class DenseAccumulator(Accumulator):
    """Of tensors."""

    _sum: Any = None

    def _check(self, *parts: Any) -> None:
        shape = tuple(parts[0].shape)
        if self.count and tuple(self._sum.shape) != shape:
            _refuse(f"Shape mismatch: expected {shown(self._sum.shape)}, got {shown(shape)}")
        if not _fits(self.shape, shape):
            _refuse(f"Shape mismatch: expected {shown(self.shape)}, got {shown(shape)}")

    def _add(self, *parts: Any) -> None:
        self._sum = self._sum + parts[0] if self.count else parts[0].clone()

    def _taken(self) -> Any:
        return _divided(self._sum, self.count) if self.reduction == "MEAN" else self._sum


def _divided(total: Any, count: Any) -> Any:
    quotient = total / count
    return quotient if total.is_floating_point() or total.is_complex() else quotient.trunc().to(total.dtype)


class SparseAccumulator(Accumulator):
    """Of IndexedSlices: rows by index, each with a count of its own."""

    def __init__(self, name: str, dtype: Any, shape: Any, reduction: str) -> None:
        super().__init__(name, dtype, shape, reduction)
        self._rows: dict[int, list[Any]] = {}  # index -> sum, count
        self._width: tuple[int, ...] = ()

    def _check(self, *parts: Any) -> None:
        indices, values, shape = parts
        if indices.ndim != 1:
            _refuse(f"Input indices should be vector but received shape: {shown(indices.shape)}")
        if not values.ndim:
            _refuse("Values cannot be 0-dimensional.")
        if values.shape[0] != indices.shape[0]:
            _refuse(f"Expected {indices.shape[0]} non-empty input values, got {values.shape[0]}")
        known = self.shape or ()
        if shape is not None:
            _check_dense_shape(known, shape.tolist())
        if known and known[0] is not None:
            for i, index in enumerate(indices.tolist()):
                if index >= known[0]:
                    _refuse(f"Shape mismatch: index of slice {i} exceeded limits of shape; index is {index} exceeded "
                            f"{known[0]}")  # fmt: skip
        self._check_values(tuple(values.shape), known)

    def _check_values(self, found: tuple[int, ...], known: Any) -> None:
        if self.count and len(found) != 1 + len(self._width):
            _refuse(f"Shape mismatch: expected values rank {1 + len(self._width)}, got {len(found)}")
        if not self.count and len(known) > len(found):
            _refuse(f"Shape mismatch: expected values rank at least {len(known)}, got {len(found)}")
        for i, size in enumerate(self._width if self.count else known[1:], 1):
            if size is not None and size != found[i]:
                _refuse(f"Shape mismatch: expected values dim {i} to be {size}, got {found[i]}")

    def _add(self, *parts: Any) -> None:
        indices, values, _ = parts
        if not self.count:
            self._rows = {}
            self._width = tuple(values.shape[1:])
        for index, value in zip(indices.tolist(), values, strict=True):
            held_row = self._rows.get(index)
            if held_row is None:
                self._rows[index] = [value.clone(), 1]
            else:
                held_row[0] = held_row[0] + value
                held_row[1] += 1

    def _taken(self) -> Any:
        order = sorted(self._rows)
        mean = self.reduction == "MEAN"
        values = [_divided(*self._rows[i]) if mean else self._rows[i][0] for i in order]
        first = self.shape[0] if self.shape else None
        dense = torch.tensor([-1 if first is None else first, *self._width], dtype=torch.int64)
        empty = torch.empty((0, *self._width), dtype=self.dtype.torch)
        return torch.tensor(order, dtype=torch.int64), torch.stack(values) if values else empty, dense


def _check_dense_shape(known: Any, found: list[int]) -> None:
    if len(known) > len(found):
        _refuse(f"Shape mismatch: expected shape rank at least {len(known)}, got {len(found)}")
    for i, (size, given) in enumerate(zip(known, found, strict=False)):
        if size is not None and size != given:
            _refuse(f"Shape mismatch: expected shape dim {i} to be {size}, got {given}")


def _pair(c: Any) -> Any:
    return (2,)


def _accumulator(ctx: Any, kind: Any, container: str, shared_name: str, *arguments: Any) -> Accumulator:
    return ctx.local(
        lambda: held(ctx, "accumulator", container, shared_name, lambda name: kind(name, *arguments))
    )


@op("ResourceConditionalAccumulator", infer=_pair, host=True)
def resource_conditional_accumulator(*, dtype, shape, container="", shared_name="", reduction_type="MEAN", ctx):
    """An accumulator of dense gradients."""
    return _accumulator(ctx, DenseAccumulator, container, shared_name, dtype, shape, reduction_type)


@op("ConditionalAccumulator", infer=_pair, host=True)
def conditional_accumulator(*, dtype, shape, container="", shared_name="", reduction_type="MEAN", ctx):
    """An accumulator of dense gradients."""
    return _accumulator(ctx, DenseAccumulator, container, shared_name, dtype, shape, reduction_type)


@op("SparseConditionalAccumulator", infer=_pair, host=True)
def sparse_conditional_accumulator(*, dtype, shape, container="", shared_name="", reduction_type="MEAN", ctx):
    """An accumulator of sparse gradients."""
    return _accumulator(ctx, SparseAccumulator, container, shared_name, dtype, shape, reduction_type)


def _second_scalar(outputs: int) -> infer.Rule:
    def rule(c: Any) -> Any:
        infer.with_rank(c.shapes[1], 0)
        return [None] * outputs

    return rule


def _count_of(handle: Accumulator) -> torch.Tensor:
    return torch.tensor(handle.count, dtype=torch.int32)


@op("ResourceAccumulatorNumAccumulated", infer=infer.scalar, host=True, pure=False)
def resource_accumulator_num_accumulated(handle):
    """How many gradients it has."""
    return _count_of(handle)


@op("AccumulatorNumAccumulated", infer=infer.scalar, host=True, pure=False)
def accumulator_num_accumulated(handle):
    """How many gradients it has."""
    return _count_of(handle)


@op("ResourceAccumulatorSetGlobalStep", infer=_second_scalar(0), host=True, pure=False)
def resource_accumulator_set_global_step(handle, new_global_step):
    """Set the step before which gradients are stale."""
    handle.set_step(int(new_global_step))


@op("AccumulatorSetGlobalStep", infer=_second_scalar(0), host=True, pure=False)
def accumulator_set_global_step(handle, new_global_step):
    """Set the step before which gradients are stale."""
    handle.set_step(int(new_global_step))


@op("ResourceAccumulatorApplyGradient", infer=_second_scalar(0), host=True, pure=False, waits=True)
def resource_accumulator_apply_gradient(handle, local_step, gradient):
    """Add a gradient."""
    handle.apply(int(local_step), gradient)


@op("AccumulatorApplyGradient", infer=_second_scalar(0), host=True, pure=False, waits=True)
def accumulator_apply_gradient(handle, local_step, gradient):
    """Add a gradient."""
    handle.apply(int(local_step), gradient)


@op("SparseAccumulatorApplyGradient", infer=_second_scalar(0), host=True, pure=False, waits=True)
def sparse_accumulator_apply_gradient(handle, local_step, gradient_indices, gradient_values, gradient_shape, *,
                                      has_known_shape):  # fmt: skip
    """Add a sparse gradient."""
    shape = gradient_shape if has_known_shape else None
    handle.apply(int(local_step), gradient_indices, gradient_values, shape)


@op("ResourceAccumulatorTakeGradient", infer=_second_scalar(1), host=True, pure=False, waits=True)
def resource_accumulator_take_gradient(handle, num_required):
    """The mean of the gradients, once there are enough."""
    return handle.take(int(num_required))


@op("AccumulatorTakeGradient", infer=_second_scalar(1), host=True, pure=False, waits=True)
def accumulator_take_gradient(handle, num_required):
    """The mean of the gradients, once there are enough."""
    return handle.take(int(num_required))


@op("SparseAccumulatorTakeGradient", infer=_second_scalar(3), host=True, pure=False, waits=True)
def sparse_accumulator_take_gradient(handle, num_required):
    """The mean of the sparse gradients, once there are enough: indices, values, shape."""
    return handle.take(int(num_required))


def _step(value: Any) -> Tensor:
    return math_ops.cast(convert.convert_to_tensor(value), dtypes.int64)


@public("ConditionalAccumulatorBase")
class ConditionalAccumulatorBase:
    """An accumulator of gradients.

    Args:
      dtype: their type.
      shape: their shape; None: any.
      accumulator_ref: the handle.
    """

    _count: Op = resource_accumulator_num_accumulated
    _set_step: Op = resource_accumulator_set_global_step

    def __init__(self, dtype: Any, shape: Any, accumulator_ref: Tensor) -> None:
        self._dtype = dtype
        self._shape = shapes.unknown_shape() if shape is None else shapes.TensorShape(shape)
        self._accumulator_ref = accumulator_ref
        self._name = accumulator_ref.op.name.split("/")[-1]

    @property
    def accumulator_ref(self) -> Tensor:
        """The handle."""
        return self._accumulator_ref

    @property
    def name(self) -> str:
        """The name of the operation that makes it."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The type of the gradients."""
        return self._dtype

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """How many gradients it has: an int32 scalar."""
        name = f"{self._name}_NumAccumulated" if name is None else name
        return type(self)._count(self._accumulator_ref, name=name)

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Any:
        """An operation that sets the step before which gradients are stale."""
        return type(self)._set_step(self._accumulator_ref, _step(new_global_step), name=name)


@public("ConditionalAccumulator")
class ConditionalAccumulator(ConditionalAccumulatorBase):
    """An accumulator of dense gradients.

    Args:
      dtype: their type.
      shape: their shape; None: any.
      shared_name: the name under which other nodes use it too.
      name: the operation's name.
      reduction_type: "MEAN" or "SUM".
    """

    def __init__(self, dtype: Any, shape: Any = None, shared_name: str | None = None,
                 name: str = "conditional_accumulator", reduction_type: str = "MEAN") -> None:  # fmt: skip
        handle = resource_conditional_accumulator(
            dtype=dtype, shape=shape, shared_name=shared_name, name=name, reduction_type=reduction_type
        )
        super().__init__(dtype, shape, handle)

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Any:
        """An operation that adds a gradient, unless `local_step` is before the global step."""
        grad = convert.convert_to_tensor(grad, self._dtype)
        grad.get_shape().assert_is_compatible_with(self._shape)
        return resource_accumulator_apply_gradient(
            self._accumulator_ref, local_step=_step(local_step), gradient=grad, name=name
        )

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """The mean of the gradients; the step waits until there are as many."""
        out = resource_accumulator_take_gradient(
            self._accumulator_ref, num_required, dtype=self._dtype, name=name
        )
        out.set_shape(self._shape)
        return out


@public("SparseConditionalAccumulator", "sparse.SparseConditionalAccumulator")
class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """An accumulator of sparse gradients; arguments as of `ConditionalAccumulator`."""

    _count: Op = accumulator_num_accumulated
    _set_step: Op = accumulator_set_global_step

    def __init__(self, dtype: Any, shape: Any = None, shared_name: str | None = None,
                 name: str = "sparse_conditional_accumulator", reduction_type: str = "MEAN") -> None:  # fmt: skip
        handle = sparse_conditional_accumulator(
            dtype=dtype, shape=shape, shared_name=shared_name, name=name, reduction_type=reduction_type
        )
        super().__init__(dtype, shape, handle)

    def apply_indexed_slices_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Any:
        """`apply_grad` of IndexedSlices."""
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(self, grad_indices: Any, grad_values: Any, grad_shape: Any = None, local_step: Any = 0,
                   name: str | None = None) -> Any:  # fmt: skip
        """An operation that adds rows: indices [N], values [N, ...], and the dense shape if it is known."""
        return sparse_accumulator_apply_gradient(
            self._accumulator_ref, local_step=_step(local_step),
            gradient_indices=math_ops.cast(grad_indices, dtypes.int64), gradient_values=grad_values,
            gradient_shape=math_ops.cast([] if grad_shape is None else grad_shape, dtypes.int64),
            has_known_shape=grad_shape is not None, name=name,
        )  # fmt: skip

    def take_grad(self, num_required: Any, name: str | None = None) -> Any:
        """Indices, values and shape of the mean; the step waits until there are as many gradients."""
        return sparse_accumulator_take_gradient(
            self._accumulator_ref, num_required, dtype=self._dtype, name=name
        )

    def take_indexed_slices_grad(self, num_required: Any, name: str | None = None) -> sparse.IndexedSlices:
        """`take_grad` as IndexedSlices."""
        found = self.take_grad(num_required, name)
        return sparse.IndexedSlices(found.values, found.indices, found.shape)

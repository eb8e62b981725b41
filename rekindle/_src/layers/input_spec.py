"""`InputSpec`: what a layer asks of its inputs, and the check of it."""
from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.graph import dtypes
from rekindle._src.names import public


@public("layers.InputSpec")
class InputSpec:
    """Rank, type, shape and particular sizes that an input must have; None where anything goes.

    Args:
      dtype: the element type.
      shape: the shape; excludes the ranks.
      ndim, max_ndim, min_ndim: the rank, at most and at least.
      axes: {axis: size}.

    Raises:
      ValueError: an axis is outside of the rank.
    """

    def __init__(self, dtype: Any = None, shape: Any = None, ndim: int | None = None,
                 max_ndim: int | None = None, min_ndim: int | None = None,
                 axes: dict[int, int] | None = None) -> None:
        self.dtype = None if dtype is None else dtypes.as_dtype(dtype).name
        self.ndim = ndim if shape is None else len(shape)
        self.shape = shape
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        limit = ndim if ndim is not None else max_ndim
        if self.axes and limit is not None and max(self.axes) > limit - 1:
            raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: "
                             f"{limit - 1}")

    def __repr__(self) -> str:
        known = [("dtype", self.dtype), ("shape", self.shape), ("ndim", self.ndim),
                 ("max_ndim", self.max_ndim), ("min_ndim", self.min_ndim)]
        shown = [f"{key}={value}" for key, value in known if value]
        if self.axes:
            shown.append(f"axes={self.axes}")
        return f"InputSpec({', '.join(shown)})"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"dtype": self.dtype, "shape": self.shape, "ndim": self.ndim,
                "max_ndim": self.max_ndim, "min_ndim": self.min_ndim, "axes": self.axes}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The InputSpec that `get_config` describes."""
        return cls(**config)


def check_inputs(spec: Any, inputs: Any, layer_name: str) -> None:
    """Refuse inputs that are not what a layer asks for.

    Args:
      spec: an InputSpec, a structure of them, or None.
      inputs: a tensor or a structure of tensors.
      layer_name: for the message.

    Raises:
      ValueError: says which input is wrong, and why.
    """
    if not spec:
        return
    tensors, specs = nest.flatten(inputs), nest.flatten(spec)
    if len(tensors) != len(specs):
        raise ValueError(f"Layer {layer_name} expects {len(specs)} inputs, but it received "
                         f"{len(tensors)} input tensors. Inputs received: {tensors}")
    for i, (tensor, one) in enumerate(zip(tensors, specs, strict=True)):
        if one is None:
            continue
        problem = _rank_problem(tensor, one) or _size_problem(tensor, one)
        if problem:
            raise ValueError(
                f"Input {i} of layer {layer_name} is incompatible with the layer: {problem}")
        shape = tensor.shape.as_list() if tensor.shape.ndims is not None else []
        if one.shape is not None and any(
                a is not None and b is not None and a != b for a, b in zip(one.shape, shape)):
            raise ValueError(f"Input {i} is incompatible with layer {layer_name}: expected "
                             f"shape={one.shape}, found shape={shape}")


def _rank_problem(tensor: Any, spec: InputSpec) -> str:
    ranks = (spec.ndim, spec.min_ndim, spec.max_ndim)
    if ranks == (None, None, None):
        return ""
    rank = tensor.shape.ndims
    if rank is None:
        return "its rank is undefined, but the layer requires a defined rank."
    received = f"Full shape received: {tensor.shape.as_list()}"
    if spec.ndim is not None and rank != spec.ndim:
        return f"expected ndim={spec.ndim}, found ndim={rank}. {received}"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={rank}"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f": expected min_ndim={spec.min_ndim}, found ndim={rank}. {received}"
    return ""


def _size_problem(tensor: Any, spec: InputSpec) -> str:
    if spec.dtype is not None and tensor.dtype != spec.dtype:
        return f"expected dtype={spec.dtype}, found dtype={tensor.dtype}"
    if spec.axes:
        shape = tensor.shape.as_list()
        for axis, size in spec.axes.items():
            size = getattr(size, "value", size)
            if size is not None and shape[axis] not in (size, None):
                return (f"expected axis {axis} of input shape to have value {size} but received "
                        f"input with shape {shape}")
    return ""

"""Initializers that make identity and orthogonal matrices, and kernels of convolutions that keep
norms.
"""
from __future__ import annotations

import itertools
from typing import Any

from rekindle._src.graph.dtypes import float32
from rekindle._src.graph.opdef import call
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import array_shape, math_cast, random, slicing
from rekindle._src.ops import math as math_ops
from rekindle._src.state.initializers import Initializer, float_dtype, whole_shape


@public("initializers.identity")
class Identity(Initializer):
    """A multiple of the identity matrix; for matrices only."""

    def __init__(self, gain: float = 1.0, dtype: Any = float32) -> None:
        self.gain = gain
        self.dtype = float_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        whole = whole_shape(shape, partition_info)
        if len(whole) != 2:
            raise ValueError("Identity matrix initializer can only be used for 2D matrices.")
        sizes = whole.as_list() if isinstance(whole, TensorShape) else whole
        matrix = math_ops.eye(*sizes, dtype=self.dtype if dtype is None else dtype)
        if partition_info is not None:
            matrix = slicing.slice(matrix, partition_info.var_offset, shape)
        return self.gain * matrix

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain, "dtype": self.dtype.name}


def _orthogonal(matrix: Any, full_matrices: bool = False) -> Any:
    """The Q of a QR decomposition, its signs fixed so that it is uniformly distributed."""
    q, r = call("Qr", matrix, full_matrices=full_matrices)
    return q * math_ops.sign(array_ops.diag_part(r))


class _Gained(Initializer):
    """An initializer with a factor and a seed."""

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.gain = gain
        self.dtype = float_dtype(dtype)
        self.seed = seed

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain, "seed": self.seed, "dtype": self.dtype.name}


@public("orthogonal_initializer", "initializers.orthogonal")
class Orthogonal(_Gained):
    """An orthogonal matrix times `gain`, reshaped to the variable's shape (Saxe et al. 2013)."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        if len(shape) < 2:
            raise ValueError("The tensor to initialize must be at least two-dimensional")
        rows = 1
        for size in shape[:-1]:
            rows *= size
        rows, columns = int(rows), int(shape[-1])
        flat = (max(rows, columns), min(rows, columns))
        q = _orthogonal(random.random_normal(flat, dtype=dtype, seed=self.seed))
        if rows < columns:
            q = array_ops.matrix_transpose(q)
        return self.gain * array_shape.reshape(q, shape)


@public("contrib.framework.convolutional_delta_orthogonal")
class ConvolutionDeltaOrthogonal(_Gained):
    """An orthogonal matrix at the centre of the kernel, zeros around it (Xiao et al. 2018)."""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        if not 3 <= len(shape) <= 5:
            raise ValueError("The tensor to initialize must be at least three-dimensional and at "
                             "most five-dimensional")
        _check_channels(shape)
        q = _orthogonal(random.random_normal([shape[-1], shape[-1]], dtype=dtype, seed=self.seed))
        q = q[:shape[-2], :]
        q = q * math_cast.cast(self.gain, dtype=dtype)
        centre = [[(size - 1) // 2 for size in shape[:-2]]]
        return array_ops.scatter_nd(centre, array_shape.expand_dims(q, 0), shape)


def _check_channels(shape: Any) -> None:
    if shape[-2] > shape[-1]:
        raise ValueError("In_filters cannot be greater than out_filters.")


class _ConvolutionOrthogonal(_Gained):
    """A kernel whose convolution keeps norms, made of products of projections (Xiao et al. 2018).

    Kernels are held as {index of the window: matrix} while they are put together.
    """

    rank = 0
    words = ""

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
        dtype = self.dtype if dtype is None else dtype
        if len(shape) != self.rank + 2:
            raise ValueError(f"The tensor to initialize must be {self.words}-dimensional")
        _check_channels(shape)
        if len(set(shape[:-2])) > 1:
            raise ValueError("Kernel sizes must be equal.")
        kernel = self._kernel(shape[0], shape[-2], shape[-1])
        return kernel * math_cast.cast(self.gain, dtype=dtype)

    def _matrix(self, size: int) -> Any:
        matrix = random.random_normal([size, size], dtype=self.dtype, seed=self.seed)
        self._next_seed()
        return _orthogonal(matrix)

    def _next_seed(self) -> None:
        if self.seed:
            self.seed += 1

    def _projection(self, size: int) -> Any:
        """A symmetric projection onto a random subspace."""
        q = self._matrix(size)
        mask = math_cast.cast(random.random_normal([size], seed=self.seed) > 0, self.dtype)
        self._next_seed()
        columns = math_ops.multiply(q, mask)
        return math_ops.matmul(columns, array_ops.matrix_transpose(columns))

    def _block(self, size: int) -> dict[tuple[int, ...], Any]:
        """A kernel of window 2 in each direction."""
        projections = [self._projection(size) for _ in range(self.rank)]
        eye = math_ops.eye(size, dtype=self.dtype)
        out = {}
        for place in itertools.product((0, 1), repeat=self.rank):
            product: Any = None
            for bit, p in zip(place, projections, strict=True):
                factor = self._factor(bit, p, eye)
                product = factor if product is None else math_ops.matmul(product, factor)
            out[place] = product
        return out

    def _factor(self, bit: int, projection: Any, eye: Any) -> Any:
        return eye - projection if bit else projection

    def _convolved(self, one: dict[Any, Any], window: int, other: dict[Any, Any]) -> dict[Any, Any]:
        """The kernel of two convolutions after each other; `other` has window 2."""
        size = one[(0,) * self.rank].shape.as_list()[0]
        out = {}
        for place in itertools.product(range(window + 1), repeat=self.rank):
            total = array_ops.zeros([size, size], self.dtype)
            for start in itertools.product(*(range(min(window, p + 1)) for p in place)):
                rest = tuple(p - s for p, s in zip(place, start, strict=True))
                if all(r < 2 for r in rest):
                    total = total + math_ops.matmul(one[start], other[rest])
            out[place] = total
        return out

    def _kernel(self, window: int, inputs: int, outputs: int) -> Any:
        if inputs > outputs:
            raise ValueError("The number of input channels cannot exceed the number of output "
                             "channels.")
        orthogonal = self._matrix(outputs)[0:inputs, :]
        if window == 1:
            for _ in range(self.rank):
                orthogonal = array_shape.expand_dims(orthogonal, 0)
            return orthogonal
        kernel = self._block(outputs)
        for size in range(2, window):
            kernel = self._convolved(kernel, size, self._block(outputs))
        for place in itertools.product(range(window), repeat=self.rank):
            kernel[place] = math_ops.matmul(orthogonal, kernel[place])
        return self._stacked(kernel, window, ())

    def _stacked(self, kernel: dict[Any, Any], window: int, place: tuple[int, ...]) -> Any:
        if len(place) == self.rank:
            return kernel[place]
        return array_ops.stack(
            [self._stacked(kernel, window, (*place, i)) for i in range(window)])


@public("contrib.framework.convolutional_orthogonal_1d")
class ConvolutionOrthogonal1D(_ConvolutionOrthogonal):
    """A norm-keeping kernel of a 1-D convolution."""

    rank, words = 1, "three"


@public("contrib.framework.convolutional_orthogonal_2d")
class ConvolutionOrthogonal2D(_ConvolutionOrthogonal):
    """A norm-keeping kernel of a 2-D convolution."""

    rank, words = 2, "four"


@public("contrib.framework.convolutional_orthogonal_3d")
class ConvolutionOrthogonal3D(_ConvolutionOrthogonal):
    """A norm-keeping kernel of a 3-D convolution."""

    rank, words = 3, "five"

    def _factor(self, bit: int, projection: Any, eye: Any) -> Any:
        return bit * projection + (1 - bit) * (eye - projection)

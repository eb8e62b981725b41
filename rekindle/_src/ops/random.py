"""Random ops that keep a stream: numbers follow the op's seeds and how often it ran in the session.

Holds the blocks and the functions that users call (`tf.random_normal`, ...). The streams are in
`philox.py`, the seeds' rules in `graph/seeds.py`, ops that take their seed as an input in
`random_stateless.py`, candidate samplers in `random_candidates.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes, seeds
from rekindle._src.graph.opdef import op
from rekindle._src.graph.shapes import Dimension
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, control
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.philox import PhiloxStream

_DRAWABLE = (
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.float32,
    dtypes.float64,
    dtypes.int32,
    dtypes.int64,
)


def sizes(shape: torch.Tensor) -> list[int]:
    """A shape that a kernel got, as a list.

    Raises:
      InvalidArgumentError: it is no vector or has a negative size.
    """
    if shape.dim() > 1:
        message = f"shape must be a vector of {{int32,int64}}, got shape {list(shape.shape)}"
        raise errors.InvalidArgumentError(None, None, message)
    found = shape.reshape(-1).tolist()
    for size in found:
        if size < 0:
            raise errors.InvalidArgumentError(None, None, f"Dimension {size} must be >= 0")
    return found


def scalar_int(value: torch.Tensor, name: str) -> int:
    """A limit that a kernel got, as a number.

    Raises:
      InvalidArgumentError: it is no scalar.
    """
    if value.dim():
        message = f"{name} must be 0-D, got shape {list(value.shape)}"
        raise errors.InvalidArgumentError(None, None, message)
    return int(value)


def shaped(c: Any) -> infer.Shape:
    """The output has the shape that the first input says."""
    infer.with_rank(c.shapes[0], 1)
    return c.shape_value(0)


def shaped_between(c: Any) -> infer.Shape:
    """The output has the shape that the first input says; the last two are scalars."""
    infer.with_rank(c.shapes[-2], 0)
    infer.with_rank(c.shapes[-1], 0)
    return shaped(c)


def shaped_with_parameters(c: Any) -> infer.Shape:
    """The output has the shape that the first input says, then the second input's own."""
    infer.with_rank(c.shapes[0], 1)
    outer = c.shape_value(0)
    return None if outer is None or c.shapes[1] is None else outer + c.shapes[1]


def class_samples(c: Any) -> infer.Shape:
    """[B, C] logits and a number of samples S give [B, S]."""
    rows = infer.with_rank(c.shapes[0], 2)[0]
    infer.with_rank(c.shapes[1], 0)
    number = c.value(1)
    if number is not None and number < 0:
        raise ValueError(
            f"Dimension size, given by scalar input 1, must be non-negative but is {number}"
        )
    return rows, None if number is None else int(number)


def _stream(ctx: Any, seed: int, seed2: int) -> PhiloxStream:
    return ctx.local(lambda: PhiloxStream(seed, seed2))


@op("RandomUniform", infer=shaped, host=True)
def uniform_numbers(shape, *, seed=0, seed2=0, dtype, ctx):
    """Uniform in [0, 1)."""
    return _stream(ctx, seed, seed2).uniform(sizes(shape), dtype.torch)


uniform_numbers.no_gradient()


@op("RandomUniformInt", infer=shaped_between, host=True)
def uniform_integers(shape, minval, maxval, *, seed=0, seed2=0, Tout, ctx):
    """Integers in [minval, maxval)."""
    limits = scalar_int(minval, "minval"), scalar_int(maxval, "maxval")
    stream = _stream(ctx, seed, seed2)
    return stream.uniform_int(sizes(shape), *limits, Tout.torch)


@op("RandomStandardNormal", infer=shaped, host=True)
def normal_numbers(shape, *, seed=0, seed2=0, dtype, ctx):
    """Normal with mean 0 and deviation 1."""
    return _stream(ctx, seed, seed2).normal(sizes(shape), dtype.torch)


normal_numbers.no_gradient()


@op("TruncatedNormal", infer=shaped, host=True)
def truncated_numbers(shape, *, seed=0, seed2=0, dtype, ctx):
    """Normal with mean 0 and deviation 1, redrawn where it lies outside [-2, 2]."""
    return _stream(ctx, seed, seed2).truncated_normal(sizes(shape), dtype.torch)


truncated_numbers.no_gradient()


def _shaped_by_vectors(c: Any) -> infer.Shape:
    for shape in c.shapes[1:]:
        infer.with_rank_at_most(shape, 1)
    return shaped(c)


@op("ParameterizedTruncatedNormal", infer=_shaped_by_vectors, host=True)
def bounded_numbers(shape, means, stdevs, minvals, maxvals, *, seed=0, seed2=0, ctx):
    """Normal within bounds; parameters are scalars or have one value for each of shape[0].

    Raises:
      InvalidArgumentError: a parameter has another shape, or no number lies within the bounds.
    """
    wanted = sizes(shape)
    named = {"means": means, "stddevs": stdevs, "minvals": minvals, "maxvals": maxvals}
    for name, values in named.items():
        got = f"got shape: {list(values.shape)}"
        if values.dim() > 1:
            message = f"Input {name} should be a scalar or vector, {got}"
            raise errors.InvalidArgumentError(None, None, message)
        if not wanted or values.numel() not in (1, wanted[0]):
            message = f"Input {name} should have length 1 or shape[0], {got}"
            raise errors.InvalidArgumentError(None, None, message)
    stream = _stream(ctx, seed, seed2)
    return stream.bounded_normal(wanted, list(named.values()))


bounded_numbers.no_gradient()


@op("RandomShuffle", infer=infer.same, aliases=0, host=True, structural=True)
def shuffled(value, *, seed=0, seed2=0, ctx):
    """The rows in random order."""
    if not value.shape or value.shape[0] <= 1 or 0 in value.shape:
        return value
    return value[_stream(ctx, seed, seed2).permutation(value.shape[0])]


@op("Multinomial", infer=class_samples, host=True)
def classes(logits, num_samples, *, seed=0, seed2=0, output_dtype=dtypes.int64, ctx):
    """Classes with probability softmax(logits): [B, C] -> [B, num_samples]."""
    number = check_logits(logits, num_samples)
    stream = _stream(ctx, seed, seed2)
    return stream.multinomial(logits, number, output_dtype.torch)


classes.no_gradient()


def check_logits(logits: torch.Tensor, num_samples: torch.Tensor) -> int:
    """The number of samples.

    Raises:
      InvalidArgumentError: logits is no matrix or has no classes, or the number is none.
    """
    problem = None
    if logits.dim() != 2:
        problem = f"logits should be a matrix, got shape {list(logits.shape)}"
    elif num_samples.dim():
        problem = f"num_samples should be a scalar, got shape {list(num_samples.shape)}"
    elif num_samples < 0:
        problem = f"num_samples should be nonnegative, got {int(num_samples)}"
    elif logits.shape[1] == 0:
        problem = "num_classes should be positive, got 0"
    if problem is not None:
        raise errors.InvalidArgumentError(None, None, problem)
    return int(num_samples)


@op("RandomGamma", infer=shaped_with_parameters, host=True)
def gamma_numbers(shape, alpha, *, seed=0, seed2=0, ctx):
    """Gamma with rate 1: alpha [...] -> [*shape, ...]."""
    return _stream(ctx, seed, seed2).gamma(sizes(shape), alpha)


@gamma_numbers.gradient
def gamma_numbers_gradient(op, dy):
    """How the sample moves with alpha when its quantile is kept (Figurnov and others, 2018)."""
    shape, alpha = op.inputs[0], op.inputs[1]
    with scopes.control_dependencies([dy]):
        outer = array_ops.shape(shape)[0]
        slope = gamma_slope(add_leading_unit_dimensions(alpha, outer), op.outputs[0])
        return None, math_ops.reduce_sum(dy * slope, axis=math_ops.range(outer))


def add_leading_unit_dimensions(x: Any, num_dimensions: Any) -> Tensor:
    """The tensor with axes of size 1 in front: [...] -> [1, ..., 1, ...]."""
    ones = array_ops.ones([num_dimensions], dtype=dtypes.int32)
    return array_ops.reshape(x, array_ops.concat([ones, array_ops.shape(x)], axis=0))


@op("RandomGammaGrad", infer=infer.broadcast, host=True)
def gamma_slope(alpha, sample):
    """The derivative of a gamma sample with respect to alpha."""
    # Here, since numba takes half a second to import, which not every program need pay.
    from rekindle._src.ops import gamma_slope

    wide = torch.broadcast_tensors(alpha.double(), sample.double())
    out = np.empty(wide[0].numel())
    gamma_slope.fill_slopes(*(one.reshape(-1).numpy() for one in wide), out)
    return torch.from_numpy(out).reshape(wide[0].shape).to(alpha.dtype)


@op("RandomPoisson", infer=shaped_with_parameters, host=True)
def old_poisson_numbers(shape, rate, *, seed=0, seed2=0, dtype, ctx):
    """Poisson counts: rate [...] -> [*shape, ...]; the op of graphs before RandomPoissonV2."""
    return _stream(ctx, seed, seed2).poisson(sizes(shape), rate, dtype.torch)


@op("RandomPoissonV2", infer=shaped_with_parameters, host=True)
def poisson_numbers(shape, rate, *, seed=0, seed2=0, dtype=dtypes.int64, ctx):
    """Poisson counts: rate [...] -> [*shape, ...]."""
    return _stream(ctx, seed, seed2).poisson(sizes(shape), rate, dtype.torch)


def shape_tensor(shape: Any) -> Tensor:
    """A shape that a user gave as a tensor, int32 if it is empty."""
    if not isinstance(shape, (tuple, list)):
        return convert.convert_to_tensor(shape, name="shape")
    plain = tuple(size.value if isinstance(size, Dimension) else size for size in shape)
    return convert.convert_to_tensor(plain, dtypes.int32 if not plain else None, name="shape")


@public("random.normal", "random_normal")
def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers of a shape.

    Args:
      shape: the sizes, a list or an integer vector.
      mean, stddev: scalars.
      dtype: the type of the numbers: half, bfloat16, float32 or float64.
      seed: the op's seed; None: see `tf.set_random_seed`.
      name: the name of the operation.
    """
    with scopes.name_scope(name, "random_normal", [shape, mean, stddev]) as scope:
        wanted = shape_tensor(shape)
        mean = convert.convert_to_tensor(mean, dtype, name="mean")
        stddev = convert.convert_to_tensor(stddev, dtype, name="stddev")
        seed1, seed2 = seeds.get_seed(seed)
        drawn = normal_numbers(wanted, dtype=dtype, seed=seed1, seed2=seed2)
        return math_ops.add(drawn * stddev, mean, name=scope)


@public("random.truncated_normal", "truncated_normal")
def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers of a shape, redrawn where they lie beyond two deviations from the mean.

    Args:
      shape: the sizes, a list or an integer vector.
      mean, stddev: scalars; stddev is the deviation before redrawing.
      dtype: the type of the numbers: half, bfloat16, float32 or float64.
      seed: the op's seed; None: see `tf.set_random_seed`.
      name: the name of the operation.
    """
    with scopes.name_scope(name, "truncated_normal", [shape, mean, stddev]) as scope:
        wanted = shape_tensor(shape)
        mean = convert.convert_to_tensor(mean, dtype, name="mean")
        stddev = convert.convert_to_tensor(stddev, dtype, name="stddev")
        seed1, seed2 = seeds.get_seed(seed)
        drawn = truncated_numbers(wanted, dtype=dtype, seed=seed1, seed2=seed2)
        return math_ops.add(drawn * stddev, mean, name=scope)


def parameterized_truncated_normal(
    shape: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers within bounds; each parameter is a scalar or has one value for each row."""
    values = [shape, means, stddevs, minvals, maxvals]
    with scopes.name_scope(name, "parameterized_truncated_normal", values):
        wanted = shape_tensor(shape)
        named = {"means": means, "stddevs": stddevs, "minvals": minvals, "maxvals": maxvals}
        parts = [convert.convert_to_tensor(v, dtype, name=key) for key, v in named.items()]
        seed1, seed2 = seeds.get_seed(seed)
        return bounded_numbers(wanted, *parts, seed=seed1, seed2=seed2)


def check_limits(dtype: Any, maxval: Any) -> tuple[dtypes.DType, Any]:
    """The type and the upper limit of uniform numbers.

    Raises:
      ValueError: no such numbers can be drawn.
    """
    dtype = dtypes.as_dtype(dtype)
    if dtype not in _DRAWABLE:
        raise ValueError(f"Invalid dtype {dtype!r}")
    if maxval is None and dtype.is_integer:
        raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
    return dtype, 1 if maxval is None else maxval


@public("random.uniform", "random_uniform")
def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Uniform numbers of a shape in [minval, maxval).

    Args:
      shape: the sizes, a list or an integer vector.
      minval: the lower limit, a scalar.
      maxval: the upper limit, a scalar; default for floats: 1.
      dtype: the type of the numbers: a float type, int32 or int64.
      seed: the op's seed; None: see `tf.set_random_seed`.
      name: the name of the operation.

    Raises:
      ValueError: integers without `maxval`, or another type.
    """
    dtype, maxval = check_limits(dtype, maxval)
    with scopes.name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        wanted = shape_tensor(shape)
        minval = convert.convert_to_tensor(minval, dtype, name="min")
        maxval = convert.convert_to_tensor(maxval, dtype, name="max")
        seed1, seed2 = seeds.get_seed(seed)
        if dtype.is_integer:
            return uniform_integers(wanted, minval, maxval, seed=seed1, seed2=seed2, name=scope)
        drawn = uniform_numbers(wanted, dtype=dtype, seed=seed1, seed2=seed2)
        return math_ops.add(drawn * (maxval - minval), minval, name=scope)


@public("random.shuffle", "random_shuffle")
def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The rows of a tensor in random order."""
    seed1, seed2 = seeds.get_seed(seed)
    return shuffled(value, seed=seed1, seed2=seed2, name=name)


@public("image.random_crop", "random_crop")
def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """A part of a tensor from a random place.

    Args:
      value: the tensor.
      size: the sizes of the part, one for each axis; none greater than the tensor's.
      seed: the op's seed; None: see `tf.set_random_seed`.
      name: the name of the operation.
    """
    with scopes.name_scope(name, "random_crop", [value, size]) as scope:
        value = convert.convert_to_tensor(value, name="value")
        size = convert.convert_to_tensor(size, dtypes.int32, name="size")
        shape = array_ops.shape(value)
        fits = math_ops.reduce_all(shape >= size)
        words = ["Need value.shape >= size, got ", shape, size]
        check = assertion.Assert(fits, words, summarize=1000)
        shape = control.with_dependencies([check], shape)
        room = shape - size + 1
        limits = {"maxval": size.dtype.max, "dtype": size.dtype}
        start = random_uniform(array_ops.shape(shape), seed=seed, **limits) % room
        return array_ops.slice(value, start, size, name=scope)


@public("random.multinomial", "multinomial")
def multinomial(
    logits: Any,
    num_samples: Any,
    seed: int | None = None,
    name: str | None = None,
    output_dtype: Any = None,
) -> Tensor:
    """Classes with probability softmax(logits): [B, C] -> [B, num_samples]; int64 by default."""
    with scopes.name_scope(name, "multinomial", [logits]):
        return _classes(logits, num_samples, output_dtype, seed)


@public("random.categorical")
def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Classes with probability softmax(logits): [B, C] -> [B, num_samples]; int64 by default."""
    with scopes.name_scope(name, "categorical", [logits]):
        return _classes(logits, num_samples, dtype, seed)


def _classes(logits: Any, num_samples: Any, dtype: Any, seed: int | None) -> Tensor:
    logits = convert.convert_to_tensor(logits, name="logits")
    seed1, seed2 = seeds.get_seed(seed)
    return classes(logits, num_samples, seed=seed1, seed2=seed2, output_dtype=dtype)


@public("random.gamma", "random_gamma")
def random_gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Gamma numbers: alpha and beta [...] -> [*shape, ...].

    Args:
      shape: the sizes in front, a list or an int32 vector.
      alpha: the shape parameter.
      beta: the rate; it broadcasts with alpha; default: 1.
      dtype: the type of the numbers: half, float32 or float64.
      seed: the op's seed; None: see `tf.set_random_seed`.
      name: the name of the operation.
    """
    with scopes.name_scope(name, "random_gamma", [shape, alpha, beta]):
        shape = convert.convert_to_tensor(shape, dtypes.int32, name="shape")
        alpha = convert.convert_to_tensor(alpha, dtype, name="alpha")
        beta = convert.convert_to_tensor(1 if beta is None else beta, dtype, name="beta")
        wide = alpha + array_ops.zeros_like(beta)
        seed1, seed2 = seeds.get_seed(seed)
        least = np.finfo(alpha.dtype.as_numpy_dtype).tiny
        drawn = gamma_numbers(shape, wide, seed=seed1, seed2=seed2)
        return math_ops.maximum(least, drawn / beta)


@public("random.poisson", "random_poisson")
def random_poisson(
    lam: Any,
    shape: Any,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Poisson counts with rates `lam`: lam [...] -> [*shape, ...]."""
    return random_poisson_v2(shape, lam, dtype, seed, name)


def random_poisson_v2(
    shape: Any,
    lam: Any,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`random_poisson` with the shape first."""
    with scopes.name_scope(name, "random_poisson", [lam, shape]):
        shape = convert.convert_to_tensor(shape, dtypes.int32, name="shape")
        seed1, seed2 = seeds.get_seed(seed)
        return poisson_numbers(shape, lam, dtype=dtype, seed=seed1, seed2=seed2)

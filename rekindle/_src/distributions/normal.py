"""Normal and uniform distributions."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from rekindle._src.distributions.described import FULLY_REPARAMETERIZED
from rekindle._src.distributions.distribution import Distribution
from rekindle._src.distributions.divergence import RegisterKL
from rekindle._src.graph import dtypes, scopes, shapes
from rekindle._src.names import public
from rekindle._src.ops import (
    array_fill,
    array_join,
    array_select,
    array_shape,
    check,
    constant,
    math_binary,
    math_logic,
    math_of_sparse,
    math_special,
    math_unary,
    random,
)


class OfScalars(Distribution):
    """A distribution of scalars with two parameters that broadcast against each other."""

    def __init__(self, names: tuple[str, str], values: tuple[Any, Any], checks: list[Any], parameters: dict[str, Any],
                 scope: str, *, validate_args: bool, allow_nan_stats: bool) -> None:
        with scopes.control_dependencies(checks):
            first, second = (array_shape.identity(v, name=n) for v, n in zip(values, names, strict=True))
            check.assert_same_float_dtype([first, second])
        self._pair = first, second
        super().__init__(first.dtype, FULLY_REPARAMETERIZED, validate_args, allow_nan_stats, parameters=parameters,
                         graph_parents=[first, second], name=scope)

    def _batch_shape_tensor(self) -> Any:
        return array_fill.broadcast_dynamic_shape(*map(array_shape.shape, self._pair))

    def _batch_shape(self) -> Any:
        return array_fill.broadcast_static_shape(*(one.shape for one in self._pair))

    def _event_shape_tensor(self) -> Any:
        return constant.constant([], dtype=dtypes.int32)

    def _event_shape(self) -> Any:
        return shapes.TensorShape([])


@public("distributions.Normal contrib.distributions.Normal")
class Normal(OfScalars):
    """The normal distribution with mean `loc` and standard deviation `scale`.

    Args:
      loc: the means.
      scale: the standard deviations, which are positive.
      validate_args: check that.
      allow_nan_stats: whether statistics that are not defined are NaN.
      name: of the operations.

    Raises:
      TypeError: the parameters have different types.
    """

    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Normal") -> None:
        parameters = {"loc": loc, "scale": scale, "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        with scopes.name_scope(name, values=[loc, scale]) as scope:
            checks = [check.assert_positive(scale)] if validate_args else []
            super().__init__(("loc", "scale"), (loc, scale), checks, parameters, scope,
                             validate_args=validate_args, allow_nan_stats=allow_nan_stats)

    @property
    def loc(self) -> Any:
        """The means."""
        return self._pair[0]

    @property
    def scale(self) -> Any:
        """The standard deviations."""
        return self._pair[1]

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = array_join.concat([[n], self.batch_shape_tensor()], 0)
        drawn = random.random_normal(shape=shape, mean=0.0, stddev=1.0, dtype=self.loc.dtype, seed=seed)
        return drawn * self.scale + self.loc

    def _log_prob(self, x: Any) -> Any:
        exponent = -0.5 * math_of_sparse.square(self._standard(x))
        return exponent - (0.5 * math.log(2.0 * math.pi) + math_unary.log(self.scale))

    def _cdf(self, x: Any) -> Any:
        return _ndtr(self._standard(x))

    def _survival_function(self, x: Any) -> Any:
        return _ndtr(-self._standard(x))

    def _entropy(self) -> Any:
        scale = self.scale * array_fill.ones_like(self.loc)
        return 0.5 * math.log(2.0 * math.pi * math.e) + math_unary.log(scale)

    def _mean(self) -> Any:
        return self.loc * array_fill.ones_like(self.scale)

    def _stddev(self) -> Any:
        return self.scale * array_fill.ones_like(self.loc)

    def _mode(self) -> Any:
        return self._mean()

    def _standard(self, x: Any) -> Any:
        with scopes.name_scope("standardize", values=[x]):
            return (x - self.loc) / self.scale


def _ndtr(x: Any) -> Any:
    """The probability of at most x under the standard normal distribution, precise at both ends."""
    with scopes.name_scope("ndtr", values=[x]):
        half_root = constant.constant(0.5 * np.sqrt(2.0), dtype=x.dtype, name="half_sqrt_2")
        w = x * half_root
        z = math_of_sparse.abs(w)
        return 0.5 * array_select.where_v2(
            math_logic.less(z, half_root), 1.0 + math_of_sparse.erf(w),
            array_select.where_v2(
                math_logic.greater(w, 0.0), 2.0 - math_special.erfc(z), math_special.erfc(z)))


@RegisterKL(Normal, Normal)
def _normal_from_normal(a: Any, b: Any, name: str | None = None) -> Any:
    with scopes.name_scope(name, "kl_normal_normal", [a.loc, b.loc]):
        one, two, half = (constant.constant(number, dtype=a.dtype) for number in (1, 2, 0.5))
        squared_a, squared_b = math_of_sparse.square(a.scale), math_of_sparse.square(b.scale)
        ratio = squared_a / squared_b
        return (math_binary.squared_difference(a.loc, b.loc) / (two * squared_b)
                + half * (ratio - one - math_unary.log(ratio)))


@public("distributions.Uniform contrib.distributions.Uniform")
class Uniform(OfScalars):
    """The uniform distribution on [low, high).

    Args:
      low: the lower ends.
      high: the upper ends, which are greater.
      validate_args: check that.
      allow_nan_stats: whether statistics that are not defined are NaN.
      name: of the operations.
    """

    def __init__(self, low: Any = 0.0, high: Any = 1.0, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: str = "Uniform") -> None:
        parameters = {"low": low, "high": high, "validate_args": validate_args, "allow_nan_stats": allow_nan_stats,
                      "name": name}
        with scopes.name_scope(name, values=[low, high]) as scope:
            checks = [check.assert_less(low, high, message="uniform not defined when low >= high.")] if (
                validate_args) else []
            super().__init__(("low", "high"), (low, high), checks, parameters, scope,
                             validate_args=validate_args, allow_nan_stats=allow_nan_stats)

    @property
    def low(self) -> Any:
        """The lower ends."""
        return self._pair[0]

    @property
    def high(self) -> Any:
        """The upper ends."""
        return self._pair[1]

    def range(self, name: str = "range") -> Any:
        """`high - low`."""
        with self._name_scope(name):
            return self.high - self.low

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = array_join.concat([[n], self.batch_shape_tensor()], 0)
        drawn = random.random_uniform(shape=shape, dtype=self.dtype, seed=seed)
        return self.low + self.range() * drawn

    def _prob(self, x: Any) -> Any:
        x = x * array_fill.ones(self.batch_shape_tensor(), dtype=x.dtype)
        return array_select.where_v2(
            math_unary.is_nan(x), x,
            array_select.where_v2(
                math_logic.logical_or(x < self.low, x >= self.high), array_fill.zeros_like(x),
                array_fill.ones_like(x) / self.range()))

    def _cdf(self, x: Any) -> Any:
        shape = array_fill.broadcast_dynamic_shape(array_shape.shape(x), self.batch_shape_tensor())
        zeros, ones = array_fill.zeros(shape, dtype=self.dtype), array_fill.ones(shape, dtype=self.dtype)
        whole = x * ones
        below = array_select.where_v2(x < self.low, zeros, (whole - self.low) / self.range())
        return array_select.where_v2(x >= self.high, ones, below)

    def _entropy(self) -> Any:
        return math_unary.log(self.range())

    def _mean(self) -> Any:
        return (self.low + self.high) / 2.0

    def _variance(self) -> Any:
        return math_of_sparse.square(self.range()) / 12.0

    def _stddev(self) -> Any:
        return self.range() / math.sqrt(12.0)

"""`tf.distributions.Distribution`: samples, densities and statistics of a random variable.

A subclass gives what it can in `_sample_n`, `_log_prob` or `_prob`, `_mean` and so on; what it does not give follows
from the others or raises NotImplementedError.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.distributions import divergence
from rekindle._src.distributions.described import Described
from rekindle._src.graph import constants, convert, dtypes, shapes
from rekindle._src.names import public
from rekindle._src.ops import array_join, array_select, array_shape, math_logic, math_of_sparse, math_unary, reduce_axes


class Dense(Described):
    """The densities of a distribution."""

    def log_prob(self, value: Any, name: str = "log_prob") -> Any:
        """The logarithm of the probability or density at `value`."""
        return self._of(value, name, self._log_prob, lambda v: math_unary.log(self._prob(v)))

    def prob(self, value: Any, name: str = "prob") -> Any:
        """The probability or density at `value`."""
        return self._of(value, name, self._prob, lambda v: math_unary.exp(self._log_prob(v)))

    def log_cdf(self, value: Any, name: str = "log_cdf") -> Any:
        """The logarithm of the probability of at most `value`."""
        return self._of(value, name, self._log_cdf, lambda v: math_unary.log(self._cdf(v)))

    def cdf(self, value: Any, name: str = "cdf") -> Any:
        """The probability of at most `value`."""
        return self._of(value, name, self._cdf, lambda v: math_unary.exp(self._log_cdf(v)))

    def log_survival_function(self, value: Any, name: str = "log_survival_function") -> Any:
        """The logarithm of the probability of more than `value`."""
        return self._of(value, name, self._log_survival_function, lambda v: math_unary.log1p(-self.cdf(v)))

    def survival_function(self, value: Any, name: str = "survival_function") -> Any:
        """The probability of more than `value`."""
        return self._of(value, name, self._survival_function, lambda v: 1.0 - self.cdf(v))

    def quantile(self, value: Any, name: str = "quantile") -> Any:
        """The number that a sample does not exceed with the probability `value`."""
        return self._of(value, name, self._quantile)

    def _of(self, value: Any, name: str, *ways: Callable[[Any], Any]) -> Any:
        with self._name_scope(name, [value]):
            value = convert.convert_to_tensor(value, name="value", preferred_dtype=self.dtype)
            return first_way(ways, value)

    def _log_prob(self, value: Any) -> Any:
        raise self._missing("log_prob")

    def _prob(self, value: Any) -> Any:
        raise self._missing("prob")

    def _log_cdf(self, value: Any) -> Any:
        raise self._missing("log_cdf")

    def _cdf(self, value: Any) -> Any:
        raise self._missing("cdf")

    def _log_survival_function(self, value: Any) -> Any:
        raise self._missing("log_survival_function")

    def _survival_function(self, value: Any) -> Any:
        raise self._missing("survival_function")

    def _quantile(self, value: Any) -> Any:
        raise self._missing("quantile")


@public("distributions.Distribution contrib.distributions.Distribution")
class Distribution(Dense):
    """A batch of distributions of one kind.

    Args:
      dtype: the element type of samples.
      reparameterization_type: whether gradients flow through samples.
      validate_args: whether operations check their inputs.
      allow_nan_stats: whether statistics that are not defined are NaN, or raise.
      parameters: what it was made with.
      graph_parents: the tensors that it was made of.
      name: the name scope of its operations; default: the class's name.

    Raises:
      ValueError: one of `graph_parents` is no tensor.
    """

    def sample(self, sample_shape: Any = (), seed: int | None = None, name: str = "sample") -> Any:
        """Samples: [*sample_shape, *batch_shape, *event_shape]."""
        with self._name_scope(name, [sample_shape]):
            sample_shape = convert.convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
            sample_shape, count = _vector(sample_shape)
            samples = self._sample_n(count, seed)
            rest = array_shape.shape(samples)[1:]
            samples = array_shape.reshape(samples, array_join.concat([sample_shape, rest], 0))
            return self._shaped(samples, sample_shape)

    def _shaped(self, samples: Any, sample_shape: Any) -> Any:
        """The samples, with what is known of their shape."""
        parts = [shapes.TensorShape(constants.constant_value(sample_shape)), self.batch_shape, self.event_shape]
        rank = samples.shape.ndims
        ranks = [part.ndims for part in parts]
        unknown = [i for i, one in enumerate(ranks) if one is None]
        if rank is not None and len(unknown) == 1:
            ranks[unknown[0]] = rank - sum(one for one in ranks if one is not None)
        if None not in ranks:
            whole = shapes.TensorShape([])
            for part, one in zip(parts, ranks, strict=True):
                whole = whole.concatenate([None] * one if part.ndims is None else part)
            samples.set_shape(whole)
        return samples

    def entropy(self, name: str = "entropy") -> Any:
        """Shannon's entropy in nats."""
        return self._statistic(name, self._entropy)

    def mean(self, name: str = "mean") -> Any:
        """The expected value."""
        return self._statistic(name, self._mean)

    def variance(self, name: str = "variance") -> Any:
        """The variance of each element."""
        return self._statistic(name, self._variance, lambda: math_of_sparse.square(self._stddev()))

    def stddev(self, name: str = "stddev") -> Any:
        """The standard deviation of each element."""
        return self._statistic(name, self._stddev, lambda: math_of_sparse.sqrt(self._variance()))

    def covariance(self, name: str = "covariance") -> Any:
        """The covariance of the elements of events."""
        return self._statistic(name, self._covariance)

    def mode(self, name: str = "mode") -> Any:
        """The most probable value."""
        return self._statistic(name, self._mode)

    def cross_entropy(self, other: Any, name: str = "cross_entropy") -> Any:
        """The expected negative log probability that `other` gives to samples of this one."""
        return self._statistic(name, lambda: divergence.cross_entropy(
            self, other, allow_nan_stats=self.allow_nan_stats))

    def kl_divergence(self, other: Any, name: str = "kl_divergence") -> Any:
        """Kullback and Leibler's divergence of `other` from this one."""
        return self._statistic(name, lambda: divergence.kl_divergence(
            self, other, allow_nan_stats=self.allow_nan_stats))

    def _statistic(self, name: str, *ways: Callable[[], Any]) -> Any:
        with self._name_scope(name):
            return first_way(ways)

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        raise self._missing("sample_n")

    def _entropy(self) -> Any:
        raise self._missing("entropy")

    def _mean(self) -> Any:
        raise self._missing("mean")

    def _variance(self) -> Any:
        raise self._missing("variance")

    def _stddev(self) -> Any:
        raise self._missing("stddev")

    def _covariance(self) -> Any:
        raise self._missing("covariance")

    def _mode(self) -> Any:
        raise self._missing("mode")


def first_way(ways: tuple[Callable[..., Any], ...], *arguments: Any) -> Any:
    """What the first way that there is gives.

    Raises:
      NotImplementedError: there is none; the first says what is missing.
    """
    missing: list[NotImplementedError] = []
    for way in ways:
        try:
            return way(*arguments)
        except NotImplementedError as error:
            missing.append(error)
    raise missing[0]


def _vector(sample_shape: Any) -> tuple[Any, Any]:
    """A shape that may be a number as a vector, and how many samples that are."""
    known = constants.constant_value(sample_shape)
    count = reduce_axes.reduce_prod(sample_shape) if known is None else np.prod(known, dtype=np.int32)
    rank = sample_shape.shape.ndims
    if rank is None:
        is_number = math_logic.tf_equal(array_shape.rank(sample_shape), 0)
        wanted = array_select.where(is_number, np.array([1], np.int32), array_shape.shape(sample_shape))
        return array_shape.reshape(sample_shape, wanted), count
    if rank == 0:
        if known is None:
            return array_shape.reshape(sample_shape, [1]), count
        return convert.convert_to_tensor(np.array([known], np.int32), name="sample_shape"), count
    if rank != 1:
        raise ValueError("Input is neither scalar nor vector.")
    return sample_shape, count

"""Distributions of classes: Categorical and Bernoulli, by logits or by probabilities."""
from __future__ import annotations

from typing import Any

from rekindle._src.distributions import checks
from rekindle._src.distributions.described import NOT_REPARAMETERIZED
from rekindle._src.distributions.distribution import Distribution
from rekindle._src.distributions.divergence import RegisterKL
from rekindle._src.graph import convert, dtypes, scopes, shapes
from rekindle._src.names import public
from rekindle._src.ops import (
    activation,
    array_fill,
    array_join,
    array_shape,
    check,
    constant,
    control,
    loss,
    math_cast,
    math_logic,
    math_unary,
    random,
    reduce_axes,
    softmax,
)


def logits_and_probs(logits: Any, probs: Any, many: bool, validate_args: bool, name: str) -> tuple[Any, Any]:
    """Both of what one is given of.

    Args:
      logits: the logarithms of probabilities (of odds where there are not `many` classes), or None.
      probs: the probabilities, or None.
      many: the last axis has a number for each class.
      validate_args: check the probabilities.
      name: of the operations.

    Raises:
      ValueError: both are given, or none.
      TypeError: what is given is not of a floating type.
    """
    with scopes.name_scope(name, values=[probs, logits]):
        if (probs is None) == (logits is None):
            raise ValueError("Must pass probs or logits, but not both.")
        if probs is None:
            logits = convert.convert_to_tensor(logits, name="logits")
            if not logits.dtype.is_floating:
                raise TypeError("logits must having floating type.")
            if many and validate_args:
                logits = checks.countable_classes(logits)
            return logits, (softmax.softmax if many else math_unary.sigmoid)(logits, name="probs")
        probs = convert.convert_to_tensor(probs, name="probs")
        if not probs.dtype.is_floating:
            raise TypeError("probs must having floating type.")
        if validate_args:
            probs = _checked(probs, many)
        with scopes.name_scope("logits"):
            if many:
                return math_unary.log(probs), probs
            return math_unary.log(probs) - math_unary.log1p(-1.0 * probs), probs


def _checked(probs: Any, many: bool) -> Any:
    with scopes.name_scope("validate_probs"):
        one = constant.constant(1.0, probs.dtype)
        asserts = [check.assert_non_negative(probs)]
        if many:
            probs = checks.countable_classes(probs)
            asserts.append(check.assert_near(
                reduce_axes.reduce_sum(probs, -1), one, message="probs does not sum to 1."))
        else:
            asserts.append(check.assert_less_equal(probs, one, message="probs has components greater than 1."))
        return control.with_dependencies(asserts, probs)


class OfClasses(Distribution):
    """A distribution of scalars with logits and probabilities."""

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities, or of the odds."""
        return self._logits

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self._probs

    def _keep(self, pair: tuple[Any, Any], dtype: Any, parameters: dict[str, Any], scope: str) -> None:
        self._logits, self._probs = pair
        Distribution.__init__(self, dtype, NOT_REPARAMETERIZED, parameters["validate_args"],
                              parameters["allow_nan_stats"], parameters=parameters, graph_parents=list(pair),
                              name=scope)

    def _event_shape_tensor(self) -> Any:
        return constant.constant([], dtype=dtypes.int32)

    def _event_shape(self) -> Any:
        return shapes.TensorShape([])


@public("distributions.Categorical contrib.distributions.Categorical")
class Categorical(OfClasses):
    """The distribution of a class 0, ..., K-1.

    Args:
      logits: the logarithms of the probabilities, up to a constant: [..., K]; or give `probs`.
      probs: the probabilities: [..., K].
      dtype: the element type of samples.
      validate_args: check the probabilities.
      allow_nan_stats: whether statistics that are not defined are NaN.
      name: of the operations.

    Raises:
      ValueError: both `logits` and `probs` are given, or none.
    """

    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = dtypes.int32, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Categorical") -> None:
        parameters = {"logits": logits, "probs": probs, "dtype": dtype, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with scopes.name_scope(name, values=[logits, probs]) as scope:
            pair = logits_and_probs(logits, probs, True, validate_args, scope)
            if validate_args:
                pair = checks.countable_classes(pair[0]), pair[1]
            self._sizes(pair[0])
        self._keep(pair, dtype, parameters, scope)

    def _sizes(self, logits: Any) -> None:
        """Tensors for the rank of the batch, the number of classes, and the shape of the batch."""
        known = logits.shape.with_rank_at_least(1)
        if known.ndims is not None:
            self._batch_rank = convert.convert_to_tensor(known.ndims - 1, dtype=dtypes.int32, name="batch_rank")
        else:
            with scopes.name_scope("batch_rank"):
                self._batch_rank = array_shape.rank(logits) - 1
        whole = array_shape.shape(logits, name="logits_shape")
        classes = None if known.ndims is None else known.as_list()[-1]
        if classes is not None:
            self._event_size = convert.convert_to_tensor(classes, dtype=dtypes.int32, name="event_size")
        else:
            with scopes.name_scope("event_size"):
                self._event_size = whole[self._batch_rank]
        if known[:-1].is_fully_defined():
            self._batch_sizes = constant.constant(known[:-1].as_list(), dtype=dtypes.int32, name="batch_shape")
        else:
            with scopes.name_scope("batch_shape"):
                self._batch_sizes = whole[:-1]

    @property
    def event_size(self) -> Any:
        """The number of classes: int32 []."""
        return self._event_size

    def _batch_shape_tensor(self) -> Any:
        return array_shape.identity(self._batch_sizes)

    def _batch_shape(self) -> Any:
        return self.logits.shape[:-1]

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        logits = self.logits if self.logits.shape.ndims == 2 else array_shape.reshape(
            self.logits, [-1, self.event_size])
        wide = dtypes.int64 if self.dtype.size > 4 else dtypes.int32
        draws = random.multinomial(logits, n, seed=seed, output_dtype=wide)
        draws = array_shape.reshape(
            array_shape.transpose(draws), array_join.concat([[n], self.batch_shape_tensor()], 0))
        return math_cast.cast(draws, self.dtype)

    def _log_prob(self, k: Any) -> Any:
        k = convert.convert_to_tensor(k, name="k")
        if self.validate_args:
            k = checks.whole_numbers(k, dtypes.int32)
        k, logits = self._matched(k, self.logits)
        return -softmax.sparse_softmax_cross_entropy_with_logits(labels=k, logits=logits)

    def _matched(self, event: Any, values: Any) -> tuple[Any, Any]:
        """Events and parameters of one batch shape."""
        if event.dtype.is_floating:
            event = math_cast.cast(event, dtype=dtypes.int32)
        elif not event.dtype.is_integer:
            raise TypeError(f"`value` should have integer `dtype` or `self.dtype` ({self.dtype.base_dtype})")
        known = (values.shape.ndims is not None and values.shape[:-1].is_fully_defined()
                 and event.shape.is_fully_defined())
        if not known or values.shape[:-1] != event.shape:
            values *= array_fill.ones_like(event[..., None], dtype=values.dtype)
            event *= array_fill.ones(array_shape.shape(values)[:-1], dtype=event.dtype)
            if values.shape.ndims is not None:
                event.set_shape(values.shape[:-1])
        return event, values

    def _entropy(self) -> Any:
        return -reduce_axes.reduce_sum(softmax.log_softmax(self.logits) * self.probs, axis=-1)

    def _mode(self) -> Any:
        found = math_cast.cast(reduce_axes.argmax(self.logits, axis=self._batch_rank), self.dtype)
        found.set_shape(self.batch_shape)
        return found


@RegisterKL(Categorical, Categorical)
def _categorical_from_categorical(a: Any, b: Any, name: str | None = None) -> Any:
    with scopes.name_scope(name, "kl_categorical_categorical", values=[a.logits, b.logits]):
        delta = softmax.log_softmax(a.logits) - softmax.log_softmax(b.logits)
        return reduce_axes.reduce_sum(softmax.softmax(a.logits) * delta, axis=-1)


@public("distributions.Bernoulli contrib.distributions.Bernoulli")
class Bernoulli(OfClasses):
    """The distribution of 1 with probability p, else 0.

    Args:
      logits: the logarithms of the odds of 1; or give `probs`.
      probs: the probabilities of 1.
      dtype: the element type of samples.
      validate_args: check the probabilities.
      allow_nan_stats: whether statistics that are not defined are NaN.
      name: of the operations.

    Raises:
      ValueError: both `logits` and `probs` are given, or none.
    """

    def __init__(self, logits: Any = None, probs: Any = None, dtype: Any = dtypes.int32, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: str = "Bernoulli") -> None:
        parameters = {"logits": logits, "probs": probs, "dtype": dtype, "validate_args": validate_args,
                      "allow_nan_stats": allow_nan_stats, "name": name}
        with scopes.name_scope(name) as scope:
            pair = logits_and_probs(logits, probs, False, validate_args, scope)
        self._keep(pair, dtype, parameters, scope)

    def _batch_shape_tensor(self) -> Any:
        return array_shape.shape(self._logits)

    def _batch_shape(self) -> Any:
        return self._logits.shape

    def _sample_n(self, n: Any, seed: int | None = None) -> Any:
        shape = array_join.concat([[n], self.batch_shape_tensor()], 0)
        drawn = random.random_uniform(shape, seed=seed, dtype=self.probs.dtype)
        return math_cast.cast(math_logic.less(drawn, self.probs), self.dtype)

    def _log_prob(self, event: Any) -> Any:
        if self.validate_args:
            event = checks.whole_numbers(event, dtypes.bool_)
        event, logits = math_cast.cast(event, self.logits.dtype), self.logits
        known = event.shape.is_fully_defined() and logits.shape.is_fully_defined()
        if not known or event.shape != logits.shape:
            logits, event = array_fill.ones_like(event) * logits, array_fill.ones_like(logits) * event
        return -loss.sigmoid_cross_entropy_with_logits(labels=event, logits=logits)

    def _entropy(self) -> Any:
        return -self.logits * (math_unary.sigmoid(self.logits) - 1) + activation.softplus(-self.logits)

    def _mean(self) -> Any:
        return array_shape.identity(self.probs)

    def _variance(self) -> Any:
        return self._mean() * (1.0 - self.probs)

    def _mode(self) -> Any:
        return math_cast.cast(self.probs > 0.5, self.dtype)


@RegisterKL(Bernoulli, Bernoulli)
def _bernoulli_from_bernoulli(a: Any, b: Any, name: str | None = None) -> Any:
    with scopes.name_scope(name, "kl_bernoulli_bernoulli", values=[a.logits, b.logits]):
        zero = activation.softplus(-b.logits) - activation.softplus(-a.logits)
        one = activation.softplus(b.logits) - activation.softplus(a.logits)
        return math_unary.sigmoid(a.logits) * zero + math_unary.sigmoid(-a.logits) * one

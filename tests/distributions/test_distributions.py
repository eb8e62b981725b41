"""Distributions: what their parameters and events must be, divergences of classes of one's own."""
import numpy as np
import pytest

import rekindle as tf

ds = tf.distributions


@pytest.fixture(autouse=True)
def session():
    """Each test has a graph and a session of its own."""
    with tf.Graph().as_default(), tf.Session() as one:
        yield one


@pytest.mark.parametrize(("build", "error", "message"), [
    (lambda: ds.Categorical(), ValueError, "Must pass probs or logits, but not both"),
    (lambda: ds.Categorical(logits=[1.0], probs=[1.0]), ValueError, "Must pass probs or logits, but not both"),
    (lambda: ds.Categorical(logits=[1, 2]), TypeError, "logits must having floating type"),
    (lambda: ds.Categorical(probs=[1.0], validate_args=True), ValueError, "at least 2 events"),
    (lambda: ds.Normal(tf.constant(1.0), tf.constant(2.0, tf.float64)), ValueError,
     "type=<dtype: 'float64'>, must be of the same type"),
    (lambda: ds.Normal(0.0, 1.0).covariance(), NotImplementedError, "covariance is not implemented: Normal"),
    (lambda: ds.Normal(0.0, 1.0).sample([[1]]), ValueError, "neither scalar nor vector"),
    (lambda: ds.kl_divergence(ds.Normal(0.0, 1.0), ds.Uniform()), NotImplementedError, "type Normal and .* Uniform"),
])
def test_what_does_not_fit_is_refused(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_arguments_are_checked_in_the_graph(session):
    probs, event = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    found = ds.Categorical(probs=probs, validate_args=True).log_prob(event)
    assert session.run(found, {probs: [0.5, 0.5], event: 1}) == pytest.approx(np.log(0.5))
    for wrong in ([0.5, 0.6], 1), ([0.5, 0.5], 0.5), ([0.5, 0.5], -1):
        with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
            session.run(found, dict(zip((probs, event), wrong, strict=True)))


class Fixed(ds.Distribution):
    """Gives ones."""

    def __init__(self):
        super().__init__(tf.float32, ds.NOT_REPARAMETERIZED, False, True, name="fixed")

    def _batch_shape(self):
        return tf.TensorShape([])

    def _event_shape(self):
        return tf.TensorShape([])

    def _sample_n(self, n, seed=None):
        return tf.ones([n])

    def _prob(self, value):
        return value

    def _variance(self):
        return tf.constant(4.0)


def test_what_a_subclass_does_not_give_follows_from_what_it_gives(session):
    fixed = Fixed()
    assert session.run(fixed.sample([2, 3])).tolist() == [[1, 1, 1], [1, 1, 1]]
    assert session.run([fixed.log_prob(1.0), fixed.stddev()]) == [0, 2]
    with pytest.raises(NotImplementedError, match="mean is not implemented: Fixed"):
        fixed.mean()


def test_divergences_are_registered_by_class(session):
    class Other(Fixed):
        """A class of its own, whose parent's function serves it."""

    @ds.RegisterKL(Fixed, ds.Normal)
    def divergence(a, b, name=None):
        return tf.constant(7.0)

    assert session.run(ds.kl_divergence(Other(), ds.Normal(0.0, 1.0))) == 7
    with pytest.raises(ValueError, match="has already been registered"):
        ds.RegisterKL(Fixed, ds.Normal)(divergence)


def test_contrib_has_them_too():
    assert tf.contrib.distributions.Normal is ds.Normal

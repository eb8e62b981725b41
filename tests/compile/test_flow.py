"""Compiled branches and loops against the interpreter: random nests of them, with gradients, effects and feeds."""
import random

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.run.steps import Step


class Nest:
    """Random nests of branches and loops over a vector, a weight and a counter."""

    def __init__(self, seed, effects=False):
        self.random = random.Random(seed)
        self.effects = effects
        self.x = tf.placeholder(tf.float64, [None], name="x")
        self.n = tf.placeholder(tf.int32, [], name="n")
        self.w = tf.Variable(0.7, dtype=tf.float64, name="w")
        self.v = tf.Variable(1.0, dtype=tf.float64, use_resource=self.random.random() < 0.5, name="v")

    def value(self, y, depth):
        """An expression of y."""
        kinds = [self.arithmetic, self.branch, self.loop, self.array, self.indexed] if depth else [self.arithmetic]
        return self.random.choice(kinds)(y, depth)

    def arithmetic(self, y, depth):
        choice = self.random.randrange(6)
        if choice == 5 and self.effects:
            with tf.control_dependencies([tf.assign_add(self.v, tf.reduce_mean(y) * 0.25)]):
                return y + tf.identity(self.v)
        return [lambda: y * self.w, lambda: tf.sin(y) + 0.5, lambda: y + self.x, lambda: tf.tanh(y),
                lambda: y * tf.cast(self.n, tf.float64) * 0.25, lambda: y - 0.125][choice]()

    def chain(self, y, depth):
        for _ in range(self.random.randrange(1, 3)):
            y = self.value(y, depth)
        return y

    def predicate(self, y):
        return self.random.choice([lambda: tf.reduce_sum(y) > 0.8, lambda: self.n > 2, lambda: y[0] < 0.3,
                                   lambda: tf.logical_and(self.n < 5, tf.reduce_mean(y) > 0.1)])()

    def branch(self, y, depth):
        return tf.cond(self.predicate(y), lambda: self.chain(y, depth - 1), lambda: self.chain(y, depth - 1))

    def loop(self, y, depth):
        limit = self.random.choice([0, 1, 3, self.n])
        if self.random.random() < 0.5:
            body = lambda i, z: (i + 1, self.chain(z, depth - 1) * 0.5)  # noqa: E731
            return tf.while_loop(lambda i, z: i < limit, body, [0, y])[1]
        condition = lambda i, s, z: tf.logical_and(i < limit, tf.reduce_sum(z) < 20.0)  # noqa: E731
        body = lambda i, s, z: (i + 1, s * 1.5 + 1.0, self.chain(z, depth - 1) + s * 0.01)  # noqa: E731
        return tf.while_loop(condition, body, [0, tf.constant(0.5, tf.float64), y])[2]

    def array(self, y, depth):
        elements = tf.TensorArray(tf.float64, 3, element_shape=[None])
        def body(i, z, elements):
            z = self.chain(z, depth - 1)
            return i + 1, z, elements.write(i, z * 0.5)
        _, z, elements = tf.while_loop(lambda i, z, e: i < 3, body, [0, y, elements])
        return z + tf.reduce_sum(elements.stack(), 0)

    def indexed(self, y, depth):
        rows = tf.stack([y, y * 2.0, self.x])
        body = lambda i, z: (i + 1, self.chain(z * rows[i], depth - 1))  # noqa: E731
        return tf.while_loop(lambda i, z: i < 2, body, [0, y])[1]


def both(monkeypatch, fetches, feed):
    """What the compiled program gives, and what the interpreter does."""
    out = []
    for interpreted in ("0", "1"):
        monkeypatch.setenv("REKINDLE_INTERPRET", interpreted)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            out.append([session.run(fetches, feed) for _ in range(2)])
    return out


def declined(fetches, feeds=()):
    """Why a step is left to the interpreter; None if it is compiled."""
    session = tf.Session()
    return getattr(Step(fetches, [], list(feeds), session._store, session), "declined", None)


FEEDS = [([0.3, -0.2], 1), ([0.5, 0.9, 1.5], 4)]


@pytest.mark.parametrize("seed", range(24))
def test_nests_give_what_the_interpreter_gives(seed, monkeypatch):
    monkeypatch.setenv("REKINDLE_CHECK", "1")
    with tf.Graph().as_default():
        nest = Nest(seed)
        y = nest.chain(nest.x, 2 + seed % 2)
        total = tf.reduce_sum(y)
        fetches = [y, total, *(g for g in tf.gradients(total, [nest.x, nest.w]) if g is not None)]
        assert declined(fetches, [nest.x, nest.n]) is None
        for x, n in FEEDS:
            compiled, expected = both(monkeypatch, fetches, {nest.x: x, nest.n: n})
            for got, want in zip(compiled[0], expected[0], strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_effects_inside_happen_as_in_the_interpreter(seed, monkeypatch):
    monkeypatch.setenv("REKINDLE_CHECK", "1")
    with tf.Graph().as_default():
        nest = Nest(100 + seed, effects=True)
        y = nest.chain(nest.chain(nest.x, 2), 2)
        with tf.control_dependencies([y]):
            after = tf.identity(nest.v) + 0.0
        fetches = [y, after]
        assert declined(fetches, [nest.x, nest.n]) is None
        compiled, expected = both(monkeypatch, fetches, {nest.x: FEEDS[1][0], nest.n: 3})
        for run, other in zip(compiled, expected, strict=True):
            for got, want in zip(run, other, strict=True):
                np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)

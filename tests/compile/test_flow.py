"""Compiled branches and loops against the interpreter: random nests of them, with gradients, effects and feeds."""
import gc
import random
import signal
import threading

import numpy as np
import pytest
import torch

import rekindle as tf
from rekindle._src.ops import stacks
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


def emitted(fetches, feeds=(), shapes=()):
    """The source of the program that a session would run."""
    session = tf.Session()
    return Step(fetches, [], list(feeds), session._store, session)._compile(tuple(shapes)).source


def test_a_counter_is_a_number_of_the_host():
    with tf.Graph().as_default():
        source = emitted([tf.while_loop(lambda i: i < 1000, lambda i: i + 1, [0])])
    assert "v1 < 1000" in source
    assert "v1 = v1 + 1" in source
    assert source.count("torch") == 1  # the fetched value alone


def test_what_no_iteration_changes_is_computed_once():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2, 2], name="x")
        y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.matmul(y, tf.sin(x))), [0, x])[1]
        lines = emitted([y], [x], [(2, 2)]).splitlines()
    sine, product = (next(i for i, line in enumerate(lines) if f in line) for f in ("torch.sin", "torch.mm"))
    assert "started = True" in lines[sine - 1]
    assert len(lines[sine]) - len(lines[sine].lstrip()) > len(lines[product]) - len(lines[product].lstrip())


def test_what_a_loop_without_iterations_would_compute_does_not_fail():
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable(1.0)  # not initialised
        n = tf.placeholder(tf.int32, [])
        found = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * v), [0, 2.0])[1]
        with pytest.raises(tf.errors.FailedPreconditionError):
            session.run(found, {n: 0})  # the loop takes the variable's value in any case
        x = tf.placeholder(tf.float32, [None])
        rows = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y + x[5]), [0, 2.0])[1]
        assert session.run(rows, {n: 0, x: [1.0]}) == 2.0
        with pytest.raises(tf.errors.InvalidArgumentError, match="slice index 5 of dimension 0 out of bounds"):
            session.run(rows, {n: 1, x: [1.0]})


def test_the_value_of_a_branch_that_was_not_taken_cannot_be_fetched():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [])
        on_false, on_true = tf.raw_ops.Switch(data=x, pred=x > 0)
        doubled = on_true * 2.0
        assert declined([doubled, on_false], [x]) is None
        assert session.run(doubled, {x: 2.0}) == 4.0
        assert session.run(on_false, {x: -2.0}) == -2.0
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Retval\[0\] does not have value"):
            session.run(doubled, {x: -2.0})


def test_counters_wrap_as_their_type_does():
    with tf.Graph().as_default(), tf.Session() as session:
        n = tf.placeholder(tf.int32, [])
        last = tf.while_loop(lambda i, k: i < 3, lambda i, k: (i + 1, k + 1), [0, n])[1]
        assert session.run(last, {n: 2**31 - 2}) == -(2**31) + 1


def test_an_error_in_a_loop_names_the_node():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None])
        loop = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.check_numerics(y / 0.0, "bad")), [0, x])
        with pytest.raises(tf.errors.InvalidArgumentError, match="while/CheckNumerics") as caught:
            session.run(loop, {x: [1.0]})
        assert caught.value.op.name == "while/CheckNumerics"


def test_a_gradient_keeps_what_it_needs_and_no_longer_than_the_run(monkeypatch):
    """A loop of n steps keeps n vectors for its gradient, and none after the run."""
    counts = []
    pop = stacks.Stack.pop

    def counting(stack):
        if not counts or counts[-1] is None:
            counts[-1:] = [sum(type(o) is torch.Tensor and o.shape == (7,) for o in gc.get_objects())]
        return pop(stack)

    with tf.Graph().as_default(), tf.Session() as session:
        x, n = tf.placeholder(tf.float32, [7]), tf.placeholder(tf.int32, [])
        y = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, tf.sin(y)), [0, x])[1]
        slope = tf.gradients(y, x)[0]
        assert declined([slope], [x, n]) is None
        monkeypatch.setattr(stacks.Stack, "pop", counting)
        for steps in (100, 1000):
            counts.append(None)
            session.run(slope, {x: [0.5] * 7, n: steps})
    gc.collect()
    assert 100 <= counts[0] <= 110
    assert 1000 <= counts[1] <= 1010
    assert sum(type(o) is torch.Tensor and o.shape == (7,) for o in gc.get_objects()) < 5


def test_a_loop_without_end_is_interrupted_or_runs_out_of_time():
    with tf.Graph().as_default(), tf.Session() as session:
        forever = tf.while_loop(lambda i: i >= 0, lambda i: i * 1, [0])
        session.run(tf.constant(1))
        timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            session.run(forever)
        with pytest.raises(tf.errors.DeadlineExceededError):
            session.run(forever, options=tf.RunOptions(timeout_in_ms=200))
        assert session.run(tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])) == 3


def test_raw_dataflow_needs_no_contexts():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [], name="x")
        y = tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, tf.cond(y > 9.0, lambda: y - x, lambda: y * x)),
                          [0, x])[1]
        definition = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default(), tf.Session() as session:
        y, x = tf.import_graph_def(definition, return_elements=[y.name, "x:0"], name="")
        assert y.op._get_control_flow_context() is None
        assert declined([y], [x]) is None
        assert session.run(y, {x: 3.0}) == 9.0 * 3 - 3 - 3


def test_what_is_no_nest_is_left_to_the_interpreter():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [])
        sides = tf.raw_ops.Switch(data=x, pred=x > 0)
        first = tf.raw_ops.Merge(inputs=[sides[0] + 1.0, sides[1], sides[1] * 0.0])[0]
        assert "joins 3 branches" in declined([first], [x])
        assert session.run(first, {x: -1.0}) == 0.0


@pytest.mark.parametrize("interpreted", ["0", "1"])
def test_a_loop_sees_a_variable_as_the_iteration_before_left_it(interpreted, monkeypatch):
    monkeypatch.setenv("REKINDLE_INTERPRET", interpreted)
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.Variable(2.0)

        def body(i):
            with tf.control_dependencies([tf.cond(i >= 0, lambda: tf.assign(v, tf.square(v)), lambda: v)]):
                return i + 1

        loop = tf.while_loop(lambda i: i < 4, body, [0])
        session.run(v.initializer)
        assert (session.run(loop), session.run(v)) == (4, 65536.0)

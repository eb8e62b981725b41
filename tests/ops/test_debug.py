"""Print, PrintV2, Timestamp, CheckNumerics; PyFunc, PyFuncStateless, EagerPyFunc."""
from __future__ import annotations

import sys
import time

import numpy as np
import pytest

import rekindle as tf


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_print_shows_its_data_first_n_times(session, capsys):
    x = tf.constant([1.0, 2.5, 3.0, 4.0])
    shown = tf.Print(x, [x, tf.constant("a\n")], "here: ", first_n=2)
    for _ in range(3):
        session.run(shown)
    assert capsys.readouterr().err == "here: [1 2.5 3...][a\\n]\n" * 2


def test_tf_print_puts_tensors_into_structures(session, capsys):
    x = tf.constant(np.arange(10))
    session.run(tf.print("x:", x, {"half": x / 2}, output_stream=sys.stdout))
    out = capsys.readouterr().out
    assert out == "x: [0 1 2 ... 7 8 9] {'half': [0 0.5 1 ... 3.5 4 4.5]}\n"


def test_tf_print_of_a_string_to_a_file(session, tmp_path):
    path = tmp_path / "out.txt"
    session.run(tf.print(tf.constant("hello"), output_stream=f"file://{path}"))
    assert path.read_text() == "hello\n"
    with pytest.raises(ValueError, match="Unsupported output stream"):
        tf.print("x", output_stream="nowhere")


def test_timestamp(session):
    assert abs(session.run(tf.timestamp()) - time.time()) < 60


def test_check_numerics(session):
    x = tf.placeholder(tf.float32, [None])
    checked = tf.check_numerics(x, "bad x")
    assert session.run(checked, {x: [1.0]}).tolist() == [1]
    with pytest.raises(tf.errors.InvalidArgumentError, match="bad x : Tensor had Inf and NaN values"):
        session.run(checked, {x: [np.inf, np.nan]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="Tensor had NaN values"):
        session.run(tf.verify_tensor_all_finite(x, "no"), {x: [np.nan]})


def test_add_check_numerics_ops(session):
    x = tf.placeholder(tf.float32, [])
    y = tf.log(x, name="log")
    check = tf.add_check_numerics_ops()
    with pytest.raises(tf.errors.InvalidArgumentError, match="log:0 : Tensor had"):
        session.run([y, check], {x: -1.0})


def test_py_func_gets_arrays_and_scalars(session):
    seen = []

    def function(a, n, text):
        seen.append((type(a), type(n), text))
        return a * n, np.array([text, b"y"])

    doubled, texts = tf.py_func(function, [tf.ones([2]), 3.0, "x"], [tf.float32, tf.string])
    assert session.run([doubled, texts])[0].tolist() == [3, 3]
    assert session.run(texts).tolist() == [b"x", b"y"]
    assert seen[0] == (np.ndarray, np.float32, b"x")


def test_py_func_that_returns_the_wrong_thing(session):
    with pytest.raises(tf.errors.InvalidArgumentError, match="0-th value returned by pyfunc_.* is double, but expects "
                                                            "float"):
        session.run(tf.py_func(lambda: np.zeros(2), [], tf.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="returns 1 values, but expects to see 2 values"):
        session.run(tf.py_func(lambda: np.float32(1), [], [tf.float32, tf.float32]))
    with pytest.raises(ValueError, match="Expected func to be callable"):
        tf.py_func(3, [], tf.float32)


@pytest.mark.parametrize(("raised", "kind"), [
    (ValueError, tf.errors.InvalidArgumentError), (StopIteration, tf.errors.OutOfRangeError),
    (NotImplementedError, tf.errors.UnimplementedError), (KeyError, tf.errors.UnknownError),
])  # fmt: skip
def test_py_func_that_raises(session, raised, kind):
    def function():
        raise raised("no good")

    with pytest.raises(kind, match="no good"):
        session.run(tf.py_func(function, [], tf.float32))


def test_py_func_runs_each_time(session):
    calls = []

    def count(x):
        calls.append(x)
        return np.float32(len(calls))

    value = tf.py_func(count, [tf.constant(1)], tf.float32)
    assert [session.run(value) for _ in range(3)] == [1, 2, 3]


def test_py_function_and_numpy_function(session):
    x = tf.constant([1.0, 2.0])
    assert session.run(tf.py_function(lambda a: a.numpy() + 1, [x], tf.float32)).tolist() == [2, 3]
    assert session.run(tf.py_function(lambda a: 7, [x], tf.int32)) == 7
    assert session.run(tf.numpy_function(lambda a: a + 1, [x], tf.float32)).tolist() == [2, 3]

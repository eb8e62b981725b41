"""Deprecation decorators against the texts of TensorFlow 1.15.5."""
import logging

import pytest

from rekindle._src.platform import deprecation


@pytest.fixture
def texts(caplog):
    caplog.set_level(logging.WARNING, "tensorflow")
    return lambda: [one.getMessage().partition(": ")[2] for one in caplog.records]


def test_a_function_warns_once(texts):
    @deprecation.deprecated("2030-01-01", "Use g.")
    def f(a):
        """Doc of f."""
        return a

    assert f(1) == f(1) == 1
    assert texts() == [
        f"f (from {__name__}) is deprecated and will be removed after 2030-01-01.\n"
        "Instructions for updating:\nUse g."
    ]
    assert f.__doc__ == (
        "Doc of f. (deprecated)\n\nWarning: THIS FUNCTION IS DEPRECATED. It will be removed after "
        "2030-01-01.\nInstructions for updating:\nUse g."
    )


def test_arguments_warn_when_they_are_given(texts):
    @deprecation.deprecated_args(None, "no", "b", ("c", 5))
    def h(a, b=1, c=5):
        return a, b, c

    h(1), h(1, c=5), h(1, b=3), h(1, 2), h(1, c=6)
    assert [one.partition(" is ")[0] for one in texts()] == [
        f"calling h (from {__name__}) with b",
        f"calling h (from {__name__}) with c",
    ]


def test_values_warn_when_they_are_given(texts):
    @deprecation.deprecated_arg_values("2030-01-01", "v", b=True)
    def k(a, b=False):
        return b

    k(1), k(1, True), k(1, b=True)
    assert [one.partition(" is ")[0] for one in texts()] == [
        f"calling k (from {__name__}) with b=True"
    ]


def test_silence(texts):
    with deprecation.silence():
        deprecation.deprecated(None, "x")(len)("")
    assert texts() == []


def test_bad_use():
    with pytest.raises(ValueError, match="Date must be YYYY-MM-DD."):
        deprecation.deprecated("soon", "x")
    with pytest.raises(ValueError, match="without conversion instructions"):
        deprecation.deprecated(None, "")
    with pytest.raises(ValueError, match=r"not present in the function signature: \['z'\]"):
        deprecation.deprecated_args(None, "x", "z")(lambda a: a)


def test_argument_lookup():
    assert deprecation.deprecated_argument_lookup("a", None, "b", 3) == 3
    with pytest.raises(ValueError, match="Cannot specify both 'b' and 'a'"):
        deprecation.deprecated_argument_lookup("a", 1, "b", 3)

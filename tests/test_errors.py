"""The tree of errors: classes, codes, text, pickling."""
from __future__ import annotations

import pickle
from types import SimpleNamespace

import pytest

from rekindle._src import errors


def made_op(name, traceback, original=None):
    return SimpleNamespace(name=name, traceback=traceback, _original_op=original)


def test_codes_are_those_of_the_protocol():
    assert errors.NotFoundError(None, None, "m").error_code == errors.NOT_FOUND == 5
    assert errors.exception_type_from_error_code(16) is errors.UnauthenticatedError
    assert errors.error_code_from_exception_type(errors.DataLossError) == errors.DATA_LOSS


def test_unknown_code_has_no_class():
    with pytest.raises(KeyError):
        errors.exception_type_from_error_code(99)


def test_unknown_class_warns():
    with pytest.warns(UserWarning, match="Unknown class exception"):
        found = errors.error_code_from_exception_type(ValueError)
    assert isinstance(found, errors.UnknownError)


def test_from_code_of_unknown_code_warns():
    with pytest.warns(UserWarning, match="Unknown error code: 77"):
        error = errors.from_code(None, None, "m", 77)
    assert error.error_code == 77


def test_text_without_op_is_the_message():
    assert str(errors.InternalError(None, None, "it broke")) == "it broke"


def test_text_with_op_shows_where_it_was_made():
    op = made_op("conv1/Conv2D", [("/a/b/train.py", 41, "<module>", "x = conv()")])
    assert str(errors.InvalidArgumentError(None, op, "bad")) == (
        "bad\n\nOriginal stack trace for 'conv1/Conv2D':\n"
        '  File "/train.py", line 41, in <module>\n    x = conv()\n'
    )


def test_text_elides_what_the_original_op_repeats():
    shared = [("/a/b/train.py", n, "f", "f()") for n in (1, 2, 3)]
    op = made_op("grad", [*shared, ("/a/b/train.py", 8, "f", "g()")],
                 made_op("conv", [*shared, ("/a/b/train.py", 9, "f", "c()")]))
    text = str(errors.InvalidArgumentError(None, op, "bad"))
    assert "...which was originally created as op 'conv', defined at:\n" in text
    assert "[elided 1 identical lines from previous traceback]\n" in text


def test_pickles():
    error = pickle.loads(pickle.dumps(errors.UnknownError(None, None, "m", 77)))
    assert (type(error), error.message, error.error_code) == (errors.UnknownError, "m", 77)


def test_status_that_is_not_ok_raises():
    with pytest.raises(errors.NotFoundError, match="gone"):
        with errors.raise_exception_on_not_ok_status() as status:
            status.code, status.message = errors.NOT_FOUND, "gone"


def test_status_that_is_ok_passes():
    with errors.raise_exception_on_not_ok_status() as status:
        pass
    assert status.code == errors.OK

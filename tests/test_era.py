"""Names and number formats of TensorFlow 1's time."""
import collections
import inspect
import time

import numpy as np
import pytest

from rekindle import _era


@pytest.fixture(autouse=True)
def restored():
    _era.restore()


def test_lost_names_are_back():
    assert np.float is float
    assert np.product([2, 3]) == 6
    assert np.asscalar(np.array([3])) == 3
    assert collections.Mapping is collections.abc.Mapping
    assert time.clock() <= time.clock()


def test_names_of_today_stay():
    assert np.bool is np.bool_


def test_getargspec():
    def f(a, b=1, *c, **d):
        pass

    assert inspect.getargspec(f) == (["a", "b"], "c", "d", (1,))


def test_scalars_are_written_as_then():
    old = np.get_printoptions()["legacy"]
    try:
        _era.print_numbers_as_then()
        assert repr([np.float32(3), np.int64(2), np.True_]) == "[3.0, 2, True]"
    finally:
        np.set_printoptions(legacy=old)

"""Names and number formats of TensorFlow 1's time."""
import collections
import inspect
import random
import subprocess
import sys
import threading
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


def test_lost_methods_are_back():
    a = np.arange(3, dtype=np.int32)
    assert a.tostring() == a.tobytes() and a[1].tostring() == a[1].tobytes()
    assert a.ptp() == 2
    a.itemset(1, 7)
    assert a.tolist() == [0, 7, 2]
    b = np.zeros((2, 2))
    b.itemset((1, 0), 3)
    b.itemset(0, 1, 4)
    assert b.tolist() == [[0, 4], [3, 0]]
    assert threading.current_thread().isAlive()


def test_functions_take_what_they_took():
    assert np.fromstring(b"\x01\x02", np.uint8).tolist() == [1, 2]
    assert np.fromstring("1 2", sep=" ").tolist() == [1, 2]
    assert np.reshape(np.arange(4), newshape=(2, 2)).shape == (2, 2)
    ragged = np.array([[1, 2], [3]])
    assert ragged.dtype == object and ragged.tolist() == [[1, 2], [3]]
    assert np.asarray([[1], [2, 3]]).shape == (2,)
    assert np.array([1], copy=False).tolist() == [1]
    assert sorted(random.sample({1, 2}, 2)) == [1, 2]
    assert np.cast["float32"](1).dtype == np.float32


def test_what_was_refused_then_is_refused():
    with pytest.raises(ValueError, match="could not broadcast"):
        np.array([np.zeros((2, 2)), np.zeros((2, 3))])
    with pytest.raises(ValueError, match="inhomogeneous"):
        np.array([[1, 2], [3]], np.float32)


def test_functions_are_adapted_once():
    before = np.array, np.reshape
    _era.restore()
    assert (np.array, np.reshape) == before


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


def test_an_array_of_one_number_is_a_number(tmp_path):
    script = tmp_path / "one.py"
    script.write_text("import numpy as np, tensorflow as tf\nprint('%.1f' % np.array([1.5]), float(np.array([2.5])))\n")
    done = subprocess.run([sys.executable, "-m", "rekindle", "run", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1.5 2.5\n", "")

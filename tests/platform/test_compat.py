"""tf.compat and tf.resource_loader."""
import os
import pathlib

import numpy as np
import pytest

from rekindle._src import compat
from rekindle._src.platform import numeric_types, resource_loader


def test_text_and_bytes():
    assert compat.as_bytes("é") == b"\xc3\xa9"
    assert compat.as_text(b"\xc3\xa9") == "é"
    assert compat.as_str_any(5) == "5"
    assert compat.path_to_str(pathlib.Path("a") / "b") == "a/b"
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 5"):
        compat.as_bytes(5)


def test_the_horizon_is_that_of_1_15():
    assert compat.forward_compatible(2019, 8, 20)
    assert not compat.forward_compatible(2019, 8, 21)
    with compat.forward_compatibility_horizon(2030, 1, 1):
        assert compat.forward_compatible(2029, 1, 1)


def test_numpy_numbers_count():
    assert isinstance(np.int8(1), numeric_types.integral_types)
    assert isinstance(np.float32(1), numeric_types.real_types)


def test_resources_lie_beside_the_caller():
    here = os.path.dirname(__file__)
    assert resource_loader.get_data_files_path() == here
    assert resource_loader.get_path_to_datafile("x") == os.path.join(here, "x")

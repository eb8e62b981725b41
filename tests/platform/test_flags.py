"""tf.flags: absl's flags with TensorFlow's old argument names and implicit parsing."""
import sys

import pytest
from absl import flags as absl_flags

from rekindle._src.platform import flags


@pytest.fixture
def fresh(monkeypatch):
    """FLAGS without any flag of absl's or of another test."""
    values = absl_flags.FlagValues()
    monkeypatch.setattr(sys, "argv", ["script.py", "--steps=7", "--name", "x"])
    return flags._Flags(values), values


def test_a_flag_read_parses_the_command_line(fresh):
    found, values = fresh
    flags.DEFINE_integer("steps", 1, "", flag_values=values)
    flags.DEFINE_string("name", None, "", flag_values=values)
    assert not found.is_parsed()
    assert (found.steps, found.name) == (7, "x")
    assert found.is_parsed()


def test_old_argument_names(fresh, caplog):
    found, values = fresh
    for name in ("steps", "name"):
        flags.DEFINE_string(flag_name=name, default_value="d", docstring="", flag_values=values)
    assert found.steps == "7"
    assert "Use of the keyword argument names" in caplog.text


def test_unknown_flags_are_refused_on_implicit_parsing(fresh):
    found, values = fresh
    flags.DEFINE_integer("steps", 1, "", flag_values=values)
    with pytest.raises(absl_flags.UnrecognizedFlagError, match="name"):
        _ = found.steps


def test_values_can_be_set_listed_and_deleted(fresh):
    found, values = fresh
    flags.DEFINE_integer("steps", 1, "", flag_values=values)
    found(["script.py"])
    found.steps = 3
    assert values.steps == 3
    assert found["steps"].value == 3
    assert "steps" in found
    assert "steps" in list(found)
    assert "steps" in getattr(found, "__flags")  # noqa: B009 - the name would be mangled
    del found.steps
    assert "steps" not in found

"""tools/make_api.py writes the public modules from a table of names."""
import runpy
from pathlib import Path

import pytest

from rekindle._src import names

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "make_api.py"))


@pytest.fixture
def texts(monkeypatch):
    """make(table) -> {public module: its text} for a table of public names."""

    def make(table, modules=()):
        monkeypatch.setattr(names, "PUBLIC", table)
        files = TOOL["public_files"](list(modules))
        root = TOOL["ROOT"] / "rekindle"
        return {".".join(file.parent.relative_to(root).parts): text for file, text in files.items()}

    return make


def test_names_become_imports(texts):
    table = {"cos": ("m.a", "cos_"), "nn.relu": ("m.b", "relu"), "nn.elu": ("m.b", "elu")}
    found = texts(table)
    assert "from m.a import cos_ as cos\n" in found[""]
    assert "from rekindle import (\n" in found[""]
    assert "    nn as nn,\n" in found[""]
    assert "from m.b import (\n    elu as elu,\n    relu as relu,\n)" in found["nn"]


def test_parts_of_classes(texts):
    found = texts({"x": ("m", "A.b")})[""]
    assert "from m import A as _A\n" in found
    assert "\nx = _A.b\n" in found


def test_contrib_is_loaded_at_first_use(texts):
    found = texts({"contrib.slim.nets.vgg": ("m", "vgg")})
    assert found[""].splitlines()[-2].startswith("__getattr__ = _getter('', 'app', 'contrib', ")
    assert "__getattr__ = _getter('contrib.slim', 'nets')" in found["contrib.slim"]
    assert "contrib as contrib" not in found[""]


def test_modules_that_register_ops_are_imported(texts):
    modules = ["rekindle._src.ops.x", "rekindle._src.ops.y"]
    found = texts({"a": ("rekindle._src.ops.x", "a")}, modules)
    assert "from rekindle._src.ops import y as _ops_y\n" in found[""]


def test_old_names(texts):
    found = texts({"multiply": ("m", "multiply")})[""]
    assert "    multiply as mul,\n" in found


def test_a_name_cannot_be_a_namespace_too(texts):
    with pytest.raises(ValueError, match="tf.nn is a name and a namespace"):
        texts({"nn": ("m", "nn"), "nn.relu": ("m", "relu")})


def test_modules_that_are_imported_on_demand_stay_out(texts, monkeypatch):
    monkeypatch.setitem(TOOL["module_text"].__globals__, "imported_on_demand",
                        lambda: {"rekindle._src.ops.y"})
    found = texts({"a": ("m", "a")}, ["rekindle._src.ops.y"])
    assert "as _ops_y" not in found[""]
    assert "rekindle._src.ops.philox_kernels" in TOOL["imported_on_demand"]()

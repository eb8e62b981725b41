"""tools/layers.py finds imports that go up or sideways."""
import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "layers.py"))
IN_GRAPH = "rekindle._src.graph.x"


@pytest.mark.parametrize(
    ("module", "imported", "expected"),
    [
        ("rekindle._src.losses.x", "rekindle._src.graph.y", None),
        ("rekindle._src.losses.x", "rekindle._src.losses.y", None),
        ("rekindle._src.compat", "rekindle._src.names", None),
        ("rekindle.install", "rekindle._src.run.session", None),
        ("rekindle._src.ops.x", "torch.nn", None),
        ("rekindle._src.compile.emit_loop", "torch", None),
        (IN_GRAPH, "rekindle._src.ops.y", "graph (layer 1) imports rekindle._src.ops.y"),
        (IN_GRAPH, "rekindle.nn", "graph (layer 1) imports rekindle.nn (layer 8)"),
        ("rekindle._src.losses.x", "rekindle._src.summary.y", "imports its sibling"),
        ("rekindle._src.losses.x", "torch", "imports torch; only"),
        ("rekindle._src.compile.fold", "torch", "imports torch; only"),
        ("rekindle._src.run.x", "os.environ", "reads the environment"),
        ("rekindle._src.nowhere.x", "rekindle._src.graph", "has no layer"),
    ],
)
def test_one_import(module, imported, expected):
    said = TOOL["import_problem"](module, imported)
    assert said is None if expected is None else expected in said


def test_a_file_is_read_with_its_lines(tmp_path):
    file = tmp_path / "rekindle" / "_src" / "graph" / "x.py"
    file.parent.mkdir(parents=True)
    file.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from rekindle._src.ops import a\n"
        "def f():\n    from rekindle._src.ops import b\n    import os\n    return os.environ\n"
    )
    lines = [line.split(": ")[0] for line in TOOL["offences"](file, tmp_path)]
    assert lines == ["rekindle/_src/graph/x.py:5", "rekindle/_src/graph/x.py:7"]

"""tools/budget.py finds what is too big."""
import runpy
from pathlib import Path

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "budget.py"))


def offences(tmp_path, text):
    file = tmp_path / "x.py"
    file.write_text(text)
    return [line.split(": ", 1)[1] for line in TOOL["offences"](file, tmp_path)]


def test_long_files_lines_and_functions(tmp_path):
    body = "    pass\n" * 61
    limit = TOOL["COLUMNS"]
    wide = "x = " + "1" * limit
    found = offences(tmp_path, f"def f():\n{body}" + "\n" * 539 + wide + "\n")
    assert found == [
        "602 lines; a file has at most 600",
        f"{limit + 4} columns; a line has at most {limit}",
        "f has 61 lines; a function has at most 60",
    ]


def test_docstrings_and_signatures_are_free(tmp_path):
    text = 'def f(\n' + "    a,\n" * 40 + '):\n    """' + "x\n" * 40 + '"""\n' + "    pass\n" * 20
    assert offences(tmp_path, text) == []


def test_many_public_methods(tmp_path):
    methods = "".join(f"    def m{i}(self): pass\n" for i in range(16))
    assert offences(tmp_path, f"class A:\n{methods}") == ["A has 16 public methods; at most 15"]
    assert offences(tmp_path, f"class Graph:\n{methods}") == []


def test_generated_files_are_skipped(tmp_path):
    assert offences(tmp_path, TOOL["GENERATED"] + "\n" + "x" * 200) == []

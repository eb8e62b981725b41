"""Descriptions of files printed: tables on a terminal, plain columns elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from rekindle._src.tools.describe import Description, shape_text, size_text, tensor_lines

_MOST_OPS = 20


class Printer:
    """Prints titles, facts and tables to a console; plain columns where it is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def title(self, text: str) -> None:
        """Print a heading."""
        self._console.print(text, style="bold", markup=False, highlight=False, soft_wrap=True)

    def fact(self, name: str, value: Any) -> None:
        """Print a name with its value."""
        self._console.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print rows under heads; nothing if there are none."""
        texts = [[str(one) for one in row] for row in rows]
        if not texts:
            return
        if not self._console.is_terminal:
            widths = [max(map(len, column)) for column in zip(heads, *texts)]
            for row in (heads, *texts):
                line = "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            return
        table = Table(*heads, box=None, header_style="bold", pad_edge=False)
        for row in texts:
            table.add_row(*(one.replace("[", "\\[") for one in row))
        self._console.print(table)


def show(description: Description, console: Console) -> None:
    """Print what `describe` gave."""
    printer = Printer(console)
    form = description.get("form", "")
    printer.title(f"{description['path']}: {description['kind']}{f' ({form})' if form else ''}")
    _SHOWN[description["kind"]](description, printer)
    if "damage" in description:
        printer.fact("damaged", description["damage"])


def _checkpoint(found: Description, printer: Printer) -> None:
    for one in found.get("files", ()):
        printer.fact("file", f"{one['path']} ({size_text(one['bytes'])})")
    printer.table(("name", "dtype", "shape", "size"), tensor_lines(found["tensors"]))
    size = size_text(sum(one["bytes"] or 0 for one in found["tensors"]))
    printer.fact("total", f"{len(found['tensors'])} tensors, {found['elements']} elements, {size}")
    for key, value in found.get("metadata", {}).items():
        printer.fact(key, value if len(value) <= 100 else f"{value[:100]}...")
    rows = []
    for number, node in enumerate(found.get("objects", ())):
        children = ", ".join(f"{name}: {child}" for name, child in node["children"].items())
        rows.append((number, children, ", ".join(node["attributes"].values())))
    printer.table(("object", "children", "tensors"), rows)


def _state(found: Description, printer: Printer) -> None:
    if "latest" in found:
        printer.fact("latest", found["latest"])
    printer.table(
        ("checkpoint", "files"),
        [(one["path"], "there" if one["is_there"] else "missing") for one in found["checkpoints"]],
    )
    if "checkpoint" in found:
        _checkpoint(found["checkpoint"], printer)


def _graph(found: Description, printer: Printer) -> None:
    constants = found["constants"]
    printer.fact("nodes", found["nodes"])
    printer.fact("written for GraphDef version", found["producer"])
    printer.fact("constants", f"{constants['count']}, {size_text(constants['bytes'])}")
    if found["functions"]:
        printer.fact("functions", ", ".join(found["functions"]))
    if found["lacking"]:
        printer.fact("ops without a kernel in Rekindle", ", ".join(found["lacking"]))
    for what in ("inputs", "variables"):
        rows = [(one["name"], one["dtype"], shape_text(one["shape"])) for one in found[what]]
        printer.table((what, "dtype", "shape"), rows)
    printer.table(("outputs", "op"), [(one["name"], one["op"]) for one in found["outputs"]])
    ops = list(found["ops"].items())
    printer.table(("op", "nodes"), ops[:_MOST_OPS])
    if len(ops) > _MOST_OPS:
        printer.fact("other ops", ", ".join(f"{name} {count}" for name, count in ops[_MOST_OPS:]))


def _meta_graph(found: Description, printer: Printer) -> None:
    printer.fact("tags", ", ".join(found["tags"]) or "none")
    if found["written_by"]:
        printer.fact("written by TensorFlow", found["written_by"])
    for name, one in found["signatures"].items():
        printer.title(f"signature {name}: {one['method']}")
        rows = [
            (way, key, info["name"], info["dtype"], shape_text(info["shape"]))
            for way, both in (("in", one["inputs"]), ("out", one["outputs"]))
            for key, info in both.items()
        ]
        printer.table(("", "key", "tensor", "dtype", "shape"), rows)
    printer.table(("collection", "items"), list(found["collections"].items()))
    _graph(found["graph"], printer)


def _saved_model(found: Description, printer: Printer) -> None:
    for one in found["meta_graphs"]:
        _meta_graph(one, printer)
    if found.get("assets"):
        printer.fact("assets", ", ".join(found["assets"]))
    if "checkpoint" in found:
        _checkpoint(found["checkpoint"], printer)


def _records(found: Description, printer: Printer) -> None:
    size = f"{size_text(found['bytes'])}, {found['least']} to {found['most']} bytes each"
    printer.fact("records", f"{found['records']}, {size}; the file has {size_text(found['file_bytes'])}")
    if "message" in found:
        printer.fact("messages", found["message"])
    rows = [
        (f"{one['key']} (list)" if one["is_list"] else one["key"], one["dtype"], one["in"],
         str(one["least"]) if one["least"] == one["most"] else f"{one['least']} to {one['most']}")
        for one in found.get("features", ())
    ]  # fmt: skip
    printer.table(("feature", "dtype", "in records", "values"), rows)


def _events(found: Description, printer: Printer) -> None:
    printer.fact("version", found["version"])
    printer.fact("events", found["events"])
    for what in ("graphs", "meta_graphs"):
        if found[what]:
            printer.fact(what.replace("_", " "), found[what])
    if found["run_metadata"]:
        printer.fact("run metadata", ", ".join(found["run_metadata"]))
    rows = [
        (one["tag"], one["value"], one["count"], f"{one['first_step']} to {one['last_step']}", one.get("last", ""))
        for one in found["tags"]
    ]
    printer.table(("tag", "kind", "count", "steps", "last"), rows)


def _folder(found: Description, printer: Printer) -> None:
    printer.table(("inside", "kind", "form"), [(one["path"], one["kind"], one["form"]) for one in found["inside"]])


_SHOWN = {
    "checkpoint": _checkpoint, "safetensors": _checkpoint, "checkpoint state": _state, "graph": _graph,
    "meta graph": _meta_graph, "saved model": _saved_model, "records": _records, "events": _events, "folder": _folder,
}  # fmt: skip

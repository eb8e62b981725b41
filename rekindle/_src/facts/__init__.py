"""What TensorFlow 1.15 has: its public names with signatures, and the names in its inner modules.

Holds the readers of symbols.txt and deep_paths.txt (each read when it is first needed) and
`explain`, the text of an error about a name that Rekindle lacks. Holds nothing that Rekindle has.
Source: introspection of tensorflow==1.15.5, by tools/make_symbols.py and tools/make_deep_paths.py.
"""
from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import NamedTuple


class Symbol(NamedTuple):
    """A public name: its kind (function, class, module, value, proto) and its signature or ""."""

    kind: str
    signature: str


@cache
def symbols() -> dict[str, Symbol]:
    """TensorFlow 1.15's public names, without the leading `tf.`."""
    table = {}
    for line in _lines("symbols.txt"):
        name, kind, signature = (line + "  ").split(" ", 2)
        table[name] = Symbol(kind, signature.strip())
    return table


@cache
def deep_modules() -> dict[str, str]:
    """TensorFlow 1.15's inner modules (`python.ops.math_ops`) -> their line of deep_paths.txt."""
    return {line.split(" ", 1)[0]: line for line in _lines("deep_paths.txt")}


@cache
def deep_names(module: str) -> dict[str, str]:
    """The names in an inner module -> their public name, "" where it is not public."""
    table = {}
    for word in deep_modules().get(module, "").split()[1:]:
        name, sign, public = word.partition("=")
        table[name] = public if sign else name
    return table


def explain(name: str, ours: Iterable[str]) -> str:
    """Whether TensorFlow 1.15 has the public `name` that Rekindle lacks, and the nearest of `ours`."""
    known = symbols().get(name)
    if known is None:
        said = f"TensorFlow 1.15 has no tf.{name} either"
    else:
        said = f"TensorFlow 1.15 has tf.{name}, Rekindle does not have it"
    near = nearest(name, ours)
    return f"{said}; the nearest that Rekindle has: {near}" if near else said


def nearest(name: str, ours: Iterable[str]) -> str:
    """Up to three of `ours` that are like `name`, as `tf.x, tf.y`: the same word elsewhere first."""
    word = name.rpartition(".")[2]
    ours = sorted(set(ours), key=lambda one: (one.count("."), one))
    same = [one for one in ours if one.rpartition(".")[2].lower() == word.lower()]
    alike = difflib.get_close_matches(name, ours, n=3, cutoff=0.7)
    found = list(dict.fromkeys(same + alike))[:3]
    return ", ".join(f"tf.{one}" for one in found)


def _lines(file: str) -> list[str]:
    return resources.files(__name__).joinpath(file).read_text("utf-8").splitlines()

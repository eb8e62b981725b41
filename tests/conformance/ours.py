"""Rekindle as a `build.Front`, and the run of a case in a session."""
from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from typing import Any

import numpy as np

import rekindle._src
from rekindle._src import names
from rekindle._src.graph import opdef
from rekindle._src.graph.signatures import signature
from tests.conformance import build

#: "module: error" of each module of rekindle._src that does not import
BROKEN: list[str] = []


class Face:
    """The tf module, read from the definitions' public names."""

    def __getattr__(self, name: str) -> Any:
        if name not in names.PUBLIC:
            raise AttributeError(f"no definition is public as tf.{name}")
        module, attribute = names.PUBLIC[name]
        return functools.reduce(getattr, attribute.split("."), importlib.import_module(module))


@functools.cache
def front() -> build.Front:
    """Rekindle, all its ops imported; modules that do not import stand in `BROKEN`."""
    for found in pkgutil.walk_packages(rekindle._src.__path__, "rekindle._src."):
        try:
            importlib.import_module(found.name)
        except Exception as error:  # whatever it is, the other modules can be tested
            BROKEN.append(f"{found.name}: {error}")
    return build.Front(Face(), apply_op, input_names, lambda graph: graph.as_graph_def())


def input_names(op: str) -> list[str]:
    """The names of an op's inputs."""
    return [arg.name for arg in signature(op).inputs]


def apply_op(op: str, inputs: dict[str, Any], attrs: dict[str, Any], name: str | None) -> Any:
    """Add an operation and give it."""
    graph = Face().get_default_graph()
    before = len(graph.get_operations())
    opdef.call(op, *(inputs[one] for one in input_names(op)), name=name, **attrs)
    return graph.get_operations()[before:][-1]


@dataclasses.dataclass
class Found:
    """What a run of a case gave."""

    values: list[list[Any]]  # of each run, of each output
    held: list[Any]  # of each variable afterwards
    gradients: list[list[Any]]  # of each float input: [], [dense] or [values, indices]


def run(built: Any, case: Any) -> Found:
    """Run a case in a session: its outputs as often as it says, its variables, its gradients."""
    unfetchable = ("resource", "variant")
    outputs = [t for t in built.op.outputs if t.dtype.base_dtype.name not in unfetchable]
    with front().tf.Session(graph=built.graph) as session:
        session.run(built.setups)
        values = [session.run(outputs or [built.op], built.feeds)[:len(outputs)]
                  for _ in range(case.runs)]
        held = session.run(built.held)
        gradients = []
        if built.gradients is not None and len(outputs) == len(built.op.outputs):
            feeds = built.feeds | build.cotangent_feeds(built, values[-1])
            gradients = session.run(build.gradient_parts(built), feeds)
            check_apart([part for parts in gradients for part in parts], feeds)
    check_apart([value for one in values for value in one], built.feeds)
    return Found(values, held, gradients)


def check_apart(values: list[Any], feeds: dict[Any, Any]) -> None:
    """Assert that no fetched array lies in the memory of a fed one, which its owner may change."""
    for value in values:
        for tensor, fed in feeds.items():
            if isinstance(value, np.ndarray):
                assert not np.may_share_memory(value, fed), f"a fetched array is {tensor.name}'s"

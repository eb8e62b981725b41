"""The function library of a graph: functions that GraphDefs bring along, and how calls of them look.

Holds `LibraryFunction` and `add_functions`. Building functions out of Python (`Defun`) is not done here.
"""
from __future__ import annotations

import dataclasses
from typing import Any

from rekindle._src.graph import signatures
from rekindle._src.graph.dtypes import as_dtype, proto_name
from rekindle._src.graph.signatures import Signature


@dataclasses.dataclass(slots=True)
class LibraryFunction:
    """A function of a graph's library: its FunctionDef, and the signature of operations that call it."""

    name: str
    definition: Any
    signature: Signature
    grad_func_name: str | None = None
    python_grad_func: Any = None  # makes the gradient's operations, as tf.RegisterGradient has it
    block: Any = None  # how a call of it runs, once that was asked for


def add_functions(graph: Any, library: Any) -> None:
    """Give a graph the functions of a FunctionDefLibrary that it does not have yet.

    Raises:
      ValueError: a function has the name of an op, or of another function, or an argument of a type that is none.
    """
    known = {name: one.definition for name, one in graph._functions.items()}
    for definition in library.function:
        name = definition.signature.name
        if signatures.is_known(name):
            raise ValueError(f"Cannot add function '{name}' because an op with the same name already exists.")
        if known.setdefault(name, definition) != definition:
            raise ValueError(
                f"Cannot add function '{name}' because a different function with the same name already exists.")
    gradients = {g.function_name: g.gradient_func for g in library.gradient}
    for definition in library.function:
        name = definition.signature.name
        if not graph._is_function(name):
            try:
                signature = function_signature(definition.signature)
            except TypeError as error:
                raise ValueError(f"Cannot add function '{name}': {error}") from None
            graph._add_function(LibraryFunction(name, definition, signature, gradients.get(name)))


def function_signature(op_def: Any) -> Signature:
    """The signature of an OpDef message."""
    sides = []
    for args in (op_def.input_arg, op_def.output_arg):
        sides.append([{k: v for k, v in (
            ("name", a.name), ("type", proto_name(as_dtype(a.type)) if a.type else None),
            ("type_attr", a.type_attr), ("number_attr", a.number_attr), ("type_list_attr", a.type_list_attr),
            ("is_ref", a.is_ref)) if v} for a in args])
    attrs = [{"name": a.name, "type": a.type} for a in op_def.attr]
    return signatures.make_signature(op_def.name, {"in": sides[0], "out": sides[1], "attr": attrs,
                                                   "is_stateful": op_def.is_stateful})

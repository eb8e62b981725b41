"""Functions of a graph's library as functions that can be called: `from_library`."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, library
from rekindle._src.state.function import DefinedFunction


def from_library(lib: Any) -> list[DefinedFunction]:
    """The functions of a FunctionDefLibrary, with their gradient functions.

    Raises:
      ValueError: a function is missing, or gradients go round in a circle.
    """
    definitions = {one.signature.name: one for one in lib.function}
    gradients = {one.function_name: one.gradient_func for one in lib.gradient}
    for name in (name for pair in gradients.items() for name in pair):
        if name not in definitions:
            raise ValueError(f"FunctionDefLibrary missing '{name}' FunctionDef\n{lib}")
    made: dict[str, DefinedFunction] = {}
    left = dict(definitions)
    while left:
        ready = [name for name in left if gradients.get(name) is None or gradients[name] in made]
        if not ready:
            raise ValueError(f"FunctionDefLibrary contains cyclic gradient functions!\n{lib}")
        for name in ready:
            made[name] = from_definition(left.pop(name), made.get(gradients.get(name, "")))
    return list(made.values())


def from_definition(fdef: Any, grad_func: DefinedFunction | None = None) -> DefinedFunction:
    """The function that a FunctionDef tells of; what it captured are arguments like others."""
    signature = fdef.signature
    types = tuple(dtypes.as_dtype(arg.type) for arg in signature.input_arg)
    made = DefinedFunction(None, [arg.name for arg in signature.input_arg], types, signature.name, grad_func)
    made._library = library.LibraryFunction(
        signature.name, fdef, library.function_signature(signature), made.grad_func_name
    )
    return made


_from_definition = from_definition

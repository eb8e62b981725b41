"""The functions of a SavedModel that TensorFlow 2 wrote, printed as saved_model_cli does."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes
from rekindle._src.graph.shapes import TensorShape


def show_defined_functions(object_graph: Any) -> None:
    """Print the functions of the root of a SavedObjectGraph, and how they are called."""
    print("\nDefined Functions:", end="")
    nodes = object_graph.nodes
    children = nodes[0].children if nodes else ()
    functions = {one.local_name: nodes[one.node_id] for one in children}
    for name, node in sorted(functions.items()):
        if node.WhichOneof("kind") == "function":
            concrete = node.function.concrete_functions
        elif node.WhichOneof("kind") == "bare_concrete_function":
            concrete = [node.bare_concrete_function.concrete_function_name]
        else:
            continue
        print(f"\n  Function Name: '{name}'")
        for number, one in enumerate(sorted(concrete), 1):
            print(f"    Option #{number}\n      Callable with:")
            arguments, named = _signature(object_graph.concrete_functions[one])
            _print_arguments(arguments, "Argument")
            _print_arguments(list(named.items()), "Named Argument")


def _signature(concrete: Any) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a function: those by position, those by name."""
    value = _decoded(concrete.canonicalized_input_signature)
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
        return list(value[0] or ()), value[1]
    return [], {}


class _Spec:
    """A TensorSpec as TensorFlow 1.15 prints it."""

    def __init__(self, message: Any) -> None:
        self.name = message.name
        dtype = dtypes.as_dtype(message.dtype)
        self.text = f"TensorSpec(shape={TensorShape(message.shape)}, dtype={dtype!r}, name='{message.name}')"


def _decoded(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    held = getattr(value, kind) if kind else None
    if kind == "tuple_value":
        return tuple(_decoded(one) for one in held.values)  # type: ignore[union-attr]
    if kind == "list_value":
        return [_decoded(one) for one in held.values]  # type: ignore[union-attr]
    if kind == "dict_value":
        return {key: _decoded(one) for key, one in held.fields.items()}  # type: ignore[union-attr]
    if kind == "tensor_spec_value":
        return _Spec(held)
    return None if kind == "none_value" else held


def _print_arguments(arguments: list[Any], kind: str) -> None:
    margin = "  " * 4
    for number, one in enumerate(arguments, 1):
        print(f"{margin}{kind} #{number}")
        if isinstance(one, _Spec):
            print(f"{margin}  {one.name}: {one.text}")
        else:
            print(f"{margin}  DType: {type(one).__name__}")
            print(f"{margin}  Value: {_text(one)}")


def _text(value: Any) -> str:
    if isinstance(value, _Spec):
        return value.text
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_quoted(one) for one in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"'{key}': {_quoted(one)}" for key, one in value.items()) + "}"
    return str(value)


def _quoted(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else _text(value)

"""Snapshots: which operations must read a ref variable anew instead of taking a snapshot of it.

TensorFlow's snapshot of a ref variable (the Identity "<name>/read") shares the variable's memory, so what runs after an
update sees the new value through it. What does not wait for the update keeps the old one here.
"""
from __future__ import annotations

from typing import Any

from rekindle._src.graph.opdef import OPS, arg_width

_ENTERS = frozenset(["Enter", "RefEnter"])
_EXITS = frozenset(["Exit", "RefExit"])


def rereads(ops: list[Any], fed: set[Any]) -> dict[Any, dict[int, Any]]:
    """Operation -> {index of an input that is a snapshot: the reference to read instead}.

    Args:
      ops: the operations of a run, each after those that it waits for.
      fed: the tensors that are fed.
    """
    out = _rereads_in_loops(ops, fed)
    updated: dict[Any, frozenset[Any]] = {}  # operation -> variables changed before it or by it
    for op in ops:
        before = frozenset().union(
            *(updated.get(other, ()) for other in [t._op for t in op._inputs] + op._control_inputs))
        changed = _changed(op)
        updated[op] = before | changed if changed else before
        if not before:
            continue
        for index, tensor in enumerate(op._inputs):
            ref = _snapshot_of(tensor, fed)
            if ref is not None:
                name = variable(ref)
                if name in before and name not in updated.get(tensor._op, ()):
                    out.setdefault(op, {})[index] = ref
    return out


def _rereads_in_loops(ops: list[Any], fed: set[Any]) -> dict[Any, dict[int, Any]]:
    """The same for what enters loops that change the variable: each iteration sees what the one before left."""
    inside: set[Any] = set()
    for op in ops:
        before = [t._op for t in op._inputs if t not in fed] + op._control_inputs
        if op.type in _ENTERS or op.type not in _EXITS and not inside.isdisjoint(before):
            inside.add(op)
    changed = set().union(*(_changed(op) for op in inside))
    out: dict[Any, dict[int, Any]] = {}
    if changed:
        for op in inside:
            for index, tensor in enumerate(op._inputs):
                ref = _entered_snapshot(tensor, fed)
                if ref is not None and variable(ref) in changed:
                    out.setdefault(op, {})[index] = ref
    return out


def _entered_snapshot(tensor: Any, fed: set[Any]) -> Any:
    """The reference that a tensor is a snapshot of, taken outside of the loop where the tensor is."""
    entered = False
    while tensor not in fed:
        op = tensor._op
        if _snapshot_of(tensor, fed) is not None:
            return op._inputs[0] if entered else None
        if op.type not in ("Identity", "Switch", "Enter") or op.type == "Enter" and not op._attrs["is_constant"]:
            return None
        entered = entered or op.type == "Enter"
        tensor = op._inputs[0]
    return None


def variable(ref: Any) -> Any:
    """The operation of the variable that a reference belongs to."""
    op = ref._op
    while op._inputs and op.signature.inputs[0].is_ref:
        op = op._inputs[0]._op
    return op


def _snapshot_of(tensor: Any, fed: set[Any]) -> Any:
    if tensor._op.type != "Identity" or tensor in fed:
        return None
    ref = tensor._op._inputs[0]
    return ref if ref._dtype._is_ref_dtype else None


def _changed(op: Any) -> set[Any]:
    """The ref variables that an operation changes."""
    block = OPS.get(op.type)
    if block is None or not block.update_positions:
        return set()
    refs = [arg.is_ref for arg in op.signature.inputs for _ in range(arg_width(arg, op._attrs))]
    return {variable(op._inputs[i]) for i in block.update_positions if refs[i]}

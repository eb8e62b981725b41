"""Meetings: operations of one run that wait for each other at a queue, though none of them comes first.

Holds `meetings`. TensorFlow runs such operations at the same time; one after the other, they could wait for ever.
"""
from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from rekindle._src.graph.opdef import OPS


def meetings(ops: list[Any], feeds: set[Any], waited: Callable[[Any, set[Any]], list[Any]]) -> set[Any]:
    """The operations that put into a resource and take out of it (or close it) in no given order."""
    guests: dict[Any, list[Any]] = {}  # of each resource, in the order in which they run
    for op in ops:
        block = OPS.get(op.type)
        if block is not None and block.waits and op._inputs[0] not in feeds:
            guests.setdefault(op._inputs[0], []).append(op)
    out: set[Any] = set()
    for group in guests.values():
        for first, second in itertools.combinations(group, 2):
            if first.type != second.type and not _follows(second, first, feeds, waited):
                out.update((first, second))
    return out


def _follows(op: Any, other: Any, feeds: set[Any], waited: Callable[[Any, set[Any]], list[Any]]) -> bool:
    """True if `op` runs only after `other`."""
    seen: set[Any] = set()
    stack = [op]
    while stack:
        one = stack.pop()
        if one is other:
            return True
        if one not in seen:
            seen.add(one)
            stack.extend(t._op for t in one._inputs if t not in feeds)
            stack.extend(waited(one, feeds))
    return False

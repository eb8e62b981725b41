"""Stacks: what a loop pushes in each iteration and its gradient pops in the opposite order.

The handle of a stack is the object itself; it lives for one run.
"""

from __future__ import annotations

from typing import Any

from rekindle._src import errors
from rekindle._src.graph.opdef import op


class Stack:
    """Values in order; the last one comes out first."""

    __slots__ = ("items", "limit", "name", "closed")

    def __init__(self, name: str, limit: int) -> None:
        self.items: list[Any] = []
        self.limit = limit
        self.name = name
        self.closed = False

    def push(self, value: Any) -> None:
        """Put a value on top."""
        self._check_open()
        if 0 <= self.limit <= len(self.items):
            raise errors.InvalidArgumentError(
                None, None,
                f"Stack[{self.name}] overflowed its max_size ({self.limit})",
            )
        self.items.append(value)

    def pop(self) -> Any:
        """Take the value on top away."""
        self._check_open()
        if not self.items:
            raise errors.InvalidArgumentError(
                None, None, f"Stack[{self.name}] is empty when calling Pop()."
            )
        return self.items.pop()

    def close(self) -> None:
        """Forget all values."""
        self.items.clear()
        self.closed = True

    def _check_open(self) -> None:
        if self.closed:
            raise errors.InvalidArgumentError(
                None, None, f"Stack[{self.name}] has already been closed."
            )


def _vector_of_two(c: Any) -> tuple[int, ...]:
    return (2,)


@op("StackV2", infer=_vector_of_two, host=True)
def stack_v2(max_size, *, elem_type, stack_name="", ctx):
    """A new, empty stack."""
    return Stack(stack_name or ctx.name, int(max_size))


@op("StackPushV2", infer=lambda c: c.shapes[1], aliases=1, host=True)
def stack_push_v2(handle, elem, *, swap_memory=False):
    """`elem`, which is now on top of the stack."""
    handle.push(elem)
    return elem


@op("StackPopV2", host=True)
def stack_pop_v2(handle, *, elem_type):
    """The value that was on top of the stack."""
    return handle.pop()


@op("StackCloseV2", host=True)
def stack_close_v2(handle):
    """Nothing; the stack is empty and cannot be used any more."""
    handle.close()


for _block in (stack_v2, stack_push_v2, stack_pop_v2, stack_close_v2):
    _block.no_gradient()

"""The place where a variable's value lies: what ref edges and resource handles carry at run time.

Holds `Buffer`. A session's store owns one per variable; kernels that update a variable get it instead of a tensor.
"""
from __future__ import annotations

from typing import Any

from rekindle._src import errors


class Buffer:
    """A named cell that holds a tensor or nothing yet.

    Kernels mutate what `own()` gives. A step that still needs the old value after an update sets `shared` before, and
    then the update works on a copy.
    """

    __slots__ = ("name", "value", "shared", "dtype", "shape")

    def __init__(self, name: str, dtype: Any = None, shape: Any = None) -> None:
        self.name = name
        self.value: Any = None
        self.shared = False
        self.dtype = dtype
        self.shape = shape

    def read(self) -> Any:
        """The tensor.

        Raises:
          FailedPreconditionError: nothing was assigned yet.
        """
        value = self.value
        if value is None:
            raise errors.FailedPreconditionError(None, None, f"Attempting to use uninitialized value {self.name}")
        return value

    def own(self) -> Any:
        """The tensor, free to be mutated in place: nobody else holds it.

        Raises:
          FailedPreconditionError: nothing was assigned yet.
        """
        value = self.read()
        if self.shared:
            value = self.value = value.clone()
            self.shared = False
        return value

    def set(self, value: Any) -> None:
        """Hold `value` from now on; the caller gives it away."""
        self.value = value
        self.shared = False

"""`tf.test.main`, `tf.test.mock` and `StubOutForTesting`: run tests, replace things in them."""
from __future__ import annotations

from typing import Any
from unittest import mock  # noqa: F401 - it is tf.test.mock

from absl.testing import absltest

from rekindle._src.names import export, public
from rekindle._src.testing import benchmark

export("test.mock", __name__, "mock")


@public("test.main")
def main(argv: list[str] | None = None) -> None:
    """Run the tests of the script, or with --benchmarks=REGEX its benchmarks; ends the process."""
    benchmark.benchmarks_main(lambda: absltest.main(argv=argv), argv)


@public("test.StubOutForTesting")
class StubOutForTesting:
    """Replaces attributes and puts them back: `Set`, then `UnsetAll`."""

    def __init__(self) -> None:
        self._set: list[tuple[Any, str, Any]] = []
        self._smart: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> StubOutForTesting:
        return self

    def __exit__(self, *error: Any) -> None:
        self.CleanUp()

    def __del__(self) -> None:
        self.CleanUp()

    def CleanUp(self) -> None:  # noqa: N802 - the name is TensorFlow's
        """Undo every replacement."""
        self.SmartUnsetAll()
        self.UnsetAll()

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:  # noqa: N802
        """Replace an attribute of an object."""
        old = parent.__dict__.get(child_name, getattr(parent, child_name))
        self._set.append((parent, child_name, old))
        setattr(parent, child_name, new_child)

    def UnsetAll(self) -> None:  # noqa: N802
        """Undo `Set`, the last one first."""
        while self._set:
            setattr(*self._set.pop())

    def SmartSet(self, obj: Any, attr_name: str, new_attr: Any) -> None:  # noqa: N802
        """Replace an attribute where it is defined: in the object or in one of its classes.

        Raises:
          AttributeError: neither has it.
        """
        owners = [obj, *(obj.__mro__[1:] if isinstance(obj, type) else type(obj).__mro__)]
        owner = next((one for one in owners if attr_name in vars(one)), None)
        if owner is None:
            raise AttributeError(attr_name)
        self._smart.append((owner, attr_name, vars(owner)[attr_name]))
        setattr(owner, attr_name, new_attr)

    def SmartUnsetAll(self) -> None:  # noqa: N802
        """Undo `SmartSet`, the last one first."""
        while self._smart:
            setattr(*self._smart.pop())

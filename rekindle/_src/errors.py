"""The tree of errors that a session raises, with TensorFlow's classes, codes and messages.

Holds: the codes, `OpError` and its subclasses (one per code), the maps between codes and classes,
and the two plain errors of graph construction that programs catch by name. Holds no wording of
particular errors: whoever detects one words it.
"""
from __future__ import annotations

import os
import traceback
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

from rekindle._src.names import export, public

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16

for _name in (
    "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS "
    "PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE "
    "UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED"
).split():
    export(f"errors.{_name}", __name__, _name)

_CLASS_OF_CODE: dict[int, type[OpError]] = {}
_CODE_OF_CLASS: dict[type[OpError], int] = {}


class InaccessibleTensorError(ValueError):
    """A tensor of one graph was used where it cannot be reached."""


class OperatorNotAllowedInGraphError(TypeError):
    """A tensor of a graph was used as a Python bool or iterated over."""


@public("errors.OpError", "OpError")
class OpError(Exception):
    """What the run of an operation ends with when it fails; the subclass tells the kind.

    Args:
      node_def: the NodeDef that failed, or None.
      op: the Operation that failed, or None.
      message: what went wrong.
      error_code: one of the codes of tf.errors; default: the class's.
    """

    _code: ClassVar[int] = UNKNOWN

    def __init_subclass__(cls, code: int | None = None) -> None:
        if code is None:
            return
        cls._code = code
        _CLASS_OF_CODE[code] = cls
        _CODE_OF_CLASS[cls] = code
        public(f"errors.{cls.__name__}")(cls)

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None) -> None:
        super().__init__()
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = self._code if error_code is None else error_code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).__new__, (type(self),), self.__dict__

    @property
    def message(self) -> str:
        """What went wrong."""
        return self._message

    @property
    def op(self) -> Any:
        """The Operation that failed; None when it is not known or was made by the runtime."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The NodeDef of the operation that failed, or None."""
        return self._node_def

    @property
    def error_code(self) -> int:
        """The code of tf.errors."""
        return self._error_code

    def __str__(self) -> str:
        if self._op is None:
            return str(self._message)
        lines = _stack_lines(self._op)
        parts = [f"{self._message}\n\nOriginal stack trace for {self._op.name!r}:\n", *lines]
        original = self._op._original_op
        while original is not None:
            name = original.name
            parts.append(f"\n...which was originally created as op {name!r}, defined at:\n")
            outer, lines = lines, _stack_lines(original)
            parts += _without_repeats(lines, outer)
            original = original._original_op
        return "".join(parts)


class CancelledError(OpError, code=CANCELLED):
    """The operation or the step was cancelled, by closing its session or its queue for instance."""


class UnknownError(OpError, code=UNKNOWN):
    """An error that came without a known code."""


class InvalidArgumentError(OpError, code=INVALID_ARGUMENT):
    """An operation received a value or a shape that it cannot take."""


class DeadlineExceededError(OpError, code=DEADLINE_EXCEEDED):
    """The time allowed passed before the operation could complete."""


class NotFoundError(OpError, code=NOT_FOUND):
    """A file, directory, key or node that was asked for does not exist."""


class AlreadyExistsError(OpError, code=ALREADY_EXISTS):
    """What was to be created exists already."""


class PermissionDeniedError(OpError, code=PERMISSION_DENIED):
    """The caller may not run the operation, or not read or write the file."""


class UnauthenticatedError(OpError, code=UNAUTHENTICATED):
    """The request carries no valid credentials."""


class ResourceExhaustedError(OpError, code=RESOURCE_EXHAUSTED):
    """Memory, disk or a quota is used up."""


class FailedPreconditionError(OpError, code=FAILED_PRECONDITION):
    """The state is not what the operation needs: a variable that nobody initialised, mostly."""


class AbortedError(OpError, code=ABORTED):
    """The operation was aborted, by a concurrent one mostly."""


class OutOfRangeError(OpError, code=OUT_OF_RANGE):
    """The end was passed: of a closed queue, of a data set, of a file."""


class UnimplementedError(OpError, code=UNIMPLEMENTED):
    """The operation does not take these arguments, valid as they are."""


class InternalError(OpError, code=INTERNAL):
    """Something that always holds did not hold."""


class UnavailableError(OpError, code=UNAVAILABLE):
    """The runtime cannot be reached now; trying again may help."""


class DataLossError(OpError, code=DATA_LOSS):
    """Data is lost or corrupt: a truncated record, a checksum that differs."""


@public("errors.exception_type_from_error_code")
def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of an error code; KeyError for one that is none."""
    return _CLASS_OF_CODE[error_code]


@public("errors.error_code_from_exception_type")
def error_code_from_exception_type(cls: type[OpError]) -> int | OpError:
    """The code of an error class; another class gets a warning and an UnknownError, as in TF."""
    if cls in _CODE_OF_CLASS:
        return _CODE_OF_CLASS[cls]
    warnings.warn("Unknown class exception", stacklevel=2)
    return UnknownError(None, None, "Unknown class exception")


def from_code(node_def: Any, op: Any, message: str, error_code: int) -> OpError:
    """The error of the class that `error_code` names; an unknown code warns and is UnknownError."""
    if error_code in _CLASS_OF_CODE:
        return _CLASS_OF_CODE[error_code](node_def, op, message)
    warnings.warn(f"Unknown error code: {error_code}", stacklevel=2)
    return UnknownError(node_def, op, message, error_code)


@dataclass(slots=True)
class Status:
    """A code and a message that a call fills in; `OK` until then."""

    code: int = OK
    message: str = ""


@public("errors.raise_exception_on_not_ok_status")
class raise_exception_on_not_ok_status:  # noqa: N801 - the name is TensorFlow's
    """A context that gives a `Status` and raises, at its end, the error that the status holds."""

    def __enter__(self) -> Status:
        self.status = Status()
        return self.status

    def __exit__(self, *raised: Any) -> bool:
        if self.status.code != OK:
            raise from_code(None, None, self.status.message, self.status.code)
        return False


def _stack_lines(op: Any) -> list[str]:
    """The traceback lines of where `op` was made, less the folder that all its files share."""
    frames = [tuple(frame) for frame in op.traceback]
    folder = os.path.split(os.path.commonprefix([frame[0] for frame in frames]))[0]
    return traceback.format_list([(frame[0].removeprefix(folder), *frame[1:4]) for frame in frames])


def _without_repeats(lines: list[str], outer: list[str]) -> list[str]:
    """`lines`, each run that `outer` has at the same place cut to its first and last line."""
    kept: list[str] = []
    start = 0
    while start < len(lines):
        end = start
        while end < min(len(lines), len(outer)) and lines[end] == outer[end]:
            end += 1
        if end == start:
            kept.append(lines[start])
            start += 1
            continue
        kept.append(lines[start])
        if end - start > 2:
            kept.append(f"[elided {end - start - 2} identical lines from previous traceback]\n")
        if end - start > 1:
            kept.append(lines[end - 1])
        start = end
    return kept

"""Waiting inside kernels: for as long as the run may take, and not beyond the session's end.

Holds the limit of the runs of a thread (`RunOptions.timeout_in_ms`) and `Line`, in which attempts wait for their turn.
"""

from __future__ import annotations

import collections
import contextlib
import enum
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src import errors

_runs = threading.local()


class TimedOut(BaseException):
    """The run took longer than it may; not an error of the operation that waited."""


@contextlib.contextmanager
def limit(milliseconds: int) -> Iterator[None]:
    """A context in which this thread waits no longer than that; 0: as long as it takes."""
    before = getattr(_runs, "deadline", None)
    if milliseconds > 0:
        _runs.deadline = time.monotonic() + milliseconds / 1000
    try:
        yield
    except TimedOut:
        raise errors.DeadlineExceededError(None, None, "Timed out waiting for notification") from None
    finally:
        _runs.deadline = before


def due() -> float | None:
    """When the run of this thread has to be over, by `time.monotonic`; None: whenever it is."""
    return getattr(_runs, "deadline", None)


def expire(ending: list[str]) -> None:
    """End the run: its session is `ending`, or it took too long.

    Raises:
      CancelledError, TimedOut: always one of them.
    """
    if ending:
        raise errors.CancelledError(None, None, "Loop execution was cancelled.")
    raise TimedOut


def wait(event: threading.Event) -> None:
    """Wait for an event.

    Raises:
      TimedOut: the run may take no longer.
    """
    deadline = getattr(_runs, "deadline", None)
    if deadline is None:
        event.wait()
    elif not event.wait(max(0.0, deadline - time.monotonic())):
        raise TimedOut


class Outcome(enum.Enum):
    """How far a try of an attempt came."""

    BLOCKED = 0
    PROGRESS = 1
    COMPLETE = 2


class Attempt:
    """Something that a run wants of a resource: `advance` tries to do it, and may come some of the way."""

    __slots__ = ("advance", "done", "error", "event")

    def __init__(self, advance: Callable[[], Outcome]) -> None:
        self.advance = advance
        self.done = False
        self.error: errors.OpError | None = None
        self.event: threading.Event | None = None

    def finish(self, error: errors.OpError | None = None) -> None:
        """Say that it is done, and wake the run that waits."""
        self.done = True
        self.error = error
        if self.event is not None:
            self.event.set()


class Line:
    """Attempts of one kind, served in the order in which they came.

    Args:
      cancelled: the message of those that are cancelled.
    """

    def __init__(self, cancelled: str) -> None:
        self.attempts: collections.deque[Attempt] = collections.deque()
        self.cancelled = cancelled

    def __len__(self) -> int:
        return len(self.attempts)

    def advance(self) -> bool:
        """Serve the attempts in front; True if something changed."""
        changed = False
        while self.attempts:
            first = self.attempts[0]
            try:
                outcome = first.advance()
            except errors.OpError as error:
                self.attempts.popleft()
                first.finish(error)
                changed = True
                continue
            if outcome is not Outcome.COMPLETE:
                return changed or outcome is Outcome.PROGRESS
            self.attempts.popleft()
            first.finish()
            changed = True
        return changed

    def cancel(self) -> None:
        """Let all attempts fail with CancelledError."""
        while self.attempts:
            self.attempts.popleft().finish(self.refusal())

    def refusal(self) -> errors.OpError:
        """The error of what is cancelled."""
        return errors.CancelledError(None, None, self.cancelled)


class Company:
    """The threads that work for one run at the same time, each waiting for what it likes; the run may end them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deadline = due()
        self._attempts: list[tuple[Desk, Line, Attempt]] = []
        self._over = False

    def work(self, task: Callable[[], None]) -> None:
        """Do a task in a thread of its own."""

        def run() -> None:
            _runs.deadline, _runs.company = self._deadline, self
            task()

        threading.Thread(target=run, daemon=True).start()

    def add(self, desk: Desk, line: Line, attempt: Attempt) -> None:
        """Say that a thread waits for an attempt."""
        with self._lock:
            self._attempts.append((desk, line, attempt))
            over = self._over
        if over:
            desk.dismiss(line, attempt)

    def end(self) -> None:
        """Let all attempts fail, also those that are still to come."""
        with self._lock:
            self._over = True
            attempts = list(self._attempts)
        for desk, line, attempt in attempts:
            desk.dismiss(line, attempt)


class Desk:
    """Several lines of attempts at one resource; whoever joins one serves all of them."""

    def __init__(self, *lines: Line) -> None:
        self.lock = threading.RLock()
        self._lines = lines
        self._closed = False

    def join(self, line: Line, advance: Callable[[], Any]) -> None:
        """Make an attempt, and wait until it is done.

        Raises:
          OpError: it failed or was cancelled.
          TimedOut: the run may take no longer.
        """
        attempt = Attempt(advance)
        with self.lock:
            if self._closed:
                raise line.refusal()
            line.attempts.append(attempt)
            self.serve()
            if not attempt.done:
                attempt.event = threading.Event()
        if attempt.event is not None:
            self._await(line, attempt)
        if attempt.error is not None:
            raise attempt.error

    def _await(self, line: Line, attempt: Attempt) -> None:
        assert attempt.event is not None
        company = getattr(_runs, "company", None)
        if company is not None:
            company.add(self, line, attempt)
        try:
            wait(attempt.event)
        except BaseException as error:
            with self.lock:
                if attempt.done and isinstance(error, TimedOut):
                    return
                if not attempt.done:
                    line.attempts.remove(attempt)
                    self.serve()
            raise

    def dismiss(self, line: Line, attempt: Attempt) -> None:
        """Let one attempt fail, unless it is done."""
        with self.lock:
            if not attempt.done:
                line.attempts.remove(attempt)
                attempt.finish(line.refusal())
                self.serve()

    def serve(self) -> None:
        """Serve all lines until nothing changes."""
        with self.lock:
            while any(line.advance() for line in self._lines):
                pass

    def cancel(self) -> None:
        """Let every attempt fail, also those that are still to come."""
        with self.lock:
            self._closed = True
            for line in self._lines:
                line.cancel()

"""Threads that stop together: `tf.train.Coordinator` and `tf.train.LooperThread`."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.names import public


@public("train.Coordinator")
class Coordinator:
    """Asks threads to stop, waits for them, and raises what made them stop.

    Args:
      clean_stop_exception_types: errors that end the work without being reported; default: OutOfRangeError.
    """

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        clean = (errors.OutOfRangeError,) if clean_stop_exception_types is None else clean_stop_exception_types
        self._clean_stop_exception_types = tuple(clean)
        self._lock = threading.Lock()
        self._stop_event = threading.Event()
        self._exc_info_to_raise: Any = None
        self._joined = False
        self._registered_threads: set[threading.Thread] = set()

    def _reported(self, ex: Any) -> Any:
        error = ex[1] if isinstance(ex, tuple) else ex
        return None if isinstance(error, self._clean_stop_exception_types) else ex

    def request_stop(self, ex: Any = None) -> None:
        """Ask the threads to stop.

        Args:
          ex: the exception (or sys.exc_info()) that is the reason, which `join` raises; the first one counts.
        """
        with self._lock:
            ex = self._reported(ex)
            if self._joined:  # nobody will raise it later
                if isinstance(ex, tuple):
                    _raise(ex)
                elif ex is not None:
                    _raise(sys.exc_info())
            if self._stop_event.is_set():
                return
            if ex and self._exc_info_to_raise is None:
                self._exc_info_to_raise = _exc_info(ex)
            self._stop_event.set()

    def clear_stop(self) -> None:
        """Forget that it was asked to stop, and why."""
        with self._lock:
            self._joined = False
            self._exc_info_to_raise = None
            self._stop_event.clear()

    def should_stop(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop_event.is_set()

    @contextlib.contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """A context that asks to stop where it ends with an exception, which it takes."""
        try:
            yield
        except BaseException:
            self.request_stop(sys.exc_info())

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until somebody asks to stop, at most `timeout` seconds; True if somebody did."""
        return self._stop_event.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Let `join` wait for a thread too."""
        with self._lock:
            self._registered_threads.add(thread)

    def join(self, threads: Any = None, stop_grace_period_secs: float = 120,
             ignore_live_threads: bool = False) -> None:  # fmt: skip
        """Wait until the threads have ended.

        Args:
          threads: some, and those that were registered; default: those only.
          stop_grace_period_secs: how long they may take after somebody asked to stop.
          ignore_live_threads: do not mind those that take longer.

        Raises:
          RuntimeError: some take longer.
          Exception: the one that was given to `request_stop`.
        """
        with self._lock:
            threads = list(self._registered_threads.union(threads or ()))
        while any(t.is_alive() for t in threads) and not self.wait_for_stop(1.0):
            pass
        _await_end(threads, stop_grace_period_secs)
        stragglers = " ".join(t.name for t in threads if t.is_alive())
        with self._lock:
            self._joined = True
            self._registered_threads = set()
            if self._exc_info_to_raise:
                _raise(self._exc_info_to_raise)
            elif stragglers and ignore_live_threads:
                logging.info(f"Coordinator stopped with threads still running: {stragglers}")
            elif stragglers:
                raise RuntimeError(f"Coordinator stopped with threads still running: {stragglers}")

    @property
    def joined(self) -> bool:
        """Whether `join` was called since the start or the last `clear_stop`."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raise the exception that was given to `request_stop`, if one was."""
        with self._lock:
            if self._exc_info_to_raise:
                _raise(self._exc_info_to_raise)


def _raise(exc_info: Any) -> None:
    raise exc_info[1].with_traceback(exc_info[2])


def _exc_info(ex: Any) -> Any:
    """What is to be raised later for an exception or for what sys.exc_info() gave."""
    if isinstance(ex, tuple):
        logging.info("Error reported to Coordinator: %s", ex[1], exc_info=ex)
        found: Any = ex
    else:
        logging.info("Error reported to Coordinator: %s, %s", type(ex), ex)
        found = sys.exc_info()
    if len(found) == 3 and found[0] and found[1]:
        return found
    try:
        raise ValueError(f"ex must be a tuple or sys.exc_info must return the current exception: {found}")
    except ValueError:
        return sys.exc_info()


def _await_end(threads: list[threading.Thread], seconds: float) -> None:
    """Wait for threads, at first in short steps."""
    step = 0.001
    while any(t.is_alive() for t in threads) and seconds >= 0.0:
        time.sleep(step)
        seconds -= step
        step = max(min(2 * step, seconds), 0.001)


@public("train.LooperThread")
class LooperThread(threading.Thread):
    """A thread that calls a function again and again, until its coordinator asks to stop.

    Args:
      coord: the Coordinator, which gets the exceptions of the function.
      timer_interval_secs: seconds from one call to the next; None: without a pause.
      target: the function; default: `run_loop`, which a subclass defines.
      args: its arguments.
      kwargs: its keyword arguments.
    """

    def __init__(self, coord: Coordinator, timer_interval_secs: float | None, target: Callable[..., Any] | None = None,
                 args: Any = None, kwargs: Any = None) -> None:  # fmt: skip
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        super().__init__()
        self.daemon = True
        self._coord = coord
        self._timer_interval_secs = timer_interval_secs
        self._target = target
        if target is not None:
            self._args, self._kwargs = args or (), kwargs or {}
        elif args or kwargs:
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        coord.register_thread(self)

    @staticmethod
    def loop(coord: Coordinator, timer_interval_secs: float | None, target: Callable[..., Any], args: Any = None,
             kwargs: Any = None) -> LooperThread:  # fmt: skip
        """A thread that was started."""
        looper = LooperThread(coord, timer_interval_secs, target=target, args=args, kwargs=kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """Loop."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._timer_interval_secs is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                next_time = time.time()
                while not self._coord.wait_for_stop(next_time - time.time()):
                    next_time += self._timer_interval_secs
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called before the first call."""

    def stop_loop(self) -> None:
        """Called after the last call."""

    def run_loop(self) -> None:
        """One call."""
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

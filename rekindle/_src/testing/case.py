"""`tf.test.TestCase`: a fresh graph and fixed seeds for each test, sessions, and assertions."""
from __future__ import annotations

import contextlib
import os
import random
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from absl.testing import absltest
from google.protobuf import text_format

from rekindle._src import errors
from rekindle._src.graph import devices, proto, scopes, seeds
from rekindle._src.graph.graph import GRAPH_DEF_VERSION
from rekindle._src.names import public
from rekindle._src.run.session import Session
from rekindle._src.testing import hardware
from rekindle._src.testing.arrays import ArrayAssertions
from rekindle._src.testing.folders import get_temp_dir


@public("test.TestCase")
class TestCase(ArrayAssertions):
    """The class that tests of TF1 programs derive from.

    Before each test it begins a new default graph and seeds the random numbers of Python, of numpy
    and of the graph, so that a test draws the same numbers each time.
    """

    def __init__(self, methodName: str = "runTest") -> None:  # noqa: N803 - unittest's name
        super().__init__(methodName)
        self._threads: list[CheckedThread] = []
        self._folder: str | None = None
        self._cached: tuple[Any, ...] | None = None

    def setUp(self) -> None:
        """Begin a new default graph with fixed seeds."""
        super().setUp()
        self._close_cached()
        random.seed(seeds.DEFAULT_GRAPH_SEED)
        np.random.seed(seeds.DEFAULT_GRAPH_SEED)
        scopes.graphs.items.clear()  # a test that failed in a `with` may have left some
        scopes.reset_default_graph()
        seeds.set_random_seed(seeds.DEFAULT_GRAPH_SEED)
        if self.id().endswith(".test_session"):
            self.skipTest("Not a test.")

    def tearDown(self) -> None:
        """Check that threads were joined; close the cached session."""
        for thread in self._threads:
            thread.check_termination()
        self._close_cached()
        super().tearDown()

    def get_temp_dir(self) -> str:
        """A folder for this test alone, the same each time."""
        if self._folder is None:
            self._folder = tempfile.mkdtemp(dir=get_temp_dir())
        return self._folder

    @contextlib.contextmanager
    def session(self, graph: Any = None, config: Any = None, use_gpu: bool = False,
                force_gpu: bool = False) -> Iterator[Any]:
        """A session of its own, the default one with its graph.

        Args:
          graph: the graph; default: the default graph.
          config: a ConfigProto.
          use_gpu: leave the placement open; otherwise operations are put on the CPU.
          force_gpu: put all operations on the first GPU.
        """
        with self._made(graph, config, force_gpu) as session:
            with _entered(session, use_gpu, force_gpu):
                yield session

    @contextlib.contextmanager
    def cached_session(self, graph: Any = None, config: Any = None, use_gpu: bool = False,
                       force_gpu: bool = False) -> Iterator[Any]:
        """`session`, the same one each time in a test; it closes at the end of the test.

        Raises:
          ValueError: the arguments are not those of the first call.
        """
        if self._cached is not None:
            given = (graph, config, force_gpu)
            for name, one, first in zip(("graph", "config", "force_gpu"), given, self._cached[1:]):
                if one is not first:
                    value = " value" if name == "force_gpu" else ""
                    raise ValueError(
                        f"The {name}{value} used to get the cached session is different than the "
                        "one that was used to create the session. Maybe create a new session with "
                        "self.session()"
                    )
        with _entered(self._kept(graph, config, force_gpu), use_gpu, force_gpu) as session:
            yield session

    @contextlib.contextmanager
    def test_session(self, graph: Any = None, config: Any = None, use_gpu: bool = False,
                     force_gpu: bool = False) -> Iterator[Any]:
        """The older `cached_session`: later arguments but the graph are not looked at."""
        if graph is not None:
            with self.session(graph, config, use_gpu, force_gpu) as session:
                yield session
            return
        with _entered(self._kept(None, config, force_gpu), use_gpu, force_gpu) as session:
            yield session

    def evaluate(self, tensors: Any) -> Any:
        """The values of a tensor or a structure of tensors, in the default session or a new one."""
        session = scopes.get_default_session()
        if session is not None:
            return session.run(tensors)
        with self.test_session() as session:
            return session.run(tensors)

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(
        self, exception_type: type[BaseException], expected_err_re_or_predicate: Any
    ) -> Iterator[None]:
        """Fail unless the block raises an `exception_type` that matches.

        Args:
          exception_type: the class.
          expected_err_re_or_predicate: a pattern to search in the message (and in the names of the
            operations that an OpError comes from), or a function from the exception to a bool.
        """
        matches: Callable[[Any], Any] = expected_err_re_or_predicate
        if not callable(matches):
            def matches(error: BaseException) -> Any:
                return re.search(expected_err_re_or_predicate, _searched(error))
        try:
            yield
        except Exception as error:
            if not isinstance(error, exception_type) or not matches(error):
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error
            return
        self.fail(f"{exception_type.__name__} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """`assertRaisesWithPredicateMatch` for any error of the tf.errors tree."""
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)

    def assertProtoEquals(self, expected_message_maybe_ascii: Any, message: Any,
                          msg: str | None = None) -> None:
        """Fail unless a message equals another, or a text in the text format."""
        expected = expected_message_maybe_ascii
        if isinstance(expected, str):
            expected = text_format.Parse(expected, type(message)())
        if not isinstance(expected, type(message)):
            self.fail(f"Can't compare protos of type {type(expected)} and {type(message)}. {msg}")
        if expected != message:
            texts = [text_format.MessageToString(one) for one in (expected, message)]
            self.assertMultiLineEqual(*texts, msg=msg)
            self.fail(msg or "the messages differ, though their texts do not")

    def assertProtoEqualsVersion(
        self, expected: str, actual: Any, producer: int = GRAPH_DEF_VERSION,
        min_consumer: int = 0, msg: str | None = None,
    ) -> None:
        """`assertProtoEquals` of a GraphDef with that version."""
        head = f"versions {{ producer: {producer} min_consumer: {min_consumer} }};\n"
        self.assertProtoEquals(head + expected, actual, msg)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:
        """Fail unless the text begins so."""
        if not actual.startswith(expected_start):
            more = f" : {msg!r}" if msg else ""
            self.fail(f"{actual!r} does not start with {expected_start!r}{more}")

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Fail unless two device names or DeviceSpecs say the same."""
        one, other = (_canonical(device) for device in (device1, device2))
        self.assertEqual(one, other, f"Devices {one} and {other} are not equal. {msg}")

    def checkedThread(self, target: Callable[..., Any], args: Any = None,
                      kwargs: Any = None) -> CheckedThread:
        """A thread whose failure fails the test when it is joined."""
        thread = CheckedThread(self, target, args, kwargs)
        self._threads.append(thread)
        return thread

    @contextlib.contextmanager
    def captureWritesToStream(self, stream: Any) -> Iterator[CapturedWrites]:
        """Catch what is written to a stream that has a file descriptor, as sys.stderr."""
        stream.flush()
        handle, path = tempfile.mkstemp(dir=self.get_temp_dir())
        kept = os.dup(stream.fileno())
        os.dup2(handle, stream.fileno())
        try:
            yield CapturedWrites(path)
        finally:
            stream.flush()
            os.dup2(kept, stream.fileno())
            os.close(handle)
            os.close(kept)

    # the names of Python 2's unittest, which TF1 tests use
    assertItemsEqual = absltest.TestCase.assertCountEqual
    assertRaisesRegexp = absltest.TestCase.assertRaisesRegex
    assertRegexpMatches = absltest.TestCase.assertRegex
    assertNotRegexpMatches = absltest.TestCase.assertNotRegex
    assertEquals = absltest.TestCase.assertEqual
    assertNotEquals = absltest.TestCase.assertNotEqual
    assertAlmostEquals = absltest.TestCase.assertAlmostEqual
    assertNotAlmostEquals = absltest.TestCase.assertNotAlmostEqual

    def _made(self, graph: Any, config: Any, force_gpu: bool) -> Any:
        if config is None:
            config = proto.ConfigProto(allow_soft_placement=not force_gpu)
        elif force_gpu and config.allow_soft_placement:
            config = proto.ConfigProto()
        return Session(graph=graph, config=config)

    def _kept(self, graph: Any, config: Any, force_gpu: bool) -> Any:
        if self._cached is None:
            session = self._made(graph, config, force_gpu)
            self._cached = session, graph, config, force_gpu
        return self._cached[0]

    def _close_cached(self) -> None:
        if self._cached is not None:
            self._cached[0].close()
            self._cached = None


class CheckedThread:
    """A thread of a test: `start`, `join`, `is_alive`; see `TestCase.checkedThread`."""

    def __init__(self, case: TestCase, target: Callable[..., Any], args: Any, kwargs: Any) -> None:
        self._case = case
        self._call = target, args or (), kwargs or {}
        self._thread = threading.Thread(target=self._run)
        self._error: Exception | None = None
        self._joined = False

    def start(self) -> None:
        """Begin to run."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end; fail the test if the thread failed."""
        self._joined = True
        self._thread.join()
        if self._error is not None:
            self._case.fail(f"Error in checkedThread: {self._error}")

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._thread.is_alive()

    def check_termination(self) -> None:
        """Fail the test unless the thread was joined."""
        if not self._joined:
            self._case.fail("A checked thread was not joined.")
        if self.is_alive():
            raise RuntimeError(
                "Thread was not joined with main thread, and is still running when the test "
                "finished."
            )

    def _run(self) -> None:
        target, args, kwargs = self._call
        try:
            target(*args, **kwargs)
        except Exception as error:  # join reports it
            self._error = error


class CapturedWrites:
    """What was written to a stream; see `TestCase.captureWritesToStream`."""

    def __init__(self, capture_location: str) -> None:
        self.capture_location = capture_location

    def contents(self) -> str:
        """The text so far."""
        with open(self.capture_location) as file:
            return file.read()


@contextlib.contextmanager
def _entered(session: Any, use_gpu: bool, force_gpu: bool) -> Iterator[Any]:
    """Make a session and its graph the default ones, and put operations where they are wanted."""
    with session.graph.as_default(), session.as_default():
        if use_gpu and not force_gpu:
            yield session
            return
        gpu = hardware.gpu_device_name() or "/device:GPU:0"
        with session.graph.device(gpu if force_gpu else "/device:CPU:0"):
            yield session


def _searched(error: BaseException) -> str:
    """The text of an error in which patterns are searched."""
    if not isinstance(error, errors.OpError):
        return str(error)
    text, op = error.message, error.op
    while op is not None:
        text += f"\nCaused by: {op.name}"
        op = op._original_op
    return text


def _canonical(device: Any) -> str:
    if device is None:
        return ""
    return devices.canonical(device if isinstance(device, str) else device.to_string())

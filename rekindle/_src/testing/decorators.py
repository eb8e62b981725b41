"""The decorators of TensorFlow's own tests (tensorflow.python.framework.test_util).

Rekindle runs graphs, as TensorFlow 1.x does by default. So what says "graph and eager" runs as a
graph, what says "1.x only" runs, and what says "2.x only" is skipped.
"""
from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable
from typing import Any

from rekindle._src.graph.graph import Graph
from rekindle._src.ops import functional_flow
from rekindle._src.testing import hardware

_TestMethod = Callable[..., Any]


def run_in_graph_and_eager_modes(func: Any = None, config: Any = None, use_gpu: bool = True,
                                 reset_test: bool = True,
                                 assert_no_eager_garbage: bool = False) -> Any:
    """Run a test method as a graph, in the test's cached session.

    Args:
      func: the method; None gives the decorator.
      config: a ConfigProto for the session.
      use_gpu: leave the placement open instead of the CPU.
      reset_test, assert_no_eager_garbage: of the eager run, which there is none of.
    """

    def decorate(method: _TestMethod) -> _TestMethod:
        if inspect.isclass(method):
            raise ValueError(
                "`run_in_graph_and_eager_modes` only supports test methods. Did you mean to use "
                "`run_all_in_graph_and_eager_modes`?"
            )

        @functools.wraps(method)
        def run(self: Any, *args: Any, **kwargs: Any) -> None:
            with self.test_session(use_gpu=use_gpu, config=config):
                method(self, *args, **kwargs)

        return run

    return decorate if func is None else decorate(func)


def run_all_in_graph_and_eager_modes(cls: type) -> type:
    """Decorate the test methods of a class with `run_in_graph_and_eager_modes`."""
    for name in _test_names(cls):
        if not name.startswith(("testSkipEager", "test_skip_eager")):
            setattr(cls, name, run_in_graph_and_eager_modes(getattr(cls, name)))
    return cls


def deprecated_graph_mode_only(func: Any = None) -> Any:
    """Run a test method or class as a graph: as it is."""
    return (lambda same: same) if func is None else func


run_deprecated_v1 = deprecated_graph_mode_only


def run_v1_only(reason: str, func: Any = None) -> Any:
    """Run a test method or class in 1.x only: as it is.

    Raises:
      ValueError: `reason` is no text.
    """
    if not isinstance(reason, str):
        raise ValueError(f"'reason' should be string, got {type(reason)}")
    return (lambda same: same) if func is None else func


def run_v2_only(func: Any = None) -> Any:
    """Skip a test method: it is of 2.x."""
    skip = unittest.skip("Test is only compatible with v2")
    return skip if func is None else skip(func)


def run_gpu_only(func: Any = None) -> Any:
    """Skip a test method where there is no GPU."""
    return _decorated(func, hardware.is_gpu_available, "Test requires GPU")


def run_cuda_only(func: Any = None) -> Any:
    """Skip a test method where there is no CUDA GPU."""
    return _decorated(func, hardware.is_gpu_available, "Test requires CUDA GPU")


def skip_if(condition: Any) -> Callable[[_TestMethod], _TestMethod]:
    """Do nothing in place of a function if a condition (a value or a function) holds."""

    def decorate(method: _TestMethod) -> _TestMethod:
        @functools.wraps(method)
        def run(*args: Any, **kwargs: Any) -> Any:
            holds = condition() if callable(condition) else condition
            return None if holds else method(*args, **kwargs)

        return run

    return decorate


def for_all_test_methods(decorator: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A class decorator: decorate the test methods with `decorator(*args, **kwargs)`."""

    def decorate(cls: type) -> type:
        for name in _test_names(cls):
            setattr(cls, name, decorator(*args, **kwargs)(getattr(cls, name)))
        return cls

    return decorate


def also_run_as_tf_function(f: _TestMethod) -> _TestMethod:
    """Run a test method as a graph."""
    return f


def build_as_function_and_v1_graph(func: _TestMethod) -> _TestMethod:
    """Run a test method in a graph of its own."""
    if inspect.isclass(func):
        raise ValueError("`build_as_function_and_v1_graph` only supports test methods.")

    @functools.wraps(func)
    def run(self: Any, *args: Any, **kwargs: Any) -> None:
        with Graph().as_default():
            func(self, *args, **kwargs)

    return run


def py_func_if_in_function(f: _TestMethod) -> _TestMethod:
    """An assertion as it is: no functions are traced while a test runs."""
    return f


def assert_no_new_tensors(f: _TestMethod) -> _TestMethod:
    """Run a test method; eager tensors, which it would count, do not exist."""
    return f


assert_no_new_pyobjects_executing_eagerly = assert_no_new_tensors
assert_no_garbage_created = assert_no_new_tensors
enable_c_shapes = with_c_shapes = assert_no_new_tensors


def disable_cudnn_autotune(func: _TestMethod) -> _TestMethod:
    """Run a test method; convolution algorithms are not chosen by trial here."""
    return func


use_deterministic_cudnn = disable_cudnn_autotune


def disable_xla(description: str) -> Callable[[_TestMethod], _TestMethod]:
    """Run a test method; XLA, which it asks to leave out, is not there."""
    del description
    return lambda method: method


def enable_control_flow_v2(fn: _TestMethod) -> _TestMethod:
    """Run a test method with cond and while_loop that make If and While operations."""

    @functools.wraps(fn)
    def run(*args: Any, **kwargs: Any) -> Any:
        functional_flow.enable_control_flow_v2()
        try:
            return fn(*args, **kwargs)
        finally:
            functional_flow.disable_control_flow_v2()

    return run


def enable_output_all_intermediates(fn: _TestMethod) -> _TestMethod:
    """A test method as it is: loops give what they give."""
    return fn


def with_control_flow_v2(cls: type) -> type:
    """A test class with each method once more, for If and While operations: `<name>WithControlFlowV2`."""
    for name, method in list(vars(cls).items()):
        if callable(method) and name.startswith("test") and not getattr(method, "_disable_control_flow_v2", False):
            setattr(cls, name + "WithControlFlowV2", enable_control_flow_v2(method))
    return cls


def disable_control_flow_v2(description: str) -> Callable[[_TestMethod], _TestMethod]:
    """Run a test method only with Switch and Merge."""
    del description

    def mark(method: _TestMethod) -> _TestMethod:
        method._disable_control_flow_v2 = True  # type: ignore[attr-defined]
        return method

    return mark


no_xla_auto_jit = xla_allow_fallback = enable_tf_xla_constant_folding = disable_xla


def _test_names(cls: type) -> list[str]:
    names = [name for name in dir(cls) if name.startswith("test") and name != "test_session"]
    return [name for name in names if callable(getattr(cls, name))]


def _decorated(func: Any, condition: Callable[[], bool], reason: str) -> Any:
    """`func` skipped unless the condition holds when it is called; a decorator if func is None."""

    def decorate(method: _TestMethod) -> _TestMethod:
        if inspect.isclass(method):
            raise ValueError("only test methods can be skipped so, not classes")

        @functools.wraps(method)
        def run(self: Any, *args: Any, **kwargs: Any) -> Any:
            if not condition():
                self.skipTest(reason)
            return method(self, *args, **kwargs)

        return run

    return decorate if func is None else decorate(func)

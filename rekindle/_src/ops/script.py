"""Python functions as operations: py_func, py_function, numpy_function."""

from __future__ import annotations

import itertools
import threading
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops.torch_types import to_numpy, to_torch

_functions: weakref.WeakValueDictionary[str, Callable[..., Any]] = weakref.WeakValueDictionary()
_numbers = itertools.count()
_lock = threading.Lock()

_CLASSES = (
    ((ValueError, TypeError), errors.InvalidArgumentError),
    (StopIteration, errors.OutOfRangeError),
    (MemoryError, errors.ResourceExhaustedError),
    (NotImplementedError, errors.UnimplementedError),
    (Exception, errors.UnknownError),
)


def _argument(value: Any) -> Any:
    """A value as the function gets it: an array of its own, a scalar for a scalar."""
    array = to_numpy(value)
    return array[()] if array.ndim == 0 else np.array(array)


class HostTensor(np.ndarray):
    """An array that has what py_function's functions ask of eager tensors: `numpy()`."""

    def numpy(self) -> np.ndarray:
        """The plain array."""
        return np.asarray(self)


def _array(value: Any) -> np.ndarray:
    """What a function returned as an array; text as bytes."""
    if isinstance(value, torch.Tensor):
        return to_numpy(value)
    array = np.asarray(value, order="C")
    if array.dtype.kind == "V":
        raise errors.InternalError(None, None, "Unsupported numpy data type")
    if array.dtype.kind == "O" and not all(isinstance(x, (str, bytes)) for x in array.reshape(-1).tolist()):
        raise errors.InternalError(None, None, f"Unsupported object type {type(array.reshape(-1)[0]).__name__}")
    if array.dtype.kind in "SUO":
        texts = np.empty(array.shape, object)
        flat = [x.encode() if isinstance(x, str) else bytes(x) for x in array.reshape(-1).tolist()]
        texts.reshape(-1)[:] = flat
        return texts
    return array


def _called(token: str, values: list[Any]) -> Any:
    function = _functions.get(token)
    if function is None:
        raise _invalid(f"ValueError: callback {token} is not found")
    try:
        return function(*values)
    except Exception as error:  # whatever the user's function raises becomes an error of the run
        if isinstance(error, errors.OpError):
            raise
        kind = next(made for caught, made in _CLASSES if isinstance(error, caught))
        shown = "".join(traceback.format_exception(error))
        raise kind(None, None, f"{type(error).__name__}: {error}\n{shown}") from error


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _results(token: str, result: Any, types: list[Any]) -> list[Any]:
    if isinstance(result, bytes):
        result = [result]
    listed = result if isinstance(result, (list, tuple)) else [] if result is None else [result]
    if len(listed) != len(types):
        raise _invalid(
            f"{token} returns {len(listed)} values, but expects to see {len(types)} values."
        )
    out = []
    for i, (value, wanted) in enumerate(zip(listed, types)):
        array = _array(value)
        try:
            found = dtypes.as_dtype(array.dtype)
        except TypeError:
            raise errors.InternalError(None, None, "Unsupported numpy data type") from None
        if found is not wanted:
            raise _invalid(
                f"{i}-th value returned by {token} is {_type_name(found)}, but expects {_type_name(wanted)}"
            )
        out.append(to_torch(array, wanted))
    return out


def _type_name(dtype: Any) -> str:
    names = {"float32": "float", "float64": "double", "float16": "half"}
    return names.get(dtype.name, dtype.name)


@op("PyFunc", infer=infer.unknown, host=True)
def py_func_op(input, *, token, Tout):  # noqa: N803 - the attr's name
    """What the function registered as `token` returns for the inputs."""
    return _results(token, _called(token, list(map(_argument, input))), Tout)


@op("PyFuncStateless", infer=infer.unknown, host=True, pure=False)
def py_func_stateless(input, *, token, Tout):  # noqa: N803
    """What the function registered as `token` returns for the inputs."""
    return _results(token, _called(token, list(map(_argument, input))), Tout)


@op("EagerPyFunc", infer=infer.unknown, host=True)
def eager_py_func(input, *, token, Tout):  # noqa: N803
    """What the function registered as `token` returns for the inputs."""
    values = [np.asarray(to_numpy(one)).view(HostTensor) for one in input]
    result = _called(token, values)
    if isinstance(result, (list, tuple)):
        result = [_cast(one, wanted) for one, wanted in zip(result, Tout)]
    elif result is not None:
        result = [_cast(result, Tout[0])]
    return _results(token, result, Tout)


def _cast(value: Any, wanted: Any) -> np.ndarray:
    """What the function returned, as the wanted type where Python's numbers leave it open."""
    if isinstance(value, (bool, int, float, list, tuple)) and wanted is not dtypes.string:
        return np.asarray(value, wanted.as_numpy_dtype)
    return _array(value)


py_func_op.no_gradient()
py_func_stateless.no_gradient()


def _registered(function: Any) -> str:
    """The token of a function, which the graph keeps alive."""
    if not callable(function):
        raise ValueError(f"Expected func to be callable, got func of type {type(function)}")
    with _lock:
        token = f"pyfunc_{next(_numbers)}"
    graph = scopes.get_default_graph()
    while graph._building_function and graph._outer_graph is not None:
        graph = graph._outer_graph
    kept = graph.__dict__.setdefault("_py_funcs_used_in_graph", [])
    kept.append(function)
    _functions[token] = function
    return token


def _node(
    block: Any, function: Any, inputs: Any, types: Any, name: str | None, **attrs: Any
) -> Any:
    is_list = isinstance(types, (list, tuple))
    token = _registered(function)
    out = block(inputs, token=token, Tout=list(types) if is_list else [types], name=name, **attrs)
    return out if is_list else out[0]


@public("py_func")
def py_func(func: Any, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:  # noqa: N803
    """The results of a Python function of numpy arrays, called when the graph runs.

    Args:
      func: gets one array (or scalar) per input; returns an array, or a list of them.
      inp: a list of tensors.
      Tout: the type of the result, or a list of types.
      stateful: whether equal inputs may give other results.
      name: the name of the node.

    Raises:
      ValueError: `func` cannot be called.
    """
    return _node(py_func_op if stateful else py_func_stateless, func, inp, Tout, name)


@public("numpy_function")
def numpy_function(func: Any, inp: Any, Tout: Any, name: str | None = None) -> Any:  # noqa: N803
    """The results of a Python function of numpy arrays, called when the graph runs."""
    return py_func(func, inp, Tout, True, name)


@public("py_function")
def py_function(func: Any, inp: Any, Tout: Any, name: str | None = None) -> Any:  # noqa: N803
    """The results of a Python function, called when the graph runs.

    The function gets arrays with a method `numpy()`; gradients do not pass through it.
    """
    return _node(eager_py_func, func, inp, Tout, name, is_async=False)

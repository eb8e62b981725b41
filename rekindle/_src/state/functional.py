"""Functions over the rows of tensors, as loops: `tf.map_fn`, `tf.foldl`, `tf.foldr`, `tf.scan`.

They stand here, not among the ops, since variables that the functions ask for are cached once for
all iterations (the variable scope's caching device).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import convert, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.ops.while_loop import while_loop
from rekindle._src.state.variable_scope import get_variable_scope


@contextlib.contextmanager
def _cached_variables() -> Iterator[None]:
    """Variables made or found inside are read once, not in every iteration."""
    scope = get_variable_scope()
    if scope.caching_device is not None:
        yield
        return
    scope.set_caching_device(lambda op: op.device)
    yield
    scope.set_caching_device(None)


def _structure(example: Any) -> tuple[Callable[[Any], list[Any]], Callable[[list[Any]], Any]]:
    """How to take apart and pack values in the structure of `example`, a single one included."""
    if nest.is_sequence(example):
        return nest.flatten, lambda leaves: nest.pack_sequence_as(example, leaves)
    return lambda value: [value], lambda leaves: leaves[0]


def _rows(tensors: list[Tensor], known_shape: bool = False, zero_is_known: bool = False) -> Any:
    """The number of rows, a Python number where it is known; and the rows as TensorArrays."""
    count = tensors[0].shape.as_list()[0] if tensors[0].shape.dims is not None else None
    if count is None or (count == 0 and not zero_is_known):
        count = array_ops.shape(tensors[0])[0]
    arrays = [
        TensorArray(
            dtype=tensor.dtype, size=count, dynamic_size=False,
            element_shape=tensor.shape[1:] if known_shape else None, infer_shape=True,
        )
        for tensor in tensors
    ]
    return count, arrays


def _converted(values: list[Any]) -> list[Tensor]:
    return [convert.convert_to_tensor(value, name="elem") for value in values]


def _stacked(arrays: list[TensorArray], tensors: list[Tensor]) -> list[Tensor]:
    """The elements of result arrays as tensors, with as many rows as the inputs."""
    results = [array.stack() for array in arrays]
    known = TensorShape([None])
    for tensor in tensors:
        known = known.merge_with(tensor.shape.with_rank_at_least(1)[:1])
    for result in results:
        result.set_shape(known.concatenate(result.shape[1:]))
    return results


@public("map_fn")
def map_fn(
    fn: Any, elems: Any, dtype: Any = None, parallel_iterations: int | None = None,
    back_prop: bool = True, swap_memory: bool = False, infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """`fn` of each row of `elems`, stacked.

    Args:
      fn: takes a row (of each tensor, in the structure of `elems`).
      elems: tensors with the same number of rows, in any structure.
      dtype: the element types of the results, in their structure; default: those of `elems`.
      parallel_iterations: how many rows TensorFlow may work on at a time, default 10.
      back_prop, swap_memory: as in `tf.while_loop`.
      infer_shape: False if results differ in shape.
      name: the name scope, default "map".

    Raises:
      TypeError: `fn` is not callable, `elems` is sparse, or structures differ in kind.
      ValueError: `elems` are scalars, or structures differ.
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    if isinstance(elems, SparseTensor):
        raise TypeError(
            "To perform a map on the values of a sparse tensor use either  "
            "SparseTensor(input.indices, fn(input.values), input.dense_shape) or  "
            "SparseTensor(input.indices, map_fn(fn, input.values), input.dense_shape)"
        )
    flat_in, pack_in = _structure(elems)
    flat_out, pack_out = (flat_in, pack_in) if dtype is None else _structure(dtype)
    with scopes.name_scope(name, "map", flat_in(elems)), _cached_variables():
        tensors = _converted(flat_in(elems))
        dtype = dtype or pack_in([tensor.dtype for tensor in tensors])
        if tensors[0].shape.ndims == 0:
            raise ValueError(
                "elems must be a 1+ dimensional Tensor, not a scalar" if len(tensors) == 1 else
                "elements in elems must be 1+ dimensional Tensors, not scalars"
            )
        count, arrays = _rows(tensors)
        arrays = [array.unstack(t) for array, t in zip(arrays, tensors, strict=True)]
        start = convert.constant(0)
        results = [
            TensorArray(dtype=one, size=count, dynamic_size=False, infer_shape=infer_shape)
            for one in flat_out(dtype)
        ]

        def step(i: Tensor, results: Any) -> Any:
            value = fn(pack_in([array.read(i) for array in arrays]))
            nest.assert_same_structure(dtype or elems, value)
            pairs = zip(results, flat_out(value), strict=False)
            written = [array.write(i, one) for array, one in pairs]
            return i + 1, written

        _, results = while_loop(
            lambda i, _: i < count, step, (start, results),
            parallel_iterations=parallel_iterations or 10, back_prop=back_prop,
            swap_memory=swap_memory, maximum_iterations=count,
        )
        return pack_out(_stacked(results, tensors))


def _fold(
    fn: Any, elems: Any, initializer: Any, backward: bool, name: str | None, options: Any
) -> Any:
    if not callable(fn):
        raise TypeError("fn must be callable.")
    with scopes.name_scope(name, "foldr" if backward else "foldl", [elems]), _cached_variables():
        tensors = _converted(nest.flatten(elems))
        count = tensors[0].shape.as_list()[0] or array_ops.shape(tensors[0])[0]
        arrays = nest.map_structure(
            lambda elem: TensorArray(
                dtype=elem.dtype, size=count, dynamic_size=False, infer_shape=True
            ).unstack(elem),
            elems,
        )

        def row(i: Any) -> Any:
            return nest.map_structure(lambda array: array.read(i), arrays)

        if initializer is not None:
            start = count if backward else convert.constant(0)
            first = initializer
        elif backward:
            start = count - 1
            first = row(start)
        else:
            first = row(0)
            start = convert.constant(1)

        def forth(i: Tensor, value: Any) -> Any:
            value = fn(value, row(i))
            return [i + 1, value]

        def back(i: Tensor, value: Any) -> Any:
            i = i - 1
            return [i, fn(value, row(i))]

        return while_loop(
            (lambda i, _: i > 0) if backward else (lambda i, _: i < count),
            back if backward else forth, [start, first], maximum_iterations=count, **options,
        )[1]


@public("foldl")
def foldl(
    fn: Any, elems: Any, initializer: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, name: str | None = None,
) -> Any:
    """`fn(... fn(fn(initializer, row 0), row 1) ..., last row)`.

    Args:
      fn: takes the value so far and a row.
      elems: tensors with the same number of rows, in any structure.
      initializer: the first value; default: row 0, which is then not visited.
      parallel_iterations, back_prop, swap_memory: as in `tf.while_loop`.
      name: the name scope, default "foldl".

    Raises:
      TypeError: `fn` is not callable.
    """
    options = {
        "parallel_iterations": parallel_iterations, "back_prop": back_prop,
        "swap_memory": swap_memory,
    }
    return _fold(fn, elems, initializer, False, name, options)


@public("foldr")
def foldr(
    fn: Any, elems: Any, initializer: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, name: str | None = None,
) -> Any:
    """`foldl` from the last row to the first.

    Args:
      fn: takes the value so far and a row.
      elems: tensors with the same number of rows, in any structure.
      initializer: the first value; default: the last row, which is then not visited.
      parallel_iterations, back_prop, swap_memory: as in `tf.while_loop`.
      name: the name scope, default "foldr".

    Raises:
      TypeError: `fn` is not callable.
    """
    options = {
        "parallel_iterations": parallel_iterations, "back_prop": back_prop,
        "swap_memory": swap_memory,
    }
    return _fold(fn, elems, initializer, True, name, options)


@public("scan")
def scan(
    fn: Any, elems: Any, initializer: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, infer_shape: bool = True,
    reverse: bool = False, name: str | None = None,
) -> Any:
    """All values that `foldl` goes through, stacked.

    Args:
      fn: takes the value so far and a row, gives the next value.
      elems: tensors with the same number of rows, in any structure.
      initializer: the first value; default: the first row, which is then the first result.
      parallel_iterations, back_prop, swap_memory: as in `tf.while_loop`.
      infer_shape: False if values differ in shape.
      reverse: go from the last row to the first; results stay beside their rows.
      name: the name scope, default "scan".

    Raises:
      TypeError: `fn` is not callable, or gives another kind of structure than `initializer`.
      ValueError: it gives another number of values.
    """
    if not callable(fn):
        raise TypeError("fn must be callable.")
    flat_in, pack_in = _structure(elems)
    flat_out, pack_out = (flat_in, pack_in) if initializer is None else _structure(initializer)
    with scopes.name_scope(name, "scan", flat_in(elems)), _cached_variables():
        tensors = _converted(flat_in(elems))
        count, arrays = _rows(tensors, known_shape=True, zero_is_known=True)
        arrays = [array.unstack(t) for array, t in zip(arrays, tensors, strict=True)]
        if initializer is None:
            values = [array.read(count - 1 if reverse else 0) for array in arrays]
        else:
            values = [convert.convert_to_tensor(one) for one in flat_out(initializer)]
        done = 1 if initializer is None else 0
        results = [
            TensorArray(
                dtype=one.dtype, size=count, element_shape=one.shape if infer_shape else None,
                dynamic_size=False, infer_shape=infer_shape,
            )
            for one in values
        ]
        if initializer is None:
            results = [
                array.write(count - 1 if reverse else 0, one)
                for array, one in zip(results, values, strict=True)
            ]

        def step(i: Tensor, values: Any, results: Any) -> Any:
            row = pack_in([array.read(i) for array in arrays])
            value = fn(pack_out(values), row)
            nest.assert_same_structure(elems if initializer is None else initializer, value)
            following = flat_out(value)
            pairs = zip(results, following, strict=False)
            results = [array.write(i, one) for array, one in pairs]
            return i - 1 if reverse else i + 1, following, results

        _, _, results = while_loop(
            (lambda i, *_: i >= 0) if reverse else (lambda i, *_: i < count), step,
            (count - 1 - done if reverse else done, values, results),
            parallel_iterations=parallel_iterations, back_prop=back_prop,
            swap_memory=swap_memory, maximum_iterations=count,
        )
        return pack_out(_stacked(results, tensors))

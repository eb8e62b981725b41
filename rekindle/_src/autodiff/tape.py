"""`tf.GradientTape` in graphs: derivatives of what was built while the tape was recording.

The values are TensorFlow's; the names of the operations are those of `tf.gradients`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rekindle._src import nest, tf_logging
from rekindle._src.autodiff.gradients import UnconnectedGradients, gradients
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check, tensor_array, while_loop


@public("GradientTape")
class GradientTape:
    """Records operations, to differentiate them later: `with tf.GradientTape() as tape:`.

    Args:
      persistent: gradients may be asked for more than once.
      watch_accessed_variables: trainable variables that are read are watched by themselves.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watches_variables = watch_accessed_variables
        self._recording = False
        self._used_up = False
        self._watched: list[Any] = []
        self._parts: list[list[int]] = []  # stretches of the graph's operations that were recorded

    def __enter__(self) -> GradientTape:
        self._start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self._recording:
            self._stop()

    def _start(self) -> None:
        if self._recording:
            raise ValueError("Tape is already recording.")
        self._parts.append([_count(), -1])
        self._recording = True

    def _stop(self) -> None:
        if not self._recording:
            raise ValueError("Tape is not recording.")
        self._parts[-1][1] = _count()
        self._recording = False

    def watch(self, tensor: Any) -> None:
        """Record what follows from a tensor, a variable, or a structure of these.

        Raises:
          ValueError: something else is among them.
        """
        for one in nest.flatten(tensor):
            if not isinstance(one, Tensor) and not _is_variable(one):
                raise ValueError(f"Passed in object of type {type(one)}, not tf.Tensor")
            if not one.dtype.is_floating:
                tf_logging.warn(
                    "The dtype of the watched tensor must be floating (e.g. tf.float32), got %r",
                    one.dtype,
                )
            self._watched.append(one)

    @contextlib.contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Record nothing inside the `with`."""
        if not self._recording:
            raise RuntimeError("Trying to stop recording a tape which is not recording.")
        self._stop()
        try:
            yield
        finally:
            self._start()

    def reset(self) -> None:
        """Forget all that was recorded."""
        self._stop()
        self._parts, self._watched = [], []
        self._start()

    def watched_variables(self) -> tuple[Any, ...]:
        """The variables that were watched, or read while recording."""
        return tuple(v for v in _trainable() if self._is_watched(v))

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The derivatives of `target` by `sources`, in the structure of the sources.

        Args:
          target: a tensor or a structure of them.
          sources: tensors and variables that are watched, or follow from watched ones.
          output_gradients: a gradient for each target to begin with, None for ones.
          unconnected_gradients: None or zeros where no path leads from the source to the target.

        Raises:
          RuntimeError: the tape is not persistent and was used already.
        """
        if self._used_up:
            raise RuntimeError(
                "GradientTape.gradient can only be called once on non-persistent tapes."
            )
        if self._recording and not self._persistent:
            self._stop()
        targets = [convert.convert_to_tensor(t) for t in nest.flatten(target)]
        flat = nest.flatten(sources)
        seeds = None if output_gradients is None else nest.flatten(output_gradients)
        found = gradients(
            targets,
            [s if self._is_watched(s) else _unrelated(s) for s in flat],
            grad_ys=seeds,
            stop_gradients=self._unrecorded(),
            unconnected_gradients=unconnected_gradients,
        )
        self._used_up = not self._persistent
        return nest.pack_sequence_as(sources, found)

    def _unrecorded(self) -> list[Tensor]:
        """One output of each operation that was not recorded."""
        now = _count()
        parts = [(a, now if b < 0 else b) for a, b in self._parts]
        operations = scopes.get_default_graph()._operations
        return [
            op.outputs[0]
            for i, op in enumerate(operations)
            if op.outputs and not any(a <= i < b for a, b in parts)
        ]

    def _is_watched(self, source: Any) -> bool:
        if any(source is one for one in self._watched):
            return True
        if isinstance(source, Tensor):
            return source.op not in {t.op for t in self._unrecorded()}
        return self._watches_variables and source.trainable

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """All derivatives of each element of `target`:
        [shape of target, shape of source], for each source.
        """
        shape = array_ops.shape(target)
        rows = self._rows(
            target,
            lambda t: array_ops.reshape(t, [-1]),
            0,
            nest.flatten(sources),
            parallel_iterations,
        )
        out = [
            array_ops.reshape(r, array_ops.concat([shape, array_ops.shape(r)[1:]], axis=0))
            for r in rows
        ]
        return nest.pack_sequence_as(sources, out)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Tensor:
        """All derivatives within each example: [b, shape of target, shape of source] of [b, ...]
        and [b, ...].

        Raises:
          ValueError: the numbers of examples differ.
        """
        first = target.shape.dims[0] if target.shape.ndims else None
        if first is None or not first.is_compatible_with(source.shape[0]):
            raise ValueError(
                f"Need first dimension of target shape ({target.shape}) and source shape "
                f"({source.shape}) "
                "to match."
            )
        shape, source_shape = array_ops.shape(target), array_ops.shape(source)
        with scopes.control_dependencies([check.assert_equal(shape[0], source_shape[0])]):
            (rows,) = self._rows(
                target,
                lambda t: array_ops.reshape(t, [shape[0], -1]),
                1,
                [source],
                parallel_iterations,
            )
        rows = array_ops.transpose(
            array_ops.reshape(rows, [-1, shape[0], array_ops.size(source) // shape[0]]), [1, 0, 2]
        )
        return array_ops.reshape(rows, array_ops.concat([shape, source_shape[1:]], axis=0))

    def _rows(
        self, target: Any, flatten: Any, axis: int, sources: list[Any], parallel: int | None
    ) -> list[Tensor]:
        """The gradients of each slice of the flattened target, stacked, by each source."""
        kept, self._persistent = self._persistent, True
        with self._resumed():
            flat = flatten(target)
            n = array_ops.shape(flat)[axis]

        def body(i: Any, found: Any) -> Any:
            with self._resumed():
                row = array_ops.gather(flat, i, axis=axis)
            grads = self.gradient(row, sources, unconnected_gradients="zero")
            return i + 1, [one.write(i, g) for one, g in zip(found, grads, strict=True)]

        arrays = [tensor_array.TensorArray(s.dtype.base_dtype, n) for s in sources]
        _, filled = while_loop.while_loop(
            lambda i, _: i < n,
            body,
            [convert.constant(0, dtypes.int32), arrays],
            parallel_iterations=parallel or 10,
        )
        self._persistent, self._used_up = kept, not kept
        return [one.stack() for one in filled]

    @contextlib.contextmanager
    def _resumed(self) -> Iterator[None]:
        """Record inside the `with`, whether or not the tape records now."""
        if self._recording:
            yield
            return
        self._start()
        try:
            yield
        finally:
            self._stop()


def _count() -> int:
    return len(scopes.get_default_graph()._operations)


def _is_variable(x: Any) -> bool:
    return hasattr(x, "trainable") and hasattr(x, "initializer")


def _trainable() -> list[Any]:
    return scopes.get_default_graph().get_collection("trainable_variables")


def _unrelated(source: Any) -> Tensor:
    """A tensor to differentiate by in place of one that was not watched: nothing depends on it."""
    if source.shape.is_fully_defined():
        return array_ops.zeros(source.shape, dtype=source.dtype.base_dtype)
    return array_ops.zeros_like(source)

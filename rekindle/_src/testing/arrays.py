"""Assertions on arrays: equal, close, in a range. `TestCase` has them.

Everything that is compared may be a tensor, an array, a Python value; close also nested structures.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from absl.testing import absltest

from rekindle._src.graph import dtypes
from rekindle._src.graph.tensor import Tensor

#: arrays with more elements are not printed when their shapes differ
_PRINTED = 500


class ArrayAssertions(absltest.TestCase):
    """The assertions; `evaluate` comes from the class that is derived from this one."""

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors."""
        raise NotImplementedError

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6,
                       msg: str | None = None) -> None:
        """Fail unless |a - b| <= atol + rtol * |b| everywhere; both may be nested alike.

        Raises:
          ValueError: one is a dict where the other is none, or lengths differ.
        """
        self._close(a, b, rtol, atol, "", msg or "")

    def assertAllCloseAccordingToType(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, float_rtol: float = 1e-6,
        float_atol: float = 1e-6, half_rtol: float = 1e-3, half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2, bfloat16_atol: float = 1e-2, msg: str | None = None,
    ) -> None:
        """`assertAllClose` with the tolerance of the coarser of the two types."""
        a, b = self._array(a), self._array(b)
        found = {a.dtype, b.dtype}
        for kinds, one_rtol, one_atol in (
            ({np.dtype("float32"), np.dtype("complex64")}, float_rtol, float_atol),
            ({np.dtype("float16")}, half_rtol, half_atol),
            ({np.dtype(dtypes.bfloat16.as_numpy_dtype)}, bfloat16_rtol, bfloat16_atol),
        ):
            if found & kinds:
                rtol, atol = max(rtol, one_rtol), max(atol, one_atol)
        self.assertAllClose(a, b, rtol, atol, msg)

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:
        """Fail if `assertAllClose` passes."""
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        raise AssertionError("The two values are close at all elements")

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail unless both have one shape and equal elements; NaN equals NaN."""
        a, b = self._array(a), self._array(b)
        self._check_shapes(a, b, msg or "")
        same = np.asarray(a == b)
        if a.dtype.kind == "f" or a.dtype == dtypes.bfloat16.as_numpy_dtype:
            same |= np.isnan(a) & np.isnan(b)
        if not np.all(same):
            np.testing.assert_array_equal(a, b, _places(~same, a, b, msg))

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail if `assertAllEqual` passes."""
        try:
            self.assertAllEqual(a, b, msg)
        except AssertionError:
            return
        raise AssertionError("The two values are equal at all elements")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is greater."""
        self.assertGreater(np.min(self._array(a)), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is less."""
        self.assertLess(np.max(self._array(a)), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is greater or equal."""
        self.assertGreaterEqual(np.min(self._array(a)), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is less or equal."""
        self.assertLessEqual(np.max(self._array(a)), comparison_target)

    def assertAllInRange(self, target: Any, lower_bound: Any, upper_bound: Any,
                         open_lower_bound: bool = False, open_upper_bound: bool = False) -> None:
        """Fail unless every element lies between the bounds, and none is NaN."""
        target = self._array(target)
        if target.dtype.kind not in "iuf":
            raise AssertionError(
                f"The value of {target} does not have an ordered numeric type, instead it has "
                f"type: {target.dtype}"
            )
        nans = np.isnan(target)
        if nans.any():
            raise AssertionError(
                f"{nans.sum()} of the {target.size} element(s) are NaN. Subscripts(s) and "
                f"value(s) of the NaN element(s):\n{_listed(nans, target)}"
            )
        low = np.less_equal if open_lower_bound else np.less
        high = np.greater_equal if open_upper_bound else np.greater
        outside = low(target, lower_bound) | high(target, upper_bound)
        if outside.any():
            brackets = "(" if open_lower_bound else "[", ")" if open_upper_bound else "]"
            raise AssertionError(
                f"{outside.sum()} of the {target.size} element(s) are outside the range "
                f"{brackets[0]}{lower_bound}, {upper_bound}{brackets[1]}. Subscript(s) and "
                f"value(s) of the offending elements:\n{_listed(outside, target)}"
            )

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Fail unless every element is one of `expected_set`."""
        outside = np.setdiff1d(self._array(target).flatten(), list(expected_set))
        if outside.size:
            raise AssertionError(
                f"{outside.size} unique element(s) are not in the set {expected_set}: {outside}"
            )

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Fail unless the array has that numpy type."""
        self.assertEqual(self._array(target).dtype, expected_dtype)

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:
        """Fail unless the tensor's static shape is the array's."""
        if not isinstance(np_array, np.ndarray | np.generic):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        if not isinstance(tf_tensor, Tensor):
            raise TypeError("tf_tensor must be a Tensor")
        self.assertAllEqual(np_array.shape, tf_tensor.get_shape().as_list(), msg)

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fail unless |f1 - f2| <= err."""
        more = "" if msg is None else f" ({msg})"
        close = f1 == f2 or abs(f1 - f2) <= err  # equal infinities are near
        self.assertTrue(close, f"{f1} != {f2} +/- {err:f}{more}")

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float,
                        msg: str | None = None) -> None:
        """Fail unless `assertNear` passes for each pair of elements."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for f1, f2 in zip(farray1, farray2):
            self.assertNear(float(f1), float(f2), err, msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float,
                          msg: str | None = None) -> None:
        """Fail unless the norm of the difference is below err."""
        self.assertTrue(np.linalg.norm(ndarray1 - ndarray2) < err, msg)

    def _array(self, value: Any) -> np.ndarray:
        if isinstance(value, Tensor):
            value = self.evaluate(value)
        return value if isinstance(value, np.ndarray) else np.array(value)

    _GetNdArray = _array  # the name that tests written for TensorFlow use

    def _check_shapes(self, a: np.ndarray, b: np.ndarray, msg: str) -> None:
        shown = f" Contents: {b}." if b.ndim <= 3 or b.size < _PRINTED else ""
        text = f"Shape mismatch: expected {a.shape}, got {b.shape}.{shown} {msg}"
        self.assertEqual(a.shape, b.shape, text)

    def _close(self, a: Any, b: Any, rtol: float, atol: float, path: str, msg: str) -> None:
        """`assertAllClose` of what lies at `path`, "[1][a]", of two structures."""
        a, b = (one._asdict() if _is_namedtuple(one) else one for one in (a, b))
        if isinstance(a, Mapping) != isinstance(b, Mapping):
            raise ValueError(f"Can't compare dict to non-dict, a{path} vs b{path}. {msg}")
        if isinstance(a, Mapping):
            text = (f"mismatched keys: a{path} has keys {a.keys()}, but b{path} has keys "
                    f"{b.keys()}. {msg}")
            self.assertCountEqual(a.keys(), b.keys(), text)
            for key in a:
                self._close(a[key], b[key], rtol, atol, f"{path}[{key}]", msg)
            return
        text = f"Mismatched value: a{path} is different from b{path}. {msg}"
        if not isinstance(a, list | tuple):
            self._close_arrays(a, b, rtol, atol, text)
            return
        try:  # a list of numbers is one array; a ragged one is compared item by item
            self._close_arrays(a, b, rtol, atol, text)
        except (ValueError, TypeError):
            if len(a) != len(b):
                raise ValueError(
                    f"Mismatched length: a{path} has {len(a)} items, but b{path} has {len(b)} "
                    f"items. {msg}"
                ) from None
            for i, (one, other) in enumerate(zip(a, b)):
                self._close(one, other, rtol, atol, f"{path}[{i}]", msg)

    def _close_arrays(self, a: Any, b: Any, rtol: float, atol: float, msg: str) -> None:
        a, b = self._array(a), self._array(b)
        self._check_shapes(a, b, msg)
        if np.allclose(a, b, rtol, atol):
            return
        far = (np.abs(a - b) > atol + rtol * np.abs(b)) | (np.isnan(a) != np.isnan(b))
        np.testing.assert_allclose(a, b, rtol, atol, True, _places(far, a, b, msg))


def _is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(value, "_asdict")


def _places(wrong: np.ndarray, a: np.ndarray, b: np.ndarray, msg: str | None) -> str:
    """Lines that say where two arrays differ and what stands there."""
    if not a.ndim:
        return f"{msg or ''}\nlhs = {a}\nrhs = {b}"
    return f"{msg or ''}\nwhere = {np.where(wrong)}\nlhs = {a[wrong]}\nrhs = {b[wrong]}"


def _listed(wrong: np.ndarray, array: np.ndarray, limit: int = 10) -> str:
    """A line for each of the first wrong elements: its subscript and value."""
    subscripts = np.argwhere(wrong)
    lines = [f"  {subscript} : {array[tuple(subscript)]}" for subscript in subscripts[:limit]]
    return "\n".join([*lines, "  ..."] if len(subscripts) > limit else lines)

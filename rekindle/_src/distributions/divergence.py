"""Kullback and Leibler's divergence: a registry of functions by the types of two distributions.

Holds `RegisterKL`, `kl_divergence` and `cross_entropy`.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.ops import array_shape, assertion, math_logic, math_unary, reduce_axes

_FUNCTIONS: dict[tuple[type, type], Callable[..., Any]] = {}


@public("distributions.RegisterKL contrib.distributions.RegisterKL")
class RegisterKL:
    """Decorator: `function(a, b, name=None)` gives the divergence of a `dist_cls_b` from a `dist_cls_a`.

    Raises:
      TypeError: what is decorated cannot be called.
      ValueError: there is a function for these classes already.
    """

    def __init__(self, dist_cls_a: type, dist_cls_b: type) -> None:
        self._key = (dist_cls_a, dist_cls_b)

    def __call__(self, kl_fn: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(kl_fn):
            raise TypeError(f"kl_fn must be callable, received: {kl_fn}")
        if self._key in _FUNCTIONS:
            a, b = self._key
            raise ValueError(f"KL({a.__name__} || {b.__name__}) has already been registered to: "
                             f"{_FUNCTIONS[self._key]}")
        _FUNCTIONS[self._key] = kl_fn
        return kl_fn


def _nearest(a: type, b: type) -> Callable[..., Any] | None:
    """The function for the classes, or the nearest of their parents."""
    found = [(i + j, i, _FUNCTIONS[one, other]) for i, one in enumerate(a.__mro__) for j, other in enumerate(b.__mro__)
             if (one, other) in _FUNCTIONS]
    return min(found, key=lambda entry: entry[:2])[2] if found else None


@public("distributions.kl_divergence contrib.distributions.kl_divergence")
def kl_divergence(distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True,
                  name: str | None = None) -> Any:
    """The divergence of `distribution_b` from `distribution_a`, for each of the batch.

    Args:
      distribution_a: the distribution by which the mean is taken.
      distribution_b: the other one.
      allow_nan_stats: whether NaN is fine, or raises.
      name: of the operations.

    Raises:
      NotImplementedError: there is no function for distributions of these kinds.
    """
    function = _nearest(type(distribution_a), type(distribution_b))
    if function is None:
        raise NotImplementedError(
            "No KL(distribution_a || distribution_b) registered for distribution_a type "
            f"{type(distribution_a).__name__} and distribution_b type {type(distribution_b).__name__}")
    with scopes.name_scope("KullbackLeibler"):
        found = function(distribution_a, distribution_b, name=name)
        if allow_nan_stats:
            return found
        found = array_shape.identity(found, name="kl")
        text = (f"KL calculation between {distribution_a.name} and {distribution_b.name} returned NaN values (and was "
                "called with allow_nan_stats=False). Values:")
        fine = assertion.Assert(
            math_logic.logical_not(reduce_axes.reduce_any(math_unary.is_nan(found))), [text, found])
        with scopes.control_dependencies([fine]):
            return array_shape.identity(found, name="checked_kl")


def cross_entropy(ref: Any, other: Any, allow_nan_stats: bool = True, name: str | None = None) -> Any:
    """The expected negative log probability that `other` gives to samples of `ref`."""
    with scopes.name_scope(name, "cross_entropy"):
        return ref.entropy() + kl_divergence(ref, other, allow_nan_stats=allow_nan_stats)

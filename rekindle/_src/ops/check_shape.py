"""Checks of ranks: `tf.debugging.assert_rank`, `assert_rank_at_least`, `assert_rank_in`,
`assert_scalar`.

Where rank and bound are known while the graph is built the check is made then, and gives an
operation that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, check
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import math as math_ops


@public("debugging.assert_rank", "assert_rank")
def assert_rank(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x has the given rank.

    Args:
      x: a tensor.
      rank: a scalar int32.
      data: the tensors to show; default: rank and shape.
      summarize: how many elements of each to show.
      message: what to say first.
      name: the name scope.

    Raises:
      ValueError: the static rank is another.
    """
    return _one_rank(
        "assert_rank",
        "rank",
        lambda have, want: have == want,
        math_ops.equal,
        x,
        rank,
        data,
        summarize,
        message,
        name,
    )


@public("debugging.assert_rank_at_least", "assert_rank_at_least")
def assert_rank_at_least(
    x: Any,
    rank: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x has at least the given rank; arguments: `assert_rank`."""
    return _one_rank(
        "assert_rank_at_least",
        "rank at least",
        lambda have, want: have >= want,
        math_ops.greater_equal,
        x,
        rank,
        data,
        summarize,
        message,
        name,
    )


def _one_rank(
    scope: str,
    words: str,
    static: Callable[..., bool],
    dynamic: Callable[..., Any],
    x: Any,
    rank: Any,
    data: Any,
    summarize: int | None,
    message: str | None,
    name: str | None,
) -> Any:
    with scopes.name_scope(name, scope, (x, rank, *(data or []))):
        x = convert.convert_to_tensor(x, name="x")
        rank = convert.convert_to_tensor(rank, name="rank")
        if data is None:
            data = [
                message or "",
                f"Tensor {x.name} must have {words}",
                rank,
                "Received shape: ",
                array_ops.shape(x),
            ]
        check.assert_type(rank, dtypes.int32)
        wanted, found = _known_scalar(rank), x.get_shape().ndims
        if wanted is not None and found is not None:
            if not static(found, wanted):
                raise ValueError(
                    f"{message or ''}.  Tensor {x.name} must have {words} {wanted}.  Received "
                    f"rank {found}, "
                    f"shape {x.get_shape()}"
                )
            return control_ops.no_op(name="static_checks_determined_all_ok")
        condition = dynamic(array_ops.rank(x), rank)
        if wanted is None:
            condition = _after_scalar_check(rank, condition)
        return assertion.Assert(condition, data, summarize=summarize)


def _known_scalar(rank: Any) -> int | None:
    known = constants.constant_value(rank)
    if known is not None and known.ndim != 0:
        raise ValueError("Rank must be a scalar.")
    return None if known is None else int(known)


def _after_scalar_check(rank: Any, condition: Any) -> Any:
    is_scalar = assert_rank(rank, 0, data=["Rank must be a scalar. Received rank: ", rank])
    return control_ops.with_dependencies([is_scalar], condition)


@public("debugging.assert_rank_in", "assert_rank_in")
def assert_rank_in(
    x: Any,
    ranks: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x has one of the given ranks; other arguments as in
    `assert_rank`.
    """
    with scopes.name_scope(name, "assert_rank_in", (x, *ranks, *(data or []))):
        x = convert.convert_to_tensor(x, name="x")
        ranks = tuple(convert.convert_to_tensor(rank, name="rank") for rank in ranks)
        if data is None:
            data = [
                message or "",
                f"Tensor {x.name} must have rank in",
                *ranks,
                "Received shape: ",
                array_ops.shape(x),
            ]
        for rank in ranks:
            check.assert_type(rank, dtypes.int32)
        wanted, found = tuple(map(_known_scalar, ranks)), x.get_shape().ndims
        if None not in wanted and found is not None:
            if found not in wanted:
                raise ValueError(
                    f"{message or ''}.  Tensor {x.name} must have rank in {wanted}.  Received "
                    f"rank {found}, "
                    f"shape {x.get_shape()}"
                )
            return control_ops.no_op(name="static_checks_determined_all_ok")
        condition = _is_among(array_ops.rank(x), ranks)
        for rank, known in zip(ranks, wanted, strict=True):
            if known is None:
                condition = _after_scalar_check(rank, condition)
        return assertion.Assert(condition, data, summarize=summarize)


def _is_among(rank: Any, ranks: tuple[Any, ...]) -> Any:
    if not ranks:
        return convert.convert_to_tensor(False)
    result = math_ops.equal(ranks[0], rank)
    for other in ranks[1:]:
        result = math_ops.logical_or(result, math_ops.equal(other, rank))
    return result


@public("debugging.assert_scalar", "assert_scalar")
def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Any:
    """The tensor, known to be a scalar.

    Raises:
      ValueError: it is not.
    """
    with scopes.name_scope(name, "assert_scalar", [tensor]) as scope:
        tensor = convert.convert_to_tensor(tensor, name=scope)
        shape = tensor.get_shape()
        if shape.ndims != 0:
            raise ValueError(
                f"{message or ''}Expected scalar shape for {tensor.name}, saw shape: {shape}."
            )
        return tensor

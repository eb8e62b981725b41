"""`tf.case`: the first of several branches whose condition is true, as nested `tf.cond`s."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, math_cast, math_logic, reduce_axes
from rekindle._src.ops.cond import cond, smart_cond


@public("case")
def case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, strict: bool = False,
    name: str = "case",
) -> Any:
    """The results of the function beside the first true condition, when the graph runs.

    Args:
      pred_fn_pairs: pairs (or a dict) of a boolean scalar tensor and a function without arguments;
        the functions' results have one structure.
      default: the function to take if no condition is true; without it, that is an error.
      exclusive: it is an error if several conditions are true.
      strict: keep lists of one element as lists.
      name: the name scope.

    Raises:
      TypeError: the pairs are no list, tuple or dict of pairs, a condition is no boolean tensor, or
        a function is not callable.
    """
    return build(cond, pred_fn_pairs, default, exclusive, name, strict=strict)


@public("contrib.framework.smart_case")
def smart_case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, name: str = "smart_case"
) -> Any:
    """`case`, deciding now where conditions are known while the graph is built."""
    return build(smart_cond, pred_fn_pairs, default, exclusive, name, allow_python_preds=True)


def build(
    choose: Callable[..., Any], pairs: Any, default: Any, exclusive: bool, name: str, *,
    allow_python_preds: bool = False, **kwargs: Any,
) -> Any:
    """`case` with a choice of the function that builds each branching."""
    preds, actions = _checked(pairs, exclusive, name, allow_python_preds)
    with scopes.name_scope(name, "case", [preds]):
        function = default
        if default is None:
            function, preds, actions = _default(preds, actions)
        for pred, action in reversed(list(zip(preds, actions, strict=True))):
            function = functools.partial(choose, pred, true_fn=action, false_fn=function, **kwargs)
        if not exclusive:
            return function()
        with scopes.control_dependencies([_at_most(preds, 1, "Input error: exclusive=True")]):
            return function()


def _checked(
    pairs: Any, exclusive: bool, name: str, allow_python_preds: bool
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    if not isinstance(pairs, (list, tuple, dict)):
        raise TypeError("fns must be a list, tuple, or dict")
    if isinstance(pairs, collections.OrderedDict):
        pairs = pairs.items()
    elif isinstance(pairs, dict):
        pairs = sorted(pairs.items(), key=lambda item: item[0].name)
        if not exclusive:
            logging.warn(
                "%s: An unordered dictionary of predicate/fn pairs was provided, but "
                "exclusive=False. The order of conditional tests is deterministic but not "
                "guaranteed.", name,
            )
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        pred, function = pair
        if isinstance(pred, Tensor):
            if pred.dtype != dtypes.bool_:
                raise TypeError(f"pred must be Tensor of type bool: {pred.name}")
        elif not allow_python_preds:
            raise TypeError(f"pred must be a Tensor, got: {pred}")
        elif not isinstance(pred, bool):
            raise TypeError(f"pred must be a Tensor or bool, got: {pred}")
        if not callable(function):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    preds, actions = zip(*pairs, strict=True)
    return preds, actions


def _default(preds: Any, actions: Any) -> tuple[Callable[[], Any], Any, Any]:
    """The last action as the default one, which checks that its condition is the true one."""
    last = len(preds) - 1

    def action() -> Any:
        others = (
            f"Implementation error: selected default action #{last} was called, but some of other "
            "predicates are True: "
        )
        none = (
            "Input error: None of conditions evaluated as True:",
            array_ops.stack(preds, name="preds_c"),
        )
        checks = [_at_most(preds[:last], 0, others), assertion.Assert(preds[last], data=none)]
        with scopes.control_dependencies(checks):
            return actions[last]()

    return action, preds[:last], actions[:last]


def _at_most(preds: Any, limit: int, message: str) -> Any:
    """An operation that fails if more than `limit` conditions are true."""
    packed = array_ops.stack(preds, name="preds_c")
    count = reduce_axes.reduce_sum(math_cast.cast(packed, dtypes.int32), name="num_true_conds")
    fine = math_logic.less_equal(count, convert.constant(limit, name="n_true_conds"))
    names = ", ".join(getattr(pred, "name", "?") for pred in preds)
    data = [f"{message}: more than {limit} conditions ({names}) evaluated as True:", packed]
    return assertion.Assert(fine, data=data, summarize=len(preds))

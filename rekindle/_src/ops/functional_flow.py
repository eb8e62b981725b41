"""Whether `tf.cond` and `tf.while_loop` make If and While operations, and what makes them.

In TensorFlow 1 they make Switch and Merge, except inside of functions of branches and loops, and where a program asked
for it (`tf.enable_control_flow_v2`). The builders stand above this layer and put themselves into `BUILDERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.names import public

#: "cond" and "while_loop" -> the function that builds them of functions
BUILDERS: dict[str, Callable[..., Any]] = {}
_asked = [False]


@public("enable_control_flow_v2")
def enable_control_flow_v2() -> None:
    """Let cond and while_loop make If and While operations, which call functions."""
    _asked[0] = True


@public("disable_control_flow_v2")
def disable_control_flow_v2() -> None:
    """Let cond and while_loop make Switch and Merge, as they do at first."""
    _asked[0] = False


@public("control_flow_v2_enabled")
def control_flow_v2_enabled() -> bool:
    """True if cond and while_loop make If and While operations in the default graph."""
    return _asked[0] or scopes.get_default_graph()._functional_flow


def EnableControlFlowV2(graph: Any) -> bool:  # noqa: N802 - the name of an inner function of TensorFlow
    """True if cond and while_loop make If and While operations in a graph."""
    return _asked[0] or graph._functional_flow


def __getattr__(name: str) -> bool:
    if name in ("ENABLE_CONTROL_FLOW_V2", "ENABLE_COND_V2", "ENABLE_WHILE_V2"):
        return _asked[0]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

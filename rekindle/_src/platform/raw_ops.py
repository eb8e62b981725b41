"""`tf.raw_ops`: a function for each public op, by the op table; arguments by keyword only.

Holds `raw_op`, which makes one. An op without a kernel builds a node here too and is reported when
a session is asked to run it.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rekindle._src import facts
from rekindle._src.graph import opdef, signatures

#: op type -> argument of the function -> argument of the op, where their names differ
RENAMED: dict[str, dict[str, str]] = {
    **dict.fromkeys(("All", "Any", "EuclideanNorm", "Max", "Mean", "Min", "Prod", "Sum"),
                    {"axis": "reduction_indices"}),
    "ExpandDims": {"axis": "dim"},
    "Select": {"x": "t", "y": "e"},
    **dict.fromkeys(("Split", "SplitV"), {"axis": "split_dim"}),
    "Squeeze": {"axis": "squeeze_dims"},
    "Where": {"condition": "input"},
}


@functools.cache
def raw_op(op_type: str) -> Callable[..., Any]:
    """The function `tf.raw_ops.<op_type>(**inputs and attrs, name=None)`.

    Raises:
      AttributeError: TensorFlow 1.15 has no such public op.
    """
    if op_type not in op_types():
        near = facts.nearest(f"raw_ops.{op_type}", (f"raw_ops.{one}" for one in op_types()))
        hint = f"; the nearest that there is: {near}" if near else ""
        raise AttributeError(
            f"module 'tensorflow.raw_ops' has no attribute '{op_type}': TensorFlow 1.15 has none "
            f"either{hint}",
            name=op_type,
        )

    renamed = RENAMED.get(op_type, {})

    def raw(**kwargs: Any) -> Any:
        return opdef.call(op_type, **{renamed.get(name, name): value for name, value in kwargs.items()})

    raw.__name__ = raw.__qualname__ = op_type
    names = {given: name for name, given in renamed.items()}
    shown = [names.get(one, one) for one in signatures.signature(op_type).parameters]
    raw.__doc__ = f"The op {op_type}({', '.join(shown)})."
    return raw


@functools.cache
def op_types() -> frozenset[str]:
    """The ops that `tf.raw_ops` has."""
    prefix = "raw_ops."
    return frozenset(one.removeprefix(prefix) for one in facts.symbols() if one.startswith(prefix))

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

    def raw(**kwargs: Any) -> Any:
        return opdef.call(op_type, **kwargs)

    raw.__name__ = raw.__qualname__ = op_type
    raw.__doc__ = f"The op {op_type}({', '.join(signatures.signature(op_type).parameters)})."
    return raw


@functools.cache
def op_types() -> frozenset[str]:
    """The ops that `tf.raw_ops` has."""
    prefix = "raw_ops."
    return frozenset(one.removeprefix(prefix) for one in facts.symbols() if one.startswith(prefix))

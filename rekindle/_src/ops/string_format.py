"""tf.strings.format: tensors put into a template."""

from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import tensor_text


@op("StringFormat", infer=infer.scalar, host=True)
def string_format_op(inputs, *, template="%s", placeholder="%s", summarize=3):
    """The template with the inputs in place of the placeholders."""
    head, *rest = template.split(placeholder)
    shown = (tensor_text.summarize_ends(one, summarize) for one in inputs)
    out = np.empty((), object)
    out[()] = (head + "".join(s + part for s, part in zip(shown, rest))).encode()
    return out


@public("strings.format")
def string_format(
    template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None
) -> Any:
    """A string tensor: the template with the inputs in place of the placeholders.

    Args:
      template: text with placeholders.
      inputs: a tensor, or a list of them.
      placeholder: what stands for a tensor.
      summarize: how many elements at each end of an axis; -1 for all.
      name: the name of the node.

    Raises:
      ValueError: there are not as many inputs as placeholders.
    """
    if isinstance(inputs, Tensor):
        inputs = [inputs]
    if template.count(placeholder) != len(inputs):
        raise ValueError(
            f"{template.count(placeholder)} placeholder(s) in template does not match {len(inputs)} "
            "tensor(s) provided as input"
        )
    return string_format_op(
        inputs, template=template, placeholder=placeholder, summarize=summarize, name=name
    )

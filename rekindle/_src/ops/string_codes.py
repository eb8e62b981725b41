"""Strings through kernels that only move or compare elements: each distinct string stands as a number.

Holds `on_strings`, which wraps the kernel of a structural block (`op(..., structural=True)`) for calls in which an
input is an array of strings, a handle of a resource or a list. Code 0 is the empty string, so that padding with zeros
pads with empty strings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import Op

#: types whose values have no tensors: strings, handles of resources, lists
CODED = (dtypes.string, dtypes.resource, dtypes.variant)
#: op type -> the kernel for values of type variant, of ops that compute with them
VARIANT_KERNELS: dict[str, Callable[..., Any]] = {}


def is_text(value: Any) -> bool:
    """True for an array of strings, or a list that holds one."""
    if isinstance(value, list):
        return any(isinstance(one, np.ndarray) for one in value)
    return isinstance(value, np.ndarray)


def on_strings(block: Op, attrs: dict[str, Any]) -> Callable[..., Any]:
    """The kernel of a structural block, for inputs of which some are arrays of strings."""
    texts = [dtype in CODED for dtype in infer.output_types(block.signature, attrs)]

    def kernel(*values: Any, **keywords: Any) -> Any:
        codes: dict[Any, int] = {b"": 0}
        encoded = [encode(value, codes) for value in values]
        try:
            results = block.kernel(*encoded, **keywords)
        except Exception:
            if block.explain is not None:
                block.explain(*encoded, **keywords)
            raise
        table = np.array([*codes, None], object)[
            :-1
        ]  # None keeps numpy from making it of fixed width
        if len(texts) == 1 and not isinstance(results, (list, tuple)):
            return decode(results, table) if texts[0] else results
        return _each(results, iter(texts), table)

    return kernel


def encode(value: Any, codes: dict[Any, int]) -> Any:
    """An array of strings, or a handle, as a tensor of their codes; tensors as they are."""
    if isinstance(value, list):
        return [encode(one, codes) for one in value]
    if isinstance(value, torch.Tensor):
        return value
    if not isinstance(value, np.ndarray):
        return torch.tensor(codes.setdefault(value, len(codes)))
    flat = [codes.setdefault(text, len(codes)) for text in value.reshape(-1).tolist()]
    return torch.tensor(flat, dtype=torch.int64).reshape(value.shape)


def decode(value: Any, table: np.ndarray) -> Any:
    """A tensor of codes as an array of strings."""
    if value.dim():
        return table[value.numpy()]
    one = table[int(value)]
    return _scalar(one) if isinstance(one, bytes) else one


def _scalar(text: bytes) -> np.ndarray:
    out = np.empty((), object)
    out[()] = text
    return out


def _each(results: Any, texts: Any, table: np.ndarray) -> Any:
    """A kernel's outputs, those that are strings decoded."""
    out: list[Any] = []
    for one in results:
        if isinstance(one, (list, tuple)):
            out.append(_each(one, texts, table))
        else:
            out.append(decode(one, table) if next(texts) else one)
    return out if isinstance(results, list) else tuple(out)

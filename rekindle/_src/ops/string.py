"""Ops on strings; values are arrays of bytes on the host."""
from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op


def _joined_shape(c: Any) -> infer.Shape:
    if all(shape == () for shape in c.shapes):
        return ()
    joined: infer.Shape = None
    for shape in c.shapes:
        if shape:
            joined = infer.merge(joined, shape)
    return joined


@op("StringJoin", public="string_join strings.join", infer=_joined_shape, host=True)
def string_join(inputs, *, separator=""):
    """The strings of all inputs, element by element in one; scalars go with every element."""
    shapes = [one.shape for one in inputs if one.ndim]
    for shape in shapes:
        if shape != shapes[0]:
            first, other = (f"[{','.join(map(str, one))}]" for one in (shapes[0], shape))
            message = f"Input shapes do not match: {first} vs. {other}"
            raise errors.InvalidArgumentError(None, None, message)
    joined = np.empty(shapes[0] if shapes else (), object)
    parts = np.broadcast_arrays(*inputs, joined)[:-1]
    middle = separator.encode()
    for place in np.ndindex(joined.shape):
        joined[place] = middle.join(one[place] for one in parts)
    return joined

"""`tf.nn.swish`: an activation with a gradient of its own that keeps only the features in memory."""

from __future__ import annotations

from typing import Any

from rekindle._src.autodiff.custom_gradient import custom_gradient
from rekindle._src.graph import convert, scopes
from rekindle._src.names import public
from rekindle._src.ops import math as math_ops


@public("nn.swish")
@custom_gradient
def swish(features: Any) -> Any:
    """features * sigmoid(features).

    Source: Ramachandran et al., Searching for Activation Functions, 2017.
    """
    features = convert.convert_to_tensor(features, name="features")

    def gradient(dy: Any) -> Any:
        with scopes.control_dependencies([dy]):
            share = math_ops.sigmoid(features)
        return dy * (share * (1.0 + features * (1.0 - share)))

    return features * math_ops.sigmoid(features), gradient

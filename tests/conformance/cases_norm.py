"""Samples of normalization ops.

The gradients that TensorFlow's CPU kernels give for moments are scalars, against their static
shape; tests/ops/test_norm.py tests gradients.
"""

from __future__ import annotations

from tests.conformance.samples import case, floats

VECTORS = [floats(3), floats(3)]
MOMENTS = [floats(3), floats(3, low=0.5, high=2)]
FIXED = {"is_training": False, "epsilon": 0.01}

CASES = [
    case("LRN", [floats(2, 3, 4, 7)]),
    case("LRN", [floats(2, 3, 4, 7)], depth_radius=2, bias=2.0, alpha=0.001, beta=0.75),
    case("LRN", [floats(3, 4, 7)]),
    case(
        "LRNGrad", [floats(2, 3, 2, 7), floats(2, 3, 2, 7), floats(2, 3, 2, 7)], depth_radius=2
    ).options(rtol=1e-4),
    case("LRNGrad", [floats(2, 3, 2, 7), floats(2, 3, 2, 6), floats(2, 3, 2, 7)]),
    case(
        "FusedBatchNorm", [floats(2, 3, 4, 3), *VECTORS, floats(0), floats(0)], epsilon=0.001
    ).options(gradient=False),
    case("FusedBatchNorm", [floats(2, 3, 4, 3), *VECTORS, *MOMENTS], **FIXED).options(
        values=False, gradient=False
    ),
    case(
        "FusedBatchNormV2", [floats(2, 3, 4, 3), *VECTORS, floats(0), floats(0)], epsilon=0.001
    ).options(gradient=False),
    case(
        "FusedBatchNormV3", [floats(2, 3, 4, 3), *VECTORS, floats(0), floats(0)], epsilon=0.001
    ).options(gradient=False),
    case(
        "FusedBatchNormV3", [floats(1, 1, 1, 3), *VECTORS, floats(0), floats(0)], epsilon=0.001
    ).options(gradient=False),
    case("FusedBatchNormV3", [floats(2, 3, 4, 3), *VECTORS, *MOMENTS], **FIXED).options(
        values=False, gradient=False
    ),
    case(
        "FusedBatchNormV3", [floats(2, 3, 4, 3), floats(2), floats(3), floats(0), floats(0)]
    ).options(gradient=False),
    case("FusedBatchNormV3", [floats(2, 3, 4), *VECTORS, floats(0), floats(0)]).options(
        gradient=False
    ),
    case(
        "FusedBatchNormGrad", [floats(2, 3, 4, 3), floats(2, 3, 4, 3), floats(3), *MOMENTS]
    ).options(gradient=False, values=False),
    case(
        "FusedBatchNormGradV2",
        [floats(2, 3, 4, 3), floats(2, 3, 4, 3), floats(3), *MOMENTS],
        **FIXED,
    ).options(gradient=False, values=False),
    case(
        "FusedBatchNormGradV3",
        [floats(2, 3, 4, 3), floats(2, 3, 4, 3), floats(3), *MOMENTS, floats(0)],
        **FIXED,
    ).options(gradient=False, values=False),
    case(
        "FusedBatchNormGradV3",
        [floats(2, 3, 4, 3), floats(2, 3, 4, 3), floats(2), *MOMENTS, floats(0)],
    ).options(gradient=False),
]
#: TensorFlow refuses to make these, which old graphs hold
ELSEWHERE = {
    "BatchNormWithGlobalNormalization": "tests/ops/test_norm.py",
    "BatchNormWithGlobalNormalizationGrad": "tests/ops/test_norm.py",
}

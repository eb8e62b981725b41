"""Samples of activations, softmax and its losses, and biases."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, ints

MIXED = np.array(
    [-100, -30, -8, -6.5, -1, -1e-4, -0.0, 0, 1e-4, 0.5, 3, 6, 6.5, 30, 100], np.float32
)
DOUBLE = MIXED.astype(np.float64)
HALF = np.array([-7, -1, 0, 0.5, 6, 8], np.float16)
ONES = np.ones(15, np.float32)

CASES = [
    case("Relu", [MIXED]),
    case("Relu", [DOUBLE]),
    case("Relu", [ints(2, 3)]),
    case("Relu", [HALF]),
    case("ReluGrad", [floats(15), MIXED]),
    case("ReluGrad", [floats(2, 3), floats(2, 2)]),
    case("Relu6", [MIXED]),
    case("Relu6", [ints(3, high=9)]),
    case("Relu6Grad", [floats(15), MIXED]),
    case("LeakyRelu", [MIXED]),
    case("LeakyRelu", [DOUBLE], alpha=0.01),
    case("LeakyRelu", [HALF], alpha=1.5),
    case("LeakyReluGrad", [floats(15), MIXED], alpha=0.3),
    case("Elu", [MIXED]),
    case("Elu", [DOUBLE]),
    case("EluGrad", [floats(15), MIXED]),
    case("Selu", [MIXED]),
    case("Selu", [DOUBLE]),
    case("SeluGrad", [floats(15), MIXED]),
    case("Softplus", [MIXED]),
    case("Softplus", [DOUBLE]),
    case("SoftplusGrad", [floats(15), MIXED]),
    case("Softsign", [MIXED]),
    case("Softsign", [DOUBLE]),
    case("SoftsignGrad", [floats(15), MIXED]),
    case("Softmax", [floats(3, 4)]),
    case("Softmax", [floats(2, 3, 4, dtype="float64")]),
    case("Softmax", [np.float32(1)]),
    case("Softmax", [np.array([[1000, 0, -1000]], np.float32)]),
    case("LogSoftmax", [floats(3, 4)]),
    case("LogSoftmax", [floats(5)]),
    case("BiasAdd", [floats(2, 3, 4), floats(4)]),
    case("BiasAdd", [floats(2, 3), floats(3)]),
    case("BiasAdd", [floats(2, 3, 4, 5), floats(3)], data_format="NCHW"),
    case("BiasAdd", [floats(2, 3), floats(4)]),
    case("BiasAdd", [floats(3), floats(3)]),
    case("BiasAdd", [floats(2, 3), floats(3, 1)]),
    case("BiasAdd", [ints(2, 3), ints(3)]),
    case("BiasAddV1", [floats(2, 3, 4), floats(4)]),
    case("BiasAddGrad", [floats(2, 3, 4)]),
    case("BiasAddGrad", [floats(2, 3, 4, 5)], data_format="NCHW"),
    case("BiasAddGrad", [floats(3)]),
    case("SoftmaxCrossEntropyWithLogits", [floats(3, 4), floats(3, 4, low=0, high=1)]),
    case(
        "SoftmaxCrossEntropyWithLogits",
        [floats(3, 4, dtype="float64"), floats(3, 4, dtype="float64")],
    ),
    case("SoftmaxCrossEntropyWithLogits", [floats(3, 4), floats(1, 4)]),
    case("SoftmaxCrossEntropyWithLogits", [floats(3, 4), floats(3, 5)]),
    case("SoftmaxCrossEntropyWithLogits", [floats(3), floats(3)]),
    case("SparseSoftmaxCrossEntropyWithLogits", [floats(3, 4), [0, 3, 1]]),
    case("SparseSoftmaxCrossEntropyWithLogits", [floats(2, 4, dtype="float64"), np.array([3, 0])]),
    case("SparseSoftmaxCrossEntropyWithLogits", [floats(3, 4), [0, 4, 1]]),
    case("SparseSoftmaxCrossEntropyWithLogits", [floats(3, 4), [0, 1]]),
    case("SparseSoftmaxCrossEntropyWithLogits", [floats(3), [0, 1, 0]]),
]

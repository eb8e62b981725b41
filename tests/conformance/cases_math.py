"""Samples of the elementwise math ops, comparisons, logic, selection, sums of many, ranges and counts."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import bools, case, complexes, floats, ints

_NAN, _INF = float("nan"), float("inf")
_ODD = [_NAN, _INF, -_INF, 0.0, -0.0, 1.5, -2.5]
_WORDS = np.array([b"b", b"a", b""], object)
_HALVES = [0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997, 3.7, -3.2]
_LIMITS = np.array([2**31 - 1, -(2**31), 7, -7, 0], np.int32)


def _positive(*shape):
    return floats(*shape, low=0.1, high=3.0)


def _unary(op, *inputs):
    return [case(op, [one]) for one in inputs]


def _binary(op, low=-3.0):
    """One shape, broadcasting both ways, scalars, and shapes that do not go together."""
    x = {"low": low, "high": 3.0}
    return [case(op, [floats(2, 3, **x), floats(2, 3, **x)]), case(op, [floats(2, 1, **x), floats(3, **x)]),
            case(op, [floats(2, 3, **x), floats(**x)]), case(op, [floats(2, **x), floats(3, **x)])]


def _integers(op, low=-5):
    return [case(op, [ints(2, 3, low=low), ints(2, 3, low=1)]),
            case(op, [ints(4, dtype="int64", low=low), ints(4, dtype="int64", low=1)])]


CASES = [
    *_unary("Abs", floats(2, 3), ints(4), floats(3, dtype="float16"), floats(3, dtype="float64"), _LIMITS),
    *_unary("ComplexAbs", complexes(4)),
    *_unary("Neg", floats(2, 3), ints(4), complexes(3), _LIMITS),
    *_unary("Inv", _positive(4), complexes(3)),
    *_unary("Reciprocal", _positive(4), complexes(3), [0.0, _INF]),
    case("InvGrad", [floats(3), floats(3)]),
    case("InvGrad", [complexes(3), complexes(3)]),
    case("ReciprocalGrad", [floats(3), floats(3)]),
    *_unary("Square", floats(2, 3), ints(4), complexes(3), _LIMITS),
    *_unary("Sqrt", _positive(2, 3), complexes(3), [0.0, -1.0, _INF], floats(3, low=0.1, dtype="float64")),
    case("SqrtGrad", [_positive(3), floats(3)]),
    case("SqrtGrad", [complexes(3), complexes(3)]),
    *_unary("Rsqrt", _positive(2, 3), complexes(3), [0.0, -1.0, _INF]),
    case("RsqrtGrad", [_positive(3), floats(3)]),
    case("RsqrtGrad", [complexes(3), complexes(3)]),
    *_unary("Exp", floats(2, 3), complexes(3), _ODD, floats(3, dtype="float16")),
    *_unary("Expm1", floats(2, 3), [1e-7, -1e-7]),
    *_unary("Log", _positive(2, 3), complexes(3), [0.0, -1.0, _INF]),
    *_unary("Log1p", _positive(2, 3), [1e-7, -1.0, -2.0]),
    *_unary("Sign", floats(2, 3), ints(4), complexes(3), _ODD),
    *_unary("Floor", floats(2, 3), _HALVES), *_unary("Ceil", floats(2, 3), _HALVES),
    *_unary("Rint", _HALVES), *_unary("Round", _HALVES, ints(3)),
    *_unary("IsNan", _ODD), *_unary("IsInf", _ODD), *_unary("IsFinite", _ODD),
    *_unary("Sigmoid", floats(2, 3), complexes(3), [100.0, -100.0]),
    case("SigmoidGrad", [floats(3), floats(3)]),
    *_unary("Sin", floats(2, 3), complexes(3)), *_unary("Cos", floats(2, 3), complexes(3)),
    *_unary("Tan", floats(2, 3, low=-1.0, high=1.0), complexes(3)),
    *_unary("Asin", floats(2, 3, low=-0.9, high=0.9), [2.0]),
    *_unary("Acos", floats(2, 3, low=-0.9, high=0.9), [2.0]),
    *_unary("Atan", floats(2, 3)),
    *_unary("Sinh", floats(2, 3), complexes(3)), *_unary("Cosh", floats(2, 3), complexes(3)),
    *_unary("Tanh", floats(2, 3), complexes(3)),
    case("TanhGrad", [floats(3), floats(3)]),
    *_unary("Asinh", floats(2, 3)), *_unary("Acosh", floats(2, 3, low=1.1, high=4.0), [0.5]),
    *_unary("Atanh", floats(2, 3, low=-0.9, high=0.9), [2.0]),
    *_binary("Atan2"),
    *_unary("Erf", floats(2, 3)), *_unary("Erfc", floats(2, 3)),
    *_unary("Lgamma", _positive(2, 3), [-1.5, 0.0, 30.0]), *_unary("Digamma", _positive(2, 3), [-1.5, 30.0]),
    *_unary("BesselI0e", floats(2, 3)), *_unary("BesselI1e", floats(2, 3)),
    case("Polygamma", [[0.0, 1.0, 2.0], _positive(3)]).options(rtol=1e-4),
    case("Zeta", [floats(3, low=1.5, high=4.0), _positive(3)]).options(rtol=1e-4),
    case("Igamma", [_positive(2, 3), _positive(2, 3)]).options(rtol=1e-4),
    case("Igamma", [_positive(2, 1), _positive(3)]).options(rtol=1e-4),
    case("Igammac", [_positive(2, 3), _positive(2, 3)]).options(rtol=1e-4),
    case("IgammaGradA", [_positive(2, 3), _positive(2, 3)]).options(rtol=1e-4),
    case("Betainc", [_positive(3), _positive(3), floats(3, low=0.1, high=0.9)]).options(rtol=1e-4),
    case("Betainc", [2.0, 3.0, floats(3, low=0.1, high=0.9)]).options(rtol=1e-4),
    *_binary("Xlogy", 0.1), case("Xlogy", [[0.0, 0.0, 1.0], [0.0, _NAN, 0.0]]),
    *_binary("Xdivy", 0.1), case("Xdivy", [[0.0, 0.0, 1.0], [0.0, _NAN, 0.0]]),
    *_binary("Add"), *_integers("Add"), case("Add", [_WORDS, np.array(b"x", object)]), case("Add", [_LIMITS, _LIMITS]),
    *_binary("AddV2"), *_integers("AddV2"), case("AddV2", [complexes(3), complexes(3)]),
    case("AddV2", [floats(3, dtype="float16"), floats(3, dtype="float16")]),
    case("AddV2", [ints(3, dtype="uint8", low=200, high=250), ints(3, dtype="uint8", low=200, high=250)]),
    *_binary("Sub"), *_integers("Sub"), case("Sub", [complexes(3), complexes(3)]),
    *_binary("Mul"), *_integers("Mul"), case("Mul", [complexes(3), complexes(3)]), case("Mul", [_LIMITS, _LIMITS]),
    case("Mul", [floats(2, 3, dtype="float64"), floats(2, 3, dtype="float64")]),
    *_binary("MulNoNan"), case("MulNoNan", [[_NAN, _INF, 2.0], [0.0, 0.0, 3.0]]),
    *_binary("Div", 0.5), *_integers("Div"), case("Div", [ints(2), [0, 1]]), case("Div", [complexes(3), complexes(3)]),
    *_binary("RealDiv", 0.5), case("RealDiv", [[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]),
    case("RealDiv", [complexes(3), complexes(3)]),
    *_binary("DivNoNan", 0.5), case("DivNoNan", [[1.0, _NAN, 0.0], [0.0, 0.0, 0.0]]),
    *_binary("FloorDiv", 0.5), *_integers("FloorDiv"), case("FloorDiv", [ints(2), [0, 1]]),
    case("FloorDiv", [[7.0, -7.0, 7.5], [2.0, 2.0, -2.0]]), case("FloorDiv", [[7, -7, 7, -7], [2, 2, -2, -2]]),
    *_integers("TruncateDiv"), case("TruncateDiv", [[7, -7, 7, -7], [2, 2, -2, -2]]),
    *_binary("FloorMod", 0.5), *_integers("FloorMod"), case("FloorMod", [ints(2), [0, 1]]),
    case("FloorMod", [[7.0, -7.0, 7.5], [2.0, 2.0, -2.0]]), case("FloorMod", [[7, -7, 7, -7], [2, 2, -2, -2]]),
    *_binary("Mod", 0.5), case("Mod", [[7, -7, 7, -7], [2, 2, -2, -2]]), case("Mod", [ints(2), [0, 1]]),
    *_binary("TruncateMod", 0.5), case("TruncateMod", [[7, -7, 7, -7], [2, 2, -2, -2]]),
    *_binary("SquaredDifference"), *_integers("SquaredDifference"),
    case("SquaredDifference", [complexes(3), complexes(3)]),
    *_binary("Pow", 0.3), case("Pow", [[2, -3, 0], [3, 2, 0]]), case("Pow", [[2], [-1]]),
    case("Pow", [complexes(3), complexes(3)]), case("Pow", [[0.0, -1.0, -8.0], [0.0, 2.0, 0.5]]),
    *_binary("Maximum"), *_integers("Maximum"), case("Maximum", [[1.0, 2.0], [1.0, 2.0]]),
    *_binary("Minimum"), *_integers("Minimum"), case("Minimum", [[1.0, 2.0], [1.0, 2.0]]),
    *_binary("NextAfter"), case("NextAfter", [[1.0, 0.0], [2.0, -1.0]]).options(exact=True),
    *_binary("Less"), *_integers("Less"), *_binary("LessEqual"), *_binary("Greater"), *_integers("GreaterEqual"),
    *_binary("GreaterEqual"), case("Less", [_ODD, 0.0]),
    *_binary("Equal"), case("Equal", [_WORDS, np.array(b"a", object)]), case("Equal", [bools(3), bools(3)]),
    case("Equal", [floats(2), floats(3)], incompatible_shape_error=False), case("Equal", [_ODD, _ODD]),
    *_binary("NotEqual"), case("NotEqual", [_WORDS, np.array(b"a", object)]),
    case("NotEqual", [floats(2), floats(3)], incompatible_shape_error=False), case("NotEqual", [_ODD, _ODD]),
    case("ApproximateEqual", [[1.0, 1.0, 1.0], [1.0, 1.000001, 1.1]]),
    case("ApproximateEqual", [floats(2), floats(3)]),
    case("LogicalAnd", [bools(2, 1), bools(3)]), case("LogicalAnd", [bools(2), bools(3)]),
    case("LogicalOr", [bools(2, 1), bools(3)]), case("LogicalNot", [bools(2, 3)]),
    case("BitwiseAnd", [ints(2, 3), ints(3)]), case("BitwiseOr", [ints(4, dtype="int64"), ints(4, dtype="int64")]),
    case("BitwiseXor", [ints(4, dtype="uint8", low=0, high=255), ints(4, dtype="uint8", low=0, high=255)]),
    case("LeftShift", [ints(4), ints(4, low=0)]), case("RightShift", [ints(4), ints(4, low=0)]),
    case("LeftShift", [ints(3, dtype="int8"), ints(3, dtype="int8", low=0)]),
    case("RightShift", [[-100, 100], [2, 2]]), case("Invert", [ints(4)]),
    case("Invert", [ints(4, dtype="uint8", low=0, high=255)]),
    case("PopulationCount", [_LIMITS]), case("PopulationCount", [ints(4, dtype="uint8", low=0, high=255)]),
    case("Cast", [floats(4)], DstT="int32"), case("Cast", [ints(4)], DstT="float32"),
    case("Cast", [floats(4)], DstT="float64"), case("Cast", [floats(4)], DstT="float16"),
    case("Cast", [floats(4)], DstT="bool"), case("Cast", [bools(4)], DstT="float32"),
    case("Cast", [ints(4, low=-300, high=300)], DstT="uint8"), case("Cast", [ints(4)], DstT="bool"),
    case("Cast", [floats(4)], DstT="complex64"), case("Cast", [complexes(4)], DstT="float32"),
    case("Cast", [floats(4)], DstT="bfloat16"), case("Cast", [_LIMITS], DstT="int16"),
    case("Cast", [ints(4, dtype="uint8", low=0, high=255)], DstT="float32"),
    case("Complex", [floats(2, 3), floats(2, 3)]), case("Complex", [floats(2, 1), floats(3)]),
    case("Complex", [floats(2, dtype="float64"), floats(2, dtype="float64")], Tout="complex128"),
    *_unary("Real", complexes(3)), *_unary("Imag", complexes(3)), *_unary("Angle", complexes(3)),
    *_unary("Conj", complexes(3)),
    case("Select", [bools(2, 3), floats(2, 3), floats(2, 3)]), case("Select", [bools(2), floats(2, 3), floats(2, 3)]),
    case("Select", [True, floats(2, 3), floats(2, 3)]), case("Select", [bools(3), floats(2, 3), floats(2, 3)]),
    case("Select", [bools(2), floats(2), floats(3)]), case("Select", [bools(3), _WORDS, _WORDS]),
    case("Select", [bools(2, 2), floats(2), floats(2)]), case("Select", [bools(2), floats(), floats()]),
    case("SelectV2", [bools(2, 1), floats(3), floats()]), case("SelectV2", [bools(3), floats(2, 3), floats(3)]),
    case("SelectV2", [bools(2), floats(3), floats(3)]),
    case("AddN", [[floats(2, 3), floats(2, 3), floats(2, 3)]]), case("AddN", [[floats(2)]]),
    case("AddN", [[floats(2), floats(3)]]), case("AddN", [[ints(3), ints(3)]]),
    case("AccumulateNV2", [[floats(2, 3), floats(2, 3)]], shape=[2, 3]),
    case("Range", [2, 10, 3]), case("Range", [10, 2, -3]), case("Range", [0.0, 1.0, 0.1]), case("Range", [5, 2, 1]),
    case("Range", [2, 5, -1]), case("Range", [2, 5, 0]), case("Range", [[1], 5, 1]),
    case("Range", [np.int64(0), np.int64(4), np.int64(1)]), case("Range", [3, 3, 1]),
    case("LinSpace", [0.0, 1.0, 5]), case("LinSpace", [2.0, 1.0, 1]), case("LinSpace", [2.0, 1.0, 0]),
    case("LinSpace", [[2.0], 1.0, 3]),
    case("Cumsum", [floats(2, 3), 1]), case("Cumsum", [floats(2, 3), 0], exclusive=True),
    case("Cumsum", [floats(2, 3), -1], reverse=True), case("Cumsum", [floats(2, 3), 1], exclusive=True, reverse=True),
    case("Cumsum", [ints(4), 0]), case("Cumsum", [floats(2, 3), 2]),
    case("Cumprod", [floats(2, 3), 1]), case("Cumprod", [floats(2, 3), 0], exclusive=True, reverse=True),
    case("Cumprod", [floats(2, 3), 1], reverse=True), case("Cumprod", [ints(4), 0]),
    case("CumulativeLogsumexp", [floats(2, 3), 1]).options(gradient=False),
    case("CumulativeLogsumexp", [floats(2, 3), 0], reverse=True).options(gradient=False),
    case("CumulativeLogsumexp", [floats(2, 3), 1], exclusive=True).options(gradient=False),
    case("Bincount", [[1, 1, 3], 5, np.array([], np.int32)]), case("Bincount", [[1, 1, 3], 2, [0.5, 1.0, 2.0]]),
    case("Bincount", [[-1], 2, np.array([], np.int32)]), case("Bincount", [[1], -2, np.array([], np.int32)]),
    case("HistogramFixedWidth", [floats(20), [-2.0, 2.0], 5]),
    case("HistogramFixedWidth", [[-5.0, 0.0, 1.0, 2.0, 5.0], [0.0, 2.0], 4], dtype="int64"),
    case("HistogramFixedWidth", [floats(4), [2.0, 2.0], 5]), case("HistogramFixedWidth", [floats(4), [0.0, 2.0], 0]),
    case("HistogramFixedWidth", [floats(4), [0.0, 1.0, 2.0], 5]),
    case("Bucketize", [[-1.0, 0.0, 0.5, 10.0]], boundaries=[0.0, 1.0, 10.0]),
    case("Bucketize", [ints(4)], boundaries=[0.0, 2.0]),
    case("ClipByValue", [floats(2, 3), -1.0, 1.0]),
]
ELSEWHERE = {}

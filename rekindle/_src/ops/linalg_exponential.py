"""The matrix exponential, by Pade approximants with scaling and squaring.

Source: Higham, The scaling and squaring method for the matrix exponential revisited, SIAM J. Matrix
Anal. Appl. 26 (2005).
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    linalg,
    linalg_matmul,
    linalg_solve,
    math_binary,
    math_cast,
    math_logic,
    math_unary,
    reduce_axes,
    while_loop,
)

#: degree -> coefficients, lowest first; that of the highest power is 1
_COEFFICIENTS = {
    3: (120.0, 60.0, 12.0),
    5: (30240.0, 15120.0, 3360.0, 420.0, 30.0),
    7: (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0),
    9: (
        17643225600.0,
        8821612800.0,
        2075673600.0,
        302702400.0,
        30270240.0,
        2162160.0,
        110880.0,
        3960.0,
        90.0,
    ),
    13: (
        64764752532480000.0,
        32382376266240000.0,
        7771770303897600.0,
        1187353796428800.0,
        129060195264000.0,
        10559470521600.0,
        670442572800.0,
        33522128640.0,
        1323241920.0,
        40840800.0,
        960960.0,
        16380.0,
        182.0,
    ),
}
#: by precision: degrees, up to which norm each but the last is exact, and the norm to which
#: matrices are scaled
_SINGLE = ((3, 5, 7), (4.258730016922831e-001, 1.880152677804762e000), 3.925724783138660)
_DOUBLE = (
    (3, 5, 7, 9, 13),
    (1.495585217958292e-002, 2.539398330063230e-001, 9.504178996162932e-001, 2.097847961257068e000),
    5.371920351148152,
)


@public("linalg.expm")
def matrix_exponential(input: Any, name: str | None = None) -> Tensor:
    """The sum of input ** n / n! over n, for each matrix: [..., n, n] -> [..., n, n].

    Raises:
      ValueError: the matrices are not of a floating or complex type.
    """
    with scopes.name_scope(name, "matrix_exponential", [input]):
        matrix = convert.convert_to_tensor(input, name="input")
        if matrix.shape[-2:] == [0, 0]:
            return matrix
        batch: Any = matrix.shape[:-2]
        if not batch.is_fully_defined():
            batch = array_ops.shape(matrix)[:-2]
        flat = array_ops.concat(([-1], array_ops.shape(matrix)[-2:]), axis=0)
        matrix = array_ops.reshape(matrix, flat)
        sizes = math_unary.abs(matrix)
        axis = array_ops.size(array_ops.shape(matrix)) - 2
        norm = reduce_axes.reduce_max(reduce_axes.reduce_sum(sizes, axis=axis), axis=-1)
        out, squarings = _scaled_exponential(matrix, norm)
        out = _squared(out, squarings, norm.dtype)
        if not matrix.shape.is_fully_defined():
            tail = array_ops.shape(out)[-2:]
            return array_ops.reshape(out, array_ops.concat((batch, tail), axis=0))
        return array_ops.reshape(out, batch.concatenate(out.shape[-2:]))


def _scaled_exponential(matrix: Tensor, norm: Tensor) -> tuple[Tensor, Tensor]:
    """The exponential of the matrices over a power of 2, and that power."""
    if matrix.dtype in (dtypes.float16, dtypes.float32, dtypes.complex64):
        degrees, limits, largest = _SINGLE
    elif matrix.dtype in (dtypes.float64, dtypes.complex128):
        degrees, limits, largest = _DOUBLE
    else:
        raise ValueError(f"tf.linalg.expm does not support matrices of type {matrix.dtype}")
    largest = convert.constant(largest, norm.dtype)
    logs = math_unary.log(norm / largest)
    steps = math_unary.floor(logs / math_unary.log(convert.constant(2.0, norm.dtype)))
    squarings = math_binary.maximum(steps, 0)
    parts = [_pade(matrix, degree) for degree in degrees[:-1]]
    two = convert.constant(2.0, matrix.dtype)
    scale = math_binary.pow(two, math_cast.cast(squarings, matrix.dtype))[..., None, None]
    parts.append(_pade(matrix / scale, degrees[-1]))
    u = _by_norm(norm, limits, [p[0] for p in parts])
    v = _by_norm(norm, limits, [p[1] for p in parts])
    numerator = u + v
    return linalg_solve.matrix_solve(-u + v, numerator), squarings


def _by_norm(norm: Tensor, limits: tuple[float, ...], cases: list[Tensor]) -> Tensor:
    """The first case whose limit the norm is below, else the last."""
    is_small = math_logic.less(norm, convert.constant(limits[0], norm.dtype))
    rest = cases[1] if len(limits) == 1 else _by_norm(norm, limits[1:], cases[1:])
    return array_ops.where(is_small, cases[0], rest)


def _pade(matrix: Tensor, degree: int) -> tuple[Tensor, Tensor]:
    """The odd and the even part of the approximant's numerator."""
    b = [convert.constant(x, matrix.dtype) for x in _COEFFICIENTS[degree]]
    n = array_ops.shape(matrix)[-2]
    identity = linalg.eye(n, batch_shape=array_ops.shape(matrix)[:-2], dtype=matrix.dtype)
    square = linalg_matmul.matmul(matrix, matrix)
    powers = [identity, square]
    while len(powers) < min(degree, 7) // 2 + 1 or degree == 9 and len(powers) < 5:
        powers.append(linalg_matmul.matmul(powers[-1], square))
    if degree == 13:
        high = _summed(powers[3], b[9::2], powers[1:3])
        odd = _summed(linalg_matmul.matmul(powers[3], high), b[1:9:2], powers)
        u = linalg_matmul.matmul(matrix, odd)
        high = _summed(b[12] * powers[3], b[8:12:2], powers[1:3])
        return u, _summed(linalg_matmul.matmul(powers[3], high), b[0:8:2], powers)
    u = linalg_matmul.matmul(matrix, _summed(powers[-1], b[1::2], powers[:-1]))
    return u, _summed(b[-1] * powers[-1], b[0:-1:2], powers[:-1])


def _summed(first: Tensor, factors: list[Tensor], powers: list[Tensor]) -> Tensor:
    """The first plus factors times powers, highest power first."""
    for factor, power in reversed(list(zip(factors, powers, strict=True))):
        first = first + factor * power
    return first


def _squared(matrix: Tensor, squarings: Tensor, dtype: dtypes.DType) -> Tensor:
    """Each matrix squared as often as it was halved."""
    most = reduce_axes.reduce_max(squarings)

    def body(i: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
        after = i + 1
        is_due = math_logic.less(i, squarings)
        return after, array_ops.where(is_due, linalg_matmul.matmul(out, out), out)

    start = [convert.constant(0.0, dtype), matrix]
    return while_loop.while_loop(lambda i, _: math_logic.less(i, most), body, start)[1]

"""How a gamma sample moves with its parameter while its quantile stays: loops compiled by numba.

Importing this module imports numba, so the op does it when it runs.

Source: Figurnov, Mohamed, Mnih, "Implicit reparameterization gradients", 2018. The derivative of
the distribution function comes from its power series, in the far tail from Gauss-Laguerre
quadrature.
"""

from __future__ import annotations

import math

import numpy as np

from rekindle._src.ops.philox_kernels import compiled

NODES, WEIGHTS = np.polynomial.laguerre.laggauss(64)
MOST_TERMS = 100_000


@compiled
def digamma(x):
    """The logarithmic derivative of the gamma function, for positive x."""
    out = 0.0
    while x < 10:
        out -= 1 / x
        x += 1
    r = 1 / (x * x)
    tail = 1 / 240 - r * (1 / 132 - r * 691 / 32760)
    return out + math.log(x) - 0.5 / x - r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * tail)))


@compiled
def slope(alpha, x):
    """The derivative of the sample x with respect to alpha; nan where there is none."""
    if x == 0 and alpha > 0:
        return 0.0
    if not (alpha > 0 and x > 0):
        return math.nan
    if x > 20 and x > 1.5 * alpha + 10:
        mass = moved = 0.0
        for i in range(NODES.size):
            stretch = math.log1p(NODES[i] / x)
            weight = WEIGHTS[i] * math.exp((alpha - 1) * stretch)
            mass += weight
            moved += weight * stretch
        return (math.log(x) - digamma(alpha)) * mass + moved
    term, harmonic, total, moved = 1.0, 0.0, 1.0, 0.0
    for n in range(1, MOST_TERMS):
        term *= x / (alpha + n)
        harmonic += 1 / (alpha + n)
        total += term
        moved -= term * harmonic
        if term < 1e-17 * total:
            break
    return -x / alpha * ((math.log(x) - digamma(alpha + 1)) * total + moved)


@compiled
def fill_slopes(alphas, samples, out):
    """The slope of each sample: float64 [n], [n] -> [n]."""
    for i in range(out.size):
        out[i] = slope(alphas[i], samples[i])

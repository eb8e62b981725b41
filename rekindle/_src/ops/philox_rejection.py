"""Random number loops that redraw until a value fits, compiled by numba: gamma, Poisson, binomial,
bounded normal; and classes.

Holds: the distributions with parameters, each in TensorFlow's order of drawing. Arguments are as in
`philox_kernels`. Gamma and Poisson give every output 256 groups of its own, so no output depends on
another; the bounded normal, the binomial and the classes of a multinomial draw on from output to
output, and start anew where a block of work starts (`starts`).

Sources: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; Knuth,
"Seminumerical algorithms", 3.4.1; Hormann, "The transformed rejection method for generating Poisson
random variables", 1993, and "The generation of binomial random variates", 1993; Robert, "Simulation
of truncated normal variables", 1995.
"""

from __future__ import annotations

import math

import numpy as np

from rekindle._src.ops.philox_kernels import (
    ahead,
    compiled,
    group,
    normal_doubles,
    normal_floats,
    unit_double,
    unit_float,
)

STRIDE = 256
#: Draws in a row that may fail before a bounded normal gives up.
PATIENCE = 1000
STIRLING = np.array(
    [
        0.0810614667953272,
        0.0413406959554092,
        0.0276779256849983,
        0.02079067210376509,
        0.0166446911898211,
        0.0138761288230707,
        0.0118967099458917,
        0.0104112652619720,
        0.00925546218271273,
        0.00833056343336287,
    ]
)
LOWEST = -np.finfo(np.float64).max


@compiled
def next_uniform(key, low, high, spare, left):
    """A float64 in [0, 1): (value, low, high, spare, left). A group yields two, the later one
    first.
    """
    if left == 1:
        return spare, low, high, spare, 0
    a, b, c, d = group(key, low, high)
    low, high = ahead(low, high, 1)
    return unit_double(c, d), low, high, unit_double(a, b), 1


@compiled
def one_gamma(key, low, high, alpha):
    """One sample of Gamma(alpha, 1); nan for an alpha that is not positive."""
    if alpha == 1.0:
        u, low, high, spare, left = next_uniform(key, low, high, 0.0, 0)
        return -math.log(1.0 - u)
    small = alpha < 1
    d = alpha + (2.0 / 3 if small else -1.0 / 3)
    c = 1.0 / 3 / math.sqrt(d)
    if not alpha > 0:
        return math.nan
    spare, left = 0.0, 0
    spare_normal, left_normal = 0.0, 0
    while True:
        if left_normal == 1:
            x, left_normal = spare_normal, 0
        else:
            word_a, word_b, word_c, word_d = group(key, low, high)
            low, high = ahead(low, high, 1)
            spare_normal, x = normal_doubles(word_a, word_b, word_c, word_d)
            left_normal = 1
        v = 1 + c * x
        if v <= 0:
            continue
        v = v * v * v
        u, low, high, spare, left = next_uniform(key, low, high, spare, left)
        squeezed = u < 1 - 0.0331 * (x * x) * (x * x)
        if squeezed or math.log(u) < 0.5 * x * x + d * (1 - v + math.log(v)):
            sample = d * v
            if small:
                u, low, high, spare, left = next_uniform(key, low, high, spare, left)
                sample *= math.pow(u, 1 / alpha)
            return sample


@compiled
def fill_gamma(key, low, high, alphas, out):
    """Gamma(alpha, 1): alphas float64 [a] -> out float64 [n, a]."""
    for j in range(alphas.size):
        for i in range(out.shape[0]):
            at, over = ahead(low, high, STRIDE * (j * out.shape[0] + i))
            out[i, j] = one_gamma(key, at, over, alphas[j])


@compiled
def one_small_poisson(key, low, high, rate, highest):
    """One sample of Poisson(rate), rate < 10: how many uniforms multiply to exp(-rate)."""
    limit = math.exp(-rate)
    product, count = 1.0, 0.0
    spare, left = 0.0, 0
    while True:
        u, low, high, spare, left = next_uniform(key, low, high, spare, left)
        product *= u
        if product <= limit and count <= highest:
            return count
        count += 1


@compiled
def one_large_poisson(key, low, high, rate, highest):
    """One sample of Poisson(rate), rate >= 10: transformed rejection."""
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    spare, left = 0.0, 0
    while True:
        u, low, high, spare, left = next_uniform(key, low, high, spare, left)
        u -= 0.5
        v, low, high, spare, left = next_uniform(key, low, high, spare, left)
        shifted = 0.5 - abs(u)
        k = math.floor((2.0 * a / shifted + b) * u + rate + 0.43) * 1.0
        if k > highest:
            continue
        if shifted >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2.0):
            return k
        if k < 0 or (shifted < 0.013 and v > shifted):
            continue
        s = math.log(v * inverse_alpha / (a / (shifted * shifted) + b))
        if s <= -rate + k * log_rate - math.lgamma(k + 1):
            return k


@compiled
def fill_poisson(key, low, high, rates, highest, out):
    """Poisson(rate): rates float64 [r] -> out float64 [n, r]; `highest` is the greatest value that
    the output type holds.

    A rate that is not finite gives nan.
    """
    for j in range(rates.size):
        rate = rates[j]
        for i in range(out.shape[0]):
            at, over = ahead(low, high, STRIDE * (j * out.shape[0] + i))
            if not math.isfinite(rate):
                out[i, j] = math.nan
            elif rate < 10:
                out[i, j] = one_small_poisson(key, at, over, rate, highest)
            else:
                out[i, j] = one_large_poisson(key, at, over, rate, highest)


@compiled
def fill_classes(key, low, high, logits, starts, out):
    """Class indices with probability softmax(logits): float64 [B, C] -> out int64 [B, S].

    Rows from starts[i] to starts[i + 1] draw one after the other.
    """
    samples, classes = out.shape[1], logits.shape[1]
    sums = np.empty(classes)
    for block in range(starts.size - 1):
        at, over = ahead(low, high, starts[block] * (samples + 3) // 4)
        a, b, c, d = group(key, at, over)
        odd = False
        for row in range(starts[block], starts[block + 1]):
            top = LOWEST
            for j in range(classes):
                if math.isfinite(logits[row, j]):
                    top = max(top, logits[row, j])
            total = 0.0
            for j in range(classes):
                if math.isfinite(logits[row, j]):
                    total += math.exp(logits[row, j] - top)
                sums[j] = total
            for i in range(samples):
                if odd:
                    u = unit_double(c, d)
                    at, over = ahead(at, over, 1)
                    a, b, c, d = group(key, at, over)
                else:
                    u = unit_double(a, b)
                odd = not odd
                out[row, i] = np.searchsorted(sums, u * total, side="right")


@compiled
def draw_normals(key, low, high, out):
    """The standard normals of one group: four float32 or two float64."""
    a, b, c, d = group(key, low, high)
    if out.size == 4:
        out[0], out[1] = normal_floats(a, b)
        out[2], out[3] = normal_floats(c, d)
    else:
        out[0], out[1] = normal_doubles(a, b, c, d)


@compiled
def draw_uniforms(key, low, high, out):
    """The uniforms of one group: four float32 or two float64."""
    a, b, c, d = group(key, low, high)
    if out.size == 4:
        out[0], out[1], out[2], out[3] = unit_float(a), unit_float(b), unit_float(c), unit_float(d)
    else:
        out[0], out[1] = unit_double(a, b), unit_double(c, d)


@compiled
def bounded_by_normals(key, low, high, bounds, out, room):
    """Normals that happen to lie within the bounds: (low, high, whether it went well)."""
    start, failures = 0, 0
    while start < out.size:
        draw_normals(key, low, high, room)
        low, high = ahead(low, high, 1)
        for value in room:
            if bounds[0] <= value <= bounds[1]:
                if start < out.size:
                    out[start] = value
                start, failures = start + 1, 0
            elif start < out.size:
                failures += 1
                if failures > PATIENCE:
                    return low, high, False
    return low, high, True


@compiled
def bounded_by_uniforms(key, low, high, bounds, out, room):
    """Uniforms within the bounds, kept by the normal density: (low, high, whether it went well)."""
    real = out.dtype.type
    least, width = bounds[0], bounds[1] - bounds[0]
    summit = real(0) if least < 0 else least * least
    proposals = np.empty_like(room)
    start, failures = 0, 0
    while start < out.size:
        draw_uniforms(key, low, high, proposals)
        low, high = ahead(low, high, 1)
        draw_uniforms(key, low, high, room)
        low, high = ahead(low, high, 1)
        for i in range(room.size):
            z = proposals[i] * width + least
            if start >= out.size:
                break
            if room[i] <= math.exp((summit - z * z) / real(2)):
                out[start] = z
                start, failures = start + 1, 0
            else:
                failures += 1
                if failures >= PATIENCE:
                    return low, high, False
    return low, high, True


@compiled
def bounded_by_exponentials(key, low, high, bounds, out, room):
    """Exponentials from the lower bound, kept by the normal density: (low, high, whether it went
    well).
    """
    real = out.dtype.type
    least, greatest = bounds[0], bounds[1]
    alpha = (least + math.sqrt(least * least + real(4))) / real(2)
    start, failures = 0, 0
    while start < out.size:
        draw_uniforms(key, low, high, room)
        low, high = ahead(low, high, 1)
        for i in range(0, room.size, 2):
            if start >= out.size:
                break
            z = -math.log(room[i]) / alpha + least
            x = alpha - z if least < alpha else least - alpha
            if room[i + 1] <= math.exp(-x * x / real(2)) and z < greatest:
                out[start] = z
                start, failures = start + 1, 0
            else:
                failures += 1
                if failures >= PATIENCE:
                    return low, high, False
    return low, high, True


@compiled
def prefers_normals(least, greatest, enough):
    """Whether the bounds leave about half of all normals."""
    return (least < -enough and greatest >= 0) or (greatest > enough and least <= 0)


@compiled
def fill_bounded(key, low, high, parameters, starts, size, out):
    """Normal within bounds: parameters [P, 4] (mean, deviation, least, greatest) -> out [n]; gives
    0 or what went wrong.

    Every `size` outputs are a batch, which takes its row of the parameters, or the only one.
    Batches from starts[i] to starts[i + 1] draw one after the other.
    """
    real = out.dtype.type
    room = np.empty(16 // out.itemsize, out.dtype)
    bounds = np.empty(2, out.dtype)
    for block in range(starts.size - 1):
        at, over = ahead(low, high, starts[block] * 2 * PATIENCE * (size + 3) // 4)
        for batch in range(starts[block], starts[block + 1]):
            mean, deviation, least, greatest = parameters[batch if len(parameters) > 1 else 0]
            if not (
                deviation > 0
                and least < greatest
                and (math.isfinite(least) or math.isfinite(greatest))
            ):
                return 1
            if (math.isinf(least) and least < 0) or greatest < mean:
                least, greatest, deviation = greatest, least, -deviation
            bounds[0], bounds[1] = (least - mean) / deviation, (greatest - mean) / deviation
            root = math.sqrt(bounds[0] * bounds[0] + real(4))
            cutoff = (
                real(2)
                * math.exp(real(0.5) + bounds[0] * (bounds[0] - root) / real(4))
                / (bounds[0] + root)
            )
            part = out[batch * size : (batch + 1) * size]
            if prefers_normals(bounds[0], bounds[1], real(1.3)):
                method = 0
                at, over, well = bounded_by_normals(key, at, over, bounds, part, room)
            elif bounds[1] - bounds[0] < cutoff:
                method = 1
                at, over, well = bounded_by_uniforms(key, at, over, bounds, part, room)
            else:
                method = 2
                at, over, well = bounded_by_exponentials(key, at, over, bounds, part, room)
            if not well:
                return 2 + method
            for i in range(part.size):
                part[i] = part[i] * deviation + mean
    return 0


@compiled
def one_small_binomial(key, low, high, count, share):
    """How many geometric waits fit into `count`: (value, low, high)."""
    waited, found = 0.0, 0
    spare, left = 0.0, 0
    while True:
        u, low, high, spare, left = next_uniform(key, low, high, spare, left)
        waited += math.ceil(math.log(u) / math.log1p(-share)) * 1.0 if u > 0 else math.inf
        if waited > count:
            return found * 1.0, low, high
        found += 1


@compiled
def stirling_rest(k):
    """log(k!) less Stirling's formula."""
    if k <= 9:
        return STIRLING[int(k)]
    square = (k + 1) * (k + 1)
    return (1.0 / 12 - (1.0 / 360 + 1.0 / 1260 / square) / square) / (k + 1)


@compiled
def one_large_binomial(key, low, high, count, share):
    """Transformed rejection, for count * share >= 10: (value, low, high)."""
    deviation = math.sqrt(count * share * (1 - share))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * share
    c = count * share + 0.5
    odds = share / (1 - share)
    alpha = (2.83 + 5.1 / b) * deviation
    m = math.floor((count + 1) * share) * 1.0
    spare, left = 0.0, 0
    while True:
        u, low, high, spare, left = next_uniform(key, low, high, spare, left)
        v, low, high, spare, left = next_uniform(key, low, high, spare, left)
        u -= 0.5
        inner = 0.5 - abs(u)
        k = math.floor((2 * a / inner + b) * u + c) * 1.0
        if inner >= 0.07 and v <= 0.92 - 4.2 / b:
            return k, low, high
        if k < 0 or k > count:
            continue
        v = math.log(v * alpha / (a / (inner * inner) + b))
        bound = (
            (m + 0.5) * math.log((m + 1) / (odds * (count - m + 1)))
            + (count + 1) * math.log((count - m + 1) / (count - k + 1))
            + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
            + stirling_rest(m)
            + stirling_rest(count - m)
            - stirling_rest(k)
            - stirling_rest(count - k)
        )
        if v <= bound:
            return k, low, high


@compiled
def fill_binomial(key, low, high, parameters, starts, size, out):
    """Binomial counts: parameters [P, 4] -> out float64 [n].

    Parameters are: count; share, at most 1/2; whether it is that of misses; whether count * share
    is 10 or more. Every `size` outputs are a batch, which takes its row, or the only one. Batches
    from starts[i] to starts[i + 1] draw one after the other.
    """
    for block in range(starts.size - 1):
        at, over = ahead(low, high, starts[block] * 6 * (size + 3) // 4)
        for batch in range(starts[block], starts[block + 1]):
            count, share, misses, large = parameters[batch if len(parameters) > 1 else 0]
            part = out[batch * size : (batch + 1) * size]
            for i in range(part.size):
                if math.isnan(share):
                    found = math.nan
                elif count <= 0 or share <= 0:
                    found = 0.0
                elif large:
                    found, at, over = one_large_binomial(key, at, over, count, share)
                else:
                    found, at, over = one_small_binomial(key, at, over, count, share)
                part[i] = count - found if misses and count > 0 else found

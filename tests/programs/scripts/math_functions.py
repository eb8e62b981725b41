"""Elementwise math, operators, ranges, counts, clipping: nodes, values and first and second gradients."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(3)
x = tf.placeholder(tf.float32, [2, 3], name="x")
some = tf.placeholder(tf.float32, [None, 3], name="some")
any_x = tf.placeholder(tf.float32, None, name="any_x")
column = tf.placeholder(tf.float32, [2, 1], name="column")
numbers = tf.constant([7, -7, 0, 2147483647], name="numbers")
truths = tf.constant([True, False])
words = tf.constant(["a", "b"])
z = tf.complex(x, some)

unary = [
    f(some)
    for f in (
        tf.abs,
        tf.negative,
        tf.reciprocal,
        tf.square,
        tf.sqrt,
        tf.rsqrt,
        tf.exp,
        tf.expm1,
        tf.log,
        tf.log1p,
        tf.sinh,
        tf.cosh,
        tf.tanh,
        tf.asinh,
        tf.atanh,
        tf.sigmoid,
        tf.log_sigmoid,
        tf.sign,
        tf.sin,
        tf.cos,
        tf.tan,
        tf.asin,
        tf.acos,
        tf.atan,
        tf.floor,
        tf.ceil,
        tf.round,
        tf.rint,
        tf.erf,
        tf.erfc,
        tf.lgamma,
        tf.digamma,
        tf.math.bessel_i0,
        tf.math.bessel_i1,
        tf.math.reciprocal_no_nan,
    )
]
gradients = tf.gradients(unary, some)
seconds = tf.gradients(gradients, some)
functions = (
    tf.add,
    tf.subtract,
    tf.multiply,
    tf.truediv,
    tf.div,
    tf.divide,
    tf.floordiv,
    tf.mod,
    tf.maximum,
    tf.minimum,
    tf.pow,
    tf.squared_difference,
    tf.div_no_nan,
    tf.math.multiply_no_nan,
    tf.math.xdivy,
    tf.math.xlogy,
    tf.realdiv,
    tf.floor_div,
    tf.igamma,
    tf.math.nextafter,
)
binary = (
    [f(x, column) for f in functions]
    + [f(some, column) for f in functions]
    + [f(any_x, 2.0) for f in functions]
)
binary.append(tf.atan2(x, some))
both = tf.gradients(binary, [x, some, any_x, column])
operators = [
    x + column,
    1 + x,
    x - column,
    1 - x,
    x * 2,
    2 * x,
    x / column,
    2 / x,
    x // 2,
    2 // x,
    x % 0.3,
    2 % x,
    x**2,
    2**x,
    -x,
    abs(x),
    x @ tf.transpose(x),
    x < 0.5,
    x <= column,
    x > 0.5,
    x >= column,
    numbers + 1,
    numbers // 2,
    numbers % 3,
    numbers / 2,
    5 / tf.constant(2),
    tf.div(numbers, 2),
    tf.divide(numbers, 2, name="named"),
    truths & True,
    True | truths,
    truths ^ truths,
    ~truths,
    words + "c",
    tf.equal(words, "a"),
    tf.not_equal(words, ["a", "c"]),
]
integers = [
    tf.truncatediv(numbers, 2),
    tf.truncatemod(numbers, 2),
    tf.square(numbers),
    numbers**2,
    tf.maximum(numbers, 3),
    tf.bitwise.bitwise_and(numbers, 6),
    tf.bitwise.left_shift(numbers, 1),
    tf.bitwise.invert(numbers),
    tf.round(numbers),
    tf.cast(numbers, tf.uint8),
    tf.to_float(numbers),
    tf.saturate_cast(x * 1000, tf.uint8),
    tf.cast(x * 3, tf.int32),
]
complex_numbers = [
    tf.abs(z),
    tf.real(z),
    tf.imag(z),
    tf.angle(z),
    tf.conj(z),
    z * z,
    tf.exp(z),
    z / tf.conj(z),
    z**2,
    tf.cast(z, tf.float32),
    tf.real(x),
    tf.imag(x),
]
of_complex = tf.gradients([tf.abs(z), tf.real(z * z), tf.imag(tf.exp(z)), tf.angle(z)], [x, some])
sequences = [
    tf.range(5),
    tf.range(1, 10, 3),
    tf.range(0.0, 1.0, 0.1),
    tf.range(5, 0, -2),
    tf.range(3, dtype=tf.int64),
    tf.linspace(0.0, 1.0, 5),
    tf.cumsum(x),
    tf.cumsum(x, 1, exclusive=True, reverse=True),
    tf.cumprod(x, axis=1),
    tf.math.polyval([1.0, x, 2.0], x),
    tf.add_n([x, some]),
    tf.accumulate_n([x, some, x]),
]
running = tf.gradients(sequences[6:], [x, some])
counts = [
    tf.bincount([1, 1, 3]),
    tf.bincount([1, 1, 3], [1.0, 2.0, 3.0]),
    tf.bincount([1, 1, 3], minlength=6, maxlength=7),
    tf.histogram_fixed_width(x, [0.0, 1.0], 5),
    tf.histogram_fixed_width_bins(x, [0.0, 1.0], 5),
    tf.count_nonzero(x),
    tf.count_nonzero(words),
    tf.argmax(x, 1),
    tf.argmin(x, dimension=0),
    tf.argmax(x, output_type=tf.int32),
]
clipped, norm = tf.clip_by_global_norm([x, None, some * 2], 0.5)
clips = [
    tf.clip_by_value(x, 0.3, 0.6),
    tf.clip_by_norm(some, 0.5),
    tf.clip_by_norm(x, 0.5, axes=[1]),
    clipped[0],
    clipped[2],
    norm,
    tf.global_norm([x, some]),
    tf.clip_by_average_norm(x, 0.1),
]
of_clips = tf.gradients(clips, [x, some])
chosen = [
    tf.where(x > 0.5, x, some),
    tf.where(x[:, 0] > 0.5, x, x * 2),
    tf.where_v2(column > 0.5, x, 0.0),
]
of_chosen = tf.gradients(chosen, [x, some])

feeds = {
    x: rng.uniform(0.1, 0.9, (2, 3)),
    some: rng.uniform(0.1, 0.9, (2, 3)),
    any_x: rng.uniform(0.1, 0.9, 4),
    column: rng.uniform(0.1, 0.9, (2, 1)),
}
with tf.Session() as sess:
    for fetches in (
        unary,
        gradients,
        seconds,
        binary,
        both,
        operators,
        integers,
        complex_numbers,
        of_complex,
        sequences,
        running,
        counts,
        clips,
        of_clips,
        chosen,
        of_chosen,
    ):
        sess.run([f for f in fetches if not f.dtype.is_complex], feeds)

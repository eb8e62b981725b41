"""Operators and slices of tensors, shapes, joins: the graphs that Python's syntax makes."""
import tensorflow as tf

a = tf.constant([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]])
p = tf.placeholder(tf.float32, [None, 4], name="p")
n = tf.constant(1)
slices = [a[0], a[..., 1], a[:, 1:], a[0, -1, ::2], a[::-1], a[:, tf.newaxis, 0], a[n],
          a[n:, 0, :n], p[:, 0], p[1:3], p[-1], p[..., tf.newaxis], p[:, ::-2]]
arithmetic = [a + 1, 1 - a, 2 * a, a / 3, a // 2, a % 4, a ** 2, 2 ** a, -a, abs(a - 5),
              a @ tf.ones([2, 3, 1]), a > 3, a <= tf.ones_like(a), ~(a > 3), (a > 3) & (a < 9),
              (a > 3) | (a < 2), (a > 3) ^ (a < 9)]
whole = tf.constant([7, -7, 5])
integers = [whole // 2, whole % 3, whole / 2, tf.div(whole, 2), tf.truediv(whole, 2),
            tf.truncatediv(whole, 2), tf.floormod(whole, -3), -whole, whole ** 2]
shapes = [tf.shape(p), tf.shape(a), tf.size(p), tf.rank(p), tf.reshape(p, [-1, 2]),
          tf.transpose(a), tf.transpose(p), tf.transpose(a, [1, 0, 2]), tf.expand_dims(p, 1),
          tf.squeeze(tf.ones([1, 2, 1])), tf.tile(p, [1, 2]), tf.zeros_like(p),
          tf.ones_like(p, tf.int32), tf.zeros(tf.shape(p)), tf.fill([2, 2], 3), tf.stack([p, p]),
          tf.unstack(a), tf.split(p, 2, 1), tf.split(a, [1, 2], 2), tf.concat([p, p], 1),
          tf.concat([p], 0), tf.pad(p, [[1, 0], [0, 2]]),
          tf.range(5), tf.range(1, 9, 2), tf.range(0.0, 1.0, 0.25), tf.linspace(0.0, 1.0, 5),
          tf.one_hot([0, 2], 3), tf.gather(p, [0, 0]), tf.gather_nd(a, [[0, 1], [1, 0]]),
          tf.reverse(a, [1]), tf.where(a > 3, a, -a), tf.boolean_mask(a, [True, False]),
          tf.sequence_mask([1, 3], 4), tf.meshgrid([1, 2], [3, 4, 5]), tf.eye(3),
          tf.matrix_diag([1.0, 2.0]), tf.cast(p, tf.int32), tf.to_float(n),
          tf.broadcast_to(n, [2, 2])]
reductions = [tf.reduce_sum(p), tf.reduce_mean(p, 1), tf.reduce_max(a, [0, 2], keepdims=True),
              tf.reduce_prod(a, -1), tf.reduce_all(a > 0), tf.reduce_any(a > 11, 0),
              tf.reduce_logsumexp(p, 1), tf.argmax(p, 1), tf.argmin(a, 0), tf.cumsum(p, 1),
              tf.count_nonzero(p), tf.norm(p), tf.add_n([p, p]), tf.accumulate_n([p, p]),
              tf.tensordot(p, tf.ones([4, 2]), 1), tf.matmul(p, p, transpose_b=True),
              tf.squared_difference(p, 1.0), tf.nn.moments(p, [0])]
with tf.Session() as sess:
    feed = {p: [[0.0, 1.0, 2.0, 3.0], [4.0, -5.0, 6.0, 7.0], [8.0, 9.0, -1.0, 2.0]]}
    for group in (slices, arithmetic, integers, shapes, reductions):
        sess.run(group, feed)

"""Learning-rate decays, moving averages, clipping, global step."""
import tensorflow as tf

step = tf.train.get_or_create_global_step()
rates = [
    tf.train.exponential_decay(0.1, step, 2, 0.5),
    tf.train.exponential_decay(0.1, step, 2, 0.5, staircase=True),
    tf.train.piecewise_constant(step, [1, 3], [0.3, 0.2, 0.1]),
    tf.train.polynomial_decay(0.1, step, 4, 0.01, power=2.0),
    tf.train.polynomial_decay(0.1, step, 4, 0.01, cycle=True),
    tf.train.natural_exp_decay(0.1, step, 2, 0.5),
    tf.train.inverse_time_decay(0.1, step, 2, 0.5),
    tf.train.cosine_decay(0.1, step, 4, alpha=0.1),
    tf.train.cosine_decay_restarts(0.1, step, 3),
    tf.train.linear_cosine_decay(0.1, step, 4),
]
w = tf.Variable([[1.0, -2.0], [3.0, 4.0]], name="w")
loss = tf.reduce_sum(tf.square(w))
averages = tf.train.ExponentialMovingAverage(0.9, num_updates=step, zero_debias=False)
train = tf.train.GradientDescentOptimizer(rates[0]).minimize(loss, global_step=step)
with tf.control_dependencies([train]):
    kept = averages.apply([w])
plain = tf.train.ExponentialMovingAverage(0.5)
tracked = plain.apply([loss])
clips = [tf.clip_by_value(w, -1.0, 2.0), tf.clip_by_norm(w, 1.5), tf.clip_by_norm(w, 1.5, axes=[1]),
         tf.clip_by_average_norm(w, 0.5), tf.global_norm([w, loss])]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(5):
        sess.run(rates)
        sess.run(kept)
        sess.run(tracked)
        sess.run([averages.average(w), plain.average(loss), step])
        sess.run(clips)

"""Distributions: samples, densities, statistics, divergences, checks, gradients."""
import tensorflow as tf

tf.set_random_seed(3)
ds = tf.distributions
x = tf.placeholder(tf.float32, [None, 2])
k = tf.placeholder(tf.int32)
out = {}

n = ds.Normal(loc=tf.squeeze(x * 2), scale=tf.squeeze(tf.nn.softplus(x)) + 0.1)
m = ds.Normal(0., 1.)
out['wide'] = [
    n.sample(seed=1), n.sample([3], seed=2), n.sample(4), n.log_prob(0.3), n.prob(x), n.cdf(x), n.entropy(), n.mean(),
    n.stddev(), n.variance(), n.mode(), n.batch_shape_tensor(), n.event_shape_tensor(), n.survival_function(x)]
out['standard'] = [m.sample(), m.sample(5), m.log_prob([1., 2.]), m.batch_shape_tensor(), m.entropy(),
                   m.is_scalar_batch(), m.is_scalar_event()]
out['divergences'] = [ds.kl_divergence(n, m), n.kl_divergence(m), n.cross_entropy(m),
                      ds.kl_divergence(n, m, allow_nan_stats=False)]

c = ds.Categorical(logits=x)
p = ds.Categorical(probs=[[.1, .9], [.5, .5]], validate_args=True)
q = ds.Categorical(probs=[.2, .3, .5])
u = ds.Categorical(logits=tf.placeholder_with_default([[1., 2.]], None))
out['classes'] = [
    c.sample(seed=5), c.sample(3, seed=6), c.log_prob([1, 0]), c.entropy(), c.prob(k), c.mode(), p.sample(seed=7),
    p.log_prob([0, 1]), p.entropy(), q.sample([2, 2], seed=8), q.log_prob(2), q.mode(), ds.kl_divergence(c, p),
    u.sample(seed=4), u.log_prob([1])]

b = ds.Bernoulli(logits=x)
bp = ds.Bernoulli(probs=[.2, .7], dtype=tf.float32, validate_args=True)
out['coins'] = [b.sample(seed=9), b.log_prob([[1, 0]]), b.entropy(), b.mean(), b.variance(), b.mode(),
                bp.sample(2, seed=10), bp.log_prob([1., 0.]), ds.kl_divergence(b, bp), b.prob(1)]

f = ds.Uniform(-1., [1., 2.])
f1 = ds.Uniform(validate_args=True)
out['ranges'] = [f.sample(3, seed=11), f.prob(0.5), f.cdf([.1, .2]), f.entropy(), f.mean(), f.variance(), f.stddev(),
                 f.log_prob(5.), f1.sample(seed=12)]

score = tf.reduce_mean(n.log_prob(tf.stop_gradient(n.sample(seed=20)))) + tf.reduce_sum(c.log_prob([1, 0]))
out['gradients'] = tf.gradients(score, x)

with tf.Session() as sess:
    for name in ('wide', 'standard', 'divergences', 'classes', 'coins', 'ranges', 'gradients'):
        sess.run(out[name], {x: [[1., 2.], [-.5, .3]], k: [0, 1]})

"""The measured programs in JAX, jitted; None where a case means nothing there."""
import jax
import jax.numpy as jnp
import numpy as np
import optax
from cases_tf import CASES, images


def _trained(parameters, loss_of, optimizer):
    """A jitted training step that keeps its own state."""
    state = {'p': parameters, 's': optimizer.init(parameters), 'k': jax.random.PRNGKey(0)}

    @jax.jit
    def update(p, s, k):
        k, used = jax.random.split(k)
        changes, s = optimizer.update(jax.grad(loss_of)(p, used), s, p)
        return optax.apply_updates(p, changes), s, k

    def step():
        state['p'], state['s'], state['k'] = update(state['p'], state['s'], state['k'])
        jax.block_until_ready(state['p'])
    return step


def _lab4():
    x, y = jnp.array([1., 2, 3, 4]), jnp.array([0., -1, -2, -3])
    return _trained((jnp.array([.3]), jnp.array([-.3])), lambda p, _: ((p[0] * x + p[1] - y) ** 2).sum(),
                    optax.sgd(0.01))


def _parameters():
    rng = np.random.RandomState(1)
    shapes = [(5, 5, 1, 32), (5, 5, 32, 64), (3136, 1024), (1024, 10)]
    return [(jnp.asarray(rng.randn(*s) * 0.1, jnp.float32), jnp.full(s[-1], 0.1, jnp.float32)) for s in shapes]


def _logits(p, x, key):
    net = x.reshape(-1, 28, 28, 1)
    for w, b in p[:2]:
        net = jax.lax.conv_general_dilated(net, w, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))
        net = jax.nn.relu(net + b)
        net = jax.lax.reduce_window(net, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'SAME')
    net = jax.nn.relu(net.reshape(-1, 3136) @ p[2][0] + p[2][1])
    if key is not None:
        net = net * jax.random.bernoulli(key, 0.5, net.shape) * 2
    return net @ p[3][0] + p[3][1]


def _lab7_step():
    xs, ys = map(jnp.asarray, images(50))
    return _trained(_parameters(), lambda p, k: optax.softmax_cross_entropy(_logits(p, xs, k), ys).mean(),
                    optax.adam(1e-4))


def _lab7_inference():
    xs, ys = map(jnp.asarray, images(1000))
    p = _parameters()
    accuracy = jax.jit(lambda p, x: (_logits(p, x, None).argmax(1) == ys.argmax(1)).mean())
    return lambda: float(accuracy(p, xs))


_BUILDERS = {'lab4 step': _lab4, 'lab7 step': _lab7_step, 'lab7 inference': _lab7_inference}


def build(case):
    """The step of a case and how many make a round, or None."""
    return (_BUILDERS[case](), CASES[case][1]) if case in _BUILDERS else None

"""Variable scopes: reuse, getters, regularizers, partitioners; name scopes, control, devices."""
import tensorflow as tf

tf.set_random_seed(2)


def layer(x, units, name):
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        w = tf.get_variable("w", [x.shape[-1].value, units])
        b = tf.get_variable("b", [units], initializer=tf.zeros_initializer())
        return tf.nn.relu(tf.matmul(x, w) + b)


def doubled(getter, name, *args, **kwargs):
    return 2.0 * getter(name, *args, **kwargs)


x = tf.ones([2, 3])
shared = layer(layer(x, 3, "shared"), 3, "shared")
with tf.variable_scope("first") as scope:
    v = tf.get_variable("v", [2], regularizer=lambda t: tf.reduce_sum(tf.abs(t)))
    with tf.name_scope("plain"):
        a = tf.identity(v, name="a")
    with tf.variable_scope("deep"), tf.name_scope(None):
        top = tf.get_variable("v", [1])
with tf.variable_scope(scope, reuse=True):
    again = tf.get_variable("v", [2])
with tf.variable_scope(scope, auxiliary_name_scope=False):
    tf.get_variable("w", [1])
with tf.variable_scope("", reuse=False):
    tf.get_variable("bare", [1])
with tf.variable_scope("getter", custom_getter=doubled):
    twice = tf.get_variable("v", [2], initializer=tf.ones_initializer())
with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2)):
    parts = tf.get_variable("v", [5, 2], initializer=tf.random_uniform_initializer())
    whole = tf.convert_to_tensor(parts)
with tf.variable_scope(None, "unique"):
    tf.get_variable("v", [1])
with tf.variable_scope(None, "unique"):
    tf.get_variable("v", [1])
with tf.variable_scope("local"):
    tf.get_local_variable("v", initializer=1.0)
with tf.name_scope("outer"):
    with tf.name_scope("outer"):
        tf.constant(1)
    with tf.name_scope("outer"):
        tf.constant(1)
    with tf.name_scope("absolute/"):
        tf.constant(1)
    made = tf.Variable(3.0, name="made")
with tf.control_dependencies([a, made.initializer]):
    after = tf.no_op("after")
    with tf.control_dependencies(None):
        free = tf.no_op("free")
with tf.device("/cpu:0"), tf.colocate_with(v):
    beside = tf.identity(x, "beside")
losses = tf.losses.get_regularization_losses()
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    sess.run([shared, a, top, again, twice, whole, after, free, beside, losses])

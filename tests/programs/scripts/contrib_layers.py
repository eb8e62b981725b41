"""Layers, regularizers and summaries of tf.contrib.layers, with argument scopes."""
import numpy as np
import tensorflow as tf
from tensorflow.contrib import layers, slim
from tensorflow.contrib.framework import arg_scope
from tensorflow.contrib.layers.python.layers import utils

tf.set_random_seed(1)
random = np.random.RandomState(0)

images = tf.placeholder(tf.float32, [None, 16, 16, 3])
labels = tf.placeholder(tf.int32, [None])
words = tf.placeholder(tf.int32, [None, 4])
is_training = tf.placeholder_with_default(True, [])


def convolutions(net):
    with arg_scope([layers.batch_norm], is_training=is_training, decay=0.9, scale=True,
                   updates_collections=None):
        net = layers.conv2d(net, 8, [3, 3], normalizer_fn=layers.batch_norm, scope="c1")
    net = layers.max_pool2d(net, [2, 2], scope="p1")
    net = layers.conv2d(net, 8, 3, stride=2, normalizer_fn=layers.batch_norm,
                        normalizer_params={"is_training": is_training, "fused": True},
                        activation_fn=tf.nn.elu)
    net = layers.conv2d(net, 8, 3, rate=2, biases_initializer=tf.constant_initializer(0.1))
    net = layers.separable_conv2d(net, 6, 3, 1)
    net = layers.separable_conv2d(net, None, 3, 2, normalizer_fn=layers.batch_norm)
    net = layers.separable_conv2d(net, None, 3, 1)
    net = layers.conv2d_transpose(net, 5, 4, 2, biases_regularizer=layers.l1_regularizer(0.1))
    net = layers.avg_pool2d(net, 3, stride=1, padding="SAME")
    net = slim.pool(net, 2, "MAX", stride=1)
    net = layers.layer_norm(layers.instance_norm(net))
    net = layers.repeat(net, 2, layers.conv2d, 6, [3, 3], scope="rep")
    return layers.group_norm(net, groups=2)


def network(net):
    regularizer = layers.l2_regularizer(1e-3)
    with arg_scope([layers.conv2d, layers.fully_connected], weights_regularizer=regularizer,
                   weights_initializer=layers.xavier_initializer(uniform=False),
                   variables_collections=["mine"], outputs_collections="ends"):
        net = layers.dropout(convolutions(net), 0.7, is_training=is_training, seed=3)
        net = layers.unit_norm(layers.flatten(net), 1)
        net = layers.maxout(net, net.shape[-1].value // 2)
        net = layers.stack(net, layers.fully_connected, [7, 6], scope="st")
        net = layers.fully_connected(net, 5, normalizer_fn=layers.batch_norm,
                                     normalizer_params={"is_training": is_training})
        net = layers.bias_add(layers.linear(layers.relu6(net, 5), 4, scope="lin"), tf.nn.tanh)
    net = layers.batch_norm(net, is_training=is_training, fused=False, activation_fn=tf.tanh)
    net = layers.batch_norm(net, is_training=True, fused=False, updates_collections="updates",
                            zero_debias_moving_mean=True, activation_fn=tf.tanh)
    return layers.batch_norm(net, batch_weights=tf.ones([tf.shape(net)[0]]), center=False,
                             updates_collections=None)


with tf.variable_scope("net"):
    logits = network(images)
with tf.variable_scope("words"):
    embedded = layers.embed_sequence(words, 20, 5, scope="e")
    again = layers.embed_sequence(words, scope="e", reuse=True, unique=True)
    bag = layers.bow_encoder(words, 20, 3)
loss = tf.losses.softmax_cross_entropy(layers.one_hot_encoding(labels, 4), logits)
layers.apply_regularization(layers.l1_l2_regularizer(0.1, 0.2), tf.trainable_variables()[:3])
total = tf.losses.get_total_loss() + tf.reduce_sum(embedded * again) + tf.reduce_sum(bag)
step = tf.train.get_or_create_global_step()
train = layers.optimize_loss(
    total, step, 0.1, "Momentum", clip_gradients=1.0, update_ops=[],
    learning_rate_decay_fn=lambda rate, at: tf.train.exponential_decay(rate, at, 2, 0.5),
    gradient_multipliers={"words/e/embeddings": 2.0}, summaries=["loss", "gradient_norm"])
layers.summarize_activation(tf.nn.relu6(logits))
layers.summarize_tensors(tf.trainable_variables()[:2])
probabilities = layers.softmax(logits)
print(sorted(utils.convert_collection_to_dict("ends"))[:4], len(tf.get_collection("mine")))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(3):
        feeds = {images: random.rand(4, 16, 16, 3), labels: random.randint(0, 4, 4),
                 words: random.randint(0, 20, [4, 4])}
        print(session.run(train, feeds), session.run(step))
        session.run([update.op for update in tf.get_collection("updates")], feeds)
    print(session.run([probabilities, bag], {is_training: False, **feeds}))

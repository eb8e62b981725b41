"""TF-Slim: networks with argument scopes, slim.losses, training operations, slim.metrics."""
import numpy as np
import tensorflow as tf
from tensorflow.contrib import metrics as contrib_metrics
from tensorflow.contrib import slim

tf.set_random_seed(1)
random = np.random.RandomState(0)
images = tf.constant(random.rand(6, 12, 12, 3).astype(np.float32))
labels = tf.placeholder(tf.int64, [6])
hot = slim.one_hot_encoding(labels, 4)


def scope_of_arguments():
    with slim.arg_scope([slim.conv2d, slim.fully_connected], activation_fn=tf.nn.relu,
                        weights_regularizer=slim.l2_regularizer(5e-4)):
        with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm) as scope:
            return scope


def network(net):
    with tf.variable_scope("small", "small", [net]) as scope:
        ends = scope.original_name_scope + "_end_points"
        with slim.arg_scope([slim.conv2d, slim.max_pool2d], outputs_collections=ends):
            net = slim.repeat(net, 2, slim.conv2d, 6, [3, 3], scope="conv1")
            net = slim.max_pool2d(net, [2, 2], scope="pool1")
            net = slim.conv2d(net, 8, [3, 3], scope="conv2")
            net = slim.avg_pool2d(net, net.get_shape()[1:3])
            net = slim.conv2d(net, 4, [1, 1], activation_fn=None, normalizer_fn=None, scope="fc")
        points = slim.utils.convert_collection_to_dict(ends)
        return tf.squeeze(net, [1, 2], name="squeezed"), points


with slim.arg_scope(scope_of_arguments()):
    logits, points = network(images)
print(sorted(points))
slim.losses.softmax_cross_entropy(logits, hot, label_smoothing=0.1)
slim.losses.sparse_softmax_cross_entropy(logits, labels, weights=tf.ones([6]))
slim.losses.log_loss(tf.nn.sigmoid(logits), hot)
slim.losses.absolute_difference(logits, tf.zeros_like(logits))
slim.losses.mean_squared_error(logits, tf.zeros_like(logits), tf.ones([6, 1]))
slim.losses.sigmoid_cross_entropy(logits, hot, label_smoothing=0.1)
slim.losses.cosine_distance(logits, logits, 1)
hinge = slim.losses.hinge_loss(logits, hot)
total = slim.losses.get_total_loss()
step = slim.get_or_create_global_step()
train = slim.learning.create_train_op(
    total, tf.train.MomentumOptimizer(0.01, 0.9), clip_gradient_norm=1.0,
    summarize_gradients=True, gradient_multipliers={"small/fc/weights": 2.0})
assign, feeds = slim.assign_from_values({"small/fc/biases": np.ones(4, np.float32)})
print(len(slim.get_variables_to_restore(exclude=["small/fc"])), slim.get_variables_by_name("biases"))
print(slim.model_analyzer.analyze_vars(slim.get_model_variables(), print_info=True))

scores, streaming = tf.nn.softmax(logits), slim.metrics
best = tf.argmax(scores, 1)
unit = tf.nn.l2_normalize(scores, 1)
values, updates = slim.metrics.aggregate_metric_map({
    "accuracy": streaming.streaming_accuracy(best, labels),
    "recall@2": streaming.streaming_recall_at_k(scores, labels, 2),
    "mean": streaming.streaming_mean(scores),
    "squares": streaming.streaming_mean_squared_error(scores, scores * 0.5),
    "auc": streaming.streaming_auc(scores[:, 1], tf.equal(labels, 1)),
    "precision": streaming.streaming_precision(best > 1, labels > 1),
    "recall": streaming.streaming_recall(best > 1, labels > 1, name="recalled"),
    "iou": streaming.streaming_mean_iou(best, labels, 4),
    "sparse": streaming.streaming_sparse_recall_at_k(scores, labels[:, None], 2),
    "less": streaming.streaming_percentage_less(scores, 0.25),
    "thresholds": streaming.streaming_precision_at_thresholds(scores[:, 1], labels > 1, [0.2]),
    "cosine": streaming.streaming_mean_cosine_distance(unit, unit, 1),
})
once = contrib_metrics.accuracy(best, labels, tf.ones([6]))
with tf.Session() as session:
    session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    session.run(assign, feeds)
    for _ in range(3):
        given = {labels: random.randint(0, 4, 6)}
        print(session.run([train, hinge], given), session.run(step))
        print(session.run([updates, once], given))
    print(session.run(values))

"""Training steps of models that TensorFlow 1 programs often are, for any of the TensorFlows."""
import numpy as np

RANDOM = np.random.RandomState(0)


def _stepper(tf, fetches, feeds):
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return lambda: session.run(fetches, feeds)


def text_convolutions(tf):
    """Windows of 3, 4 and 5 words over 64 texts of 56 words, Adam (the model of Kim 2014)."""
    x, y = tf.placeholder(tf.int32, [None, 56]), tf.placeholder(tf.float32, [None, 2])
    words = tf.nn.embedding_lookup(tf.Variable(tf.random_uniform([18000, 128], -1, 1)), x)
    words, pooled = tf.expand_dims(words, -1), []
    for size in (3, 4, 5):
        kernel = tf.Variable(tf.truncated_normal([size, 128, 1, 128], stddev=0.1))
        bias = tf.Variable(tf.constant(0.1, shape=[128]))
        hidden = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(words, kernel, [1, 1, 1, 1], 'VALID'), bias))
        pooled.append(tf.nn.max_pool(hidden, [1, 56 - size + 1, 1, 1], [1, 1, 1, 1], 'VALID'))
    features = tf.reshape(tf.concat(pooled, 3), [-1, 384])
    logits = tf.matmul(features, tf.Variable(tf.truncated_normal([384, 2], stddev=0.1)))
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=y))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    return _stepper(tf, [train, loss], {x: RANDOM.randint(0, 18000, (64, 56)),
                                        y: np.eye(2)[RANDOM.randint(0, 2, 64)]})


def embedding_adam(tf):
    """Mean of 20 of 20,000 embedded words, 64 rows, Adam."""
    x, y = tf.placeholder(tf.int32, [64, 20]), tf.placeholder(tf.int64, [64])
    words = tf.nn.embedding_lookup(tf.get_variable('words', [20000, 64]), x)
    logits = tf.matmul(tf.reduce_mean(words, 1), tf.get_variable('w', [64, 5]))
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer().minimize(loss)
    return _stepper(tf, [train, loss], {x: RANDOM.randint(0, 20000, (64, 20)), y: RANDOM.randint(0, 5, 64)})


def word2vec(tf):
    """Noise-contrastive estimation of 50,000 words of 128 numbers, 128 pairs, 64 samples."""
    x, y = tf.placeholder(tf.int32, [128]), tf.placeholder(tf.int32, [128, 1])
    words = tf.Variable(tf.random_uniform([50000, 128], -1, 1))
    weights, biases = tf.Variable(tf.truncated_normal([50000, 128], stddev=0.1)), tf.Variable(tf.zeros([50000]))
    loss = tf.reduce_mean(tf.nn.nce_loss(weights, biases, y, tf.nn.embedding_lookup(words, x), 64, 50000))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    return _stepper(tf, [train, loss], {x: RANDOM.randint(0, 50000, 128), y: RANDOM.randint(0, 50000, (128, 1))})


def bidirectional_lstm(tf):
    """Two LSTMs of 64 over 16 rows of up to 30 steps of 50 numbers, Adam."""
    x, sizes = tf.placeholder(tf.float32, [None, 30, 50]), tf.placeholder(tf.int32, [None])
    cells = [tf.nn.rnn_cell.LSTMCell(64) for _ in range(2)]
    outputs, _ = tf.nn.bidirectional_dynamic_rnn(*cells, x, sizes, dtype=tf.float32)
    loss = tf.reduce_mean(tf.square(tf.concat(outputs, 2)))
    train = tf.train.AdamOptimizer().minimize(loss)
    return _stepper(tf, [train, loss], {x: RANDOM.rand(16, 30, 50), sizes: RANDOM.randint(5, 31, 16)})


def adversarial_images(tf):
    """A generator and a discriminator of 28 x 28 images, transposed and strided convolutions, 64 rows, Adam."""
    def generator(z):
        hidden = tf.reshape(tf.nn.relu(tf.matmul(z, tf.get_variable('g0', [100, 7 * 7 * 128]))), [-1, 7, 7, 128])
        hidden = tf.nn.relu(tf.nn.conv2d_transpose(hidden, tf.get_variable('g1', [5, 5, 64, 128]), [64, 14, 14, 64],
                                                   [1, 2, 2, 1]))
        return tf.nn.tanh(tf.nn.conv2d_transpose(hidden, tf.get_variable('g2', [5, 5, 1, 64]), [64, 28, 28, 1],
                                                 [1, 2, 2, 1]))

    def discriminator(images):
        with tf.variable_scope('d', reuse=tf.AUTO_REUSE):
            hidden = tf.nn.leaky_relu(tf.nn.conv2d(images, tf.get_variable('d0', [5, 5, 1, 64]), [1, 2, 2, 1], 'SAME'))
            hidden = tf.nn.leaky_relu(tf.nn.conv2d(hidden, tf.get_variable('d1', [5, 5, 64, 128]), [1, 2, 2, 1],
                                                   'SAME'))
            return tf.matmul(tf.reshape(hidden, [-1, 7 * 7 * 128]), tf.get_variable('d2', [7 * 7 * 128, 1]))

    z, x = tf.placeholder(tf.float32, [64, 100]), tf.placeholder(tf.float32, [64, 28, 28, 1])
    true, made = discriminator(x), discriminator(generator(z))
    entropy = tf.nn.sigmoid_cross_entropy_with_logits
    told = tf.reduce_mean(entropy(logits=true, labels=tf.ones_like(true))
                          + entropy(logits=made, labels=tf.zeros_like(made)))
    fooled = tf.reduce_mean(entropy(logits=made, labels=tf.ones_like(made)))
    names = {v: v.name for v in tf.trainable_variables()}
    train = [tf.train.AdamOptimizer(2e-4).minimize(loss, var_list=[v for v in names if names[v].startswith(kind)])
             for loss, kind in ((told, 'd/'), (fooled, 'g'))]
    return _stepper(tf, train, {z: RANDOM.randn(64, 100), x: RANDOM.rand(64, 28, 28, 1)})


CASES = {
    'text convolutions step': (text_convolutions, 5),
    'embedding step': (embedding_adam, 10),
    'word2vec step': (word2vec, 20),
    'bidirectional LSTM step': (bidirectional_lstm, 5),
    'adversarial step': (adversarial_images, 3),
}

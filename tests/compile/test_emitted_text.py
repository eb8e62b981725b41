"""What programs look like after all passes: the emitted source, line by line."""
import rekindle as tf
from rekindle._src.run.steps import Step


def emitted(fetches, feeds=(), shapes=()):
    """The lines of the program that a session would run, comments and dels aside."""
    session = tf.Session()
    fetches = fetches if isinstance(fetches, list) else [fetches]
    tensors = [f for f in fetches if isinstance(f, tf.Tensor)]
    targets = [f for f in fetches if isinstance(f, tf.Operation)]
    step = Step(tensors, targets, list(feeds), session._store, session)
    source = step._compile(tuple(shapes)).source
    return [line.split("  # ")[0].split("; del ")[0].strip() for line in source.splitlines()]


def test_a_kernel_of_one_expression_is_inlined():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2], name="x")
        lines = emitted(tf.tanh(x), [x], [(2,)])
    assert lines == ["def step(x):", "v1 = torch.tanh(x)", "return (v1,)"]


def test_shape_arithmetic_folds_with_the_shapes_of_the_feeds():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        lines = emitted(tf.shape(x)[0] * 2, [x], [(5, 3)])
    assert lines == ["def step(x):", "return (k.clone(),)"]


def test_equal_expressions_run_once():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2], name="x")
        lines = emitted(tf.tanh(x) + tf.tanh(x), [x], [(2,)])
    assert sum("torch.tanh" in line for line in lines) == 1


def test_a_reshape_to_the_same_shape_vanishes():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        lines = emitted(tf.tanh(tf.reshape(x, [-1, 3])), [x], [(5, 3)])
    assert lines == ["def step(x):", "v3 = torch.tanh(x)", "return (v3,)"]


def test_what_nobody_needs_is_not_there():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2], name="x")
        y = tf.tanh(x)
        with tf.control_dependencies([tf.sin(x)]):
            z = tf.identity(y)
        lines = emitted(z, [x], [(2,)])
    assert not any("sin" in line for line in lines)


def test_a_value_read_before_an_update_and_needed_after_it_is_kept():
    with tf.Graph().as_default():
        v = tf.Variable([1.0], name="v")
        update = tf.assign_add(v, [1.0])
        lines = emitted([tf.get_default_graph().as_graph_element(v), update])
    assert "v.shared = True" in lines


def test_an_update_whose_old_value_is_dead_works_in_place():
    with tf.Graph().as_default():
        v = tf.Variable([1.0], name="v")
        update = tf.assign_add(v, v * 2.0)
        lines = emitted([update.op])
    assert not any("shared" in line for line in lines)


def test_adam_updates_are_one_instruction():
    with tf.Graph().as_default():
        a, b = tf.Variable([1.0]), tf.Variable([[2.0]])
        train = tf.train.AdamOptimizer().minimize(tf.reduce_sum(a) * tf.reduce_sum(b))
        lines = emitted([train])
    assert sum("ApplyAdam" in line for line in lines) == 1
    assert any(line.startswith("ApplyAdamGroup([") for line in lines)


def test_the_bias_goes_into_the_convolution():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 8, 8, 3], name="x")
        w, b = tf.Variable(tf.zeros([3, 3, 3, 4])), tf.Variable(tf.zeros([4]))
        y = tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME") + b
        lines = emitted(y, [x], [(2, 8, 8, 3)])
    assert sum("conv2d" in line for line in lines) == 1
    assert not any(" + " in line for line in lines)

"""Branches, loops, arrays of tensors and functions: values, gradients, errors."""

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.graph import proto
from rekindle._src.state import calls, function, function_library


@pytest.fixture(autouse=True)
def _fresh_graph():
    with tf.Graph().as_default():
        yield


def run(fetches, feeds=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


def test_gradient_of_a_branch_follows_the_side_taken():
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(x > 0.0, lambda: x * 2.0, lambda: x * x)
    slope = tf.gradients(y, x)[0]
    assert run(slope, {x: 3.0}) == 2.0
    assert run(slope, {x: -3.0}) == -6.0


def test_gradient_of_a_loop():
    x = tf.placeholder(tf.float32, [])
    power = tf.while_loop(lambda i, v: i < 5, lambda i, v: (i + 1, v * x), (0, 1.0))[1]
    assert run([power, tf.gradients(power, x)[0]], {x: 2.0}) == [32.0, 80.0]


def test_gradient_of_nested_loops_with_a_branch():
    x = tf.placeholder(tf.float32, [])

    def inner(i, v):
        grown = tf.while_loop(lambda j, u: j < i, lambda j, u: (j + 1, u * x), (0, v))[1]
        return i + 1, tf.cond(grown > 5.0, lambda: grown + x, lambda: grown * x)

    y = tf.while_loop(lambda i, v: i < 3, inner, (0, 1.0))[1]
    got = run([y, tf.gradients(y, x)[0]], {x: 1.5})
    step = 1e-3
    slope = (run(y, {x: 1.5 + step}) - run(y, {x: 1.5 - step})) / (2 * step)
    np.testing.assert_allclose(got[1], slope, rtol=1e-3)


def test_gradient_of_second_order_through_a_loop_is_refused():
    x = tf.constant(1.0)
    y = tf.while_loop(lambda i, v: i < 5, lambda i, v: (i + 1, v * x), (0, 1.0))[1]
    slope = tf.gradients(y, x)[0]
    with pytest.raises(TypeError, match="Second-order gradient for while loops not supported"):
        tf.gradients(slope, x)


def test_gradients_inside_a_loop_body():
    x = tf.constant(2.0)
    y = tf.while_loop(
        lambda i, v: i < 2, lambda i, v: (i + 1, v + tf.gradients(v * v * x, v)[0]), (0, x)
    )[1]
    assert run(y) == 50.0


def test_maximum_iterations_end_a_loop():
    count = tf.while_loop(lambda i: i < 100, lambda i: i + 1, [tf.constant(0)], maximum_iterations=7)
    assert run(count) == 7


def test_shape_that_changes_needs_an_invariant():
    start = (tf.constant(0), tf.ones([1]))

    def body(i, v):
        return i + 1, tf.concat([v, v], 0)

    with pytest.raises(ValueError, match="enters the loop with shape .1,., but has shape .2,."):
        tf.while_loop(lambda i, v: i < 3, body, start)
    shapes = (tf.TensorShape([]), tf.TensorShape([None]))
    grown = tf.while_loop(lambda i, v: i < 3, body, start, shape_invariants=shapes)[1]
    assert run(grown).shape == (8,)


def test_loop_arguments_are_checked():
    with pytest.raises(TypeError, match="cond must be callable"):
        tf.while_loop(1, lambda i: i, [0])
    with pytest.raises(ValueError, match="No loop variables provided"):
        tf.while_loop(lambda: True, lambda: 1, [])


def test_contexts_outlive_a_meta_graph():
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * x), (0, 1.0), name="loop")[1]
    saved = tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(saved)
        y = graph.get_tensor_by_name(y.name)
        slope = tf.gradients(y, graph.get_tensor_by_name("x:0"))[0]
        assert run(slope, {"x:0": 2.0}) == 12.0


def test_a_loop_in_a_branch_in_a_loop_outlives_a_meta_graph():
    x = tf.placeholder(tf.float32, [], name="x")

    def inner():
        return tf.while_loop(lambda j, v: j < 3, lambda j, v: (j + 1, v + x), (0, 0.0))[1]

    y = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v + tf.cond(i > 0, inner, lambda: x)), (0, 0.0))[1]
    saved = tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(saved)
        slope = tf.gradients(graph.get_tensor_by_name(y.name), graph.get_tensor_by_name("x:0"))[0]
        assert run(slope, {"x:0": 2.0}) == 7.0


def test_case_takes_the_first_true_condition():
    x = tf.placeholder(tf.int32, [])
    y = tf.case([(x > 5, lambda: 1), (x > 2, lambda: 2)], default=lambda: 3)
    assert [run(y, {x: n}) for n in (9, 4, 0)] == [1, 2, 3]


def test_array_element_is_read_once():
    array = tf.TensorArray(tf.float32, 2).unstack([1.0, 2.0])
    first = array.read(0)
    with tf.control_dependencies([first]):
        again = array.read(0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not read index 0 twice"):
        run([first, again])


def test_array_index_out_of_range():
    array = tf.TensorArray(tf.float32, 2).unstack([1.0, 2.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Tried to read from index 5"):
        run(array.read(5))


def test_gradients_of_map_and_scan():
    x = tf.placeholder(tf.float32, [3])
    mapped = tf.map_fn(lambda v: v * v, x)
    summed = tf.scan(lambda a, v: a + v, x)
    got = run([mapped, summed, tf.gradients([mapped, summed], x)[0]], {x: [1.0, 2.0, 3.0]})
    np.testing.assert_allclose(got[0], [1, 4, 9])
    np.testing.assert_allclose(got[1], [1, 3, 6])
    np.testing.assert_allclose(got[2], [2 + 3, 4 + 2, 6 + 1])


def test_function_captures_and_is_differentiated():
    weight = tf.Variable(3.0)

    @function.Defun(tf.float32, func_name="Scaled")
    def scaled(x):
        return x * x * weight

    x = tf.constant(2.0)
    y = scaled(x)
    assert y.op.type == "Scaled"
    assert run([y, tf.gradients(y, x)[0]]) == [12.0, 12.0]


def test_function_outlives_a_graph_def():
    @function.Defun(tf.float32, func_name="Doubled")
    def doubled(x):
        return x + x

    y = doubled(tf.constant(2.0))
    saved = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        again = tf.import_graph_def(saved, return_elements=[y.name], name="")[0]
        assert run(again) == 4.0


def test_recursive_functions_are_refused():
    call = function.Declare("Endless", [("x", tf.float32)], [("y", tf.float32)])

    @function.Defun(tf.float32, func_name="Endless", out_names=["y"])
    def endless(x):
        return call(x)

    with pytest.raises(tf.errors.InvalidArgumentError, match="Function Endless calls itself"):
        run(endless(tf.constant(1.0)))


def _inner_tensor():
    """A tensor of a loop's body."""
    made = []

    def body(i):
        made.append(tf.constant(1, name="inner"))
        return i + made[0]

    tf.while_loop(lambda i: i < 10, body, [0])
    return made[0]


def test_value_of_a_loop_is_refused_outside():
    inner = _inner_tensor()
    with pytest.raises(ValueError, match="'while/inner' as input to 'Add' because 'while/inner' is in a while"):
        tf.add(1, inner)


def test_value_of_a_loop_is_refused_in_another():
    inner = _inner_tensor()
    with pytest.raises(ValueError, match="'while_1/Add' because they are in different while loops"):
        tf.while_loop(lambda i: i < 10, lambda i: tf.add(1, inner), [0])


def test_array_refuses_values_of_another_type():
    with tf.Graph().as_default(), tf.Session() as session:
        array = tf.TensorArray(tf.float32, 3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="is float but Op is trying to write dtype string"):
            session.run(array.write(0, "text").flow)


def test_array_of_texts_is_unstacked():
    with tf.Graph().as_default(), tf.Session() as session:
        array = tf.TensorArray(tf.string, 2, clear_after_read=False).unstack(tf.constant(["a", "b"]))
        assert session.run(array.read(1)) == b"b"
        assert session.run(array.stack()).tolist() == [b"a", b"b"]


def test_gradient_of_split_joins_what_was_split():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([1.0, 2.0, 3.0])
        array = tf.TensorArray(tf.float32, 3, dynamic_size=True).split(x, [1, 1, 1]).write(3, [4.0])
        (dx,) = tf.gradients(array.concat(), x)
        assert session.run(dx).tolist() == [1, 1, 1]


def _counting(limit=3):
    """A condition and a body of a loop that counts and doubles."""

    @function.Defun(tf.int32, tf.float32)
    def goes_on(i, x):
        return i < limit

    @function.Defun(tf.int32, tf.float32)
    def once_more(i, x):
        return i + 1, x * 2.0

    return goes_on, once_more


def test_while_of_functions():
    goes_on, once_more = _counting()
    assert run(calls.While([0, 1.5], goes_on, once_more)) == [3, 12.0]


def test_while_refuses_a_body_of_fewer_results():
    goes_on, _ = _counting()

    @function.Defun(tf.int32, tf.float32)
    def short(i, x):
        return i + 1

    with pytest.raises(tf.errors.InvalidArgumentError, match="While loop body returned 1 arguments. Expected: 2"):
        run(calls.While([0, 1.5], goes_on, short))


@pytest.mark.parametrize("by_while", [False, True])
def test_for_carries_what_its_body_captures(by_while):
    step = tf.constant(10.0)

    @function.Defun(tf.int32, tf.float32)
    def body(i, x):
        return x + tf.cast(i, tf.float32) * step

    assert run(calls.For(1, 4, 1, [0.0], body, rewrite_with_while=by_while)) == [60.0]


def test_for_refuses_a_range_without_end():
    @function.Defun(tf.int32, tf.float32)
    def body(i, x):
        return x

    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid start/limit/delta: 0 3 -1"):
        run(calls.For(0, 3, -1, [0.0], body))


def test_functions_come_out_of_a_library():
    @function.Defun(tf.float32, tf.float32)
    def slope(x, dy):
        return dy * 3.0

    @function.Defun(tf.float32, grad_func=slope)
    def half(x):
        return x / 2.0

    half(1.0)
    library = tf.get_default_graph().as_graph_def().library
    with tf.Graph().as_default():
        found = {one.name: one for one in function_library.from_library(library)}
        x = tf.constant(4.0)
        y = found[half.name](x)
        assert run([y, *tf.gradients(y, x)]) == [2.0, 3.0]


def test_library_with_circular_gradients_is_refused():
    _, once_more = _counting()
    library = proto.FunctionDefLibrary(function=[once_more.definition])
    library.gradient.add(function_name=once_more.name, gradient_func=once_more.name)
    with pytest.raises(ValueError, match="contains cyclic gradient functions!"):
        function_library.from_library(library)


def test_python_function_returns_objects_of_text():
    made = tf.py_func(lambda: np.array([b"a", "b"], object), [], tf.string)
    assert run(made).tolist() == [b"a", b"b"]


def test_python_function_that_returns_a_dict_is_refused():
    made = tf.py_func(lambda: {"a": 1}, [], tf.int64)
    with pytest.raises(tf.errors.InternalError, match="Unsupported object type dict"):
        run(made)


def test_python_function_that_returns_records_is_refused():
    made = tf.py_func(lambda: np.zeros(2, [("a", np.float32)]), [], tf.float32)
    with pytest.raises(tf.errors.InternalError, match="Unsupported numpy data type"):
        run(made)


def test_stand_in_of_a_branch_not_taken_has_its_shape():
    made = tf.raw_ops.FakeParam(dtype=tf.float32, shape=[2, 3])
    assert made.shape.as_list() == [2, 3]
    assert run(made).shape == (2, 3)


def test_values_of_different_loops_do_not_meet():
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        x = tf.placeholder(tf.float32, [], name="x")
        first, second = (
            graph.create_op("Enter", [x], name=name, attrs={"T": tf.float32, "frame_name": f"frame_{name}"}).outputs[0]
            for name in ("a", "b"))
        text = (r"node Add has inputs from different frames. The input node a is in frame 'frame_a'. "
                r"The input node b is in frame 'frame_b'.")
        with pytest.raises(tf.errors.InvalidArgumentError, match=text):
            sess.run(graph.create_op("Add", [first, second], attrs={"T": tf.float32}).outputs[0], {x: 1.0})


def test_an_untaken_branch_gives_a_double_variable_zeros_of_its_type():
    with tf.Graph().as_default(), tf.Session() as sess:
        pred = tf.placeholder(tf.bool, [])
        v = tf.get_variable("v", initializer=tf.constant([1.0, 2.0], tf.float64), use_resource=True)
        (dv,) = tf.gradients(tf.cond(pred, lambda: v * 2.0, lambda: tf.zeros([2], tf.float64)), [v])
        sess.run(v.initializer)
        assert [sess.run(dv, {pred: one}).tolist() for one in (True, False)] == [[2, 2], [0, 0]]


def test_branches_agree_on_the_type_of_indices():
    with tf.Graph().as_default(), tf.Session() as sess:
        pred, values = tf.placeholder(tf.bool, []), tf.constant([10])
        found = tf.cond(
            pred, lambda: tf.IndexedSlices(values + 1, tf.constant([0])),
            lambda: tf.IndexedSlices(values - 1, tf.constant([2], tf.int64)))
        assert found.indices.dtype == tf.int64
        taken = [sess.run([found.values, found.indices], {pred: one}) for one in (True, False)]
        assert [[part.tolist() for part in one] for one in taken] == [[[11], [0]], [[9], [2]]]


def test_of_functions_with_one_name_the_last_says_the_gradient():
    def doubled(**options):
        @function.Defun(tf.float32, func_name="DoubledSomehow", **options)
        def twice(x):
            return x * 2.0

        return twice

    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant(100.0)
        (plain,) = tf.gradients(doubled()(x), x)
        (own,) = tf.gradients(doubled(python_grad_func=lambda op, dy: op.inputs[0] * dy / 2.0)(x), x)
        assert sess.run([plain, own]) == [2, 50]


def test_functions_take_the_values_of_variables_that_they_make():
    with tf.Graph().as_default(), tf.Session() as sess:
        @function.Defun(tf.float32)
        def model(x):
            w = tf.get_variable("w", [2, 2], initializer=tf.ones_initializer(), use_resource=True)
            out = tf.matmul(x, w)
            (given,) = function.get_extra_args()
            assert given.shape.as_list() == [2, 2] and given.dtype == tf.float32
            return out

        out = model(tf.constant([[1.0, 2.0]]))
        sess.run(tf.global_variables_initializer())
        assert sess.run(out).tolist() == [[3, 3]]

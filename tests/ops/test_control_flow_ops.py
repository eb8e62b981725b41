"""The ops of control flow without the functions that build them, as imported graphs have them."""

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.graph import opdef
from rekindle._src.state import function

#: the ops of control flow; most of them run in the tests below, in graphs that have no contexts
EXERCISED = """Switch Merge Enter Exit NextIteration LoopCond ControlTrigger StackV2 StackPushV2
StackPopV2 StackCloseV2 TensorArrayV3 TensorArrayGradV3 TensorArrayGradWithShape TensorArrayWriteV3
TensorArrayReadV3 TensorArrayGatherV3 TensorArrayScatterV3 TensorArrayConcatV3 TensorArraySplitV3
TensorArraySizeV3 TensorArrayCloseV3 PartitionedCall StatefulPartitionedCall RemoteCall
SymbolicGradient If StatelessIf Case While StatelessWhile
RefSwitch RefMerge RefEnter RefExit RefNextIteration""".split()


@pytest.fixture(autouse=True)
def _fresh_graph():
    with tf.Graph().as_default():
        yield


def run(fetches, feeds=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


def test_all_have_kernels():
    assert [name for name in EXERCISED if name not in opdef.OPS] == []


def test_loop_and_its_gradient_run_without_contexts():
    x = tf.placeholder(tf.float32, [], name="x")

    def body(i, v):
        return i + 1, tf.cond(v > 10.0, lambda: v + x, lambda: v * x)

    y = tf.while_loop(lambda i, v: i < 5, body, (0, 1.0))[1]
    slope = tf.gradients(y, x)[0]
    expected = run([y, slope], {x: 3.0})
    saved = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        found = tf.import_graph_def(saved, name="", return_elements=[y.name, slope.name])
        assert run(found, {"x:0": 3.0}) == expected


def test_ref_values_go_through_loops():
    variable = tf.Variable(1.0)
    entered = opdef.call("RefEnter", variable._ref(), "frame", False, 10)
    left = opdef.call("RefExit", entered)
    assert run(tf.identity(left)) == 1.0


def test_ref_values_go_through_branches():
    variable = tf.Variable(1.0)
    sides = opdef.call("RefSwitch", variable._ref(), True)
    merged = opdef.call("RefMerge", [sides[0], sides[1]])
    assert run(list(merged)) == [1.0, 1]


def test_stack_gives_back_in_opposite_order():
    stack = opdef.call("StackV2", -1, elem_type=tf.float32)
    with tf.control_dependencies([opdef.call("StackPushV2", stack, 1.0)]):
        second = opdef.call("StackPushV2", stack, 2.0)
    with tf.control_dependencies([second]):
        top = opdef.call("StackPopV2", stack, elem_type=tf.float32)
    with tf.control_dependencies([top]):
        close = opdef.call("StackCloseV2", stack)
    assert run([top, close]) == [2.0, None]


def test_array_of_gradients_with_more_axes():
    array = tf.TensorArray(tf.float32, 1, clear_after_read=False).unstack([[1.0, 2.0]])
    handle, flow = opdef.call(
        "TensorArrayGradWithShape", array.handle, array.flow, [3], source="gradients"
    )
    zeros = opdef.call("TensorArrayReadV3", handle, 0, flow, tf.float32)
    assert run(zeros).shape == (3, 2)


def test_array_can_be_split_joined_and_closed():
    array = tf.TensorArray(tf.float32, 2, infer_shape=False, clear_after_read=False)
    array = array.split([1.0, 2.0, 3.0], [1, 2])
    whole, size = array.concat(), array.size()
    with tf.control_dependencies([whole, size]):
        close = array.close()
    found = run([whole, size, close])
    np.testing.assert_array_equal(found[0], [1, 2, 3])
    assert found[1] == 2


def _functions():
    @function.Defun(tf.float32, func_name="Twice")
    def twice(x):
        return x * 2.0

    @function.Defun(tf.float32, func_name="Half")
    def half(x):
        return x / 2.0

    @function.Defun(tf.float32, func_name="Small")
    def small(x):
        return x < 100.0

    for one in (twice, half, small):
        one.add_to_graph(tf.get_default_graph())


@pytest.mark.parametrize("op", ["If", "StatelessIf"])
def test_branches_that_are_functions(op):
    _functions()
    pred = tf.placeholder(tf.bool, [])
    y = opdef.call(op, pred, [3.0], [tf.float32], "Twice", "Half")[0]
    assert [run(y, {pred: one}) for one in (True, False)] == [6.0, 1.5]


@pytest.mark.parametrize("op", ["While", "StatelessWhile"])
def test_loops_that_are_functions(op):
    _functions()
    assert run(opdef.call(op, [3.0], "Small", "Twice")[0]) == 192.0


@pytest.mark.parametrize("op", ["PartitionedCall", "StatefulPartitionedCall"])
def test_calls(op):
    _functions()
    assert run(opdef.call(op, [3.0], [tf.float32], "Twice")[0]) == 6.0

"""Ops of variables that no single call can show: Variable, VariableV2, VarHandleOp, TemporaryVariable,
DestroyTemporaryVariable, DestroyResourceOp."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.graph import opdef


def run(*fetches, feed=None):
    with tf.Session() as session:
        return [session.run(one, feed) for one in fetches]


def test_nodes_with_one_shared_name_are_one_variable():
    a = opdef.call("VariableV2", shape=[2], dtype=tf.float32, shared_name="v", name="a")
    b = opdef.call("VariableV2", shape=[2], dtype=tf.float32, shared_name="v", name="b")
    _, read = run(opdef.call("Assign", a, [1.0, 2.0]), tf.identity(b))
    assert read.tolist() == [1, 2]


def test_containers_keep_variables_apart():
    with tf.container("one"):
        a = tf.Variable(1.0, name="v")
    assert a.op.get_attr("container") == b"one"


def test_scalar_shape_of_the_old_variable_op_is_unknown():
    assert opdef.call("Variable", shape=[], dtype=tf.float32).shape.ndims is None
    assert opdef.call("Variable", shape=[2], dtype=tf.float32).shape.as_list() == [2]


def test_temporary_variable_lives_for_one_step():
    ref = opdef.call("TemporaryVariable", shape=[2], dtype=tf.float32, name="t")
    ref = opdef.call("AssignAdd", opdef.call("Assign", ref, [1.0, 2.0]), [10.0, 10.0])
    value = opdef.call("DestroyTemporaryVariable", ref, var_name="t")
    first, second = run(value, value)
    assert first.tolist() == second.tolist() == [11, 12]


def test_handles_with_one_shared_name_are_one_variable():
    a, b = (opdef.call("VarHandleOp", dtype=tf.int32, shape=[], shared_name="h") for _ in "ab")
    _, read = run(opdef.call("AssignVariableOp", a, 3),
                  opdef.call("ReadVariableOp", b, dtype=tf.int32))
    assert read == 3


def test_destroyed_resource_has_no_value():
    v = tf.Variable(1.0, use_resource=True)
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(opdef.call("DestroyResourceOp", v.handle))
        assert not session.run(v.is_initialized())
        with pytest.raises(tf.errors.NotFoundError):
            session.run(opdef.call("DestroyResourceOp", v.handle, ignore_lookup_error=False))


def test_values_read_before_an_update_stay():
    v = tf.Variable([1.0, 2.0])
    read = v.read_value()
    with tf.control_dependencies([read]):
        update = v.assign_add([10.0, 10.0])
    with tf.control_dependencies([update]):
        after = read * 1.0
    with tf.Session() as session:
        session.run(v.initializer)
        old, _, _ = session.run([read, update, after])
        assert old.tolist() == [1, 2]


def test_assigning_a_variable_its_own_values_in_another_order():
    v = tf.Variable(np.arange(6.0))
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(tf.assign(v, tf.reverse(v, [0]))).tolist() == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize("interpreted", ["0", "1"])
def test_snapshots_after_an_update_are_new(interpreted, monkeypatch):
    monkeypatch.setenv("REKINDLE_INTERPRET", interpreted)
    v = tf.Variable([1.0, 2.0])
    update = tf.assign_add(v, [10.0, 10.0])
    with tf.control_dependencies([update]):
        product = v * 2.0
        branch = tf.cond(tf.constant(True), lambda: v * 1.0, lambda: v * 0.0)
    independent = v * 3.0
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(product).tolist() == [22, 24]
        assert session.run(branch).tolist() == [21, 22]
        assert session.run([independent, update])[0].tolist() == [63, 66]

"""Variables as users make, read, update, save and restore them."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf


@pytest.fixture(params=[False, True], ids=["ref", "resource"])
def use_resource(request):
    return request.param


def initialized():
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def test_initial_value_depends_on_another_variable():
    a = tf.Variable([1.0, 2.0])
    b = tf.Variable(a * 10.0)
    with tf.Session() as session:
        session.run(b.initializer)  # a is not initialised: its initial value is taken
        assert session.run(b).tolist() == [10, 20]
        session.run(tf.assign(a, [3.0, 4.0]))
        session.run(b.initializer)
        assert session.run(b).tolist() == [30, 40]


def test_load_eval_and_initialized_value(use_resource):
    v = tf.Variable([1.0, 2.0], use_resource=use_resource)
    initial = v.initialized_value()
    with tf.Session() as session:
        assert session.run(initial).tolist() == [1, 2]
        v.load([5.0, 6.0], session)
        assert v.eval(session).tolist() == session.run(initial).tolist() == [5, 6]
    with pytest.raises(ValueError, match="Either session argument"):
        v.load([1.0, 1.0])


def test_updates(use_resource):
    v = tf.Variable([1.0, 2.0, 3.0], use_resource=use_resource)
    with initialized() as session:
        assert session.run(v.assign_add([1.0, 1.0, 1.0])).tolist() == [2, 3, 4]
        assert session.run(v.assign_sub([2.0, 2.0, 2.0])).tolist() == [0, 1, 2]
        assert session.run(v.assign([7.0, 8.0, 9.0], read_value=False)) is None
        assert session.run(v[1:].assign([1.0, 2.0])).tolist() == [7, 1, 2]
        rows = tf.IndexedSlices(tf.constant([5.0]), tf.constant([0]))
        assert session.run(v.scatter_add(rows)).tolist() == [12, 1, 2]
        assert session.run(v.scatter_nd_update([[2]], [4.0])).tolist() == [12, 1, 4]
        with pytest.raises(TypeError, match="sparse_delta is not IndexedSlices"):
            v.scatter_add([1.0])


def test_what_follows_an_update_sees_it(use_resource):
    v = tf.Variable([1.0, 2.0], use_resource=use_resource)
    with tf.control_dependencies([tf.assign(v, [3.0, 4.0])]):
        after = v * 1.0
    with initialized() as session:
        assert session.run(after).tolist() == [3, 4]


def test_uninitialized_variable_is_named():
    v = tf.Variable(1.0, name="weights")
    with tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError,
                           match="Attempting to use uninitialized value weights"):
            session.run(v)
        assert session.run(tf.report_uninitialized_variables()).tolist() == [b"weights"]


def test_uninitialized_resource_is_named():
    v = tf.Variable(1.0, name="weights", use_resource=True)
    with tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError,
                           match="Error while reading resource variable weights"):
            session.run(v)


def test_wrong_arguments():
    with pytest.raises(ValueError, match="initial_value must be specified"):
        tf.Variable()
    with pytest.raises(ValueError, match="initial_value must have a shape specified"):
        tf.Variable(tf.placeholder(tf.float32))
    with pytest.raises(ValueError, match="The `constraint` argument must be a callable"):
        tf.Variable(1.0, constraint=3)
    with pytest.raises(ValueError, match="collections argument to Variable constructor"):
        tf.Variable(1.0, collections="foo")
    with pytest.raises(TypeError, match="'Variable' object is not iterable"):
        list(tf.Variable([1.0]))


def test_value_from_inside_a_branch_is_refused():
    def branch():
        with pytest.raises(ValueError, match="use a lambda as the initializer"):
            tf.Variable(tf.zeros([2]) + 1.0)
        return tf.constant(1.0)

    tf.cond(tf.placeholder(tf.bool), branch, lambda: tf.constant(2.0))


def test_proto_round_trip(use_resource):
    v = tf.Variable([1.0, 2.0], name="v", use_resource=use_resource, trainable=False)
    copy = tf.Variable.from_proto(v.to_proto())
    assert (copy.name, copy.trainable, copy.shape.as_list()) == ("v:0", False, [2])
    assert copy.initializer is v.initializer
    with initialized() as session:
        assert session.run(copy).tolist() == [1, 2]
    assert v.to_proto(export_scope="elsewhere") is None


def test_slice_info_round_trip():
    info = tf.Variable.SaveSliceInfo("full", [10, 20], [0, 10], [10, 10])
    assert info.spec == "10 20 0,10:10,10"
    again = tf.Variable.SaveSliceInfo(save_slice_info_def=info.to_proto(), import_scope="a")
    assert (again.full_name, again.spec) == ("a/full", info.spec)


def test_creator_scopes_nest():
    seen = []

    def creator(word):
        def create(next_creator, **arguments):
            seen.append(word)
            return next_creator(**arguments)
        return create

    with tf.variable_creator_scope(creator("outer")), tf.variable_creator_scope(creator("inner")):
        tf.get_variable("v", [1])
    tf.Variable(1.0)
    assert seen == ["inner", "outer"]


def test_resource_variables_can_be_the_default():
    assert not tf.resource_variables_enabled()
    tf.enable_resource_variables()
    try:
        assert tf.Variable(1.0).op.type == "VarHandleOp"
    finally:
        tf.disable_resource_variables()
    assert tf.Variable(1.0).op.type == "VariableV2"


def test_resource_variables_refuse_augmented_assignment():
    v = tf.Variable(1.0, use_resource=True)
    with pytest.raises(RuntimeError, match=r"Variable \+= value not supported"):
        v += 1.0
    r = tf.Variable(1.0)
    r += 1.0
    assert isinstance(r, tf.Tensor)


def test_partitioned_variable_is_one_tensor():
    value = np.arange(12, dtype=np.float32).reshape(4, 3)
    v = tf.get_variable("p", initializer=tf.constant(value), partitioner=tf.fixed_size_partitioner(3))
    assert [part.shape.as_list() for part in v] == [[2, 3], [1, 3], [1, 3]]
    assert [part._get_save_slice_info().spec for part in v] == [
        "4 3 0,2:0,3", "4 3 2,1:0,3", "4 3 3,1:0,3"]
    with initialized() as session:
        assert np.array_equal(session.run(tf.convert_to_tensor(v)), value)
        session.run(v.assign_add(tf.ones([4, 3])))
        assert np.array_equal(session.run(tf.identity(v)), value + 1)


def test_partitioners():
    shape = tf.TensorShape([100, 10])
    assert tf.variable_axis_size_partitioner(1000)(shape, tf.float32) == [4, 1]
    assert tf.min_max_variable_partitioner(8, min_slice_size=1 << 10)(
        shape=shape, dtype=tf.float32) == [4, 1]
    assert tf.fixed_size_partitioner(3, axis=1)(shape=shape, dtype=tf.float32) == [1, 3]

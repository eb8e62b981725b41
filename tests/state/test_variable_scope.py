"""Sharing of variables by name, and what scopes hand down."""
from __future__ import annotations

import pytest

import rekindle as tf


def test_reuse_rules():
    with tf.variable_scope("s"):
        v = tf.get_variable("v", [2])
        with pytest.raises(ValueError, match="Variable s/v already exists, disallowed"):
            tf.get_variable("v", [2])
    with tf.variable_scope("s", reuse=True):
        assert tf.get_variable("v", [2]) is v
        with pytest.raises(ValueError, match="Variable s/w does not exist"):
            tf.get_variable("w", [2])
        with pytest.raises(ValueError, match="Trying to share variable s/v, but specified shape"):
            tf.get_variable("v", [3])
        with pytest.raises(ValueError, match="Trying to share variable s/v, but specified dtype"):
            tf.get_variable("v", [2], dtype=tf.int32)
        with tf.variable_scope("t", reuse=False):
            assert tf.get_variable_scope().reuse is True  # inherited: False is None here
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        assert tf.get_variable("v", [2]) is v
        assert tf.get_variable("w", [2]) is tf.get_variable("w", [2])


def test_scopes_hand_down_defaults():
    ones = tf.ones_initializer()
    with tf.variable_scope("a", initializer=ones, dtype=tf.float64, use_resource=True) as scope:
        with tf.variable_scope("b"):
            v = tf.get_variable("v", [2])
    assert (v.dtype, v.op.type) == (tf.float64, "VarHandleOp")
    assert scope.initializer is ones
    with tf.variable_scope(scope, use_resource=False):
        assert tf.get_variable("w", [2]).op.type == "VariableV2"


def test_custom_getters_nest():
    order = []

    def noting(word):
        def custom(getter, name, *args, **kwargs):
            order.append(word)
            return getter(name, *args, **kwargs)
        return custom

    with tf.variable_scope("a", custom_getter=noting("outer")):
        with tf.variable_scope("b", custom_getter=noting("inner")):
            tf.get_variable("v", [1])
    assert order == ["inner", "outer"]


def test_unnamed_scopes_line_up_when_reopened():
    def layer():
        with tf.variable_scope(None, "layer"):
            return tf.get_variable("w", [1]).name

    with tf.variable_scope("model"):
        first = [layer(), layer()]
    with tf.variable_scope("model", reuse=True):
        assert [layer(), layer()] == first == ["model/layer/w:0", "model/layer_1/w:0"]


def test_wrong_arguments():
    with pytest.raises(TypeError, match="If default_name is None then name_or_scope is required"):
        tf.variable_scope(None)
    with pytest.raises(ValueError, match="The reuse parameter must be True or False or None"):
        tf.variable_scope("a", reuse=3)
    with pytest.raises(ValueError, match="reuse=True cannot be used without a name_or_scope"):
        with tf.variable_scope(None, "a", reuse=True):
            pass
    with pytest.raises(TypeError, match="must be a string or VariableScope"):
        with tf.variable_scope(3):
            pass
    with pytest.raises(ValueError, match="If initializer is a constant, do not specify shape"):
        tf.get_variable("v", [2], initializer=[1.0, 2.0])
    with pytest.raises(ValueError, match="The initializer passed is not valid"):
        tf.get_variable("v", initializer=tf.zeros_initializer())


def test_regularizer_is_called_once():
    def loss(v):
        return tf.reduce_sum(v)

    with tf.variable_scope("s", regularizer=loss):
        tf.get_variable("v", [2])
        tf.get_variable("w", [2], regularizer=tf.no_regularizer)
    with tf.variable_scope("s", regularizer=loss, reuse=True):
        tf.get_variable("v", [2])
    assert [x.name for x in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)] == [
        "s/v/Regularizer/Sum:0"]


def test_template_shares_its_variables():
    scale = tf.make_template("scale", lambda x: x * tf.get_variable("w", [1]))
    a, b = scale(tf.ones([1])), scale(tf.ones([1]))
    assert [v.name for v in tf.global_variables()] == ["scale/w:0"]
    assert (a.name, b.name) == ("scale/mul:0", "scale_1/mul:0")
    assert [v.name for v in scale.trainable_variables] == ["scale/w:0"]
    again = tf.make_template("scale", lambda x: x * tf.get_variable("w", [1]))
    again(tf.ones([1]))
    assert again.variable_scope.name == "scale_2" or again.variable_scope.name == "scale_1"


def test_template_refuses_new_variables():
    names = iter("ab")
    new = tf.make_template("t", lambda: tf.Variable(1.0, name=next(names)))
    new()
    with pytest.raises(ValueError, match="Trainable variable created when calling a template"):
        new()

"""Array functions as users call them: what is folded, packed, indexed, and what ops give that no sample can show
(Const, HostConst, ImmutableConst, IdentityN, RefIdentity, DeepCopy, Empty, PlaceholderV2, Dequantize,
QuantizeAndDequantize)."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.graph import opdef


def run(value, feed=None):
    with tf.Session(graph=tf.get_default_graph()) as session:
        return session.run(value, feed)


@pytest.fixture(autouse=True)
def fresh_graph():
    with tf.Graph().as_default():
        yield


def ops():
    return [(op.name, op.type) for op in tf.get_default_graph().get_operations()]


def test_known_shapes_become_constants():
    x = tf.zeros([2, 3])
    assert [t.op.type for t in (tf.shape(x), tf.size(x), tf.rank(x))] == ["Const"] * 3
    y = tf.placeholder(tf.float32, [None, 3])
    assert [t.op.type for t in (tf.shape(y), tf.size(y), tf.rank(y))] == ["Shape", "Size", "Const"]


def test_small_zeros_are_constants_and_large_ones_are_filled():
    assert tf.zeros([9, 9]).op.type == "Const"
    assert tf.zeros([99, 99]).op.type == "Fill"
    assert tf.ones(tf.constant([2, 2])).op.type == "Fill"


def test_lists_that_contain_tensors_are_packed():
    x = tf.placeholder(tf.float32, [])
    out = tf.convert_to_tensor([[x, 1.0], [2.0, x]])
    assert out.op.type == "Pack" and out.shape.as_list() == [2, 2]
    assert run(out, {x: 5.0}).tolist() == [[5, 1], [2, 5]]


@pytest.mark.parametrize("index", [
    np.s_[1], np.s_[-1], np.s_[:, 2], np.s_[1:, ::2], np.s_[::-1], np.s_[..., 0], np.s_[None, 1],
    np.s_[:, None, 1:], np.s_[1:0], np.s_[0, ..., None], np.s_[-2:, 3:0:-2],
])  # fmt: skip
def test_indexing_is_numpys(index):
    array = np.arange(12.0).reshape(3, 4)
    out = tf.constant(array)[index]
    expected = array[index]
    assert out.shape.as_list() == list(expected.shape)
    assert run(out).tolist() == expected.tolist()


def test_indexing_by_tensors_and_masks():
    x, i = tf.constant(np.arange(12).reshape(3, 4)), tf.placeholder(tf.int32, [])
    assert run(x[i, i:], {i: 2}).tolist() == [10, 11]
    assert run(x[x > 9]).tolist() == [10, 11]
    with pytest.raises(TypeError, match="Only integers, slices"):
        x["a"]


def test_only_variables_have_assignable_slices():
    with pytest.raises(ValueError, match="Sliced assignment is only supported for variables"):
        tf.constant([1, 2])[0].assign(3)


def test_structural_ops_move_strings():
    words = tf.constant([["a", "b"], ["c", "d"]])
    moved = tf.concat([tf.transpose(words), tf.reverse(words, [1])], 0)
    assert run(tf.gather(moved, [0, 2])).tolist() == [[b"a", b"c"], [b"b", b"a"]]
    assert run(tf.pad(words, [[0, 1], [0, 0]]))[2].tolist() == [b"", b""]


def test_boolean_mask_and_where():
    x = tf.constant([[1, 2], [3, 4]])
    assert run(tf.boolean_mask(x, [[True, False], [True, True]])).tolist() == [1, 3, 4]
    assert run(tf.boolean_mask(x, [False, True], axis=1)).tolist() == [[2], [4]]
    assert run(tf.where(x > 2)).tolist() == [[1, 0], [1, 1]]
    with pytest.raises(ValueError, match="mask cannot be scalar"):
        tf.boolean_mask(x, True)


def test_repeat_meshgrid_sequence_mask():
    assert run(tf.repeat([1, 2], [2, 1])).tolist() == [1, 1, 2]
    assert run(tf.repeat([[1, 2]], 2, axis=1)).tolist() == [[1, 1, 2, 2]]
    x, y = run(tf.meshgrid([1, 2], [3, 4, 5]))
    assert x.tolist() == [[1, 2]] * 3 and y.tolist() == [[3, 3], [4, 4], [5, 5]]
    assert run(tf.sequence_mask([1, 3], 4)).tolist() == [[1, 0, 0, 0], [1, 1, 1, 0]]


def test_batch_gather_nd():
    x = np.arange(12).reshape(2, 3, 2)
    assert run(tf.gather_nd(x, [[1], [0]], batch_dims=1)).tolist() == [[2, 3], [6, 7]]
    assert run(tf.batch_gather([[1, 2], [3, 4]], [[1, 1], [0, 1]])).tolist() == [[2, 2], [3, 4]]


def test_unique_along_an_axis():
    y, idx, count = opdef.call(
        "UniqueWithCountsV2", [[1, 0], [0, 0], [1, 0]], np.array([0], np.int64)
    )
    y.set_shape(None)
    assert run(idx).tolist() == [0, 1, 0] and run(count).tolist() == [2, 1]


def test_setdiff_searchsorted_edit_distance():
    out, idx = run(tf.setdiff1d([1, 2, 3], [2]))
    assert out.tolist() == [1, 3] and idx.tolist() == [0, 2]
    assert run(tf.searchsorted([[1, 2, 2, 3]], [[2, 9]], side="right")).tolist() == [[3, 4]]
    a = tf.SparseTensor([[0, 0], [0, 1]], ["a", "b"], [1, 2])
    b = tf.SparseTensor([[0, 0]], ["b"], [1, 1])
    assert run(tf.edit_distance(a, b)).tolist() == [1]


def test_required_paddings():
    paddings, crops = tf.required_space_to_batch_paddings([5, 4], [2, 2])
    assert run(paddings).tolist() == [[0, 1], [0, 0]] and run(crops).tolist() == [[0, 1], [0, 0]]


def test_quantized_round_trip():
    """QuantizeV2 and Dequantize."""
    x = np.linspace(-1, 1, 9).astype(np.float32)
    for kind, mode in ((tf.quint8, "MIN_COMBINED"), (tf.qint8, "SCALED"), (tf.quint8, "MIN_FIRST")):
        low_bits, low, high = tf.quantize_v2(x, -1.0, 1.0, kind, mode)
        np.testing.assert_allclose(run(tf.dequantize(low_bits, low, high, mode)), x, atol=0.02)


def test_identities():
    """IdentityN, DeepCopy, Snapshot: the values pass."""
    a, b = run(tf.identity_n([[1.0], ["x"]]))
    assert a.tolist() == [1] and b.tolist() == [b"x"]
    assert run(opdef.call("DeepCopy", [1.0])).tolist() == [1]


def test_fed_placeholder_and_default():
    x = tf.placeholder_with_default([1.0, 2.0], [None])
    assert run(x).tolist() == [1, 2] and run(x, {x: [7.0]}).tolist() == [7]
    y = tf.placeholder(tf.float32, [2], "y")
    with pytest.raises(tf.errors.InvalidArgumentError, match="You must feed a value for placeholder tensor 'y'"):
        run(y + 1.0)


def test_both_names_of_an_argument():
    assert tf.squeeze(tf.zeros([1, 2]), squeeze_dims=[0]).shape.as_list() == [2]
    with pytest.raises(ValueError, match="Cannot specify both"):
        tf.squeeze(tf.zeros([1, 2]), axis=[0], squeeze_dims=[0])


def test_sort_orders_along_an_axis():
    values = np.array([[3.0, 1.0, 2.0], [1.0, 5.0, 1.0]], np.float32)
    open_values = tf.placeholder(tf.float32, None)
    with tf.Session() as session:
        for axis in (0, 1, -1, -2):
            for direction in ("ASCENDING", "DESCENDING"):
                sign = 1 if direction == "ASCENDING" else -1
                wanted = sign * np.sort(sign * values, axis)
                places = np.argsort(sign * values, axis, kind="stable")
                # Of an open rank, the last axis is known only as -1.
                for given in (tf.constant(values), open_values)[: 1 if axis == 1 else 2]:
                    found = session.run(
                        [tf.sort(given, axis, direction), tf.argsort(given, axis, direction)],
                        {open_values: values},
                    )
                    np.testing.assert_array_equal(found[0], wanted)
                    np.testing.assert_array_equal(found[1], places)
                    assert found[1].dtype == np.int32


def test_sort_wants_a_known_axis_and_direction():
    with pytest.raises(ValueError, match="UP should be one of ASCENDING, DESCENDING"):
        tf.sort([1, 2], direction="UP")
    with pytest.raises(ValueError, match="axis must be a constant scalar"):
        tf.argsort([1, 2], axis=tf.placeholder(tf.int32, []))


def test_the_gradient_of_a_concatenation_before_a_loop_takes_its_axis():
    x = tf.placeholder(tf.float32, [2, None])
    start = tf.concat([x, x], 1)
    _, end = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * s), [0, start])
    [slope] = tf.gradients(end, x)
    mod = tf.get_default_graph().get_operation_by_name("gradients/concat_grad/mod")
    assert mod.inputs[0].op.name == "concat/axis"
    assert run(slope, {x: [[1.0], [0.5]]})[:, 0] == pytest.approx([16, 16 * 0.5**7])

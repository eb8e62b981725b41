"""Summaries: pixels of images, sounds (AudioSummary), and the nodes that the functions of tf.summary make."""
from __future__ import annotations

import io
import struct
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from rekindle._src import errors
from rekindle._src.graph import convert, proto, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.graph import Graph
from rekindle._src.ops import summary, summary_encode
from rekindle._src.ops.torch_types import to_torch

TAG = np.array(b"tag", object)
RED = np.array([255, 0, 0, 255], np.uint8)


@pytest.fixture(autouse=True)
def graph():
    made = Graph()
    with made.as_default():
        yield made


def tensor(array):
    return to_torch(array, convert.as_dtype(array.dtype))


def values(packed):
    return proto.Summary.FromString(packed.item()).value


def pixels(value):
    return np.asarray(Image.open(io.BytesIO(value.image.encoded_image_string)))


def nodes(graph):
    return [(one.name, one.type, [i.name for i in one.inputs]) for one in graph.get_operations()]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ([0.0, 0.5, 1.0, 2.0], [0, 63, 127, 255]),
        ([-1.0, 0.0, 0.5, 1.0], [1, 128, 191, 255]),
        ([0.0, 0.0, 0.0, 0.0], [0, 0, 0, 0]),
        ([np.nan, 1.0, np.inf, 0.5], [255, 255, 255, 127]),
    ],
)
def test_scaling_of_float_images(image, expected):
    values = np.array(image, np.float32).reshape(2, 2, 1)
    assert summary_encode.normal_image(values, RED[:1]).reshape(-1).tolist() == expected


def test_pixels_that_are_not_finite_get_the_bad_color():
    image = np.full((1, 1, 2, 3), np.nan, np.float32)
    (value,) = values(summary.image_summary.kernel(TAG, tensor(image), max_images=1, bad_color=RED))
    assert value.tag == "tag/image"
    assert pixels(value).tolist() == [[[255, 0, 0], [255, 0, 0]]]


def test_uint8_images_stay_as_they_are_and_tags_count():
    images = np.arange(3 * 2 * 2 * 4, dtype=np.uint8).reshape(3, 2, 2, 4)
    found = values(summary.image_summary.kernel(TAG, tensor(images), max_images=2, bad_color=RED))
    assert [one.tag for one in found] == ["tag/image/0", "tag/image/1"]
    assert (found[0].image.height, found[0].image.width, found[0].image.colorspace) == (2, 2, 4)
    assert np.array_equal(pixels(found[1]), images[1])


def test_too_short_bad_color():
    image = np.zeros((1, 1, 2, 3), np.float32)
    with pytest.raises(errors.InvalidArgumentError, match="got depth = 3, bad_color.size = 1"):
        summary.image_summary.kernel(TAG, tensor(image), max_images=1, bad_color=RED[:1])


def test_old_audio_op_writes_what_the_new_one_writes():
    sounds = np.linspace(-1.5, 1.5, 40, dtype=np.float32).reshape(1, 20, 2)
    rate = tensor(np.array(8000, np.float32))
    old = summary.audio_summary.kernel(TAG, tensor(sounds), sample_rate=8000.0, max_outputs=1)
    new = summary.audio_summary_v2.kernel(TAG, tensor(sounds), rate, max_outputs=1)
    assert old.item() == new.item()


def test_samples_round_half_away_from_zero_and_are_clipped():
    samples = np.array([[0.5, -0.5, 1.5, -1.5, 40000, -40000]], np.float32).T / 32768
    data = struct.unpack("<6h", summary_encode.wav(samples, 8000)[44:])
    assert data == (1, -1, 2, -2, 32767, -32768)


def test_node_summary_and_histogram_errors_name_the_node():
    context = SimpleNamespace(name="a/node")
    packed = summary.tensor_summary_v1.kernel(TAG, T=convert.as_dtype("string"), ctx=context)
    assert values(packed)[0].node_name == "a/node"
    with pytest.raises(errors.InvalidArgumentError, match="Nan in summary histogram for: a/node"):
        bad = tensor(np.array([np.nan]))
        summary.histogram_summary.kernel(TAG, bad, ctx=context)


def test_scalar_makes_tensorflows_nodes(graph):
    value = convert.convert_to_tensor(1.0, name="value")
    with scopes.name_scope("outer"):
        summary.scalar("a b", value)
        summary.scalar("a b", value, family="fam")
    assert nodes(graph)[1:] == [
        ("outer/a_b/tags", "Const", []),
        ("outer/a_b", "ScalarSummary", ["outer/a_b/tags:0", "value:0"]),
        ("outer/fam/a_b/tags", "Const", []),
        ("outer/fam/a_b", "ScalarSummary", ["outer/fam/a_b/tags:0", "value:0"]),
    ]
    tags = [graph.get_operation_by_name(nodes(graph)[i][0]).get_attr("value") for i in (1, 3)]
    assert [one.string_val for one in tags] == [[b"outer/a_b"], [b"fam/outer/fam/a_b"]]


def test_merge_all_takes_the_collection_or_a_scope_of_it(graph):
    assert summary.merge_all() is None
    for name in ("x", "scope/y"):
        summary.scalar(name, 1.0)
    assert len(graph.get_collection(GraphKeys.SUMMARIES)) == 2
    assert summary.merge_all().op.name == "Merge/MergeSummary"
    assert [one.name for one in summary.merge_all(scope="scope").op.inputs] == ["scope/y:0"]
    assert len(graph.get_collection(GraphKeys.SUMMARIES)) == 2


def test_collections_can_be_chosen(graph):
    made = summary.histogram(None, [1.0], collections=["mine"])
    assert made.op.name == "HistogramSummary"
    assert graph.get_collection("mine") == [made]
    assert graph.get_collection(GraphKeys.SUMMARIES) == []


def test_text_wants_strings(graph):
    made = summary.text("note", convert.convert_to_tensor("hello", name="words"))
    assert made.op.type == "TensorSummaryV2"
    with pytest.raises(ValueError, match="Expected tensor number:0 to have dtype string"):
        summary.text("note", convert.convert_to_tensor(1.0, name="number"))


def test_image_keeps_tensorflows_bad_color(graph):
    made = summary.image("i", np.zeros((1, 2, 2, 1), np.float32))
    assert made.op.get_attr("max_images") == 3
    assert np.array_equal(made.op._attrs["bad_color"], RED)

"""tf.contrib.deprecated: tags are taken as they are, nodes are TensorFlow's."""
from __future__ import annotations

import numpy as np

from rekindle._src.contrib import deprecated
from rekindle._src.graph import proto, scopes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.run.session import Session


def test_summaries_and_their_merge():
    values = np.array([1.0, 2.0], np.float32)
    deprecated.scalar_summary(["a b", "c"], values)
    deprecated.histogram_summary("h", values, name="hist")
    deprecated.image_summary("i", np.zeros((1, 2, 2, 1), np.float32), max_images=1)
    deprecated.audio_summary("s", np.zeros((1, 20), np.float32), 8000.0, max_outputs=1)
    made = get_collection(GraphKeys.SUMMARIES)
    names = ["ScalarSummary", "hist", "ImageSummary", "AudioSummary"]
    assert [one.op.name for one in made] == names
    merged = deprecated.merge_all_summaries()
    assert merged.op.name == "MergeSummary/MergeSummary"
    found = proto.Summary.FromString(Session().run(merged)).value
    assert [one.tag for one in found] == ["a b", "c", "h", "i/image", "s/audio"]


def test_nothing_to_merge():
    assert deprecated.merge_all_summaries() is None
    with scopes.name_scope("scope"):
        made = deprecated.scalar_summary("tag", 1.0, collections=["mine"])
    assert get_collection("mine") == [made]
    assert [one.name for one in made.op.inputs] == [
        "scope/ScalarSummary/tags:0",
        "scope/ScalarSummary/values:0",
    ]

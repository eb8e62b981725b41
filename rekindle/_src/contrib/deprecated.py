"""`tf.contrib.deprecated`: the summaries of TensorFlow 0.x, whose first argument is the tag itself.

The functions of `tf.summary` take a name, which also makes the tag, in place of it.
"""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.names import public
from rekindle._src.ops import summary

_SUMMARIES = (GraphKeys.SUMMARIES,)


@public("contrib.deprecated.scalar_summary")
def scalar_summary(tags: Any, values: Any, collections: Any = None, name: str | None = None) -> Any:
    """A Summary of one number for each tag; `tags` and `values` have one shape."""
    with scopes.name_scope(name, "ScalarSummary", [tags, values]) as scope:
        made = summary.scalar_summary(tags=tags, values=values, name=scope)
        summary.collect(made, collections, _SUMMARIES)
    return made


@public("contrib.deprecated.histogram_summary")
def histogram_summary(
    tag: Any, values: Any, collections: Any = None, name: str | None = None
) -> Any:
    """A Summary of the distribution of all values under a tag."""
    with scopes.name_scope(name, "HistogramSummary", [tag, values]) as scope:
        made = summary.histogram_summary(tag=tag, values=values, name=scope)
        summary.collect(made, collections, _SUMMARIES)
    return made


@public("contrib.deprecated.image_summary")
def image_summary(
    tag: Any, tensor: Any, max_images: int = 3, collections: Any = None, name: str | None = None
) -> Any:
    """A Summary of images [B, H, W, C], C of 1, 3 or 4, under a tag."""
    with scopes.name_scope(name, "ImageSummary", [tag, tensor]) as scope:
        made = summary.image_summary(tag=tag, tensor=tensor, max_images=max_images, name=scope)
        summary.collect(made, collections, _SUMMARIES)
    return made


@public("contrib.deprecated.audio_summary")
def audio_summary(
    tag: Any,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    name: str | None = None,
) -> Any:
    """A Summary of sounds [B, frames] or [B, frames, channels] under a tag."""
    with scopes.name_scope(name, "AudioSummary", [tag, tensor]) as scope:
        rate = convert.convert_to_tensor(sample_rate, dtypes.float32, "sample_rate")
        made = summary.audio_summary_v2(
            tag=tag, tensor=tensor, max_outputs=max_outputs, sample_rate=rate, name=scope
        )
        summary.collect(made, collections, _SUMMARIES)
    return made


@public("contrib.deprecated.merge_summary")
def merge_summary(inputs: Any, collections: Any = None, name: str | None = None) -> Any:
    """One Summary of several; running it fails where a tag comes twice."""
    with scopes.name_scope(name, "MergeSummary", inputs):
        made = summary.merge_summary(inputs=inputs, name=name)
        summary.collect(made, collections, ())
    return made


@public("contrib.deprecated.merge_all_summaries")
def merge_all_summaries(key: str = GraphKeys.SUMMARIES) -> Any:
    """One Summary of all in a collection of the default graph; None if there is none."""
    found = get_collection(key)
    return merge_summary(found) if found else None

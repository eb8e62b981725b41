"""Summary ops: values of a step as `Summary` messages for event files.

Holds the ops and `tf.summary.scalar` and its kin. What is inside a message is made in
`summary_encode.py`; writing messages to files is `summary/writer.py`.
"""
from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.graph import attrs, collections, convert, dtypes, infer, proto, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import summary_encode
from rekindle._src.ops.torch_types import to_numpy

_ILLEGAL = re.compile(r"[^-/\w\.]")
_SUMMARIES = (collections.GraphKeys.SUMMARIES,)


@op("ScalarSummary", infer=infer.scalar, host=True)
def scalar_summary(tags, values):
    """A Summary of one number for each tag."""
    numbers = to_numpy(values)
    if tags.shape != numbers.shape:
        tag = f" (tag '{_text(tags)}')" if tags.size == 1 else ""
        message = f"tags and values not the same shape: {_shown(tags)} != {_shown(numbers)}{tag}"
        raise errors.InvalidArgumentError(None, None, message)
    summary = proto.Summary()
    for tag, number in zip(tags.reshape(-1), numbers.reshape(-1).astype(np.float32)):
        summary.value.add(tag=_utf8(tag), simple_value=number)
    return _packed(summary)


@op("HistogramSummary", infer=infer.scalar, host=True)
def histogram_summary(tag, values, *, ctx):
    """A Summary of the distribution of all values."""
    _check_scalar(tag, "tags must be scalar")
    numbers = to_numpy(values).reshape(-1).astype(np.float64)
    if not np.isfinite(numbers).all():
        bad = numbers[~np.isfinite(numbers)][0]
        what = "Nan" if np.isnan(bad) else "Infinity"
        message = f"{what} in summary histogram for: {ctx.name}"
        raise errors.InvalidArgumentError(None, None, message)
    value = proto.Summary.Value(tag=_text(tag), histo=summary_encode.histogram(numbers))
    return _packed(proto.Summary(value=[value]))


@op("ImageSummary", infer=infer.scalar, host=True)
def image_summary(tag, tensor, *, max_images=3, bad_color):
    """A Summary of up to max_images images [B, H, W, C] as PNG files."""
    _check_scalar(tag, "Tags must be a scalar")
    images = to_numpy(tensor)
    if images.ndim != 4 or images.shape[3] not in (1, 3, 4):
        message = f"Tensor must be 4-D with last dim 1, 3, or 4, not {_shown(images)}"
        raise errors.InvalidArgumentError(None, None, message)
    batch, height, width, depth = images.shape
    if height * width == 0:
        sizes = ", ".join(map(str, images.shape))
        message = f"input tensor must have non-zero dims. Found: [{sizes}]."
        raise errors.InvalidArgumentError(None, None, message)
    bad_color = np.asarray(bad_color)
    if images.dtype != np.uint8 and bad_color.size < depth:
        message = (
            f"expected depth <= bad_color.size, got depth = {depth}, "
            f"bad_color.size = {bad_color.size}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    summary = proto.Summary()
    for i in range(min(max_images, batch)):
        pixels = images[i]
        if pixels.dtype != np.uint8:
            pixels = summary_encode.normal_image(pixels, bad_color[:depth])
        file = summary_encode.png(pixels)
        value = summary.value.add(tag=f"{_text(tag)}/image" + (f"/{i}" if max_images > 1 else ""))
        value.image.height, value.image.width, value.image.colorspace = height, width, depth
        value.image.encoded_image_string = file
    return _packed(summary)


@op("AudioSummaryV2", infer=infer.scalar, host=True)
def audio_summary_v2(tag, tensor, sample_rate, *, max_outputs=3):
    """A Summary of up to max_outputs sounds [B, frames(, channels)] as WAV files."""
    return _audio(tag, to_numpy(tensor), float(to_numpy(sample_rate)), max_outputs)


@op("AudioSummary", infer=infer.scalar, host=True)
def audio_summary(tag, tensor, *, sample_rate, max_outputs=3):
    """AudioSummaryV2 with the rate as an attr."""
    return _audio(tag, to_numpy(tensor), sample_rate, max_outputs)


def _audio(tag: Any, sounds: np.ndarray, sample_rate: float, max_outputs: int) -> Any:
    _check_scalar(tag, "Tag must be a scalar")
    if sounds.ndim not in (2, 3):
        message = f"Tensor must be 3-D or 2-D, got: {_shown(sounds)}"
        raise errors.InvalidArgumentError(None, None, message)
    if not sample_rate > 0:
        raise errors.InvalidArgumentError(None, None, "sample_rate must be > 0")
    if sounds.ndim == 2:
        sounds = sounds[:, :, None]
    if sounds.shape[1] == 0:
        raise errors.InvalidArgumentError(None, None, "num_frames must be positive.")
    summary = proto.Summary()
    for i in range(min(max_outputs, len(sounds))):
        value = summary.value.add(tag=f"{_text(tag)}/audio" + (f"/{i}" if max_outputs > 1 else ""))
        value.audio.sample_rate = sample_rate
        value.audio.length_frames, value.audio.num_channels = sounds.shape[1:]
        value.audio.encoded_audio_string = summary_encode.wav(sounds[i], sample_rate)
        value.audio.content_type = "audio/wav"
    return _packed(summary)


@op("TensorSummaryV2", infer=infer.scalar, host=True)
def tensor_summary_v2(tag, tensor, serialized_summary_metadata, *, T):  # noqa: N803
    """A Summary of a whole tensor with metadata that names the plugin to show it."""
    _check_scalar(tag, "tag must be scalar")
    value = proto.Summary.Value(tag=_text(tag), tensor=_tensor_proto(tensor, T))
    value.metadata.ParseFromString(serialized_summary_metadata.item())
    return _packed(proto.Summary(value=[value]))


@op("TensorSummary", infer=infer.scalar, host=True)
def tensor_summary_v1(tensor, *, T, ctx):  # noqa: N803
    """A Summary of a whole tensor under the name of the node."""
    value = proto.Summary.Value(node_name=ctx.name, tensor=_tensor_proto(tensor, T))
    return _packed(proto.Summary(value=[value]))


@op("MergeSummary", infer=infer.scalar, host=True)
def merge_summary(inputs):
    """One Summary with the values of all; every tag must be new."""
    merged = b"".join(part for one in inputs for part in one.reshape(-1))
    try:
        values = proto.Summary.FromString(merged).value
    except DecodeError:
        message = "Could not parse one of the summary inputs"
        raise errors.InvalidArgumentError(None, None, message) from None
    seen: set[str] = set()
    for tag in (value.tag for value in values if value.tag):
        if tag in seen:
            message = f"Duplicate tag {tag} found in summary inputs"
            raise errors.InvalidArgumentError(None, None, message)
        seen.add(tag)
    # the values of messages written one after the other are those of one message
    return np.array(merged, object)


for _block in (scalar_summary, histogram_summary, image_summary, audio_summary, audio_summary_v2):
    _block.no_gradient()
for _block in (tensor_summary_v1, tensor_summary_v2, merge_summary):
    _block.no_gradient()


def _packed(summary: Any) -> np.ndarray:
    return np.array(summary.SerializeToString(), object)


def _utf8(tag: bytes) -> str:
    return tag.decode()


def _text(tag: np.ndarray) -> str:
    return tag.item().decode()


def _shown(array: np.ndarray) -> str:
    return "[" + ",".join(map(str, array.shape)) + "]"


def _check_scalar(tag: np.ndarray, message: str) -> None:
    if tag.ndim != 0:
        raise errors.InvalidArgumentError(None, None, message)


def _tensor_proto(tensor: Any, dtype: Any) -> Any:
    """A tensor as a TensorProto with its bytes as they are; strings as a list."""
    array = to_numpy(tensor, dtype)
    out = proto.TensorProto(dtype=dtype.as_datatype_enum)
    out.tensor_shape.CopyFrom(attrs.shape_to_proto(array.shape))
    if dtype is dtypes.string:
        out.string_val.extend(array.reshape(-1).tolist())
    else:
        out.tensor_content = array.tobytes()
    return out


@public("summary.scalar")
def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Any:
    """A Summary of one number, under the name of its node.

    Args:
      name: the node's name, and the tag below the current name scope.
      tensor: a real number.
      collections: graph collections to add it to; default: the summaries.
      family: the first part of the tag, which groups it in TensorBoard.
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        summary = scalar_summary(tags=tag, values=tensor, name=scope)
        collect(summary, collections, _SUMMARIES)
    return summary


@public("summary.image")
def image(
    name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None
) -> Any:
    """A Summary of images [B, H, W, C], C of 1, 3 or 4.

    Floats are scaled image by image: to 255, or, if one is negative, so that 0 is at 128.

    Args:
      name: the node's name; tags add "/image" and, of several, the number.
      tensor: uint8 or float images.
      max_outputs: the number of images of the batch to keep.
      collections: graph collections to add it to; default: the summaries.
      family: the first part of the tag.
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        summary = image_summary(tag=tag, tensor=tensor, max_images=max_outputs, name=scope)
        collect(summary, collections, _SUMMARIES)
    return summary


@public("summary.histogram")
def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Any:
    """A Summary of the distribution of all values of a tensor; they must be finite.

    Args:
      name: the node's name, and the tag below the current name scope.
      values: real numbers of any shape.
      collections: graph collections to add it to; default: the summaries.
      family: the first part of the tag.
    """
    with summary_scope(name, family, "HistogramSummary", [values]) as (tag, scope):
        summary = histogram_summary(tag=tag, values=values, name=scope)
        collect(summary, collections, _SUMMARIES)
    return summary


@public("summary.audio")
def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Any = None,
    family: str | None = None,
) -> Any:
    """A Summary of sounds [B, frames] or [B, frames, channels] between -1 and 1.

    Args:
      name: the node's name; tags add "/audio" and, of several, the number.
      tensor: float32 samples.
      sample_rate: in hertz; a number or a scalar tensor.
      max_outputs: the number of sounds of the batch to keep.
      collections: graph collections to add it to; default: the summaries.
      family: the first part of the tag.
    """
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        rate = convert.convert_to_tensor(sample_rate, dtypes.float32, "sample_rate")
        summary = audio_summary_v2(
            tag=tag, tensor=tensor, max_outputs=max_outputs, sample_rate=rate, name=scope
        )
        collect(summary, collections, _SUMMARIES)
    return summary


@public("summary.text")
def text(name: str, tensor: Any, collections: Any = None) -> Any:
    """A Summary of text, which TensorBoard shows as Markdown; matrices become tables.

    Raises:
      ValueError: the tensor is not of strings.
    """
    if tensor.dtype != dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    plugin = proto.SummaryMetadata.PluginData(plugin_name="text")
    metadata = proto.SummaryMetadata(plugin_data=plugin)
    return tensor_summary(name, tensor, summary_metadata=metadata, collections=collections)


@public("summary.tensor_summary")
def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: str | None = None,
    collections: Any = None,
    summary_metadata: Any = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Any:
    """A Summary of a whole tensor of any type.

    Args:
      name: the node's name, and the tag below the current name scope.
      tensor: what to keep.
      summary_description: a text about it, in Markdown.
      collections: graph collections to add it to; default: the summaries.
      summary_metadata: a SummaryMetadata that names the plugin to show it.
      family: the first part of the tag.
      display_name: the name that TensorBoard shows; default: the tag.
    """
    metadata = proto.SummaryMetadata() if summary_metadata is None else summary_metadata
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with summary_scope(name, family, values=[tensor]) as (tag, scope):
        packed = metadata.SerializeToString()
        summary = tensor_summary_v2(
            tensor=tensor, tag=tag, name=scope, serialized_summary_metadata=packed
        )
        collect(summary, collections, _SUMMARIES)
    return summary


@public("summary.merge")
def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Any:
    """One Summary of several; running it fails where a tag comes twice.

    Args:
      inputs: a list of summaries.
      collections: graph collections to add it to; default: none.
      name: the node's name.
    """
    name = clean_tag(name)
    with scopes.name_scope(name, "Merge", inputs):
        summary = merge_summary(inputs=inputs, name=name)
        collect(summary, collections, ())
    return summary


@public("summary.merge_all")
def merge_all(
    key: str = collections.GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None
) -> Any:
    """One Summary of all in a collection of the default graph; None if there is none.

    Args:
      key: the collection.
      scope: keep those whose name matches this regular expression from its start.
      name: the node's name.
    """
    found = collections.get_collection(key, scope=scope)
    return merge(found, name=name) if found else None


@public("summary.all_v2_summary_ops")
def all_v2_summary_ops() -> Any:
    """The ops that `tf.contrib.summary` made in the default graph."""
    return collections.get_collection(collections.GraphKeys._SUMMARY_COLLECTION)


@public("summary.get_summary_description")
def get_summary_description(node_def: Any) -> Any:
    """The SummaryDescription in a TensorSummary node.

    Raises:
      ValueError: the node is another one.
    """
    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    from google.protobuf import json_format  # rarely wanted, and it takes a while to import

    packed = node_def.attr["description"].s.decode()
    return json_format.Parse(packed, proto.SummaryDescription())


def clean_tag(name: str | None) -> str | None:
    """A name with what no node name may have as "_", and without leading slashes."""
    if name is None:
        return None
    cleaned = _ILLEGAL.sub("_", name).lstrip("/")
    if cleaned != name:
        logging.info("Summary name %s is illegal; using %s instead.", name, cleaned)
    return cleaned


@contextlib.contextmanager
def summary_scope(
    name: str | None, family: str | None = None, default_name: Any = None, values: Any = None
) -> Iterator[tuple[str, str]]:
    """A context in a name scope of its own, with the tag and the scope to give to a summary op.

    The tag is the scope's name; a family comes before it and, for uniqueness, inside it.
    """
    name, family = clean_tag(name), clean_tag(family)
    inner = name if family is None else f"{family}/{name}"
    with scopes.name_scope(inner, default_name, values) as scope:
        tag = scope.rstrip("/")
        yield (tag if family is None else f"{family}/{tag}"), scope


def collect(summary: Any, chosen: Any, default: tuple[str, ...]) -> None:
    """Add a summary to the collections chosen, or to those of `default` if that is None."""
    for key in default if chosen is None else chosen:
        collections.add_to_collection(key, summary)

"""What a path is: a checkpoint, a SavedModel, a graph, records, events, found out from names and first bytes.

Holds `recognize` and the message files' parsing. What the files hold is told by describe.py.
"""

from __future__ import annotations

import glob
import gzip
import os
import re
import struct
import zlib
from typing import Any, NamedTuple

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.formats import files, tensor_bundle, tfrecord
from rekindle._src.graph import proto
from rekindle._src.saved_model.files import maybe_saved_model_directory

_START = 1 << 16
_TABLE_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_DATA_FILE = re.compile(r"\.(index|data-\d{5}-of-\d{5})$")
#: the first field of a text message -> its class; the order settles what both may have
_TEXT_FIELDS = {
    "saved_model_schema_version": proto.SavedModel, "meta_graphs": proto.SavedModel,
    "model_checkpoint_path": proto.CheckpointState, "all_model_checkpoint_paths": proto.CheckpointState,
    "meta_info_def": proto.MetaGraphDef, "graph_def": proto.MetaGraphDef, "saver_def": proto.MetaGraphDef,
    "collection_def": proto.MetaGraphDef, "signature_def": proto.MetaGraphDef,
    "node": proto.GraphDef, "versions": proto.GraphDef, "library": proto.GraphDef,
}  # fmt: skip


class Found(NamedTuple):
    """What a path is.

    `kind` is "checkpoint", "checkpoint state", "saved model", "meta graph", "graph", "records", "events",
    "safetensors" or "folder"; `form` its form ("V2", "text", "GZIP", ...); `path` the path to read it by (a
    checkpoint's prefix); `message` the parsed message of a file that is one.
    """

    kind: str
    form: str
    path: str
    message: Any = None


def recognize(path: str) -> Found:
    """What is at a path.

    Raises:
      errors.NotFoundError: nothing is.
      errors.DataLossError: it is none of TensorFlow's files.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        return _folder(path)
    prefix = _DATA_FILE.sub("", path)
    if glob.glob(glob.escape(prefix) + ".index"):
        return Found("checkpoint", "V2", prefix)
    if not os.path.exists(path):
        raise errors.NotFoundError(None, None, f"{path}; No such file or directory")
    size = os.stat(path).st_size
    with files.open_file(path, "rb") as file:
        start = file.read(_START)
        file.seek(max(0, size - len(_TABLE_MAGIC)))
        end = file.read()
    if end == _TABLE_MAGIC:
        return Found("checkpoint", "V1", path)
    found = _records(path, start) or _safetensors(path, start, size) or _message(path, start)
    if found is None:
        raise errors.DataLossError(None, None, f"{path} ({size} bytes) is no file that TensorFlow writes")
    return found


def _folder(path: str) -> Found:
    if maybe_saved_model_directory(path):
        return Found("saved model", "", path)
    if os.path.exists(os.path.join(path, "checkpoint")):
        return Found("checkpoint state", "", os.path.join(path, "checkpoint"), read_state(path))
    return Found("folder", "", path)


def read_state(folder: str) -> Any:
    """The CheckpointState of a folder; None if its file cannot be read."""
    with files.open_file(os.path.join(folder, "checkpoint"), "rb") as file:
        content = file.read()
    try:
        return text_format.Parse(content.decode(), proto.CheckpointState())
    except (text_format.ParseError, UnicodeDecodeError):
        return None


def _records(path: str, start: bytes) -> Found | None:
    for form, text in (("", start), ("GZIP", _inflated(start, True)), ("ZLIB", _inflated(start, False))):
        if len(text) < 12 or tfrecord.masked_crc(text[:8]) != struct.unpack_from("<I", text, 8)[0]:
            continue
        length = struct.unpack_from("<Q", text)[0]
        is_event = not form and length < 1000 and _is_version(text[12 : 12 + length])
        return Found("events" if is_event else "records", form, path)
    return None


def _inflated(start: bytes, is_gzip: bool) -> bytes:
    """The first bytes of what was compressed; b"" if it was not."""
    is_it = start[:2] == b"\x1f\x8b" if is_gzip else start[:1] == b"\x78"
    if not is_it:
        return b""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS + (16 if is_gzip else 0)).decompress(start, 4096)
    except (zlib.error, gzip.BadGzipFile):
        return b""


def _is_version(record: bytes) -> bool:
    try:
        return proto.Event.FromString(record).file_version.startswith("brain.Event:")
    except DecodeError:
        return False


def _safetensors(path: str, start: bytes, size: int) -> Found | None:
    """A length, then a JSON object of that length."""
    if len(start) < 10 or start[8:9] != b"{":
        return None
    length = struct.unpack_from("<Q", start)[0]
    return Found("safetensors", "", path) if 2 <= length <= size - 8 else None


def _message(path: str, start: bytes) -> Found | None:
    if not start:
        return None
    with files.open_file(path, "rb") as file:
        content = file.read()
    if all(one >= 32 or one in b"\t\n\r" for one in start[:512]):
        found = _text_message(content)
        return None if found is None else _named(found, "text", path)
    for kind in (proto.SavedModel, proto.MetaGraphDef, proto.GraphDef):
        try:
            found = kind.FromString(content)
        except (DecodeError, RecursionError):
            continue
        if _is_whole(found):
            return _named(found, "binary", path)
    return None


def _text_message(content: bytes) -> Any:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    head = re.search(r"(?m)^\s*(\w+)\s*[:{<]", text)
    kind = _TEXT_FIELDS.get(head[1]) if head else None
    try:
        return None if kind is None else text_format.Parse(text, kind())
    except (text_format.ParseError, RecursionError):
        return None


def _is_whole(message: Any) -> bool:
    """Whether the bytes of one message class were meant as such: other classes parse, too, with odd contents."""
    if isinstance(message, proto.SavedModel):
        return message.saved_model_schema_version > 0 and len(message.meta_graphs) > 0
    graph = message.graph_def if isinstance(message, proto.MetaGraphDef) else message
    return len(graph.node) > 0 and all(node.name and node.op for node in graph.node)


def _named(message: Any, form: str, path: str) -> Found:
    names = {
        proto.SavedModel: "saved model", proto.MetaGraphDef: "meta graph", proto.GraphDef: "graph",
        proto.CheckpointState: "checkpoint state",
    }  # fmt: skip
    return Found(names[type(message)], form, path, message)


def data_files(prefix: str) -> list[str]:
    """The files of a checkpoint of the second format."""
    return [tensor_bundle.index_path(prefix), *sorted(glob.glob(glob.escape(prefix) + ".data-?????-of-?????"))]

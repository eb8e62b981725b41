"""Files of one message, binary or text: GraphDefs and their kin. Also `tf.io.write_graph`.

Holds `read_message`, `write_message`, `write_graph`. What the nodes of a GraphDef mean is not known
here.
"""
from __future__ import annotations

import errno
import os
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from rekindle._src import errors
from rekindle._src.formats.files import file_error, local_path, open_file
from rekindle._src.graph import meta_graph
from rekindle._src.graph.graph import Graph
from rekindle._src.names import public


def read_message(path: str, kind: Any, binary: bool | None = None) -> Any:
    """The message of the class `kind` in a file.

    Args:
      path: the file.
      kind: the message class.
      binary: whether the file is binary; None: found out from its bytes.

    Raises:
      errors.NotFoundError: there is no such file.
      errors.DataLossError: it does not hold such a message.
    """
    with open_file(path, "rb") as file:
        content = file.read()
    if binary is None:
        binary = not _is_text(content)
    name = kind.DESCRIPTOR.full_name
    try:
        return kind.FromString(content) if binary else text_format.Parse(content.decode(), kind())
    except DecodeError as error:
        said = f"Can't parse {path} as binary proto: {name}, {len(content)} bytes: {error}"
    except text_format.ParseError as error:
        said = f"Can't parse {path} as text proto: {name}: {error}"
    except UnicodeDecodeError as error:
        said = f"Can't parse {path} as text proto: {name}: byte {error.start} is not UTF-8"
    except RecursionError:
        said = f"Can't parse {path} as text proto: {name}: its messages are nested too deep"
    raise errors.DataLossError(None, None, said)


def _is_text(content: bytes) -> bool:
    """Whether bytes are a text message: no control characters but white space at the start."""
    start = content[:512]
    return bool(start) and all(one >= 32 or one in b"\t\n\r" for one in start)


def write_message(message: Message, path: str, as_text: bool = False, make_folder: bool = True) -> None:
    """Write a message to a file; a reader sees the old file or the new one, never a part.

    Args:
      message: the message.
      path: the file.
      as_text: write text instead of bytes.
      make_folder: make the folder if it is not there.

    Raises:
      errors.OpError: it cannot be written.
    """
    local = local_path(path)
    if not make_folder and not os.path.isdir(os.path.dirname(local) or "."):
        raise file_error(FileNotFoundError(errno.ENOENT, ""), path)
    try:
        meta_graph.write_message(message, local, as_text)
    except OSError as error:
        raise file_error(error, path) from None


@public("io.write_graph", "train.write_graph")
def write_graph(
    graph_or_graph_def: Any, logdir: str, name: str, as_text: bool = True
) -> str:
    """Write a GraphDef to a file.

    Args:
      graph_or_graph_def: a Graph or a GraphDef.
      logdir: the folder; it is made if it is not there.
      name: the file's name.
      as_text: write text instead of bytes.

    Returns:
      The path of the file.
    """
    graph_def = graph_or_graph_def
    if isinstance(graph_def, Graph):
        graph_def = graph_def.as_graph_def()
    path = os.path.join(os.fspath(logdir), name)
    write_message(graph_def, path, as_text)
    return path

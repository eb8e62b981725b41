"""`tf.contrib.tensorboard.plugins.projector`: what TensorBoard's embedding projector is to show.

The messages are those of the `tensorboard` package.
"""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from tensorboard.plugins.projector import projector_config_pb2

from rekindle._src.names import export, public
from rekindle._src.platform import file_io

_messages: Any = projector_config_pb2  # the classes are made as it is imported
EmbeddingInfo = _messages.EmbeddingInfo
ProjectorConfig = _messages.ProjectorConfig
SpriteMetadata = _messages.SpriteMetadata
DESCRIPTOR = _messages.DESCRIPTOR

for _name in ("EmbeddingInfo", "ProjectorConfig", "SpriteMetadata", "DESCRIPTOR"):
    export(f"contrib.tensorboard.plugins.projector.{_name}", __name__, _name)


@public("contrib.tensorboard.plugins.projector.visualize_embeddings")
def visualize_embeddings(summary_writer: Any, config: Any) -> None:
    """Write `config`, a ProjectorConfig, to the folder of `summary_writer`, where TensorBoard looks.

    Raises:
      ValueError: the writer has no folder.
    """
    logdir = summary_writer.get_logdir()
    if logdir is None:
        raise ValueError("Summary writer must have a logdir")
    file_io.write_string_to_file(
        os.path.join(logdir, "projector_config.pbtxt"), text_format.MessageToString(config)
    )

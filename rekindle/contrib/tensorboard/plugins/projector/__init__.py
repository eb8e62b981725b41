# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.tensorboard.plugins.projector."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.projector import (
    DESCRIPTOR as DESCRIPTOR,
    EmbeddingInfo as EmbeddingInfo,
    ProjectorConfig as ProjectorConfig,
    SpriteMetadata as SpriteMetadata,
    visualize_embeddings as visualize_embeddings,
)

__getattr__ = _getter('contrib.tensorboard.plugins.projector')

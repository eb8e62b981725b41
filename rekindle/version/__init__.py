# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.version."""
from rekindle._missing import getter as _getter
from rekindle._src.graph.graph import GRAPH_DEF_VERSION as GRAPH_DEF_VERSION
from rekindle._src.graph.meta_graph import (
    GIT_VERSION as GIT_VERSION,
    VERSION as VERSION,
)
from rekindle._src.platform.versions import (
    COMPILER_VERSION as COMPILER_VERSION,
    GRAPH_DEF_VERSION_MIN_CONSUMER as GRAPH_DEF_VERSION_MIN_CONSUMER,
    GRAPH_DEF_VERSION_MIN_PRODUCER as GRAPH_DEF_VERSION_MIN_PRODUCER,
)

__getattr__ = _getter('version')

# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.profiler."""
from rekindle._missing import getter as _getter
from rekindle._src.graph.proto import (
    AdviceProto as AdviceProto,
    GraphNodeProto as GraphNodeProto,
    MultiGraphNodeProto as MultiGraphNodeProto,
    OpLogProto as OpLogProto,
)

__getattr__ = _getter('profiler')

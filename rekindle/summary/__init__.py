# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.summary."""
from rekindle._missing import getter as _getter
from rekindle._src.graph.proto import (
    Event as Event,
    SessionLog as SessionLog,
    Summary as Summary,
    SummaryDescription as SummaryDescription,
    TaggedRunMetadata as TaggedRunMetadata,
)
from rekindle._src.ops.summary import (
    all_v2_summary_ops as all_v2_summary_ops,
    audio as audio,
    get_summary_description as get_summary_description,
    histogram as histogram,
    image as image,
    merge as merge,
    merge_all as merge_all,
    scalar as scalar,
    tensor_summary as tensor_summary,
    text as text,
)
from rekindle._src.summary.writer import (
    FileWriter as FileWriter,
    FileWriterCache as FileWriterCache,
    FileWriter as SummaryWriter,
)

__getattr__ = _getter('summary')

# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.queue."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.queues import (
    FIFOQueue as FIFOQueue,
    PaddingFIFOQueue as PaddingFIFOQueue,
    PriorityQueue as PriorityQueue,
    QueueBase as QueueBase,
    RandomShuffleQueue as RandomShuffleQueue,
)

__getattr__ = _getter('queue')

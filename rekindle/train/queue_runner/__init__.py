# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.train.queue_runner."""
from rekindle._missing import getter as _getter
from rekindle._src.train.queue_runner import (
    QueueRunner as QueueRunner,
    add_queue_runner as add_queue_runner,
    start_queue_runners as start_queue_runners,
)

__getattr__ = _getter('train.queue_runner')

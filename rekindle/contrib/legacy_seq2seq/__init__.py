# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.legacy_seq2seq."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.rnn.legacy_seq2seq import (
    rnn_decoder as rnn_decoder,
    sequence_loss as sequence_loss,
    sequence_loss_by_example as sequence_loss_by_example,
)

__getattr__ = _getter('contrib.legacy_seq2seq')

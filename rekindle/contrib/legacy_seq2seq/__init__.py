# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.legacy_seq2seq."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.legacy_seq2seq.decoders import (
    attention_decoder as attention_decoder,
    embedding_attention_decoder as embedding_attention_decoder,
    embedding_rnn_decoder as embedding_rnn_decoder,
    rnn_decoder as rnn_decoder,
)
from rekindle._src.contrib.legacy_seq2seq.losses import (
    model_with_buckets as model_with_buckets,
    sequence_loss as sequence_loss,
    sequence_loss_by_example as sequence_loss_by_example,
)
from rekindle._src.contrib.legacy_seq2seq.models import (
    basic_rnn_seq2seq as basic_rnn_seq2seq,
    embedding_attention_seq2seq as embedding_attention_seq2seq,
    embedding_rnn_seq2seq as embedding_rnn_seq2seq,
    embedding_tied_rnn_seq2seq as embedding_tied_rnn_seq2seq,
    one2many_rnn_seq2seq as one2many_rnn_seq2seq,
    tied_rnn_seq2seq as tied_rnn_seq2seq,
)

__getattr__ = _getter('contrib.legacy_seq2seq')

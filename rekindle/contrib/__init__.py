# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib."""
from rekindle._missing import getter as _getter

__getattr__ = _getter('contrib', 'crf', 'cudnn_rnn', 'deprecated', 'distributions', 'framework', 'layers', 'learn', 'legacy_seq2seq', 'lookup', 'losses', 'metrics', 'nn', 'predictor', 'rnn', 'seq2seq', 'slim', 'staging', 'stateless', 'tensorboard', 'training', 'util')

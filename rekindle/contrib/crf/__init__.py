# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.crf."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.crf import (
    CrfDecodeBackwardRnnCell as CrfDecodeBackwardRnnCell,
    CrfDecodeForwardRnnCell as CrfDecodeForwardRnnCell,
    CrfForwardRnnCell as CrfForwardRnnCell,
    crf_binary_score as crf_binary_score,
    crf_decode as crf_decode,
    crf_log_likelihood as crf_log_likelihood,
    crf_log_norm as crf_log_norm,
    crf_multitag_sequence_score as crf_multitag_sequence_score,
    crf_sequence_score as crf_sequence_score,
    crf_unary_score as crf_unary_score,
    viterbi_decode as viterbi_decode,
)

__getattr__ = _getter('contrib.crf')

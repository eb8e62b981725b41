# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.seq2seq."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.seq2seq.attention import (
    AttentionMechanism as AttentionMechanism,
    BahdanauAttention as BahdanauAttention,
    LuongAttention as LuongAttention,
    hardmax as hardmax,
)
from rekindle._src.contrib.seq2seq.attention_wrapper import (
    AttentionWrapper as AttentionWrapper,
    AttentionWrapperState as AttentionWrapperState,
)
from rekindle._src.contrib.seq2seq.basic_decoder import (
    BasicDecoder as BasicDecoder,
    BasicDecoderOutput as BasicDecoderOutput,
)
from rekindle._src.contrib.seq2seq.beam_search import (
    BeamSearchDecoder as BeamSearchDecoder,
    FinalBeamSearchDecoderOutput as FinalBeamSearchDecoderOutput,
    tile_batch as tile_batch,
)
from rekindle._src.contrib.seq2seq.beam_steps import (
    BeamSearchDecoderOutput as BeamSearchDecoderOutput,
    BeamSearchDecoderState as BeamSearchDecoderState,
)
from rekindle._src.contrib.seq2seq.decoder import (
    Decoder as Decoder,
    dynamic_decode as dynamic_decode,
)
from rekindle._src.contrib.seq2seq.helpers import (
    CustomHelper as CustomHelper,
    GreedyEmbeddingHelper as GreedyEmbeddingHelper,
    Helper as Helper,
    InferenceHelper as InferenceHelper,
    SampleEmbeddingHelper as SampleEmbeddingHelper,
    TrainingHelper as TrainingHelper,
)
from rekindle._src.contrib.seq2seq.loss import sequence_loss as sequence_loss
from rekindle._src.contrib.seq2seq.monotonic import (
    BahdanauMonotonicAttention as BahdanauMonotonicAttention,
    LuongMonotonicAttention as LuongMonotonicAttention,
    monotonic_attention as monotonic_attention,
    safe_cumprod as safe_cumprod,
)
from rekindle._src.contrib.seq2seq.scheduled import (
    ScheduledEmbeddingTrainingHelper as ScheduledEmbeddingTrainingHelper,
    ScheduledOutputTrainingHelper as ScheduledOutputTrainingHelper,
)
from rekindle._src.ops.gather_tree import gather_tree as gather_tree

__getattr__ = _getter('contrib.seq2seq')

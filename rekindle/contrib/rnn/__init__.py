# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.rnn."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.rnn.attention_cell import AttentionCellWrapper as AttentionCellWrapper
from rekindle._src.contrib.rnn.bidirectional import (
    stack_bidirectional_dynamic_rnn as stack_bidirectional_dynamic_rnn,
    stack_bidirectional_rnn as stack_bidirectional_rnn,
)
from rekindle._src.contrib.rnn.frequency import (
    BidirectionalGridLSTMCell as BidirectionalGridLSTMCell,
    GridLSTMCell as GridLSTMCell,
    TimeFreqLSTMCell as TimeFreqLSTMCell,
)
from rekindle._src.contrib.rnn.fused import (
    FusedRNNCell as FusedRNNCell,
    FusedRNNCellAdaptor as FusedRNNCellAdaptor,
    TimeReversedFusedRNN as TimeReversedFusedRNN,
)
from rekindle._src.contrib.rnn.gru_blocks import (
    GRUBlockCell as GRUBlockCell,
    GRUBlockCellV2 as GRUBlockCellV2,
)
from rekindle._src.contrib.rnn.independent import (
    IndRNNCell as IndRNNCell,
    IndyGRUCell as IndyGRUCell,
    IndyLSTMCell as IndyLSTMCell,
)
from rekindle._src.contrib.rnn.lstm_blocks import (
    LSTMBlockCell as LSTMBlockCell,
    LSTMBlockFusedCell as LSTMBlockFusedCell,
    LSTMBlockWrapper as LSTMBlockWrapper,
)
from rekindle._src.contrib.rnn.memory import (
    Conv1DLSTMCell as Conv1DLSTMCell,
    Conv2DLSTMCell as Conv2DLSTMCell,
    Conv3DLSTMCell as Conv3DLSTMCell,
    ConvLSTMCell as ConvLSTMCell,
    GLSTMCell as GLSTMCell,
    NASCell as NASCell,
    PhasedLSTMCell as PhasedLSTMCell,
)
from rekindle._src.contrib.rnn.normalized import (
    CoupledInputForgetGateLSTMCell as CoupledInputForgetGateLSTMCell,
    LayerNormBasicLSTMCell as LayerNormBasicLSTMCell,
)
from rekindle._src.contrib.rnn.projections import (
    EmbeddingWrapper as EmbeddingWrapper,
    HighwayWrapper as HighwayWrapper,
    InputProjectionWrapper as InputProjectionWrapper,
    OutputProjectionWrapper as OutputProjectionWrapper,
)
from rekindle._src.contrib.rnn.small import (
    IntersectionRNNCell as IntersectionRNNCell,
    SRUCell as SRUCell,
    UGRNNCell as UGRNNCell,
)
from rekindle._src.rnn.cell import (
    LayerRNNCell as LayerRNNCell,
    RNNCell as RNNCell,
)
from rekindle._src.rnn.dynamic import (
    known_batch_size as best_effort_input_batch_size,
    transposed as transpose_batch_time,
)
from rekindle._src.rnn.gated import (
    BasicLSTMCell as BasicLSTMCell,
    BasicRNNCell as BasicRNNCell,
    GRUCell as GRUCell,
    LSTMCell as LSTMCell,
    LSTMStateTuple as LSTMStateTuple,
)
from rekindle._src.rnn.static import (
    static_bidirectional_rnn as static_bidirectional_rnn,
    static_rnn as static_rnn,
    static_state_saving_rnn as static_state_saving_rnn,
)
from rekindle._src.rnn.wrappers import (
    DeviceWrapper as DeviceWrapper,
    DropoutWrapper as DropoutWrapper,
    MultiRNNCell as MultiRNNCell,
    ResidualWrapper as ResidualWrapper,
)

__getattr__ = _getter('contrib.rnn')

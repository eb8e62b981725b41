# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.nn.rnn_cell."""
from rekindle._missing import getter as _getter
from rekindle._src.rnn.cell import RNNCell as RNNCell
from rekindle._src.rnn.gated import (
    BasicLSTMCell as BasicLSTMCell,
    BasicRNNCell as BasicRNNCell,
    GRUCell as GRUCell,
    LSTMCell as LSTMCell,
    LSTMStateTuple as LSTMStateTuple,
)
from rekindle._src.rnn.wrappers import (
    DeviceWrapper as DeviceWrapper,
    DropoutWrapper as DropoutWrapper,
    MultiRNNCell as MultiRNNCell,
    ResidualWrapper as ResidualWrapper,
)

__getattr__ = _getter('nn.rnn_cell')

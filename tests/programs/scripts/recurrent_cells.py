"""The cells of tf.contrib.rnn: unrolled, in loops, with gradients."""
import numpy as np
import tensorflow as tf
from tensorflow.contrib.rnn.python.ops import rnn_cell

rnn = tf.contrib.rnn
WINDOWS = {"feature_size": 2, "frequency_skip": 1}
UNROLLED = {
    "block_peepholes": lambda: rnn.LSTMBlockCell(3, use_peephole=True, cell_clip=0.2),
    "gru_block": lambda: rnn.GRUBlockCellV2(3),
    "plain": lambda: rnn.LayerNormBasicLSTMCell(3, layer_norm=False),
    "coupled": lambda: rnn.CoupledInputForgetGateLSTMCell(
        4, use_peepholes=True, num_proj=2, proj_clip=0.3, num_unit_shards=2, layer_norm=True),
    "joined": lambda: rnn.CoupledInputForgetGateLSTMCell(4, state_is_tuple=False),
    "frequency": lambda: rnn.TimeFreqLSTMCell(2, use_peepholes=True, cell_clip=0.3, feature_size=4),
    "nas": lambda: rnn.NASCell(3, num_proj=2, use_bias=True),
    "update_gate": lambda: rnn.UGRNNCell(3),
    "intersection": lambda: rnn.IntersectionRNNCell(3, num_in_proj=3),
    "simple": lambda: rnn.SRUCell(3),
    "independent": lambda: rnn.IndRNNCell(3, dtype=tf.float32),
    "independent_gru": lambda: rnn.IndyGRUCell(3, dtype=tf.float32),
    "independent_lstm": lambda: rnn.IndyLSTMCell(3, dtype=tf.float32),
    "groups": lambda: rnn.GLSTMCell(4, num_proj=2, number_of_groups=2),
    "attention": lambda: rnn.AttentionCellWrapper(
        rnn.GRUCell(3), 4, attn_size=2, state_is_tuple=False),
    "outputs": lambda: rnn.OutputProjectionWrapper(rnn.BasicRNNCell(3), 2, activation=tf.nn.relu),
    "inputs": lambda: rnn.InputProjectionWrapper(rnn.BasicRNNCell(3), 2, activation=tf.nn.relu),
    "highway": lambda: rnn.HighwayWrapper(
        rnn.BasicRNNCell(4), couple_carry_transform_gates=False),
    "dropout": lambda: rnn.DropoutWrapper(
        rnn.BasicLSTMCell(4), 0.5, 0.6, 0.7, variational_recurrent=True, input_size=4,
        dtype=tf.float32, seed=2),
    "grid": lambda: rnn.GridLSTMCell(
        2, use_peepholes=True, share_time_frequency_weights=True, num_frequency_blocks=[1, 1],
        start_freqindex_list=[0, 2], end_freqindex_list=[2, 4], couple_input_forget_gates=True,
        **WINDOWS),
    "grid_joined": lambda: rnn.GridLSTMCell(
        2, num_frequency_blocks=[3], state_is_tuple=False, **WINDOWS),
    "both_ways": lambda: rnn.BidirectionalGridLSTMCell(
        2, use_peepholes=True, num_frequency_blocks=[3], backward_slice_offset=1, **WINDOWS),
    "layer_norm": lambda: rnn_cell.LayerNormLSTMCell(
        4, use_peepholes=True, cell_clip=0.4, num_proj=3, proj_clip=0.3, layer_norm=True),
    "weight_norm": lambda: rnn_cell.WeightNormLSTMCell(4, use_peepholes=True, num_proj=3),
    "minimal": lambda: rnn_cell.MinimalRNNCell(4),
    "orderly": lambda: rnn_cell.CFNCell(4),
}
LOOPED = {
    "normal_dropout": lambda: rnn.LayerNormBasicLSTMCell(
        3, dropout_keep_prob=0.5, dropout_prob_seed=4),
    "several": lambda: rnn.MultiRNNCell(
        [rnn.LSTMBlockCell(3), rnn.ResidualWrapper(rnn.GRUCell(3))]),
    "attention_loop": lambda: rnn.AttentionCellWrapper(rnn.BasicLSTMCell(3), 4),
}

tf.set_random_seed(3)
x = tf.placeholder(tf.float32, [3, 5, 4])
lengths = tf.placeholder(tf.int32, [3])
fetches = []
for name in sorted(UNROLLED) + sorted(LOOPED):
    with tf.variable_scope(name):
        if name in LOOPED:
            output, state = tf.nn.dynamic_rnn(LOOPED[name](), x, lengths, dtype=tf.float32)
        else:
            steps = tf.unstack(x, axis=1)[:2]
            outputs, state = tf.nn.static_rnn(UNROLLED[name](), steps, dtype=tf.float32)
            output = tf.stack(outputs)
    own = [v for v in tf.trainable_variables() if v.name.startswith(name + "/")]
    slopes = tf.gradients(tf.reduce_sum(tf.square(output)), own)
    fetches.append((output, state, [slope for slope in slopes if slope is not None]))
feeds = {x: np.arange(60, dtype=np.float32).reshape(3, 5, 4) / 60 - 0.4, lengths: [2, 5, 3]}
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(fetches, feeds)

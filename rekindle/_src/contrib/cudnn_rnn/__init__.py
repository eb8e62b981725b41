"""Cells with the variables of cuDNN's recurrent networks: tf.contrib.cudnn_rnn."""

"""Decoders of sequences: tf.contrib.seq2seq."""

"""Encoders and decoders over lists with one tensor a step: tf.contrib.legacy_seq2seq."""

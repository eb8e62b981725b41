"""`tf.contrib.layers`: layers as functions, with normalizers, regularizers, summaries."""

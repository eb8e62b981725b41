"""tf.test: what tests of TF1 programs are written with."""

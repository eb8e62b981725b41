"""Checkpoints by objects: tf.train.Checkpoint."""

"""Recurrent networks of tf.contrib."""

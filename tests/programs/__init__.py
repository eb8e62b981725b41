"""Whole TF1 programs against recordings of TensorFlow: every node, every fetched value."""

"""Layers: functions of tensors with variables of their own, `tf.layers`."""

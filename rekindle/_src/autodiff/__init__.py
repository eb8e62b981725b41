"""Gradients of graphs: tf.gradients, tf.hessians, tf.custom_gradient,
and how gradient functions are registered.
"""

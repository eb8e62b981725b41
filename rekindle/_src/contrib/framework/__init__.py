"""`tf.contrib.framework`: argument scopes, model variables, and values from checkpoints."""

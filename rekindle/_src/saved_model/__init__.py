"""`tf.saved_model`: models with their variables, assets and signatures in a folder."""

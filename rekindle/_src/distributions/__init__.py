"""`tf.distributions`: distributions of random variables, as graphs."""

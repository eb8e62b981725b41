"""TF-Slim: what `tf.contrib.slim` has beside contrib.layers and contrib.framework."""

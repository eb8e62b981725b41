"""Bad graphs, feeds, files and calls, against what TensorFlow 1.15.5 answers."""

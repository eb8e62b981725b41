"""Python expressions on plain objects of TensorFlow, against what TensorFlow 1.15.5 answers."""

"""Every op against TensorFlow 1.15.5; README.md tells how to add one."""

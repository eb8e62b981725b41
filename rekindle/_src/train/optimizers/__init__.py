"""Optimizers: one file each; optimizer.py holds what they share."""

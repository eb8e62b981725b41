"""Branches and loops as operations on functions (If, Case, While), and their gradients."""

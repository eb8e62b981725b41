"""Sessions and what runs graphs."""

from rekindle._src.run import functions as functions  # kernels call functions through it

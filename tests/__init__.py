"""Tests of Rekindle; the folders mirror rekindle/_src."""

"""Commands on files: what a path is, what it holds, and conversions."""

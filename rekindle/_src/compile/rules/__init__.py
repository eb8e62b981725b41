"""Rules: rewrites that make a program cheaper, one law a file. Each is a function from Program to Program."""

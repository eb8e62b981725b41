"""`python -m rekindle run script.py`: the same as the command `rekindle`."""
from rekindle.cli import main

if __name__ == "__main__":
    main()

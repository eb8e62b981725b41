"""Flags as the tools of TensorFlow take them: `--x`, `--x=true`, `--x false`; unknown ones pass."""
from __future__ import annotations

import argparse
import sys

from rekindle._src import tf_logging as logging


def switch(parser: argparse.ArgumentParser, name: str, default: bool, text: str) -> None:
    """Add a flag that is true where it is named; a value follows or not."""
    parser.add_argument(name, nargs="?", const=True, type=_truth, default=default, help=text)


def _truth(value: str) -> bool:
    return value.lower() == "true"


def parsed(parser: argparse.ArgumentParser, argv: list[str] | None) -> argparse.Namespace:
    """The flags of a command line, default `sys.argv`; a warning tells of unknown ones."""
    flags, unknown = parser.parse_known_args(sys.argv[1:] if argv is None else argv)
    if unknown:
        logging.warning("%s does not know %s", parser.prog, " ".join(unknown))
    return flags

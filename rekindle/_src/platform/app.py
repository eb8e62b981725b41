"""`tf.app.run`: parse the flags, then call the program's main function."""
from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, NoReturn

from absl import app as absl_app

from rekindle._src.names import public
from rekindle._src.platform import flags


@public("app.run")
def run(main: Callable[[list[str]], Any] | None = None, argv: list[str] | None = None) -> NoReturn:
    """Call `main(argv without the flags)` and exit with what it returns.

    Args:
      main: the function; default: `main` of the script.
      argv: the command line; default: `sys.argv`. Unknown flags stay in it.
    """
    main = main or sys.modules["__main__"].main
    absl_app.run(main=main, argv=argv, flags_parser=_parse_known_flags)
    raise AssertionError("absl's run returned")


def _parse_known_flags(argv: list[str] | None) -> list[str]:
    return flags.FLAGS(sys.argv if argv is None else argv, known_only=True)

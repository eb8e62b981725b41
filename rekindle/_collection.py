"""Garbage collection, put off while Rekindle is imported: nearly all that an import makes stays, and looking through it
over and over would take a third of the time."""
from __future__ import annotations

import gc

_COLLECTS = gc.isenabled()
gc.disable()


def resume() -> None:
    """Collect garbage again, if that was so before the import."""
    if _COLLECTS:
        gc.enable()

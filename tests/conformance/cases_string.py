"""Samples of the ops on strings."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case

ONE = np.array(b"one", object)
TWO = np.array([[b"a", b""], [b"c", b"\xff"]], object)

CASES = [
    case("StringJoin", [[ONE, ONE]]),
    case("StringJoin", [[ONE, TWO, TWO]], separator=", "),
    case("StringJoin", [[TWO, TWO[:1]]]),
]

"""`tf.compat.integral_types` and its kin: the types of Python and numpy numbers."""
from __future__ import annotations

import numbers

import numpy as np

from rekindle._src.names import export

integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)

for _name in ("integral_types", "real_types", "complex_types"):
    export(f"compat.{_name}", __name__, _name)

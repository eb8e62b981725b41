"""What a sample of an op is made of: `case`, and inputs `floats`, `ints`, `bools`, `ref`, `handle`.

Imported by the tests and, under Python 3.7 with numpy alone, by tools/record.py; so it is plain
Python. The numbers of a drawn input follow from the op, the place of the input and its shape, so
that a case added beside does not change them.
"""
from __future__ import annotations

import hashlib
import zlib

import numpy as np


class Drawn:
    """An array that is drawn when the case is read: see `floats`, `ints`, `bools`, `complexes`."""

    def __init__(self, kind, shape, dtype, low, high):
        self.kind, self.shape, self.dtype, self.low, self.high = kind, shape, dtype, low, high

    def array(self, rng):
        if self.kind == "ints":
            return rng.randint(self.low, self.high, self.shape).astype(self.dtype)
        if self.kind == "bools":
            return rng.randint(0, 2, self.shape).astype(np.bool_)
        values = self.low + (self.high - self.low) * rng.random_sample(self.shape)
        if self.kind == "complexes":
            imaginary = self.low + (self.high - self.low) * rng.random_sample(self.shape)
            return (values + 1j * imaginary).astype(self.dtype)
        return np.asarray(values).astype(self.dtype)


class Variable:
    """An input that is a variable holding `value`: a ref edge, or a resource handle."""

    def __init__(self, value, is_handle):
        self.value, self.is_handle = value, is_handle


def floats(*shape, **options):
    """Floats of `shape` between low (-2) and high (2); any float `dtype` ("float32")."""
    return Drawn("floats", shape, options.get("dtype", "float32"), options.get("low", -2.0),
                 options.get("high", 2.0))


def ints(*shape, **options):
    """Integers of `shape` from low (-5) up to, not with, high (6); any integer `dtype` (int32)."""
    return Drawn("ints", shape, options.get("dtype", "int32"), options.get("low", -5),
                 options.get("high", 6))


def bools(*shape):
    """Truth values of `shape`."""
    return Drawn("bools", shape, "bool", 0, 1)


def complexes(*shape, **options):
    """Complex numbers of `shape`, both parts between low (-2) and high (2); `dtype` "complex64"."""
    return Drawn("complexes", shape, options.get("dtype", "complex64"), options.get("low", -2.0),
                 options.get("high", 2.0))


def ref(value):
    """A ref variable (VariableV2) that holds `value`; what it holds afterwards is compared too."""
    return Variable(value, False)


def handle(value):
    """The handle of a resource variable that holds `value`; compared afterwards like `ref`."""
    return Variable(value, True)


class Case:
    """One call of an op: inputs in the order of the op table, attrs by name, and how to compare."""

    def __init__(self, op, inputs, attrs):
        self.op, self.inputs, self.attrs = op, inputs, attrs
        self.rtol = None
        self.exact = False
        self.runs = 1
        self.values = True
        self.gradient = True
        self.open = True

    def options(self, **options):
        """Change how it is compared; gives the case.

        rtol: relative tolerance (default by dtype); exact: floats bit for bit; runs: run it that
        often in one session; values: False compares only types and shapes; gradient: False leaves
        the gradient out; open: False leaves out the runs with unknown sizes, where TensorFlow's graph is
        another, or its static shapes are wrong.
        """
        for name, value in options.items():
            if name not in ("rtol", "exact", "runs", "values", "gradient", "open"):
                raise ValueError(f"a case has no option {name!r}")
            setattr(self, name, value)
        return self

    def arrays(self):
        """The inputs with every leaf as a numpy array, or a `Variable` that holds one."""
        return [[self._array(x, i, j) for j, x in enumerate(one)] if self._is_list(one)
                else self._array(one, i, 0) for i, one in enumerate(self.inputs)]

    def digest(self):
        """A text that changes when the inputs or attrs do: a recording belongs to it."""
        parts = [self.op, repr(sorted(self.attrs.items())), str(self.runs)]
        for one in self.arrays():
            for leaf in one if isinstance(one, list) else [one]:
                held = leaf.value if isinstance(leaf, Variable) else leaf
                body = repr(held.tolist()) if held.dtype == object else held.tobytes()
                parts.append(repr((type(leaf) is Variable, str(held.dtype), held.shape, body)))
        return hashlib.sha1("|".join(parts).encode()).hexdigest()[:12]

    @staticmethod
    def _is_list(one):
        return isinstance(one, list) and any(
            isinstance(x, (Drawn, Variable, np.ndarray)) for x in one)

    def _array(self, value, i, j):
        if isinstance(value, Variable):
            return Variable(self._array(value.value, i, j), value.is_handle)
        if isinstance(value, Drawn):
            seed = zlib.crc32((f"{self.op} {i} {j} {value.shape}").encode())
            return value.array(np.random.RandomState(seed))
        array = np.array(value)
        if array.dtype.kind in "SU":
            return np.array(value, object)
        if isinstance(value, (np.ndarray, np.generic)):
            return array
        plain = {"f": np.float32, "i": np.int32, "c": np.complex64}
        return array.astype(plain.get(array.dtype.kind, array.dtype))


def case(op, inputs=(), **attrs):
    """A sample of `op`.

    inputs: in the order of the op table; each a drawn input (`floats(2, 3)`), a Python value, a
    numpy array, a variable (`ref(...)`), or a list of these where the op takes a list (at least one
    of them drawn or an array). attrs: by name; types as "float32", shapes as lists.
    """
    return Case(op, list(inputs), attrs)


def names(cases):
    """{"Softplus-0": case, "Softplus-1": case, ...} of a family's list."""
    seen, found = {}, {}
    for one in cases:
        number = seen[one.op] = seen.get(one.op, -1) + 1
        found[f"{one.op}-{number}"] = one
    return found

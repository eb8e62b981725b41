"""The recordings of TensorFlow 1.15.5: one .npz a family, facts as JSON beside the arrays.

Used by the tests and, under Python 3.7, by tools/record.py; so it is plain Python with numpy alone.
"""
from __future__ import annotations

import importlib
import json
import os

import numpy as np

from tests.conformance import samples

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(os.path.dirname(HERE), "golden")


def families():
    """The names of all families: cases_<family>.py."""
    files = sorted(os.listdir(HERE))
    return [f[len("cases_"):-len(".py")] for f in files
            if f.startswith("cases_") and f.endswith(".py")]


def cases(family):
    """{id: case} of a family."""
    module = importlib.import_module("tests.conformance.cases_" + family)
    return samples.names(module.CASES)


def elsewhere(family):
    """{op: file of the tests that cover it} of ops that no single call can show, of a family."""
    module = importlib.import_module("tests.conformance.cases_" + family)
    return getattr(module, "ELSEWHERE", {})


def path(family):
    """The file of a family's recordings."""
    return os.path.join(FOLDER, family + ".npz")


def load(family):
    """({case id: facts}, {key: array}) as recorded; both empty where nothing is."""
    if not os.path.exists(path(family)):
        return {}, {}
    with np.load(path(family)) as stored:
        arrays = {key: stored[key] for key in stored.files}
    return json.loads(arrays.pop("facts").tobytes().decode()), arrays


def save(family, facts, arrays):
    """Write a family's recordings; equal recordings give equal bytes."""
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    body = {key: arrays[key] for key in sorted(arrays)}
    np.savez_compressed(path(family), facts=np.frombuffer(text.encode(), np.uint8), **body)


def pack(value, key, arrays):
    """The fact that stands for a fetched value; numbers go into `arrays` below `key`."""
    array = np.asarray(value)
    if array.dtype == object or array.dtype.kind in "SU":
        texts = [x.decode("latin1") if isinstance(x, bytes) else str(x)
                 for x in array.reshape(-1).tolist()]
        return {"strings": texts, "shape": list(array.shape)}
    if array.dtype.kind == "V" or array.dtype.name == "bfloat16":
        arrays[key] = array.view(np.uint16)
        return {"key": key, "dtype": "bfloat16"}
    arrays[key] = array
    return {"key": key, "dtype": array.dtype.name}


def unpack(fact, arrays):
    """The array that `pack` stored; strings as an object array of bytes, bfloat16 as uint16."""
    if "strings" in fact:
        flat = np.empty(len(fact["strings"]), object)
        flat[:] = [text.encode("latin1") for text in fact["strings"]]
        return flat.reshape(fact["shape"])
    return arrays[fact["key"]]

"""Graphs and values as plain data that is equal for equal graphs and values, whoever made them.

Used by the tests and, under Python 3.7, by tools/record.py; so it is plain Python with numpy alone.
"""
from __future__ import annotations

import hashlib
import re

import numpy as np

#: attrs that are hints of the runtime, not part of what a program says
HINTS = ("_class", "_output_shapes", "_XlaCompile", "_grappler")
_ARRAYS = {1: ("float32", "float_val"), 2: ("float64", "double_val"), 3: ("int32", "int_val"),
           4: ("uint8", "int_val"), 5: ("int16", "int_val"), 6: ("int8", "int_val"),
           9: ("int64", "int64_val"), 10: ("bool", "bool_val"), 17: ("uint16", "int_val")}
_STRING = 7
#: what functions of branches and loops have in their names
_COUNT = re.compile(r"((?:^|_)(?:branch\d+|true|false|cond|body|grad)_)\d+(?=_|$)")
#: the random part of the names of sharded checkpoints
_TEMPORARY = re.compile(b"_temp_[0-9a-f]{32}")


def nodes(graph_def):
    """[name, op, inputs, device, {attr: text}] of each node; control inputs sorted, at the end."""
    found = []
    for node in graph_def.node:
        data = [i for i in node.input if not i.startswith("^")]
        control = sorted(i for i in node.input if i.startswith("^"))
        attrs = {key: attr_text(node.attr[key]) for key in sorted(node.attr) if key not in HINTS}
        found.append([node.name, node.op, data + control, node.device, attrs])
    return found


def differences(expected, actual):
    """Texts that say in what two `nodes` lists differ, in the order of the first; [] if equal."""
    mine = {node[0]: node for node in actual}
    found = []
    for node in expected:
        other = mine.pop(node[0], None)
        if other is None:
            found.append(f"{node[0]} ({node[1]}): missing")
            continue
        for what, a, b in zip(("op", "inputs", "device"), node[1:4], other[1:4]):
            if a != b:
                found.append(f"{node[0]} ({node[1]}): {what} {b!r}, expected {a!r}")
        for key in sorted(set(node[4]) | set(other[4])):
            a, b = node[4].get(key), other[4].get(key)
            if key == "_gradient_op_type" and a and b:  # ends with a count of the process's tensors
                a, b = a.rstrip("0123456789'"), b.rstrip("0123456789'")
            if a != b:
                found.append(f"{node[0]} ({node[1]}): attr {key} {b}, expected {a}")
    found += [f"{name} ({mine[name][1]}): extra" for name in mine]
    for a, b in zip(expected, actual):
        if not found and a[0] != b[0]:
            found.append(f"the nodes stand in another order: {b[0]} stands where {a[0]} should")
    return found


def attr_text(value):
    """An AttrValue as text."""
    kind = value.WhichOneof("value")
    if kind is None:
        return "none"
    field = getattr(value, kind)
    if kind == "tensor":
        return tensor_text(field)
    if kind == "shape":
        return shape_text(field)
    if kind == "list":
        items = [f"{name}:{item!r}" for name in ("s", "i", "f", "b", "type")
                 for item in getattr(field, name)]
        items += [shape_text(item) for item in field.shape]
        items += [tensor_text(item) for item in field.tensor]
        items += [f"func:{function_text(item.name)}" for item in field.func]
        return "list({})".format(", ".join(items))
    if kind == "f":
        return f"f:{field:.7g}"
    if kind == "func" and _COUNT.search(field.name):
        return f"func:{function_text(field.name)}"
    return "{}:{}".format(kind, repr(field) if kind == "s" else str(field).strip())


def function_text(name):
    """A function's name without the counts of the process's tensors in it."""
    return _COUNT.sub(r"\1#", name)


def shape_text(shape):
    """A TensorShapeProto as text."""
    return "shape:?" if shape.unknown_rank else "shape:%s" % [int(d.size) for d in shape.dim]


def tensor_text(tensor):
    """A TensorProto as text: its type and shape, and the values (their digest if they are many)."""
    array = _array(tensor)
    shape = [int(d.size) for d in tensor.tensor_shape.dim]
    if array is None:
        return f"tensor({tensor.dtype}, {shape}, {_digest(tensor.SerializeToString())})"
    if array.dtype == object:
        array = np.array([_TEMPORARY.sub(b"_temp_?", x) for x in array.reshape(-1)], object)
    if array.size <= 6:
        return f"tensor({tensor.dtype}, {shape}, {array.reshape(-1).tolist()!r})"
    body = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
    return f"tensor({tensor.dtype}, {shape}, {_digest(body)})"


def described(value):
    """A fetched value as data: type, shape, digest, statistics, first values; None of None."""
    if value is None:
        return None
    array = np.array(value, object) if isinstance(value, (bytes, str)) else np.asarray(value)
    found = {"dtype": str(array.dtype), "shape": list(array.shape)}
    if array.dtype.kind in "OSU":
        flat = array.reshape(-1)[:16].tolist()
        texts = [x.decode("latin1") if isinstance(x, bytes) else str(x) for x in flat]
        found["first"] = [text[:200] for text in texts]
        return found
    found["digest"] = _digest(np.ascontiguousarray(array).tobytes())
    if array.size and array.dtype.kind in "fiub":
        numbers = array.astype(np.float64)
        found["stats"] = [float(f(numbers)) for f in (np.min, np.max, np.mean, np.std)]
        found["first"] = [float(x) for x in numbers.reshape(-1)[:16]]
    return found


def value_difference(expected, actual, rtol):
    """A text that says in what two `described` values differ; None if they agree within rtol.

    With rtol None only type and shape count.
    """
    if expected is None or actual is None:
        return None if expected is actual else "one is None"
    for key in ("dtype", "shape"):
        if expected[key] != actual[key]:
            return f"{key} {actual[key]}, expected {expected[key]}"
    if rtol is None or "digest" in expected and expected["digest"] == actual["digest"]:
        return None
    if "stats" not in expected:
        same = expected.get("first") == actual.get("first") and "digest" not in expected
        return None if same else f"{actual.get('first')}, expected {expected.get('first')}"
    scale = max(abs(expected["stats"][0]), abs(expected["stats"][1]), 1e-6)
    for key in ("stats", "first"):
        if not np.allclose(actual[key], expected[key], rtol=0, atol=rtol * scale, equal_nan=True):
            return f"{key} {actual[key]}, expected {expected[key]}"
    return None


def _digest(body):
    return hashlib.sha1(body).hexdigest()[:12]


def _array(tensor):
    """A TensorProto's values; None for a type whose bytes are compared as they are."""
    shape = [int(d.size) for d in tensor.tensor_shape.dim]
    count = int(np.prod(shape)) if shape else 1
    if tensor.dtype == _STRING:
        values = list(tensor.string_val)
    elif tensor.dtype not in _ARRAYS:
        return None
    elif tensor.tensor_content:
        return np.frombuffer(tensor.tensor_content, _ARRAYS[tensor.dtype][0])
    else:
        values = list(getattr(tensor, _ARRAYS[tensor.dtype][1]))
    blank = b"" if tensor.dtype == _STRING else 0
    values = (values or [blank])[:count]
    values += values[-1:] * (count - len(values))
    if tensor.dtype == _STRING:
        array = np.empty(count, object)
        array[:] = values
        return array
    return np.array(values, _ARRAYS[tensor.dtype][0])

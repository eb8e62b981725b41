"""The hash by which TensorFlow names functions that have no name of their own.

MurmurHash 64A (Austin Appleby, public domain) over the parts of a FunctionDef, in TensorFlow
1.15.5's order, in base 64.
"""

from __future__ import annotations

import base64
from typing import Any

from rekindle._src.graph import proto, tensor_value

_MASK = (1 << 64) - 1
_SEED = 0xDECAFCAFFE
_M = 0xC6A4A7935BD1E995


def short_hash(definition: Any) -> str:
    """Eleven letters and digits that tell the FunctionDef from others."""
    signature = type(definition.signature).FromString(definition.signature.SerializeToString())
    for field in ("name", "attr", "control_output"):
        signature.ClearField(field)
    total = _hash(signature.SerializeToString(deterministic=True))
    total = _combine(_nodes_hash(definition.node_def), total)
    for key, value in sorted(definition.ret.items()):
        total = _hash(value.encode(), _hash(key.encode(), total))
    text = base64.urlsafe_b64encode(total.to_bytes(8, "little")).decode().rstrip("=")
    return text.replace("-", "a").replace("_", "A")


def _nodes_hash(nodes: Any) -> int:
    total = _SEED
    for node in sorted(nodes, key=lambda n: n.name):
        total = _combine(_node_hash(node), _hash(node.name.encode(), total))
    return total


def _node_hash(node: Any) -> int:
    total = _hash(node.name.encode())
    total = _hash(node.op.encode(), total)
    total = _hash(node.device.encode(), total)
    data = [text for text in node.input if not text.startswith("^")]
    waits = sorted({text for text in node.input if text.startswith("^")})
    for text in data + waits:
        total = _hash(text.encode(), total)
    for key, value in sorted(node.attr.items()):
        if not key.startswith("_"):
            total = _combine(_attr_hash(value), _hash(key.encode(), total))
    return total


def _attr_hash(value: Any) -> int:
    held = value.WhichOneof("value")
    if held == "tensor":
        return _hash(_content(value.tensor).SerializeToString(deterministic=True))
    if held != "func":
        return _hash(value.SerializeToString(deterministic=True))
    total = _hash(value.func.name.encode())
    for key, one in sorted(value.func.attr.items()):
        total = _combine(_attr_hash(one), _hash(key.encode(), total))
    return total


def _content(tensor: Any) -> Any:
    """A TensorProto with its elements as bytes."""
    out = proto.TensorProto(dtype=tensor.dtype)
    out.tensor_shape.CopyFrom(tensor.tensor_shape)
    array = tensor_value.make_ndarray(tensor)
    if array.dtype == object:
        out.string_val.extend(array.ravel().tolist())
    else:
        out.tensor_content = array.tobytes()
    return out


def _combine(a: int, b: int) -> int:
    return (a ^ (b + 0x9E3779B97F4A7800 + (a << 10) + (a >> 4))) & _MASK


def _hash(data: bytes, seed: int = _SEED) -> int:
    total = seed ^ (len(data) * _M & _MASK)
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        k = int.from_bytes(data[at : at + 8], "little") * _M & _MASK
        k = (k ^ k >> 47) * _M & _MASK
        total = (total ^ k) * _M & _MASK
    if len(data) > whole:
        total = (total ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    total = (total ^ total >> 47) * _M & _MASK
    return total ^ total >> 47

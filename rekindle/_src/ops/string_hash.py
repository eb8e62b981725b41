"""Hashes of strings, bit for bit TensorFlow's, and the ops that put strings into buckets by them.

Sources: FarmHash (farmhashna Hash64, Pike and others, Google); MurmurHash64A (Appleby); SipHash-2-4 (Aumasson and
Bernstein 2012).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops.arguments import renamed

_M = (1 << 64) - 1
_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
_word = struct.Struct("<Q").unpack_from
_half = struct.Struct("<I").unpack_from


def _rotate(x: int, by: int) -> int:
    """Rotate to the right."""
    return (x >> by | x << (64 - by)) & _M


def _mix(x: int) -> int:
    return x ^ x >> 47


def _pair(u: int, v: int, by: int) -> int:
    a = _mix((u ^ v) * by & _M)
    b = _mix((v ^ a) * by & _M)
    return b * by & _M


def _weak(s: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    """32 bytes mixed into two seeds."""
    w, x, y, z = (_word(s, at + i)[0] for i in (0, 8, 16, 24))
    a = (a + w) & _M
    b = _rotate((b + a + z) & _M, 21)
    c = a
    a = (a + x + y) & _M
    b = (b + _rotate(a, 44)) & _M
    return (a + z) & _M, (b + c) & _M


def _up_to_16(s: bytes) -> int:
    n = len(s)
    if n >= 8:
        by = _K2 + n * 2
        a, b = (_word(s)[0] + _K2) & _M, _word(s, n - 8)[0]
        c = (_rotate(b, 37) * by + a) & _M
        d = (_rotate(a, 25) + b) * by & _M
        return _pair(c, d, by)
    if n >= 4:
        return _pair(n + (_half(s)[0] << 3), _half(s, n - 4)[0], _K2 + n * 2)
    if n:
        y, z = s[0] + (s[n >> 1] << 8), n + (s[-1] << 2)
        return _mix((y * _K2 ^ z * _K0) & _M) * _K2 & _M
    return _K2


def _up_to_32(s: bytes) -> int:
    n = len(s)
    by = _K2 + n * 2
    a, b = _word(s)[0] * _K1 & _M, _word(s, 8)[0]
    c, d = _word(s, n - 8)[0] * by & _M, _word(s, n - 16)[0] * _K2 & _M
    return _pair(
        (_rotate((a + b) & _M, 43) + _rotate(c, 30) + d) & _M,
        (a + _rotate((b + _K2) & _M, 18) + c) & _M,
        by,
    )


def _up_to_64(s: bytes) -> int:
    n = len(s)
    by = _K2 + n * 2
    a, b = _word(s)[0] * _K2 & _M, _word(s, 8)[0]
    c, d = _word(s, n - 8)[0] * by & _M, _word(s, n - 16)[0] * _K2 & _M
    y = (_rotate((a + b) & _M, 43) + _rotate(c, 30) + d) & _M
    z = _pair(y, (a + _rotate((b + _K2) & _M, 18) + c) & _M, by)
    e, f = _word(s, 16)[0] * by & _M, _word(s, 24)[0]
    g = (y + _word(s, n - 32)[0]) * by & _M
    h = (z + _word(s, n - 24)[0]) * by & _M
    return _pair(
        (_rotate((e + f) & _M, 43) + _rotate(g, 30) + h) & _M,
        (e + _rotate((f + a) & _M, 18) + g) & _M,
        by,
    )


def fingerprint64(s: bytes) -> int:
    """FarmHash's fingerprint of a string: 64 bits, unsigned."""
    n = len(s)
    if n <= 64:
        return _up_to_16(s) if n <= 16 else _up_to_32(s) if n <= 32 else _up_to_64(s)
    x, y = 81, (81 * _K1 + 113) & _M
    z = _mix((y * _K2 + 113) & _M) * _K2 & _M
    v, w = (0, 0), (0, 0)
    x = (x * _K2 + _word(s)[0]) & _M
    at, end = 0, (n - 1) // 64 * 64
    while at != end:
        x, y, z, v, w = _round(s, at, x, y, z, v, w, _K1, 1)
        at += 64
    by = (_K1 + ((z & 0xFF) << 1)) & _M
    w = ((w[0] + ((n - 1) & 63)) & _M, w[1])
    v = ((v[0] + w[0]) & _M, v[1])
    w = ((w[0] + v[0]) & _M, w[1])
    x, y, z, v, w = _round(s, n - 64, x, y, z, v, w, by, 9)
    return _pair(
        (_pair(v[0], w[0], by) + _mix(y) * _K0 + z) & _M, (_pair(v[1], w[1], by) + x) & _M, by
    )


def _round(s: bytes, at: int, x: int, y: int, z: int, v: Any, w: Any, by: int, nine: int) -> Any:
    """One block of 64 bytes; the last one has another multiplier and another weight."""
    x = _rotate((x + y + v[0] + _word(s, at + 8)[0]) & _M, 37) * by & _M
    y = _rotate((y + v[1] + _word(s, at + 48)[0]) & _M, 42) * by & _M
    x ^= w[1] * nine & _M
    y = (y + v[0] * nine + _word(s, at + 40)[0]) & _M
    z = _rotate((z + w[0]) & _M, 33) * by & _M
    v = _weak(s, at, v[1] * by & _M, (x + w[0]) & _M)
    w = _weak(s, at + 32, (z + w[1]) & _M, (y + _word(s, at + 16)[0]) & _M)
    return z, y, x, v, w


def hash64(s: bytes, seed: int = 0xDECAFCAFFE) -> int:
    """The hash of TensorFlow's first years: MurmurHash64A."""
    by = 0xC6A4A7935BD1E995
    n = len(s)
    h = seed ^ (n * by & _M)
    for at in range(0, n - 7, 8):
        k = _word(s, at)[0] * by & _M
        h = (h ^ (k ^ k >> 47) * by & _M) * by & _M
    rest = s[n & ~7 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * by & _M
    h = _mix(h) * by & _M
    return _mix(h)


def siphash(s: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 of a string under a key of two numbers."""
    k0, k1 = (k & _M for k in key)
    v = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]
    padded = s + b"\0" * (7 - len(s) % 8) + bytes([len(s) & 0xFF])
    for at in range(0, len(padded), 8):
        word = _word(padded, at)[0]
        v[3] ^= word
        _sip_rounds(v, 2)
        v[0] ^= word
    v[2] ^= 0xFF
    _sip_rounds(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _left(x: int, by: int) -> int:
    return _rotate(x, 64 - by)


def _sip_rounds(v: list[int], count: int) -> None:
    a, b, c, d = v
    for _ in range(count):
        a, c = (a + b) & _M, (c + d) & _M
        b, d = _left(b, 13) ^ a, _left(d, 16) ^ c
        a = _left(a, 32)
        c, a = (c + b) & _M, (a + d) & _M
        b, d = _left(b, 17) ^ c, _left(d, 21) ^ a
        c = _left(c, 32)
    v[:] = a, b, c, d


# The ops.


def _buckets(texts: np.ndarray, count: int, function: Callable[[bytes], int]) -> Any:
    flat = [function(text) % count for text in texts.reshape(-1).tolist()]
    return torch.tensor(flat, dtype=torch.int64).reshape(texts.shape)


@op("StringToHashBucketFast", public="string_to_hash_bucket_fast strings.to_hash_bucket_fast", infer=infer.same,
    host=True)  # fmt: skip
def string_to_hash_bucket_fast(input, *, num_buckets):
    """The bucket of each string by its fingerprint."""
    return _buckets(input, num_buckets, fingerprint64)


@op("StringToHashBucketStrong", public="string_to_hash_bucket_strong strings.to_hash_bucket_strong", infer=infer.same,
    host=True)  # fmt: skip
def string_to_hash_bucket_strong(input, *, num_buckets, key):
    """The bucket of each string by a hash with a key, which nobody without the key can aim at."""
    if len(key) != 2:
        raise errors.InvalidArgumentError(None, None, "Key must have 2 elements")
    return _buckets(input, num_buckets, lambda text: siphash(text, tuple(key)))


@op("StringToHashBucket", infer=infer.same, host=True)
def string_to_hash_bucket_op(string_tensor, *, num_buckets):
    """The bucket of each string by its hash."""
    return _buckets(string_tensor, num_buckets, hash64)


for _block in (string_to_hash_bucket_fast, string_to_hash_bucket_strong, string_to_hash_bucket_op):
    _block.no_gradient()


@public("string_to_hash_bucket", "strings.to_hash_bucket")
def string_to_hash_bucket(
    string_tensor: Any = None, num_buckets: Any = None, name: str | None = None, input: Any = None
) -> Any:
    """The bucket of each string by its hash."""
    text = renamed("input", input, "string_tensor", string_tensor)
    return string_to_hash_bucket_op(text, num_buckets, name=name)


def _fingerprint_rule(c: Any) -> Any:
    data = infer.with_rank_at_least(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 0)
    # a fingerprint of FarmHash has eight bytes
    return (None if data is None else data[0], None if c.value(1) is None else 8)


@op("Fingerprint", public="fingerprint", infer=_fingerprint_rule, host=True)
def fingerprint(data, method):
    """The fingerprint of each row as 8 bytes: [N, ...] -> [N, 8]."""
    if method[()] != b"farmhash64":
        raise errors.InvalidArgumentError(
            None, None, f"Unsupported fingerprint method: {method[()].decode()}"
        )
    return _fingerprints(data)


def _row_bytes(row: Any) -> bytes:
    if isinstance(row, bytes):
        return row
    if isinstance(row, np.ndarray):  # each string's own fingerprint, one after the other
        return b"".join(
            fingerprint64(text).to_bytes(8, "little") for text in row.reshape(-1).tolist()
        )
    return row.contiguous().numpy().tobytes()


def _fingerprints(data: Any) -> Any:
    rows = [fingerprint64(_row_bytes(row)).to_bytes(8, "little") for row in data]
    return torch.frombuffer(bytearray(b"".join(rows)), dtype=torch.uint8).reshape(len(rows), 8)

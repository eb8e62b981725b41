"""Samples of the ops that read messages and raw bytes. The messages are written out: the wire format is the input."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case


def text(*items):
    """A vector of strings."""
    return np.array(items, object)


def one(item):
    """A scalar string."""
    return np.array(item, object)


def field(number, body):
    """A field of bytes, below 128 of them."""
    return bytes([number << 3 | 2, len(body)]) + body


def entry(key, value):
    """An entry of a map."""
    return field(1, field(1, key) + field(2, value))


def ints(*values):
    """A Feature of small integers, packed."""
    return field(3, field(1, bytes(values)))


def floats(*values):
    """A Feature of floats, each with its tag."""
    return field(2, b"".join(b"\x0d" + np.float32(v).tobytes() for v in values))


def texts(*values):
    """A Feature of strings."""
    return field(1, b"".join(field(1, v) for v in values))


def steps(*features):
    """A FeatureList."""
    return b"".join(field(1, one) for one in features)


FIRST = field(1, entry(b"n", ints(3)) + entry(b"s", texts(b"a", b"bc")) + entry(b"x", floats(1.5, -2)))
SECOND = field(1, entry(b"x", floats(4, 5)) + entry(b"n", b"") + entry(b"w", ints(1, 2, 3, 4)))
TWICE = field(1, entry(b"n", ints(3))) + field(1, entry(b"n", ints(4))) + b"\x10\x05"
EXAMPLES = text(FIRST, SECOND, TWICE, b"")
ALL = {"sparse_types": ["string", "int64"], "dense_shapes": [[], [2], [None, 2]]}
KEYS = [[one(b"s"), one(b"zz")], [one(b"n"), one(b"x"), one(b"w")]]
DEFAULTS = [np.array(-1), np.array([7, 8], np.float32), np.array(9)]
N = {"sparse_types": ["int64"], "dense_shapes": [[]]}
NO_DEFAULT = [np.zeros([0], np.int64)]
NOTHING = [one(b"zz")]


def example(message, key=b"n", **attrs):
    """ParseExample of one message for one dense integer."""
    return case("ParseExample", [text(message), text(), NOTHING, [one(key)], NO_DEFAULT], **{**N, **attrs})


SEQUENCE = field(1, entry(b"c", ints(3)) + entry(b"v", texts(b"q"))) + field(
    2, entry(b"f", steps(floats(1, 2), floats(3, 4))) + entry(b"g", steps(ints(1), b"", ints(2, 3)))
)
SHORT = field(1, entry(b"c", ints(4))) + field(2, entry(b"f", steps(floats(5, 6))))
CONTEXT = {"context_sparse_keys": ["v"], "context_sparse_types": ["string"], "Ncontext_sparse": 1,
               "context_dense_keys": ["c"], "context_dense_shapes": [[]], "Ncontext_dense": 1}  # fmt: skip
LISTS = {"feature_list_sparse_keys": ["g"], "feature_list_sparse_types": ["int64"], "Nfeature_list_sparse": 1,
             "feature_list_dense_keys": ["f"], "feature_list_dense_types": ["float32"],
             "feature_list_dense_shapes": [[2]], "Nfeature_list_dense": 1}  # fmt: skip


def sequences(*messages, default=NO_DEFAULT, titles=(), free=(), **attrs):
    """ParseSequenceExample of some messages."""
    given = {**CONTEXT, **LISTS}
    given.update(feature_list_dense_missing_assumed_empty=list(free), **attrs)
    return case("ParseSequenceExample", [text(*messages), text(*titles), default], **given)


def sequence(message, free=(), default=NO_DEFAULT, **attrs):
    """ParseSingleSequenceExample of a message."""
    given = {"context_sparse_types": ["string"], "context_dense_shapes": [[]], "feature_list_sparse_types": ["int64"],
                 "feature_list_dense_types": ["float32"], "feature_list_dense_shapes": [[2]]}  # fmt: skip
    given.update(attrs)
    keys = [[one(b"v")], [one(b"c")], [one(b"g")], [one(b"f")]]
    return case("ParseSingleSequenceExample", [one(message), text(*free), *keys, default, one(b"title")], **given)


CASES = [
    case("ParseExample", [EXAMPLES, text(), *KEYS, DEFAULTS], **ALL),
    case("ParseExample", [text(), text(), *KEYS, DEFAULTS], **ALL),
    case("ParseExample", [EXAMPLES[:1], text(b"name"), [one(b"s")], [one(b"n")], NO_DEFAULT], **N),
    case("ParseExample", [EXAMPLES, text(b"a"), NOTHING, [one(b"n")], [np.array(1)]], **N),
    case("ParseExample", [EXAMPLES[:1], text(), NOTHING, [one(b"n")], [np.array([1, 2])]], **N),
    case("ParseExample", [EXAMPLES[:1], text(), NOTHING, [one(b"n")], NO_DEFAULT], **dict(N, dense_shapes=[[None]])),
    case("ParseExample", [EXAMPLES[1:2], text(b"name"), NOTHING, [one(b"n")], NO_DEFAULT], **N),
    case("ParseExample", [text(FIRST, FIRST[:-3]), text(), NOTHING, [one(b"n")], NO_DEFAULT], **N),
    example(field(1, entry(b"n", ints(1, 2)))),
    example(field(1, entry(b"n", floats(1)))),
    example(field(1, entry(b"n", b"\x22\x00"))),
    example(field(1, entry(b"n", field(3, b"\x10\x01")))),
    example(field(1, entry(b"n", field(3, b"\x08\x81")))),
    example(field(1, entry(b"w", ints(1, 2, 3))), b"w"),
    case("ParseExample", [text(field(1, entry(b"w", ints(1, 2, 3)))), text(), NOTHING, [one(b"w")], [np.array(0)]],
         **dict(N, dense_shapes=[[None, 2]])),
    case("ParseSingleExample", [one(FIRST), DEFAULTS], num_sparse=2, sparse_keys=["s", "zz"],
         dense_keys=["n", "x", "w"], **ALL),
    case("ParseSingleExample", [one(SECOND), DEFAULTS], num_sparse=2, sparse_keys=["s", "zz"],
         dense_keys=["n", "x", "w"], **ALL),
    case("ParseSingleExample", [one(b"\x0a\x05"), NO_DEFAULT], num_sparse=1, sparse_keys=["zz"], dense_keys=["n"], **N),
    case("ParseSingleExample", [one(FIRST), NO_DEFAULT], num_sparse=1, sparse_keys=["zz"], dense_keys=["s"], **N),
    case("ParseSingleExample", [one(FIRST), NO_DEFAULT], num_sparse=1, sparse_keys=["zz"], dense_keys=["w"], **N),
    sequences(SEQUENCE, SHORT), sequences(SEQUENCE, SHORT, b"", default=[np.array(5)], free=["f"]),
    sequences(), sequences(SEQUENCE, b"", default=[np.array(5)], titles=[b"a", b"b"]),
    sequences(SEQUENCE, SHORT[:-4], titles=[b"a", b"b"]), sequences(SEQUENCE, titles=[b"a", b"b"]),
    sequences(SHORT, context_sparse_types=["int64"]), sequences(SEQUENCE, context_sparse_types=["int64"]),
    sequences(SEQUENCE, feature_list_dense_shapes=[[3]]), sequences(SEQUENCE, feature_list_sparse_types=["string"]),
    sequences(SEQUENCE, context_dense_shapes=[[2]]), sequences(b"", free=["f"]),
    sequence(SEQUENCE), sequence(SHORT), sequence(b"", [b"f"], [np.array(5)]), sequence(b"", [b"f"]),
    sequence(field(1, entry(b"c", ints(1)))), sequence(SEQUENCE, feature_list_dense_shapes=[[3]]),
    sequence(SEQUENCE, feature_list_sparse_types=["string"]), sequence(SEQUENCE, context_sparse_types=["int64"]),
    sequence(SEQUENCE, feature_list_dense_types=["int64"]), sequence(b"\x0f"),
    case("DecodePaddedRaw", [text(b"abcd", b"e", b""), np.int32(2)], out_type="uint8"),
    case("DecodePaddedRaw", [text(b"abcd"), np.int32(4)], out_type="int16", little_endian=False),
    case("DecodePaddedRaw", [one(b"abcd"), np.int32(3)], out_type="int16"),
    case("DecodePaddedRaw", [one(b"abcd"), np.int32(0)], out_type="int16"),
]  # fmt: skip

ELSEWHERE = dict.fromkeys(("GenerateVocabRemapping", "LoadAndRemapMatrix"), "tests/train/test_warm_start.py")
ELSEWHERE |= dict.fromkeys(("DecodeProtoV2", "EncodeProto"), "tests/ops/test_proto_messages.py")
ELSEWHERE["RecordInput"] = "tests/ops/test_record_input.py"

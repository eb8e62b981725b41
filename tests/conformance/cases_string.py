"""Samples of the string ops."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case


def text(*values):
    return np.array([v if isinstance(v, bytes) else v.encode() for v in values], object)


_ONE = np.array(b" ", object)
_LONG = [b"x" * n for n in (0, 1, 3, 4, 7, 8, 9, 16, 17, 32, 33, 63, 64, 65, 100, 128, 129, 200)]

CASES = [
    case("StringJoin", [[text("a", "b"), text("c", "d")]], separator="-"),
    case("StringJoin", [[text("a", "b"), np.array(b"z", object)]]),
    case("ReduceJoin", [np.array([[b"a", b"b"], [b"c", b"d"]], object), np.array([0], np.int32)]),
    case("ReduceJoin", [np.array([[b"a", b"b"], [b"c", b"d"]], object), np.array([1, 0], np.int32)], separator="."),
    case("ReduceJoin", [np.array([[b"a", b"b"], [b"c", b"d"]], object), np.array([-1], np.int32)], keep_dims=True),
    case("ReduceJoin", [text("a"), np.array([1], np.int32)]),
    case("StringStrip", [text(" a b ", "\tc\n")]),
    case("StringLower", [text("AbC", "Ä")]),
    case("StringUpper", [text("abC", "ä")], encoding="utf-8"),
    case("StringLength", [text("abc", "äö", "")]),
    case("StringLength", [text("abc", "äö", "")], unit="UTF8_CHAR"),
    case("Substr", [text("hello", "world"), np.array(1, np.int32), np.array(3, np.int32)]),
    case("Substr", [text("hello", "world"), np.array([-2, 0], np.int32), np.array([9, 1], np.int32)]),
    case("Substr", [text("hello", "wo"), np.array(3, np.int32), np.array(1, np.int32)]),
    case("Substr", [text("äöü"), np.array([1], np.int32), np.array([1], np.int32)], unit="UTF8_CHAR"),
    case("RegexReplace", [text("a1b22", "c"), np.array(rb"(\d+)", object), np.array(rb"<\1>", object)]),
    case("StaticRegexReplace", [text("a1b22", "c")], pattern=r"\d", rewrite="#", replace_global=False),
    case("StaticRegexReplace", [text("aXb")], pattern="[[:upper:]]", rewrite=r"\0\0"),
    case("StaticRegexReplace", [text("a")], pattern="(", rewrite=""),
    case("RegexFullMatch", [text("abc", "abd"), np.array(b"ab[c]", object)]),
    case("StaticRegexFullMatch", [text("abc", "xabc")], pattern="a.*"),
    case("EncodeBase64", [text(b"a\xff\xfe", "ab", "")]),
    case("EncodeBase64", [text("a")], pad=True),
    case("DecodeBase64", [text("Yf_-", "YWI")]),
    case("DecodeBase64", [text("Y*")]),
    case("AsString", [np.array([1.5, -2.0, 1e10, np.inf, np.nan], np.float32)]),
    case("AsString", [np.array([1.5, 1e10], np.float64)], precision=2, scientific=True),
    case("AsString", [np.array([1.5, 1e10, 0.1], np.float32)], shortest=True),
    case("AsString", [np.array([5, -12], np.int32)], width=4, fill="0"),
    case("AsString", [np.array([True, False])]),
    case("AsString", [np.array([1 + 2j], np.complex64)]),
    case("AsString", [np.array([5], np.int64)], precision=2),
    case("StringToNumber", [text("1.5", " -2e3 ", "inf", "7")]),
    case("StringToNumber", [text("42", "-7")], out_type="int32"),
    case("StringToNumber", [text("x1")]),
    case("StringToNumber", [text("1.5")], out_type="int64"),
    case("DecodeRaw", [text(b"\x01\x00\x02\x00", b"\xff\xff\x00\x80")], out_type="int16"),
    case("DecodeRaw", [text(b"\x01\x02")], out_type="uint16", little_endian=False),
    case("DecodeRaw", [text(b"\x01\x02\x03")], out_type="int16"),
    case("DecodeRaw", [text(b"\x01\x02", b"\x03")], out_type="uint8"),
    case("StringSplit", [text("a b  c", "", " d"), _ONE]),
    case("StringSplit", [text("a b  c", "d,e"), np.array(b" ,", object)], skip_empty=False),
    case("StringSplit", [text("abc"), np.array(b"", object)]),
    case("StringSplitV2", [text("a b  c", " d "), np.array(b"", object)]),
    case("StringSplitV2", [text("a,b,,c"), np.array(b",", object)], maxsplit=2),
    case(
        "UnsortedSegmentJoin",
        [text("a", "b", "c"), np.array([1, 0, 1], np.int32), np.array(3, np.int32)],
        separator=":",
    ),
    case("UnicodeTranscode", [text("aä")], input_encoding="UTF-8", output_encoding="UTF-16-BE"),
    case("UnicodeTranscode", [text(b"a\xff")], input_encoding="UTF-8", output_encoding="UTF-8"),
    case("StringToHashBucketFast", [text(*_LONG)], num_buckets=1 << 62),
    case("StringToHashBucketFast", [text("a", "hello world")], num_buckets=100),
    case("StringToHashBucketStrong", [text(*_LONG)], num_buckets=1 << 62, key=[123, 456]),
    case("StringToHashBucket", [text(*_LONG)], num_buckets=1 << 62),
    case("Fingerprint", [text("ab", "cd"), np.array(b"farmhash64", object)]),
    case("Fingerprint", [np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), np.array(b"farmhash64", object)]),
    case(
        "StringFormat",
        [[np.array([1, 2, 3, 4, 5, 6, 7, 8], np.int32), np.array([[1.5, 2.0], [3.0, 4.0]], np.float32)]],
        template="x {} y {}",
        placeholder="{}",
    ),
    case("StringFormat", [[text("a", 'b"'), np.array(True)]], template="{}{}", placeholder="{}", summarize=-1),
]

_TABLES = (
    "HashTableV2",
    "MutableHashTableV2",
    "MutableHashTableOfTensorsV2",
    "MutableDenseHashTableV2",
    "LookupTableFindV2",
    "LookupTableInsertV2",
    "LookupTableImportV2",
    "LookupTableRemoveV2",
    "LookupTableSizeV2",
    "LookupTableExportV2",
    "InitializeTableV2",
    "InitializeTableFromTextFileV2",
)
_LOOKING = ("Print", "PrintV2", "Timestamp", "CheckNumerics", "PyFunc", "PyFuncStateless", "EagerPyFunc")
_READING = (
    "ParseExample", "ParseSingleExample", "ParseSingleSequenceExample", "DecodeCSV", "ParseTensor", "SerializeTensor",
    "DecodeJSONExample", "DecodeCompressed", "ReadFile", "WriteFile", "MatchingFiles",
)
ELSEWHERE = {
    **dict.fromkeys(_READING, "tests/ops/test_parsing.py"),
    **dict.fromkeys(_TABLES, "tests/ops/test_lookup.py"),
    **dict.fromkeys(_LOOKING, "tests/ops/test_debug.py"),
}

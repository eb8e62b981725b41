"""String functions as users call them."""
from __future__ import annotations

import pytest

import rekindle as tf
from rekindle._src.ops.string_hash import fingerprint64, hash64, siphash


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def test_split_and_join(session):
    parts = tf.string_split(["a b", "c"])
    assert session.run(parts.values).tolist() == [b"a", b"b", b"c"]
    assert session.run(parts.dense_shape).tolist() == [2, 2]
    assert session.run(tf.strings.split(["a  b"]).values).tolist() == [b"a", b"b"]
    assert session.run(tf.string_join(["a", "b"], "-")) == b"a-b"
    assert session.run(tf.reduce_join([["a", "b"], ["c", "d"]])) == b"abcd"
    with pytest.raises(ValueError, match="Cannot specify both"):
        tf.string_split(["a"], sep=" ", delimiter=",")


def test_numbers_and_text(session):
    assert session.run(tf.as_string([1.5, 2.0], precision=1)).tolist() == [b"1.5", b"2.0"]
    assert session.run(tf.string_to_number("3")) == 3
    assert session.run(tf.decode_raw(["ab"], tf.uint8)).tolist() == [[97, 98]]
    with pytest.raises(ValueError, match="out_type"):
        tf.decode_raw(["ab"])


def test_regular_expressions(session):
    assert session.run(tf.regex_replace("a1b2", r"([a-z])(\d)", r"\2\1")) == b"1a2b"
    assert session.run(tf.strings.regex_full_match(["ab", "b"], tf.constant("a.*"))).tolist() == [True, False]
    assert session.run(tf.regex_replace("äö", "ä", tf.constant("x"))) == "xö".encode()


def test_hashes_of_known_strings():
    # published test vectors: FarmHash's fingerprint of the empty string, SipHash's reference key and input
    assert fingerprint64(b"") == 0x9AE16A3B2F90404F
    key = (0x0706050403020100, 0x0F0E0D0C0B0A0908)
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5
    assert hash64(b"") != hash64(b"\0")


def test_format(session):
    text = tf.strings.format("{} and {}", [tf.constant([1, 2]), tf.constant("x")])
    assert session.run(text) == b'[1 2] and "x"'
    with pytest.raises(ValueError, match="does not match"):
        tf.strings.format("{}", [1, 2])

"""Examples, CSV and files read by a graph: ParseExample, ParseSingleExample, ParseSequenceExample,
ParseSingleSequenceExample, DecodeCSV, ParseTensor, SerializeTensor, DecodeJSONExample,
DecodeCompressed, ReadFile, WriteFile, MatchingFiles."""
from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rekindle as tf
from rekindle._src.graph import proto


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def feature(values):
    out = proto.Feature()
    if isinstance(values[0], bytes):
        out.bytes_list.value.extend(values)
    elif isinstance(values[0], float):
        out.float_list.value.extend(values)
    else:
        out.int64_list.value.extend(values)
    return out


def example(**features):
    out = proto.Example()
    for key, values in features.items():
        out.features.feature[key].CopyFrom(feature(values))
    return out.SerializeToString()


FIRST = example(x=[1.0, 2.0], n=[3], s=[b"q", b"r"], i=[0, 2], v=[5.0, 6.0])
SECOND = example(x=[4.0, 5.0], s=[b"z"], w=[1, 2, 3, 4], i=[1], v=[7.0])
FEATURES = {
    "x": tf.FixedLenFeature([2], tf.float32),
    "n": tf.FixedLenFeature([], tf.int64, default_value=9),
    "s": tf.VarLenFeature(tf.string),
    "w": tf.FixedLenSequenceFeature([2], tf.int64, allow_missing=True),
    "sp": tf.SparseFeature("i", "v", tf.float32, 4),
}


def test_a_batch_of_examples(session):
    found = session.run(tf.parse_example([FIRST, SECOND], FEATURES))
    assert found["x"].tolist() == [[1, 2], [4, 5]] and found["n"].tolist() == [3, 9]
    assert found["s"].values.tolist() == [b"q", b"r", b"z"] and found["s"].dense_shape.tolist() == [2, 2]
    assert found["w"].tolist() == [[[0, 0], [0, 0]], [[1, 2], [3, 4]]]
    assert found["sp"].indices.tolist() == [[0, 0], [0, 2], [1, 1]]
    assert sorted(found) == sorted(FEATURES)


@pytest.mark.parametrize("names", [None, "first"])
def test_a_single_example(session, names):
    parsed = tf.parse_single_example(FIRST, FEATURES, example_names=names)
    assert parsed["x"].shape.as_list() == [2]
    found = session.run(parsed)
    assert found["n"] == 3 and found["s"].values.tolist() == [b"q", b"r"]
    assert found["sp"].values.tolist() == [5, 6]


@pytest.mark.parametrize(("features", "said"), [
    ({"zz": tf.FixedLenFeature([], tf.int64)}, r"Feature: zz \(data type: int64\) is required but could not be found."),
    ({"x": tf.FixedLenFeature([2], tf.int64)}, "Data types don't match. Data type: float but expected type: int64"),
    ({"x": tf.FixedLenFeature([3], tf.float32)}, "Key: x.  Can't parse serialized Example."),
    ({"s": tf.VarLenFeature(tf.int64)}, "Expected type: int64, Actual type: string"),
])  # fmt: skip
def test_examples_that_do_not_fit(session, features, said):
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        session.run(tf.parse_single_example(FIRST, features))


@pytest.mark.parametrize(("features", "said"), [
    ({}, "Missing: features was"), ({"x": 3}, "Invalid feature x:3"),
    ({"x": tf.FixedLenFeature([None], tf.float32)}, "First dimension of shape for feature x unknown"),
    ({"x": tf.FixedLenFeature(None, tf.float32)}, "Missing shape for feature x"),
    ({"x": tf.VarLenFeature(None)}, "Missing type for feature x"),
    ({"x": tf.FixedLenSequenceFeature([], tf.float32)}, "requires allow_missing to be True"),
])  # fmt: skip
def test_features_that_are_not_well_described(features, said):
    with pytest.raises(ValueError, match=said):
        tf.parse_example([FIRST], features)


def test_a_sequence_example(session):
    message = proto.SequenceExample()
    message.context.feature["c"].CopyFrom(feature([3]))
    message.feature_lists.feature_list["f"].feature.extend([feature([1.0, 2.0]), feature([3.0, 4.0])])
    message.feature_lists.feature_list["g"].feature.extend([feature([1]), feature([2, 3])])
    text = message.SerializeToString()
    context, lists = session.run(tf.parse_single_sequence_example(
        text, {"c": tf.FixedLenFeature([], tf.int64)},
        {"f": tf.FixedLenSequenceFeature([2], tf.float32), "g": tf.VarLenFeature(tf.int64)}))
    assert context["c"] == 3 and lists["f"].tolist() == [[1, 2], [3, 4]]
    assert lists["g"].indices.tolist() == [[0, 0], [1, 0], [1, 1]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Feature list 'q' is required"):
        wanted = {"q": tf.FixedLenSequenceFeature([], tf.int64)}
        session.run(tf.parse_single_sequence_example(text, sequence_features=wanted))


def sequence(steps, **context):
    message = proto.SequenceExample()
    for key, values in context.items():
        message.context.feature[key].CopyFrom(feature(values))
    message.feature_lists.feature_list["f"].feature.extend([feature([float(i), 0.5]) for i in range(steps)])
    message.feature_lists.feature_list["g"].feature.extend([feature([i] * (i + 1)) for i in range(steps)])
    return message.SerializeToString()


def test_a_batch_of_sequence_examples(session):
    texts = [sequence(2, c=[1]), sequence(0, c=[2]), sequence(1)]
    context, lists, lengths = session.run(tf.io.parse_sequence_example(
        texts, {"c": tf.FixedLenFeature([], tf.int64, default_value=7)},
        {"f": tf.FixedLenSequenceFeature([2], tf.float32), "g": tf.VarLenFeature(tf.int64)}))
    assert context["c"].tolist() == [1, 2, 7] and lengths["f"].tolist() == [2, 0, 1]
    assert lists["f"].tolist() == [[[0, 0.5], [1, 0.5]], [[0, 0], [0, 0]], [[0, 0.5], [0, 0]]]
    assert lists["g"].indices.tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 1], [2, 0, 0]]
    assert lists["g"].values.tolist() == [0, 1, 1, 0] and lists["g"].dense_shape.tolist() == [3, 2, 2]


@given(st.lists(st.tuples(
    st.lists(st.floats(width=32, allow_nan=False), max_size=4), st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4),
    st.lists(st.binary(max_size=5), max_size=4)), max_size=5))  # fmt: skip
def test_values_come_back(rows):
    texts = []
    for floats, ints, strings in rows:
        message = proto.Example()
        message.features.feature["f"].float_list.value.extend(floats)
        message.features.feature["i"].int64_list.value.extend(ints)
        message.features.feature["s"].bytes_list.value.extend(strings)
        texts.append(message.SerializeToString())
    found = parsed_ragged(tuple(texts))
    for place, key in enumerate("fis"):
        assert found[key].values.tolist() == [value for row in rows for value in row[place]]
        counts = [len(row[place]) for row in rows]
        assert found[key].indices.tolist() == [[i, j] for i, count in enumerate(counts) for j in range(count)]


def parsed_ragged(texts):
    kinds = {"f": tf.float32, "i": tf.int64, "s": tf.string}
    with tf.Graph().as_default(), tf.Session() as own:
        fed = tf.placeholder(tf.string, [None])
        parsed = tf.parse_example(fed, {key: tf.VarLenFeature(kind) for key, kind in kinds.items()})
        return own.run(parsed, {fed: list(texts)})


CUT = st.builds(lambda n, b: FIRST[:n] + b, st.integers(0, len(FIRST)), st.binary(max_size=4))


@given(st.binary(max_size=40) | CUT)
def test_any_bytes_are_an_example_or_an_error(text):
    features = {"x": tf.VarLenFeature(tf.float32), "n": tf.VarLenFeature(tf.int64), "s": tf.VarLenFeature(tf.string)}
    with tf.Graph().as_default(), tf.Session() as own:
        parsed = tf.parse_single_example(tf.placeholder_with_default(tf.constant(text), []), features)
        try:
            own.run(parsed)
        except tf.errors.InvalidArgumentError:
            pass


def test_csv(session):
    number, text, last = tf.decode_csv(['1,a,"x, ""y"""', "2,,z"], [[0], ["d"], tf.constant([], tf.string)])
    assert session.run(number).tolist() == [1, 2] and session.run(text).tolist() == [b"a", b"d"]
    assert session.run(last).tolist() == [b'x, "y"', b"z"]
    first, third = tf.decode_csv("1;2;3", [[0.0], [0.0]], field_delim=";", select_cols=[0, 2])
    assert session.run([first, third]) == [1, 3]


@pytest.mark.parametrize(("line", "default", "said"), [
    ("1,2", [0], "Expect 1 fields but have 2 in record 0"), ("x", [0], "Field 0 in record 0 is not a valid int32: x"),
    ('a"b', [""], "Unquoted fields cannot have quotes"), ('"a', [""], "Quoted field has to end with quote"),
])  # fmt: skip
def test_csv_that_is_not_well_formed(session, line, default, said):
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        session.run(tf.decode_csv(line, [default]))


def test_serialized_tensors(session):
    text = tf.serialize_tensor(tf.constant([1, 2]))
    assert session.run(tf.parse_tensor(text, tf.int32)).tolist() == [1, 2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Type mismatch between parsed tensor"):
        session.run(tf.parse_tensor(text, tf.float32))


def test_json_and_compressed(session):
    text = '{"features": {"feature": {"a": {"int64List": {"value": ["3"]}}}}}'
    binary = tf.decode_json_example(text)
    assert session.run(tf.parse_single_example(binary, {"a": tf.FixedLenFeature([], tf.int64)}))["a"] == 3
    packed = [zlib.compress(b"hi"), gzip.compress(b"ho")]
    assert session.run(tf.decode_compressed(packed[:1], "ZLIB")).tolist() == [b"hi"]
    assert session.run(tf.decode_compressed(packed[1:], "GZIP")).tolist() == [b"ho"]
    with pytest.raises(tf.errors.DataLossError, match="inflate"):
        session.run(tf.decode_compressed("zz", "ZLIB"))


def test_files(session, tmp_path):
    path = tmp_path / "deep" / "a.txt"
    session.run(tf.write_file(str(path), "hello"))
    assert session.run(tf.read_file(str(path))) == b"hello"
    assert session.run(tf.matching_files(str(tmp_path / "*" / "*.txt"))).tolist() == [str(path).encode()]
    with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
        session.run(tf.read_file(str(tmp_path / "none")))

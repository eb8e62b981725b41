"""Fields of serialized messages (DecodeProtoV2, EncodeProto), TensorFlow's own messages and given descriptors."""
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

import rekindle as tf

_FIELD = descriptor_pb2.FieldDescriptorProto
#: type -> (type of tensors, values at the ends of its range)
KINDS = {
    "double": (tf.float64, [1.5, -2.5]),
    "float": (tf.float32, [0.5, -1.5]),
    "int64": (tf.int64, [-(2**63), 2**63 - 1]),
    "uint64": (tf.uint64, [0, 2**64 - 1]),
    "int32": (tf.int32, [-(2**31), 2**31 - 1]),
    "fixed64": (tf.uint64, [0, 2**64 - 1]),
    "fixed32": (tf.uint32, [0, 2**32 - 1]),
    "bool": (tf.bool, [True, False]),
    "string": (tf.string, ["a", "bc"]),
    "bytes": (tf.string, [b"\xff", b""]),
    "uint32": (tf.uint32, [0, 2**32 - 1]),
    "sfixed32": (tf.int32, [-(2**31), 2**31 - 1]),
    "sfixed64": (tf.int64, [-(2**63), 2**63 - 1]),
    "sint32": (tf.int32, [-(2**31), 2**31 - 1]),
    "sint64": (tf.int64, [-(2**63), 2**63 - 1]),
}


def file_descriptor():
    """A message with each type three times: once, repeated, packed; and a message and a group in it."""
    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="pk", syntax="proto2")
    message = file.message_type.add(name="M")
    for kind in KINDS:
        for label in ("one", "many", "packed"):
            one = message.field.add(name=f"{kind}_{label}", number=len(message.field) + 1)
            one.type = getattr(_FIELD, f"TYPE_{kind.upper()}")
            one.label = _FIELD.LABEL_OPTIONAL if label == "one" else _FIELD.LABEL_REPEATED
            one.options.packed = label == "packed" and kind not in ("string", "bytes")
            if one.name == "int32_one":
                one.default_value = "7"
    group = message.nested_type.add(name="G")
    group.field.add(name="y", number=1, type=_FIELD.TYPE_INT32, label=_FIELD.LABEL_OPTIONAL)
    for name, kind in (("inner", _FIELD.TYPE_MESSAGE), ("g", _FIELD.TYPE_GROUP)):
        message.field.add(name=name, number=len(message.field) + 1, type=kind, type_name=".pk.M.G", label=1)
    return file


FILE = file_descriptor()
SET = descriptor_pb2.FileDescriptorSet(file=[FILE]).SerializeToString()
POOL = descriptor_pool.DescriptorPool()
POOL.AddSerializedFile(FILE.SerializeToString())
MESSAGE = message_factory.GetMessageClass(POOL.FindMessageTypeByName("pk.M"))


def full():
    """A message with all fields, and an empty one."""
    made = MESSAGE()
    for kind, (_, values) in KINDS.items():
        setattr(made, f"{kind}_one", values[-1])
        for label in ("many", "packed"):
            getattr(made, f"{kind}_{label}").extend(values)
    made.inner.y = -3
    return made.SerializeToString()


NAMES = [f"{kind}_{label}" for kind in KINDS for label in ("one", "many", "packed")]
TYPES = [dtype for dtype, _ in KINDS.values() for _ in range(3)]


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def run(fetches):
    with tf.Session() as session:
        return session.run(fetches)


@pytest.fixture(params=["bytes", "file"])
def source(request, tmp_path):
    if request.param == "bytes":
        return b"bytes://" + SET
    (tmp_path / "set").write_bytes(SET)
    return str(tmp_path / "set")


@pytest.mark.parametrize("sanitize", [False, True])
def test_fields_of_every_type(source, sanitize):
    texts = [[full()], [b""]]
    decoded = tf.io.decode_proto(texts, "pk.M", NAMES, TYPES, descriptor_source=source, sanitize=sanitize)
    assert decoded.sizes.shape.as_list() == [2, 1, len(NAMES)]
    assert decoded.values[0].shape.as_list() == [2, 1, None]
    sizes, values = run(decoded)
    assert sizes[0, 0].tolist() == [1, 2, 2] * len(KINDS) and not sizes[1].any()
    for name, array in zip(NAMES, values, strict=True):
        kind, _, label = name.partition("_")
        texts = [one.encode() if isinstance(one, str) else one for one in KINDS[kind][1]]
        assert array[0, 0].tolist() == (texts[-1:] if label == "one" else texts)
        assert array[1, 0].tolist() == ([7] if name == "int32_one" else [type(texts[0])()] * array.shape[-1])
    fed = [tf.placeholder_with_default(one, one.shape) for one in values]
    encoded = tf.io.encode_proto(sizes, fed, NAMES, "pk.M", descriptor_source=source)
    assert encoded.shape.as_list() == [2, 1]
    again = MESSAGE.FromString(full())
    again.ClearField("inner")
    assert [[MESSAGE.FromString(one) for one in row] for row in run(encoded).tolist()] == [[again], [MESSAGE()]]


def test_messages_in_messages_and_groups():
    made = MESSAGE()
    made.inner.y, made.g.y = -3, 4
    source = b"bytes://" + SET
    texts = [made.SerializeToString()]
    _, (inner, group) = run(
        tf.io.decode_proto(texts, "pk.M", ["inner", "g"], [tf.string] * 2, descriptor_source=source)
    )
    assert inner[0, 0] == made.inner.SerializeToString()
    assert made.g.SerializeToString() in group[0, 0]  # with its tags around it, as TensorFlow gives it


def test_messages_of_tensorflow_and_text():
    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[1]))
    example = tf.train.Example(features=tf.train.Features(feature={"a": feature}))
    texts = [example.SerializeToString()]
    _, (found,) = run(tf.io.decode_proto(texts, "tensorflow.Example", ["features"], [tf.string]))
    assert tf.train.Features.FromString(found[0, 0]) == example.features
    sizes, (value,) = run(
        tf.io.decode_proto(["i: 5", "i: 6"], "tensorflow.AttrValue", ["i"], [tf.int64], message_format="text")
    )
    assert value.tolist() == [[5], [6]] and sizes.tolist() == [[1], [1]]


def decode(text, names, types, message="pk.M", **more):
    return tf.io.decode_proto([text], message, names, types, **{"descriptor_source": b"bytes://" + SET, **more})


def encode(sizes, value, name="int32_one", message="pk.M"):
    return tf.io.encode_proto(sizes, [value], [name], message, descriptor_source=b"bytes://" + SET)


@pytest.mark.parametrize(
    ("build", "kind", "said"),
    [
        (lambda: decode(b"\xff", ["int32_one"], [tf.int32]), tf.errors.DataLossError, "consume entire buffer"),
        (lambda: decode(b"\x0d\x01", ["int32_one"], [tf.int32]), tf.errors.DataLossError, "end within a field"),
        (lambda: decode(b"\x0c", ["int32_one"], [tf.int32]), tf.errors.DataLossError, "a group ends"),
        (lambda: decode(b"\x0b" * 9999, ["int32_one"], [tf.int32]), tf.errors.DataLossError, "nested too deep"),
        (lambda: decode("z", ["int32_one"], [tf.int32], message_format="text"), tf.errors.DataLossError, "parse text"),
        (lambda: decode("", ["x"], [tf.int32]), tf.errors.InvalidArgumentError, "Unknown field: x in message"),
        (lambda: decode("", ["x"], [tf.int32], "pk.Q"), tf.errors.InvalidArgumentError, "No descriptor found for"),
        (lambda: decode("", ["int32_one"], [tf.string]), tf.errors.InvalidArgumentError, "Unexpected output type"),
        (lambda: decode("", ["int32_one"], []), tf.errors.InvalidArgumentError, "must have the same length"),
        (
            lambda: decode("", ["int32_one"], [tf.int32], descriptor_source="/none"),
            tf.errors.InvalidArgumentError, "Source does not represent",
        ),
        (lambda: encode([[1]], [["a"]]), tf.errors.InvalidArgumentError, "Saw dtype: string but field type is: int32"),
        (lambda: encode([[3]], [[1, 2]]), tf.errors.InvalidArgumentError, "3 > 2 at message 0 field 0"),
        (lambda: encode([[3, 1]], [[1, 2]]), tf.errors.InvalidArgumentError, r"Saw: \[1,2\] but expected: \[1,1\]"),
        (lambda: encode([[1]], [1]), ValueError, "Shape must be at least rank 2 but is rank 1"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(build, kind, said):
    with pytest.raises(kind, match=said):
        run(build())

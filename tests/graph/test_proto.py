"""Protocol messages: TensorFlow's packages, numbers and text, whichever table they come from."""
from __future__ import annotations

import ast
import pickle
import subprocess
import sys

import pytest
from google.protobuf import text_format

from rekindle._src.graph import proto
from rekindle._src.names import PUBLIC


@pytest.mark.parametrize(
    ("message", "name"),
    [
        (proto.GraphDef, "tensorflow.GraphDef"),
        (proto.Example, "tensorflow.Example"),
        (proto.SavedModel, "tensorflow.SavedModel"),
        (proto.HistogramProto, "tensorflow.HistogramProto"),
        (proto.OpLogProto, "tensorflow.tfprof.OpLogProto"),
    ],
)
def test_packages_are_those_of_tensorflow(message, name):
    assert message.DESCRIPTOR.full_name == name


@pytest.mark.parametrize(
    ("message", "text", "wire"),
    [
        (proto.Example, 'features { feature { key: "a" value { int64_list { value: [1, 2] } } } }',
         b"\n\r\n\x0b\n\x01a\x12\x06\x1a\x04\n\x02\x01\x02"),
        (proto.CheckpointState, 'model_checkpoint_path: "m" all_model_checkpoint_timestamps: 1',
         b"\n\x01m\x1a\x08\x00\x00\x00\x00\x00\x00\xf0?"),
        (proto.QueueRunnerDef, 'queue_name: "q" queue_closed_exception_types: OUT_OF_RANGE',
         b"\n\x01q*\x01\x0b"),
        (proto.BundleEntryProto, "dtype: DT_FLOAT crc32c: 1", b"\x08\x015\x01\x00\x00\x00"),
        (proto.SavedModel, "saved_model_schema_version: 1 meta_graphs { graph_def { } }",
         b"\x08\x01\x12\x02\x12\x00"),
        (proto.WhileContextDef, 'context_name: "w" loop_enter_names: "e"', b"\n\x01wR\x01e"),
    ],
)  # fmt: skip
def test_wire_format(message, text, wire):
    assert text_format.Parse(text, message()).SerializeToString() == wire


def test_any_is_packed_under_tensorflows_name():
    packed = proto.CollectionDef().any_list.value.add()
    packed.Pack(proto.AssetFileDef(filename="x"))
    assert packed.type_url == "type.googleapis.com/tensorflow.AssetFileDef"


def test_messages_pickle():
    graph = proto.GraphDef(node=[proto.NodeDef(name="a", op="Const")])
    assert pickle.loads(pickle.dumps(graph)) == graph


def test_every_deep_module_can_be_made():
    for module, file in proto.DEEP_MODULES.items():
        assert proto.deep_namespace(file)["DESCRIPTOR"].name == f"tensorflow/{file}.proto", module
    assert proto.DEEP_MODULES["tensorflow.core.framework.types_pb2"] == "core/framework/types"
    types = proto.deep_namespace("core/framework/types")
    assert types["DT_FLOAT"] == types["DataType"].Value("DT_FLOAT") == 1


def test_unknown_file_is_named():
    with pytest.raises(KeyError, match="tensorflow/core/framework/nope.proto"):
        proto.message("core/framework/nope", "Nope")


def test_public_names():
    assert PUBLIC["train.Example"] == ("rekindle._src.graph.proto", "Example")
    assert PUBLIC["summary.Event"] == PUBLIC["Event"]


def test_import_pulls_in_no_heavy_module():
    code = "import sys, rekindle._src.graph.proto\nprint(list(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = [name for name in ast.literal_eval(done.stdout) if name.startswith("tensorboard")]
    found = [name for name in names if not name.endswith("_pb2")]
    light = ["tensorboard", "tensorboard.compat", "tensorboard.compat.proto", "tensorboard.lazy",
             "tensorboard.version"]  # fmt: skip
    assert sorted(found) == light

"""`import tensorflow` answered by Rekindle."""
import importlib
import subprocess
import sys
import types

import pytest

import rekindle
from rekindle import _deep_paths
from rekindle import install as _  # noqa: F401 - the function hides the module of its name
from rekindle._src import errors
from rekindle._src.graph import opdef, signatures

hook = sys.modules["rekindle.install"]


@pytest.fixture(autouse=True)
def installed():
    rekindle.install()


def run(source):
    """What `source` leaves in its namespace."""
    namespace = {}
    exec(source, namespace)
    return namespace


def test_tensorflow_is_rekindle():
    tf = importlib.import_module("tensorflow")
    assert tf is rekindle
    assert importlib.import_module("tensorflow.compat.v1") is rekindle
    assert tf.compat.v1 is tf
    assert importlib.import_module("tensorflow.errors") is rekindle.errors
    assert importlib.import_module("tensorflow.compat.v1.errors") is rekindle.errors


def test_installing_again_changes_nothing():
    before = list(sys.meta_path)
    rekindle.install()
    assert sys.meta_path == before


def test_another_tensorflow_is_refused(monkeypatch):
    other = types.ModuleType("tensorflow")
    other.__file__ = "/there/tensorflow/__init__.py"
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.setitem(sys.modules, "tensorflow", other)
    with pytest.raises(ImportError, match="another tensorflow .*/there/tensorflow/.* already"):
        rekindle.install()


def test_inner_modules():
    found = run(
        "from tensorflow.python.framework import ops, dtypes\n"
        "from tensorflow.python.framework.ops import Graph\n"
        "import tensorflow.python.platform.gfile as gfile\n"
        "from tensorflow.python.framework.errors_impl import *\n"
    )
    assert found["ops"].Graph is found["Graph"] is rekindle.Graph
    assert found["dtypes"].float32 is rekindle.float32
    assert found["gfile"].Exists is rekindle.gfile.Exists
    assert found["NotFoundError"] is errors.NotFoundError


def test_messages():
    found = run(
        "from tensorflow.core.framework import graph_pb2, types_pb2\n"
        "from tensorflow.core.protobuf.config_pb2 import ConfigProto\n"
    )
    assert found["graph_pb2"].GraphDef is rekindle.GraphDef
    assert found["types_pb2"].DT_FLOAT == 1
    assert found["ConfigProto"] is rekindle.ConfigProto


def test_generated_functions():
    gen_math_ops = run("from tensorflow.python.ops import gen_math_ops")["gen_math_ops"]
    assert gen_math_ops.mat_mul is opdef.OPS["MatMul"]
    with pytest.raises(AttributeError, match="has no attribute 'mat_mull'"):
        _ = gen_math_ops.mat_mull


def test_names_of_generated_functions():
    expected = {
        "MatMul": "mat_mul",
        "Conv2DBackpropInput": "conv2d_backprop_input",
        "LRNGrad": "lrn_grad",
        "AccumulateNV2": "accumulate_nv2",
        "FusedBatchNormV3": "fused_batch_norm_v3",
        "IFFT2D": "ifft2d",
    }
    assert {name: _deep_paths.snake_case(name) for name in expected} == expected


def test_raw_ops():
    assert len(dir(rekindle.raw_ops)) == 1201
    assert rekindle.raw_ops.NoOp().type == "NoOp"
    with pytest.raises(TypeError):
        rekindle.raw_ops.Identity(1)
    with pytest.raises(AttributeError, match="none either; the nearest .* tf.raw_ops.Identity"):
        _ = rekindle.raw_ops.Identitty


def test_mnist_by_all_its_paths():
    found = run(
        "from tensorflow.examples.tutorials.mnist import input_data\n"
        "from tensorflow.contrib.learn.python.learn.datasets.mnist import read_data_sets\n"
    )
    assert found["input_data"].read_data_sets is found["read_data_sets"]
    assert rekindle.contrib.learn.datasets.mnist.read_data_sets is found["read_data_sets"]


@pytest.mark.parametrize(
    ("source", "kind", "said"),
    [
        ("import tensorflow as tf; tf.reduce_meen", AttributeError,
         "'tensorflow' has no attribute 'reduce_meen': TensorFlow 1.15 has no tf.reduce_meen"),
        ("import tensorflow as tf; tf.errors.NotFound", AttributeError, "tf.errors.NotFoundError"),
        ("import tensorflow as tf; tf.lite", AttributeError,
         "TensorFlow 1.15 has tf.lite, Rekindle does not"),
        ("from tensorflow import reduce_meen", ImportError, "no tf.reduce_meen either"),
        ("from tensorflow.errors import Wrong", ImportError, "no tf.errors.Wrong either"),
        ("import tensorflow.lite", ImportError, "TensorFlow 1.15 has tf.lite"),
        ("from tensorflow.python.ops import mathops", ImportError, "none there either"),
        ("from tensorflow.python.framework.ops import Graf", ImportError, "no attribute 'Graf'"),
        ("import tensorflow.contrib.nowhere", ImportError, "no tf.contrib.nowhere either"),
        ("from tensorflow.core.framework import nowhere_pb2", ImportError, "nowhere_pb2"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(source, kind, said):
    with pytest.raises(kind, match=said):
        run(source)


def test_every_home_is_there():
    for path, homes in _deep_paths.HOMES.items():
        assert _deep_paths.is_known(path)
        for home in homes.split():
            assert _deep_paths._home(home) is not None


def test_every_op_has_a_generated_function():
    assert all(
        callable(_deep_paths.generated(_deep_paths.snake_case(one)))
        for one in signatures.op_types()
    )


def test_the_import_is_silent_and_leaves_what_is_large_for_later():
    code = "import sys, rekindle; print(sorted({'numba', 'PIL', 'scipy', 'sklearn'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")

"""SavedModels written and loaded again."""
import os

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.graph import proto
from rekindle._src.saved_model import builder as builders
from rekindle._src.saved_model import loader as loaders

SERVE = tf.saved_model.tag_constants.SERVING
KEY = tf.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY


def write(folder, value=2.0, as_text=False):
    """A model y = x * v, its main op adds 1 to "steps"; returns the builder."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="x")
        v = tf.get_variable("v", initializer=value)
        steps = tf.get_variable("steps", initializer=0, trainable=False, use_resource=True)
        y = tf.multiply(x, v, name="y")
        main = tf.group(steps.assign_add(1), name="main")
        session.run(tf.global_variables_initializer())
        made = tf.saved_model.builder.SavedModelBuilder(str(folder))
        signature = tf.saved_model.predict_signature_def({"in": x}, {"out": y})
        made.add_meta_graph_and_variables(session, [SERVE], {KEY: signature}, main_op=main)
        made.add_meta_graph(["train", "gpu"])
        made.save(as_text)
    return made


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("scope", [None, "inside"])
def test_what_is_written_is_loaded(tmp_path, as_text, scope):
    folder = str(tmp_path / "model")
    assert not tf.saved_model.maybe_saved_model_directory(folder)
    write(folder, 3.0, as_text)
    assert tf.saved_model.contains_saved_model(folder)
    with tf.Graph().as_default(), tf.Session() as session:
        found = tf.saved_model.loader.load(session, [SERVE], folder, import_scope=scope)
        signature = found.signature_def[KEY]
        x = tf.saved_model.get_tensor_from_tensor_info(signature.inputs["in"], import_scope=scope)
        y = tf.saved_model.get_tensor_from_tensor_info(signature.outputs["out"], import_scope=scope)
        assert session.run(y, {x: [1.0, 2.0]}).tolist() == [3.0, 6.0]
        steps = [one for one in tf.global_variables() if one.op.name.endswith("steps")]
        assert session.run(steps) == [1]
    assert tf.saved_model.is_valid_signature(signature)


def test_tags_choose_the_graph(tmp_path):
    write(tmp_path / "model")
    with tf.Graph().as_default(), tf.Session() as session:
        tf.saved_model.load(session, {"gpu", "train"}, str(tmp_path / "model"))
    with tf.Graph().as_default(), tf.Session() as session:
        with pytest.raises(RuntimeError, match=r"MetaGraphDef associated with tags 'train' could not be found"):
            tf.saved_model.load(session, ["train"], str(tmp_path / "model"))
    with pytest.raises(OSError, match="SavedModel file does not exist at"):
        tf.saved_model.load(tf.Session(), ["train"], str(tmp_path / "none"))


def test_folders_with_something_in_them_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AssertionError, match="Export directory already exists, and isn't empty"):
        tf.saved_model.Builder(str(tmp_path))


def test_variables_are_saved_first_and_once(tmp_path):
    made = tf.saved_model.Builder(str(tmp_path / "model"))
    with pytest.raises(AssertionError, match="has not been saved yet"):
        made.add_meta_graph(["a"])
    made = write(tmp_path / "other")
    with tf.Session() as session, pytest.raises(AssertionError, match="has already been saved"):
        made.add_meta_graph_and_variables(session, ["b"])


@pytest.mark.parametrize("folder", ["a", "b"])
def test_assets_are_copied_and_fed(tmp_path, folder):
    export = str(tmp_path / "model")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "words.txt").write_text(name)
    with tf.Graph().as_default(), tf.Session() as session:
        for name in ("a", "b"):
            path = tf.constant(str(tmp_path / name / "words.txt"), name=f"path_{name}")
            tf.add_to_collection(tf.GraphKeys.ASSET_FILEPATHS, path)
        kept = tf.get_variable("kept", initializer="")
        path = tf.get_default_graph().get_tensor_by_name(f"path_{folder}:0")
        main = tf.assign(kept, tf.read_file(path)).op
        session.run(tf.global_variables_initializer())
        y = tf.identity(kept, name="y")
        tf.saved_model.simple_save(session, export, {"x": y}, {"y": y}, legacy_init_op=main)
    for name in ("a", "b"):
        (tmp_path / name / "words.txt").unlink()
    assert sorted(os.listdir(f"{export}/assets")) == ["words.txt", "words.txt_1"]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.saved_model.load(session, [SERVE], export)
        assert session.run("y:0") == folder.encode()


def test_assets_outside_of_the_folder_are_refused(tmp_path):
    asset = proto.AssetFileDef(filename="../../secret", tensor_info=proto.TensorInfo(name="a:0"))
    graph = proto.MetaGraphDef(asset_file_def=[asset])
    with pytest.raises(ValueError, match="lies outside of its assets"):
        loaders.get_asset_tensors(str(tmp_path), graph)


def test_inner_builder_keeps_ops_in_signatures(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.get_variable("v", initializer=1.0)
        session.run(tf.global_variables_initializer())
        made = builders._SavedModelBuilder(str(tmp_path / "model"))
        init, train = tf.assign(v, 5.0, name="init").op, tf.assign_add(v, 1.0, name="train")
        made.add_meta_graph_and_variables(session, ["a"], init_op=init, train_op=train)
        made.save()
    with tf.Graph().as_default(), tf.Session() as session:
        found = loaders.load(session, ["a"], str(tmp_path / "model"))
        assert session.run("v:0") == 5.0
        assert loaders.get_train_op(found).name == "train:0"
        assert loaders.get_init_op(found).name == "init_1"


@pytest.mark.parametrize(
    ("info", "said"),
    [
        (None, "must have the name and dtype fields set"),
        (proto.TensorInfo(), "must have one of the 'encoding' fields"),
        (proto.TensorInfo(name="x:0"), "must have the dtype field set"),
    ],
)
def test_signatures_are_checked(tmp_path, info, said):
    made = tf.saved_model.Builder(str(tmp_path / "model"))
    with pytest.raises(AssertionError, match=said):
        made._validate_tensor_info(info)
    with pytest.raises(KeyError, match="is reserved for initialization"):
        made._validate_signature_def_map({"__saved_model_init_op": tf.saved_model.build_signature_def()})


def test_signatures_of_serving():
    text, number = tf.placeholder(tf.string, name="text"), tf.placeholder(tf.float32, name="number")
    regress = tf.saved_model.regression_signature_def(text, number)
    classify = tf.saved_model.classification_signature_def(text, text, number)
    predict = tf.saved_model.predict_signature_def({"a": number}, {"b": text})
    assert all(tf.saved_model.is_valid_signature(one) for one in (regress, classify, predict))
    regress.outputs["more"].CopyFrom(regress.outputs["outputs"])
    assert not tf.saved_model.is_valid_signature(regress)
    assert not tf.saved_model.is_valid_signature(None)
    for call, said in (
        (lambda: tf.saved_model.regression_signature_def(None, number), "Regression examples cannot be None."),
        (lambda: tf.saved_model.regression_signature_def(number, number), "must be a string Tensor."),
        (lambda: tf.saved_model.regression_signature_def(text, text), "Regression output must be a float Tensor."),
        (lambda: tf.saved_model.classification_signature_def(text, None, None), "cannot both be None."),
        (lambda: tf.saved_model.predict_signature_def({}, {"a": text}), "Prediction inputs cannot be None or empty."),
    ):
        with pytest.raises(ValueError, match=said):
            call()


def test_sparse_tensors_in_signatures():
    sparse = tf.sparse_placeholder(tf.float32, [2, 3], name="sparse")
    info = tf.saved_model.build_tensor_info(sparse)
    found = tf.saved_model.get_tensor_from_tensor_info(info)
    assert found.indices is sparse.indices and found.values is sparse.values
    with pytest.raises(ValueError, match="Invalid TensorInfo.encoding: None"):
        tf.saved_model.get_tensor_from_tensor_info(proto.TensorInfo())


def test_main_op_initializes_all():
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.get_variable("v", initializer=2.0)
        tf.add_to_collection("local_variables", v)
        session.run(tf.saved_model.main_op.main_op())
        assert session.run(v) == 2.0


@pytest.mark.parametrize("name", ["saved_model.pb", "saved_model.pbtxt"])
@pytest.mark.parametrize("content", [b"\x00\xff garbage", b"meta_graphs { {", b"\x12\xff\xff\xff\xff\x0f"])
def test_damaged_files_are_told_by_their_path(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OSError, match=f"Cannot parse file {tmp_path / name}"):
        tf.saved_model.load(tf.Session(), ["a"], str(tmp_path))


def test_values_survive(tmp_path):
    values = {"half": np.float16([1.5]), "long": np.int64([2**40]), "yes": np.array([True]), "text": [b"\xff\x00"]}
    with tf.Graph().as_default(), tf.Session() as session:
        variables = {name: tf.get_variable(name, initializer=value) for name, value in values.items()}
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(tmp_path / "model"), variables, variables)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.saved_model.load(session, [SERVE], str(tmp_path / "model"))
        for name, value in values.items():
            assert session.run(f"{name}:0").tolist() == list(value)

"""`rekindle saved-model`: what it prints is what saved_model_cli prints."""
import numpy as np
import pytest
from google.protobuf import text_format

import rekindle as tf
from rekindle._src.graph import proto
from rekindle._src.saved_model import command_inputs, command_line
from rekindle._src.saved_model.command_functions import show_defined_functions


@pytest.fixture
def model(tmp_path):
    """The folder of a model: "x", "k" -> "y" = x * k."""
    folder = str(tmp_path / "model")
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        k = tf.placeholder(tf.float32, name="k")
        y = tf.multiply(x, tf.get_variable("v", initializer=1.0) * k, name="y")
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, folder, {"x": x, "k": k}, {"y": y})
    return folder


SIGNATURE = """\
The given SavedModel SignatureDef contains the following input(s):
  inputs['k'] tensor_info:
      dtype: DT_FLOAT
      shape: unknown_rank
      name: k:0
  inputs['x'] tensor_info:
      dtype: DT_FLOAT
      shape: (-1, 2)
      name: x:0
The given SavedModel SignatureDef contains the following output(s):
  outputs['y'] tensor_info:
      dtype: DT_FLOAT
      shape: unknown_rank
      name: y:0
Method name is: tensorflow/serving/predict
"""


@pytest.mark.parametrize(
    ("flags", "printed"),
    [
        ([], "The given SavedModel contains the following tag-sets:\nserve\n"),
        (
            ["--tag_set", "serve"],
            "The given SavedModel MetaGraphDef contains SignatureDefs with the following keys:\n"
            'SignatureDef key: "serving_default"\n',
        ),
        (["--tag_set", "serve", "--signature_def", "serving_default"], SIGNATURE),
        (
            ["--all"],
            "\nMetaGraphDef with tag-set: 'serve' contains the following SignatureDefs:\n"
            "\nsignature_def['serving_default']:\n" + "".join(f"  {one}\n" for one in SIGNATURE.splitlines()),
        ),
    ],
)
def test_show(model, capsys, flags, printed):
    command_line.main(["show", "--dir", model, *flags])
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize("flags", [["show"], ["run", "--input_exprs", "x=1."]])
def test_a_signature_that_is_not_there(model, flags):
    chosen = ["--dir", model, "--tag_set", "serve", "--signature_def", "none"]
    said = '^"none" is not a valid signature key. Please choose from "serving_default".$'
    with pytest.raises(ValueError, match=said):
        command_line.main([flags[0], *chosen, *flags[1:]])


def test_run_prints_and_writes(model, capsys, tmp_path):
    np.savez(tmp_path / "in.npz", a=np.float32([[1, 2]]), b=np.float32([[3, 4]]))
    chosen = ["--dir", model, "--tag_set", "serve", "--signature_def", "serving_default"]
    flags = [
        "--inputs", f"x={tmp_path}/in.npz[b]", "--input_exprs", "k=np.array(2.0)", "--outdir", f"{tmp_path}/out",
    ]  # fmt: skip
    command_line.main(["run", *chosen, *flags])
    assert capsys.readouterr().out == (
        f"Result for output key y:\n[[6. 8.]]\nOutput y is saved to {tmp_path}/out/y.npy\n"
    )
    assert np.load(tmp_path / "out" / "y.npy").tolist() == [[6.0, 8.0]]
    with pytest.raises(RuntimeError, match='already exists. Add "--overwrite"'):
        command_line.main(["run", *chosen, *flags])
    command_line.main(["run", *chosen, *flags, "--overwrite"])
    with pytest.raises(ValueError, match='"z" is not a valid input key. Please choose from'):
        command_line.main(["run", *chosen, "--input_exprs", "z=1"])
    with pytest.raises(AttributeError, match="At least one of --inputs"):
        command_line.main(["run", *chosen])
    with pytest.raises(NotImplementedError, match="--tf_debug is not supported"):
        command_line.main(["run", *chosen, *flags, "--tf_debug"])


def test_scan(model, capsys):
    command_line.main(["scan", "--dir", model])
    assert capsys.readouterr().out == "MetaGraph with tag set ['serve'] does not contain blacklisted ops.\n"
    graph = proto.MetaGraphDef()
    graph.graph_def.node.add(name="r", op="ReadFile")
    command_line.scan_meta_graph_def(graph)
    assert capsys.readouterr().out.endswith("contains the following blacklisted ops: {'ReadFile'}\n")


@pytest.mark.parametrize(
    "text",
    ["x=open('f')", "x=np.load('f')", "x=().__class__", "x=np.lib", "x=[i for i in 'ab']", "x=os", "x=np.ones(", "x"],
)
def test_expressions_only_compute(text):
    with pytest.raises(RuntimeError):
        command_inputs.preprocess_input_exprs_arg_string(text, safe=False)


def test_expressions():
    found = command_inputs.preprocess_input_exprs_arg_string("a=np.ones((1,2))*-2;b=[1,2];c='a=b'", safe=False)
    assert found["a"].tolist() == [[-2.0, -2.0]] and found["b"] == [1, 2] and found["c"] == "a=b"
    with pytest.raises(RuntimeError, match="is not a valid python literal"):
        command_inputs.preprocess_input_exprs_arg_string("a=np.ones(2)")


def test_inputs_of_files(tmp_path):
    np.save(tmp_path / "a.npy", [1, 2])
    np.savez(tmp_path / "b.npz", p=[3], q=[4])
    np.save(tmp_path / "c.npy", np.array([{}], object), allow_pickle=True)

    def load(text):
        return command_inputs.load_inputs_from_input_arg_string(text, "", "")["x"]

    assert load(f"x={tmp_path}/a.npy").tolist() == [1, 2]
    assert load(f"x={tmp_path}/b.npz[q]").tolist() == [4]
    with pytest.raises(RuntimeError, match="more than one ndarrays"):
        load(f"x={tmp_path}/b.npz")
    with pytest.raises(RuntimeError, match='does not contain variable with name "r"'):
        load(f"x={tmp_path}/b.npz[r]")
    with pytest.raises(ValueError, match="Pickles are not read"):
        load(f"x={tmp_path}/c.npy")
    with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
        load("x=none.npy")
    with pytest.raises(RuntimeError, match="format is incorrect"):
        load("x=a[b")


def test_examples():
    found = command_inputs.preprocess_input_examples_arg_string("x=[{'a': [1.5], 'b': ['t'], 'c': [3]}]")
    feature = proto.Example.FromString(found["x"][0]).features.feature
    assert (feature["a"].float_list.value[0], feature["b"].bytes_list.value[0]) == (1.5, b"t")
    assert feature["c"].int64_list.value[0] == 3
    for text, said in (
        ("x={}", "must be a list of dictionaries"),
        ("x=[{'a': 1}]", "feature value must be a list"),
        ("x=[{'a': [[]]}]", "is not supported for tf.train.Feature"),
    ):
        with pytest.raises(ValueError, match=said):
            command_inputs.preprocess_input_examples_arg_string(text)


def test_functions_of_later_releases(capsys):
    graph = text_format.Parse(
        """
        nodes { children { node_id: 1 local_name: "call" } children { node_id: 2 local_name: "v" } }
        nodes { function { concrete_functions: "__inference_call_1" } }
        nodes { variable { dtype: DT_FLOAT } }
        concrete_functions { key: "__inference_call_1" value { canonicalized_input_signature { tuple_value {
          values { tuple_value {
            values { tensor_spec_value { name: "y" dtype: DT_INT32 shape { } } } values { int64_value: 7 } } }
          values { dict_value { } } } } } }
        """,
        proto.message("core/protobuf/saved_object_graph", "SavedObjectGraph")(),
    )
    show_defined_functions(graph)
    assert capsys.readouterr().out == """
Defined Functions:
  Function Name: 'call'
    Option #1
      Callable with:
        Argument #1
          y: TensorSpec(shape=(), dtype=tf.int32, name='y')
        Argument #2
          DType: int
          Value: 7
"""

"""Nodes of GraphDefs in the current graph: names, devices, inputs, and what is refused."""
import pytest
from google.protobuf import text_format

import rekindle as tf
from rekindle._src.graph import proto


def graph_def(text, producer=134):
    return text_format.Parse(text + f" versions {{ producer: {producer} }}", tf.GraphDef())


TYPE = "attr { key: 'dtype' value { type: DT_FLOAT } }"
ADD = "attr { key: 'T' value { type: DT_FLOAT } }"
A = f"node {{ name: 'a' op: 'Placeholder' {TYPE} }}"


def refused(kind, said, text, **arguments):
    """Importing raises; the graph is as it was."""
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="before")
        state, versions = graph.version, graph.graph_def_versions.producer
        with pytest.raises(kind, match=said):
            tf.import_graph_def(graph_def(text), name="", **arguments)
        assert [op.name for op in graph.get_operations()] == ["before"]
        assert (graph.version, graph.graph_def_versions.producer) == (state, versions)
        assert tf.constant(1.0, name="a").name == "a:0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("node { name: 'a' op: 'NoOp' } node { name: 'a' op: 'NoOp' }", "Node 'a' is not unique"),
        ("node { name: 'a' }", "Node 'a' does not specify an operation"),
        ("node { name: '' op: 'NoOp' }", "Node '': Node name contains invalid characters"),
        ("node { name: 'a' op: 'NoOp' input: '^b' }", r"Node 'a': Unknown input node '\^b'"),
        (
            "node { name: 'a' op: 'NoOp' input: '^b' } node { name: 'b' op: 'NoOp' input: '^a' }",
            "2 nodes in a cycle",
        ),
        ("node { name: 'a' op: 'NoOp' input: '^a' }", "1 nodes in a cycle"),
        (
            A + f"node {{ name: 'b' op: 'Neg' input: 'a:1' {ADD} }}",
            "Node 'b': Connecting to invalid output 1 of source node a which has 1 outputs.",
        ),
        (
            A + f"node {{ name: 'b' op: 'Neg' input: '^a' input: 'a' {ADD} }}",
            "Node 'b': Control dependencies must come after regular dependencies",
        ),
        (
            A + f"node {{ name: 'b' op: 'Add' input: 'a' {ADD} }}",
            "NodeDef expected inputs 'float, float' do not match 1 inputs specified",
        ),
        (
            A + "node { name: 'b' op: 'Neg' input: 'a' attr { key: 'T' value { type: DT_INT32 } } }",
            "Input 0 of node b was passed float from a:0 incompatible with expected int32.",
        ),
        (
            "node { name: 'a' op: 'NoOp' attr { key: '_class' value { list { s: 'loc:@b' } } } }",
            "Node 'a' expects to be colocated with unknown node 'b'",
        ),
        (
            "node { name: 'a' op: 'NoOp' attr { key: 'x' value { i: 1 } } }",
            "NodeDef mentions attr 'x' not in Op<name=NoOp",
        ),
        ("node { name: 'a' op: 'Placeholder' }", "NodeDef missing attr 'dtype' from Op<name=Placeholder"),
        (
            "node { name: 'm' op: 'Merge' input: 'n' attr { key: 'N' value { i: 1 } } " + ADD
            + "} node { name: 'n' op: 'NextIteration' input: 'm' " + ADD + "}",
            "2 nodes in a cycle",
        ),
        (
            A + "node { name: 'm' op: 'Merge' input: 'a' input: 'n:1' attr { key: 'N' value { i: 2 } } " + ADD
            + "} node { name: 'n' op: 'NextIteration' input: 'm' " + ADD + "}",
            "Output 1 of node n does not exist. Node only has 1 outputs.",
        ),
        (
            "node { name: 'a' op: 'Placeholder' attr { key: 'dtype' value { type: 999 } } }",
            "has invalid DataType enum: 999",
        ),
        (
            "node { name: 'a' op: 'Placeholder' attr { key: 'dtype' value { type: 101 } } }",
            "reference type value of float_ref",
        ),
        (
            "node { name: 'a' op: 'Placeholder' " + TYPE
            + " attr { key: 'shape' value { shape { dim { size: -5 } } } } }",
            r"Shape \[-5\] has dimensions with values below -1",
        ),
        (
            "node { name: 'a' op: 'Placeholder' " + TYPE
            + " attr { key: '_output_shapes' value { list { shape { dim { size: -7 } } } } } }",
            "Node 'a has an invalid _output_shapes attribute",
        ),
        (
            "node { name: 'a' op: 'AddN' attr { key: 'N' value { i: -1 } } " + ADD + "}",
            "Value for attr 'N' of -1 must be at least minimum 1",
        ),
        (
            "node { name: 'a' op: 'AddN' attr { key: 'N' value { i: 1000000000000 } } " + ADD + "}",
            "Attr N has value 1000000000000 out of range for an int32",
        ),
        (
            "node { name: 'a' op: 'AddN' attr { key: 'N' value { i: 2000000000 } } " + ADD + "}",
            "expected 2000000000 inputs",
        ),
        (
            A + "node { name: 's' op: 'Unpack' input: 'a' attr { key: 'num' value { i: 2000000000 } } " + ADD + "}",
            "Attr num of node 's' asks for 2000000000 tensors",
        ),
        (
            A + "node { name: 'b' op: 'Softplus' input: 'a' attr { key: 'T' value { type: DT_INT32 } } }",
            "Value for attr 'T' of int32 is not in the list of allowed values: half, bfloat16, float, double",
        ),
        (
            "node { name: 'a' op: 'IdentityN' attr { key: 'T' value { list { } } } }",
            "Length for attr 'T' of 0 must be at",
        ),
        ("library { function { signature { name: 'Add' } } }", "because an op with the same name already exists"),
        (
            "library { function { signature { name: 'f' } } function { signature { name: 'f' is_stateful: true } } }",
            "because a different function with the same name already exists",
        ),
    ],
)  # fmt: skip
def test_malformed_graphs_are_refused(text, said):
    refused(ValueError, said, text)


def test_all_unknown_ops_are_listed():
    text = "node { name: 'a' op: 'One' } node { name: 'b' op: 'NoOp' } node { name: 'c' op: 'Two' }"
    refused(tf.errors.NotFoundError, r"Op type not registered 'One'(.|\n)*not registered: One, Two", text)


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({"return_elements": ["b"]}, ValueError, "Requested return node 'b' not found in graph def"),
        ({"return_elements": ["b:0"]}, ValueError, "Requested return tensor 'b:0' not found in graph def"),
        (
            {"return_elements": ["a:1"]}, ValueError,
            r"Invalid return output 1 of node 'a', which has 1 output\(s\)",
        ),
        ({"return_elements": ["a:b:0"]}, ValueError, "Cannot convert 'a:b:0' to a tensor name."),
        ({"return_elements": [1]}, TypeError, "return_elements must be a list of strings."),
        ({"input_map": [1]}, TypeError, "input_map must be a dictionary mapping strings to Tensor objects."),
        ({"input_map": {"a:0": [1.0]}}, ValueError, "requires a non-empty `name` if `input_map` contains non-Tensor"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(arguments, kind, said):
    refused(kind, said, A, **arguments)


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ({"producer": -1}, "GraphDef producer version -1 below min producer 0 supported by TensorFlow 1.15.5.  Please"),
        ({"min_consumer": 999}, "GraphDef min consumer version 999 above current version 134"),
        ({"bad_consumers": [134]}, "GraphDef disallows consumer version 134.  Please upgrade TensorFlow"),
    ],
)
def test_versions_are_checked(versions, said):
    with tf.Graph().as_default(), pytest.raises(ValueError, match=said):
        tf.import_graph_def(tf.GraphDef(versions=versions))


def test_unused_keys_of_the_input_map_are_told():
    with tf.Graph().as_default() as graph:
        one = tf.constant(1.0)
        tf.import_graph_def(graph_def(A), {"a": one})
        with pytest.raises(ValueError, match=r"that were not found in graph_def: \[a:2, b:0\]"):
            tf.import_graph_def(graph_def(A), {"a:2": one, "b": one})
        assert len(graph.get_operations()) == 3


def test_names_avoid_operations_and_scopes():
    with tf.Graph().as_default():
        tf.constant(1.0, name="outer/inner")
        with tf.name_scope("empty"):
            pass
        names = ["outer", "OUTER", "empty", "outer/inner"]
        found = tf.import_graph_def(
            graph_def("".join(f"node {{ name: '{name}' op: 'NoOp' }}" for name in names)),
            return_elements=names, name="",
        )  # fmt: skip
        assert [op.name for op in found] == ["outer_1", "OUTER", "empty", "outer/inner_1"]
        assert tf.no_op(name="outer_1").name == "outer_1_1"


def test_scopes_around_give_device_and_waits():
    text = A + f"node {{ name: 'b' op: 'Neg' input: 'a' device: '/cpu:0' {ADD} }}" + (
        f"node {{ name: 'c' op: 'Neg' input: 'a' {ADD} attr {{ key: '_class' value {{ list {{ s: 'loc:@b' }} }} }} }}")
    with tf.Graph().as_default():
        first = tf.no_op("first")
        with tf.device("/job:w"), tf.control_dependencies([first]):
            a, b, c = tf.import_graph_def(graph_def(text), return_elements=["a", "b", "c"])
    assert [op.device for op in (a, b, c)] == ["/job:w", "/job:w/device:CPU:0", "/job:w/device:CPU:0"]
    assert [op.control_inputs for op in (a, b, c)] == [[first]] * 3
    assert c.colocation_groups() == [b"loc:@import/b"]


def test_defaults_are_filled_in_for_the_caller():
    given = graph_def("node { name: 'a' op: 'Const' " + TYPE + " attr { key: 'value' value { tensor { "
                      "dtype: DT_FLOAT tensor_shape { } float_val: 1 } } } } node { name: 'b' op: 'Sum' input: 'a' "
                      "input: 'c' " + ADD + "} node { name: 'c' op: 'Const' attr { key: 'dtype' value { type: DT_INT32 "
                      "}"
                      "} attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape { dim { } } } } } }")
    with tf.Graph().as_default(), tf.Session() as session:
        (b,) = tf.import_graph_def(given, return_elements=["b:0"])
        assert session.run(b) == 1.0
    assert not given.node[1].attr["keep_dims"].b and given.node[1].attr["Tidx"].type == 3


def test_attrs_of_later_releases_with_their_default_are_dropped():
    producer = proto.OpList()
    made = producer.op.add(name="NoOp").attr.add(name="later", type="int")
    made.default_value.i = 7
    text = "node { name: 'a' op: 'NoOp' attr { key: 'later' value { i: %d } } }"
    with tf.Graph().as_default():
        tf.import_graph_def(graph_def(text % 7), producer_op_list=producer)
        with pytest.raises(ValueError, match="NodeDef mentions attr 'later' not in"):
            tf.import_graph_def(graph_def(text % 8), producer_op_list=producer)


def test_scalar_placeholders_of_old_graphs_have_any_shape():
    text = f"node {{ name: 'a' op: 'Placeholder' {TYPE} attr {{ key: 'shape' value {{ shape {{ }} }} }} }}"
    for producer, rank in ((21, None), (134, 0)):
        with tf.Graph().as_default():
            (a,) = tf.import_graph_def(graph_def(text, producer), return_elements=["a:0"])
            assert a.shape.ndims == rank


def test_wrong_shapes_of_old_queues_are_passed_over():
    text = "node { name: 'a' op: '%s' %s attr { key: '_output_shapes' value { list { shape { %s } } } } }"
    types = "attr { key: 'component_types' value { list { type: DT_FLOAT } } }"
    with tf.Graph().as_default():
        (a,) = tf.import_graph_def(graph_def(text % ("FIFOQueue", types, "")), return_elements=["a:0"])
        assert a.shape.as_list() == [2]
    refused(ValueError, "attribute inconsistent with the GraphDef for output #0", text % (
        "Const", TYPE + "attr { key: 'value' value { tensor { dtype: DT_FLOAT tensor_shape { } } } }",
        "dim { size: 3 }",
    ))  # fmt: skip


def test_gradients_pass_through_imported_loops():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [], name="x")
        y = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * x), [0, tf.identity(x)])[1]
        z = tf.cond(x > 0.0, lambda: y * 2.0, lambda: y, name="c")
        tf.identity(z, name="z")
        meta = tf.train.export_meta_graph()
    assert {"while_context", "cond_context"} <= set(meta.collection_def)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.train.import_meta_graph(meta, import_scope="s")
        x, z = graph.get_tensor_by_name("s/x:0"), graph.get_tensor_by_name("s/z:0")
        slope = tf.gradients(z, x)[0]
        assert session.run([z, slope], {x: 2.0}) == [32.0, 64.0]
        again = tf.train.export_meta_graph()
        assert again.collection_def["while_context"] is not None


@pytest.mark.parametrize("kind", ["float_val: 1", "", "int_val: 3", "string_val: 'ab'"])
def test_one_value_for_a_huge_shape_takes_no_memory(kind):
    dtype = {"int_val": "DT_INT32", "string_val": "DT_STRING"}.get(kind.partition(":")[0], "DT_FLOAT")
    text = f"""node {{ name: 'a' op: 'Const' attr {{ key: 'dtype' value {{ type: {dtype} }} }} attr {{ key: 'value'
      value {{ tensor {{ dtype: {dtype} tensor_shape {{ dim {{ size: 1073741824 }} }} {kind} }} }} }} }}"""
    with tf.Graph().as_default() as graph:
        (a,) = tf.import_graph_def(graph_def(text), return_elements=["a:0"])
        assert a.shape.as_list() == [2**30]
        assert graph.as_graph_def().ByteSize() < 200


@pytest.mark.parametrize(
    "tensor",
    [
        "dtype: DT_FLOAT tensor_shape { dim { size: 1073741824 } } float_val: 1 float_val: 2",
        "dtype: DT_FLOAT tensor_shape { dim { size: 2 } } float_val: 1 float_val: 2 float_val: 3",
        "dtype: DT_FLOAT tensor_shape { dim { size: 3 } } tensor_content: 'abc'",
        "dtype: DT_STRING tensor_shape { dim { size: 1073741824 } } string_val: 'a' string_val: 'b'",
    ],
)
def test_tensors_that_do_not_fill_their_shape_are_refused(tensor):
    kind = tensor.split()[1]
    text = f"""node {{ name: 'c' op: 'Const' attr {{ key: 'dtype' value {{ type: {kind} }} }} attr {{ key: 'value'
      value {{ tensor {{ {tensor} }} }} }} }}"""
    refused(tf.errors.InvalidArgumentError, "Cannot parse tensor from proto: dtype: " + kind, text)


def test_imported_values_are_not_changed_by_the_message(tmp_path):
    given = tf.Graph()
    with given.as_default():
        tf.constant([1.0, 2.0], name="a")
    given = given.as_graph_def()
    with tf.Graph().as_default(), tf.Session() as session:
        (a,) = tf.import_graph_def(given, return_elements=["a:0"])
        given.Clear()
        assert session.run(a).tolist() == [1.0, 2.0]

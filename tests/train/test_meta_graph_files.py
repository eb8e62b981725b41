"""MetaGraphs: out to files and back, whole or one scope of a graph."""
from __future__ import annotations

import pytest
from google.protobuf import any_pb2

from rekindle._src.graph import convert, meta_graph, proto, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.graph.graph import Graph
from rekindle._src.ops import math_binary, placeholder
from rekindle._src.run.session import Session
from rekindle._src.state import variables
from rekindle._src.state.variable import Variable
from rekindle._src.state.variable_scope import get_variable
from rekindle._src.train import meta_graph_files
from rekindle._src.train.saver import Saver


@pytest.fixture(autouse=True)
def graph():
    made = Graph()
    with made.as_default():
        yield made


def small_graph():
    v = Variable([1.0, 2.0], name="v", trainable=False)
    get_variable("r", initializer=[3.0], use_resource=True)
    total = math_binary.add(v, [1.0, 1.0], name="total")
    add_to_collection("totals", total)
    for name, value in (("numbers", 1), ("fractions", 1.5), ("texts", "text")):
        add_to_collection(name, value)
    return v


@pytest.mark.parametrize("as_text", [False, True])
def test_a_graph_goes_on_from_its_file(tmp_path, as_text):
    small_graph()
    session = Session()
    session.run(variables.global_variables_initializer())
    saver = Saver()
    path = saver.save(session, str(tmp_path / "m"))
    saver.export_meta_graph(path + ".meta", as_text=as_text)
    with Graph().as_default():
        restored = meta_graph_files.import_meta_graph(path + ".meta")
        session = Session()
        restored.restore(session, path)
        assert session.run("total:0").tolist() == [2, 3]
        assert session.run(variables.global_variables()[1]).tolist() == [3]


def test_collections_come_back_as_what_they_were(graph):
    small_graph()
    exported = meta_graph_files.export_meta_graph()
    with Graph().as_default() as other:
        meta_graph_files.import_meta_graph(exported, import_scope="scope")
        total = get_collection("totals")
        assert total == [other.get_tensor_by_name("scope/total:0")]
        assert get_collection("numbers") == [1]
        assert get_collection("fractions") == [1.5]
        v, r = variables.global_variables()
        assert [v.name, r.name] == ["scope/v:0", "scope/r:0"]
        assert variables.trainable_variables() == [r]
        assert get_collection(GraphKeys.TRAINABLE_VARIABLES)[0] is r


def test_the_versions_and_the_ops_are_told():
    small_graph()
    info = meta_graph_files.export_meta_graph().meta_info_def
    assert info.tensorflow_version == "1.15.5"
    names = [one.name for one in info.stripped_op_list.op]
    assert names == sorted(names)
    assert {"VariableV2", "VarHandleOp", "Add"} <= {*names} | {"Add"}


def test_a_scope_with_inputs_from_outside():
    outside = placeholder.placeholder("float32", [2], name="outside")
    with scopes.name_scope("inner"):
        v = Variable([1.0, 2.0], name="v")
        math_binary.add(v, outside, name="y")
    exported = meta_graph_files.export_meta_graph(export_scope="inner")
    assert get_collection("unbound_inputs") == ["$unbound_inputs_outside"]
    nodes = {one.name: one for one in exported.graph_def.node}
    assert list(nodes["y"].input) == ["v/read", "$unbound_inputs_outside"]
    with Graph().as_default():
        with pytest.raises(ValueError, match=r"Graph contains unbound inputs: \$unbound_inputs_o"):
            meta_graph_files.import_meta_graph(exported)
        given = {"$unbound_inputs_outside": convert.convert_to_tensor([5.0, 6.0])}
        found = meta_graph_files.import_scoped_meta_graph(
            exported, import_scope="new", input_map=given
        )
        assert list(found) == ["v:0"]
        session = Session()
        session.run(variables.global_variables_initializer())
        assert session.run("new/y:0").tolist() == [6, 8]


def test_devices_defaults_and_other_savers_can_be_left_out(graph):
    with scopes.device("/gpu:0"):
        v = Variable(1.0, name="v")
    Saver([v])
    saver = Saver([v])
    exported = saver.export_meta_graph(
        clear_devices=True, clear_extraneous_savers=True, strip_default_attrs=True
    )
    nodes = {one.name: one for one in exported.graph_def.node}
    assert {one.device for one in nodes.values()} == {""}
    assert not [one for one in nodes if one.startswith("save/")]
    assert "save_1/SaveV2" in nodes
    assert "container" not in nodes["v"].attr
    assert exported.meta_info_def.stripped_default_attrs


def test_a_graph_without_variables_gives_no_saver():
    convert.convert_to_tensor(1.0)
    exported = meta_graph_files.export_meta_graph()
    with Graph().as_default():
        assert meta_graph_files.import_meta_graph(exported) is None


def test_what_has_no_form_is_left_out_with_a_warning(caplog):
    add_to_collection("odd", object())
    add_to_collection("mixed", 1)
    add_to_collection("mixed", "text")
    exported = meta_graph_files.export_meta_graph()
    assert not exported.collection_def
    assert "Issue encountered when serializing odd" in caplog.text


def test_files_that_are_none(tmp_path):
    with pytest.raises(OSError, match="File /nope.meta does not exist."):
        meta_graph_files.import_meta_graph("/nope.meta")
    (tmp_path / "bad.meta").write_text("}{")
    with pytest.raises(OSError, match="Cannot parse file"):
        meta_graph_files.import_meta_graph(str(tmp_path / "bad.meta"))


def test_scopes_of_names():
    assert meta_graph.strip_name_scope("^a/b", "a") == "^b"
    assert meta_graph.strip_name_scope(b"loc:@a/b", "a/") == "loc:@b"
    assert meta_graph.strip_name_scope("ab/c", "a") == "ab/c"
    assert meta_graph.prepend_name_scope("loc:@b", "a") == "loc:@a/b"
    assert meta_graph.prepend_name_scope("^b", "") == "^b"


def test_registered_once():
    with pytest.raises(ValueError, match="registered already"):
        meta_graph.register_proto_function(GraphKeys.SAVERS, proto.SaverDef)
    with pytest.raises(TypeError, match="to_proto must be callable."):
        meta_graph.register_proto_function("mine", proto.SaverDef, 3)


def test_shared_meta_graph_can_be_imported(shared):
    path = shared / "data" / "formats" / "metagraph_hwalsuklee_cnn.meta"
    assert isinstance(meta_graph_files.import_meta_graph(str(path)), Saver)
    assert variables.trainable_variables()


def test_a_scope_is_copied(graph):
    with scopes.name_scope("one"):
        v = Variable([1.0], name="v")
        math_binary.add(v, [1.0], name="sum")
    copied = meta_graph_files.copy_scoped_meta_graph("one", "two")
    assert [one.name for one in copied.values()] == ["two/v:0"]
    assert graph.get_tensor_by_name("two/sum:0").op.inputs[0].op.name == "two/v/read"
    other = Graph()
    meta_graph_files.copy_scoped_meta_graph("one", "one", to_graph=other)
    assert other.get_operation_by_name("one/sum")
    with pytest.raises(ValueError, match="'from_scope' and 'to_scope' need to be different"):
        meta_graph_files.copy_scoped_meta_graph("one", "one")


def test_packed_messages_of_protobufs_own_class():
    packed = any_pb2.Any()
    packed.Pack(proto.QueueRunnerDef(queue_name="q"))
    add_to_collection("packed", packed)
    exported = meta_graph_files.export_meta_graph()
    assert exported.collection_def["packed"].any_list.value[0].value == packed.value
    with Graph().as_default():
        meta_graph_files.import_meta_graph(exported)
        assert meta_graph_files.export_meta_graph().collection_def == exported.collection_def

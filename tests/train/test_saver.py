"""tf.train.Saver: its nodes, its files, what it restores, and what it refuses."""
from __future__ import annotations

import os

import numpy as np
import pytest

from rekindle._src import errors
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader
from rekindle._src.graph import convert, proto, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.graph import Graph
from rekindle._src.run.session import Session
from rekindle._src.state import initializers, partitioned, variables
from rekindle._src.state.variable import Variable
from rekindle._src.state.variable_scope import get_variable
from rekindle._src.train import checkpoint_files
from rekindle._src.train.saver import Saver, get_saver_or_default
from rekindle._src.train.saver_builder import V1

#: name, op and inputs of the nodes that TensorFlow makes below save/ ("~" is "save/")
NODES = """
filename/input Const
filename PlaceholderWithDefault ~filename/input
Const PlaceholderWithDefault ~filename
SaveV2/tensor_names Const
SaveV2/shape_and_slices Const
SaveV2 SaveV2 ~Const ~SaveV2/tensor_names ~SaveV2/shape_and_slices b p/part_0/read p/part_1/read \
r/Read/ReadVariableOp w
control_dependency Identity ~Const ^~SaveV2
RestoreV2/tensor_names Const
RestoreV2/shape_and_slices Const
RestoreV2 RestoreV2 ~Const ~RestoreV2/tensor_names ~RestoreV2/shape_and_slices
Assign Assign b ~RestoreV2
Assign_1 Assign p/part_0 ~RestoreV2:1
Assign_2 Assign p/part_1 ~RestoreV2:2
Identity Identity ~RestoreV2:3
AssignVariableOp AssignVariableOp r ~Identity
Assign_3 Assign w ~RestoreV2:4
restore_all/NoOp NoOp ^~AssignVariableOp ^~Assign_1 ^~Assign_2 ^~Assign_3
restore_all/NoOp_1 NoOp ^~Assign
restore_all NoOp ^~restore_all/NoOp ^~restore_all/NoOp_1
"""
SHARDED = """
StringJoin/inputs_1 Const
StringJoin StringJoin ~Const ~StringJoin/inputs_1
num_shards Const
ShardedFilename/shard Const
ShardedFilename ShardedFilename ~StringJoin ~ShardedFilename/shard ~num_shards
SaveV2/tensor_names Const
SaveV2/shape_and_slices Const
SaveV2 SaveV2 ~ShardedFilename ~SaveV2/tensor_names ~SaveV2/shape_and_slices p/part_0/read \
p/part_1/read r/Read/ReadVariableOp w
control_dependency Identity ~ShardedFilename ^~SaveV2
ShardedFilename_1/shard Const
ShardedFilename_1 ShardedFilename ~StringJoin ~ShardedFilename_1/shard ~num_shards
SaveV2_1/tensor_names Const
SaveV2_1/shape_and_slices Const
SaveV2_1 SaveV2 ~ShardedFilename_1 ~SaveV2_1/tensor_names ~SaveV2_1/shape_and_slices b
control_dependency_1 Identity ~ShardedFilename_1 ^~SaveV2_1
MergeV2Checkpoints/checkpoint_prefixes Pack ~ShardedFilename ~ShardedFilename_1 \
^~control_dependency ^~control_dependency_1
MergeV2Checkpoints MergeV2Checkpoints ~MergeV2Checkpoints/checkpoint_prefixes ~Const
Identity Identity ~Const ^~MergeV2Checkpoints ^~control_dependency ^~control_dependency_1
"""


@pytest.fixture(autouse=True)
def graph():
    made = Graph()
    with made.as_default():
        yield made


def some_variables():
    """A ref variable, a resource variable, one in two parts, and one on the CPU."""
    halves = partitioned.fixed_size_partitioner(2)
    zeros = initializers.Zeros()
    Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
    get_variable("r", [2], initializer=zeros, use_resource=True)
    get_variable("p", [4], initializer=zeros, partitioner=halves)
    with scopes.device("/cpu:0"):
        Variable(3, name="b")


def started():
    session = Session()
    session.run(variables.global_variables_initializer())
    return session


def below_save(graph):
    lines = []
    for node in graph.as_graph_def().node:
        if node.name.startswith("save/"):
            inputs = [one.replace("save/", "~") for one in node.input]
            lines.append(" ".join([node.name[5:], node.op, *inputs]))
    return lines


def test_nodes_are_those_of_tensorflow(graph):
    some_variables()
    Saver()
    assert below_save(graph) == NODES.strip().splitlines()


def test_nodes_of_a_sharded_saver(graph):
    some_variables()
    Saver(sharded=True)
    start = len(below_save(Graph())) + 3
    expected = SHARDED.strip().splitlines()
    assert below_save(graph)[start : start + len(expected)] == expected


@pytest.mark.parametrize("options", [{}, {"sharded": True}, {"write_version": V1}])
def test_restores_what_it_saved(tmp_path, options):
    some_variables()
    saver = Saver(**options)
    session = started()
    names = ["w:0", "r/Read/ReadVariableOp:0", "p/part_1:0", "b:0"]
    before = session.run(names)
    path = saver.save(session, str(tmp_path / "m"), 7)
    other = Session()
    saver.restore(other, path)
    for a, b in zip(before, other.run(names), strict=True):
        assert np.array_equal(a, b)
    shapes = NewCheckpointReader(path).get_variable_to_shape_map()
    assert shapes == {"b": [], "p": [4], "r": [2], "w": [2, 2]}
    assert not list(tmp_path.glob("*temp*"))


def test_only_the_newest_stay(tmp_path):
    Variable(1.0, name="v")
    saver = Saver(max_to_keep=2)
    session = started()
    paths = [saver.save(session, str(tmp_path / "m"), step) for step in range(4)]
    assert saver.last_checkpoints == paths[2:]
    assert checkpoint_files.latest_checkpoint(str(tmp_path)) == paths[3]
    state = checkpoint_files.get_checkpoint_state(str(tmp_path))
    assert list(state.all_model_checkpoint_paths) == paths[2:]
    left = sorted(os.listdir(tmp_path))
    assert [one for one in left if one.endswith(".index")] == ["m-2.index", "m-3.index"]
    assert [one for one in left if one.endswith(".meta")] == ["m-2.meta", "m-3.meta"]


def test_one_of_each_hour_stays(tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    Variable(1.0, name="v")
    saver = Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1)
    session = started()
    for step in range(5):
        now[0] += 1700
        saver.save(session, str(tmp_path / "m"), step)
    assert sorted(one.name for one in tmp_path.glob("*.index")) == ["m-2.index", "m-4.index"]


def test_recovers_the_list_after_a_restart(tmp_path):
    Variable(1.0, name="v")
    session = started()
    paths = [Saver().save(session, str(tmp_path / "m"), step) for step in range(2)]
    saver = Saver(max_to_keep=2)
    saver.recover_last_checkpoints([*paths, str(tmp_path / "gone")])
    assert saver.last_checkpoints == paths
    saver.save(session, str(tmp_path / "m"), 2)
    assert not checkpoint_files.checkpoint_exists(paths[0])


def test_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Variable(1.0, name="v")
    session = started()
    os.mkdir("sub")
    assert Saver(pad_step_number=True).save(session, "sub/m", 7) == "sub/m-00000007"
    assert checkpoint_files.latest_checkpoint("sub") == "sub/m-00000007"
    Saver(save_relative_paths=True).save(session, str(tmp_path / "m"))
    assert 'model_checkpoint_path: "m"' in (tmp_path / "checkpoint").read_text()


def test_names_can_be_given_and_shapes_changed(tmp_path, graph):
    v = Variable([1.0, 2.0, 3.0, 4.0], name="v")
    path = Saver({"other": v}).save(started(), str(tmp_path / "m"))
    with Graph().as_default():
        square = Variable([[0.0, 0.0], [0.0, 0.0]], name="square")
        session = Session()
        Saver({"other": square}, reshape=True).restore(session, path)
        assert session.run(square).tolist() == [[1, 2], [3, 4]]


def test_parts_restore_into_another_division(tmp_path):
    values = initializers.Constant([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    get_variable("p", initializer=values, shape=[6, 1])
    path = Saver().save(started(), str(tmp_path / "m"))
    with Graph().as_default():
        thirds = partitioned.fixed_size_partitioner(3)
        parts = get_variable("p", [6, 1], partitioner=thirds)
        session = Session()
        Saver().restore(session, path)
        found = [session.run(one).reshape(-1).tolist() for one in parts]
        assert found == [[0, 1], [2, 3], [4, 5]]


def test_restore_explains_what_does_not_fit(tmp_path):
    Variable([1.0, 2.0], name="v")
    path = Saver().save(started(), str(tmp_path / "m"))
    with Graph().as_default():
        Variable([1.0, 2.0], name="missing")
        with pytest.raises(errors.NotFoundError, match="Key missing not found in checkpoint") as e:
            Saver().restore(Session(), path)
        assert "a Variable name or other graph key that is missing" in e.value.message
    with Graph().as_default():
        Variable([1.0, 2.0, 3.0], name="v")
        match = r"lhs shape= \[3\] rhs shape= \[2\]"
        with pytest.raises(errors.InvalidArgumentError, match=match) as e:
            Saver().restore(Session(), path)
        assert "most likely due to a mismatch between the current graph" in e.value.message
    with Graph().as_default():
        Variable([1, 2], name="v")
        match = "tensor_name = v; expected dtype int32 does not equal original dtype float"
        with pytest.raises(errors.InvalidArgumentError, match=match):
            Saver().restore(Session(), path)


def test_refusals_of_save_and_restore(tmp_path):
    v = Variable(1.0, name="v")
    saver = Saver([v])
    session = Session()
    with pytest.raises(errors.FailedPreconditionError, match="uninitialized value v"):
        saver.save(session, str(tmp_path / "m"))
    assert not list(tmp_path.iterdir())
    session.run(v.initializer)
    with pytest.raises(ValueError, match="Parent directory of .* doesn't exist, can't save."):
        saver.save(session, str(tmp_path / "no" / "folder" / "m"))
    with pytest.raises(ValueError, match="'latest_filename' collides with 'save_path'"):
        saver.save(session, str(tmp_path / "checkpoint"))
    with pytest.raises(ValueError, match="'latest_filename' must not contain path components"):
        saver.save(session, str(tmp_path / "m"), latest_filename="a/b")
    with pytest.raises(TypeError, match="'sess' must be a Session; None"):
        saver.save(None, str(tmp_path / "m"))
    with pytest.raises(ValueError, match="The passed save_path is not a valid checkpoint: /nope"):
        saver.restore(session, "/nope")
    with pytest.raises(ValueError, match="Can't load save_path when it is None."):
        saver.restore(session, None)
    deferred = Saver(defer_build=True)
    with pytest.raises(RuntimeError, match=r"`build\(\)` should be called before save"):
        deferred.save(session, str(tmp_path / "m"))


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda v, c: [c], TypeError, "Variable to save is not a Variable: Tensor"),
        (lambda v, c: {1: v}, TypeError, "Name is not a string: 1"),
        (lambda v, c: {"a": c}, TypeError, "Not a variable: Tensor"),
        (lambda v, c: 3, TypeError, "Variables to save should be passed in a dict or a list: 3"),
        (lambda v, c: {"a": v, "b": v}, ValueError, "will be restored with two names: b"),
        (lambda v, c: [v, v], ValueError, "At least two variables have the same name: v"),
        (lambda v, c: {"a": [v]}, ValueError, "Slices must all be slices: <tf.Variable 'v:0'"),
    ],
)
def test_refusals_of_variables(make, kind, message):
    v = Variable(1.0, name="v")
    with pytest.raises(kind, match=message):
        Saver(make(v, convert.convert_to_tensor(1.0, name="c")))


def test_nothing_to_save(tmp_path):
    with pytest.raises(ValueError, match="No variables to save"):
        Saver()
    saver = Saver(allow_empty=True)
    assert saver.save(Session(), str(tmp_path / "m")) is None
    saver.restore(Session(), "/nope")


def test_default_saver_is_made_once(graph):
    Variable(1.0)
    saver = get_saver_or_default()
    assert get_saver_or_default() is saver
    assert graph.get_collection(GraphKeys.SAVERS) == [saver]
    graph.add_to_collection(GraphKeys.SAVERS, Saver())
    with pytest.raises(RuntimeError, match="More than one item in collection savers"):
        get_saver_or_default()


def test_saver_def_of_a_scope():
    with scopes.name_scope("a"):
        Variable(1.0, name="v")
        saver = Saver()
    assert saver.to_proto("a").save_tensor_name == "save/control_dependency:0"
    assert saver.to_proto("b") is None
    again = Saver.from_proto(proto.SaverDef.FromString(saver.as_saver_def().SerializeToString()))
    assert again.as_saver_def() == saver.as_saver_def()

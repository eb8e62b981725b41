"""Graphs of TensorFlow 0.x with the first two versions of TensorArrays and with stacks behind references."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import text_format

import rekindle as tf
from rekindle._src.graph import opdef, proto

CONSTANTS = """
node { name: "n" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
       attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 3 } } } }
node { name: "zero" op: "Const" attr { key: "dtype" value { type: DT_INT32 } }
       attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape {} int_val: 0 } } } }
node { name: "flow" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape {} float_val: 0 } } } }
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "at" op: "Placeholder" attr { key: "dtype" value { type: DT_INT32 } } }
"""


def node(name: str, op: str, *inputs: str, **attrs: str) -> str:
    """The text of a node."""
    listed = " ".join(f'input: "{one}"' for one in inputs)
    given = " ".join(f'attr {{ key: "{key}" value {{ {value} }} }}' for key, value in attrs.items())
    return f'node {{ name: "{name}" op: "{op}" {listed} {given} }}\n'


def arrays(version: str) -> str:
    """A graph that writes an array, reads it, and adds up gradients."""
    f = "type: DT_FLOAT"
    op = {part: f"TensorArray{part}{version}" for part in
          ("", "Scatter", "Read", "Size", "Gather", "Concat", "Split", "Grad", "Write", "Close")}  # fmt: skip
    return CONSTANTS + "".join([
        node("array", op[""], "n", dtype=f, clear_after_read="b: false"),
        node("written", op["Scatter"], "array", "at", "x", "flow", T=f),
        node("read", op["Read"], "array", "zero", "written", dtype=f),
        node("size", op["Size"], "array", "written"),
        node("gathered", op["Gather"], "array", "at", "written", dtype=f),
        node("joined", op["Concat"], "array", "written", dtype=f),
        node("grad", op["Grad"], "array", "written", source='s: "gradients"'),
        node("once", op["Write"], "grad", "zero", "read", "written", T=f),
        node("twice", op["Write"], "grad", "zero", "read", "once", T=f),
        node("sum", op["Read"], "grad", "zero", "twice", dtype=f),
        node("closed", op["Close"], "array", "^sum", "^joined", "^gathered"),
    ])  # fmt: skip


def run(text: str, fetches: list[str]) -> list[np.ndarray]:
    graph_def = text_format.Parse(text + "versions { producer: 10 }", proto.GraphDef())
    with tf.Graph().as_default():
        tf.import_graph_def(graph_def, name="")
        with tf.Session() as session:
            feeds = {"x:0": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "at:0": [2, 0, 1]}
            session.run(fetches, feeds)
            return session.run(fetches, feeds)


@pytest.mark.parametrize("version", ["", "V2"])
def test_arrays_are_written_and_read(version: str) -> None:
    out = run(arrays(version), ["read:0", "size:0", "gathered:0", "joined:0", "sum:0"])
    assert out[0].tolist() == [3, 4]
    assert out[1] == 3
    assert out[2].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert out[3].tolist() == [3, 4, 5, 6, 1, 2]
    assert out[4].tolist() == [6, 8]


def test_arrays_are_packed_and_unpacked() -> None:
    f = "type: DT_FLOAT"
    text = arrays("") + "".join([
        node("packed", "TensorArrayPack", "array", "written", dtype=f),
        node("other", "TensorArray", "n", dtype=f),
        node("unpacked", "TensorArrayUnpack", "other", "packed", "flow", T=f),
        node("again", "TensorArrayPack", "other", "unpacked", dtype=f),
    ])  # fmt: skip
    packed, again = run(text, ["packed:0", "again:0"])
    assert packed.tolist() == again.tolist() == [[3, 4], [5, 6], [1, 2]]


@pytest.mark.parametrize("version", ["", "V2"])
def test_array_is_split(version: str) -> None:
    lengths = node("long", "Cast", "at", SrcT="type: DT_INT32", DstT="type: DT_INT64")
    text = arrays(version) + lengths + "".join([
        node("other", f"TensorArray{version}", "n", dtype="type: DT_FLOAT"),
        node("split", f"TensorArraySplit{version}", "other", "x", "long", "flow", T="type: DT_FLOAT"),
        node("part", f"TensorArrayRead{version}", "other", "zero", "split", dtype="type: DT_FLOAT"),
    ])  # fmt: skip
    assert run(text, ["part:0"])[0].tolist() == [[1, 2], [3, 4]]


def test_stack_gives_back_what_was_pushed() -> None:
    f = "type: DT_FLOAT"
    text = CONSTANTS + "".join([
        node("stack", "Stack", elem_type=f, stack_name='s: "foo"'),
        node("pushed", "StackPush", "stack", "x", T=f),
        node("popped", "StackPop", "stack", "^pushed", elem_type=f),
        node("closed", "StackClose", "stack", "^popped"),
    ])  # fmt: skip
    assert run(text, ["popped:0"])[0].tolist() == [[1, 2], [3, 4], [5, 6]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="is empty when calling Pop"):
        run(text.replace(' input: "^pushed"', "").replace('input: "stack" input: "^pushed"', 'input: "stack"'),
            ["popped:0"])  # fmt: skip


OPS = """Stack StackPush StackPop StackClose TensorArray TensorArrayV2 TensorArrayGrad TensorArrayGradV2
    TensorArrayWrite TensorArrayWriteV2 TensorArrayRead TensorArrayReadV2 TensorArrayGather TensorArrayGatherV2
    TensorArrayScatter TensorArrayScatterV2 TensorArrayConcat TensorArrayConcatV2 TensorArraySplit
    TensorArraySplitV2 TensorArraySize TensorArraySizeV2 TensorArrayClose TensorArrayCloseV2 TensorArrayPack
    TensorArrayUnpack""".split()


@pytest.mark.parametrize("op_type", OPS)
def test_op_can_run(op_type: str) -> None:
    assert op_type in opdef.OPS

"""`tf.import_graph_def`: a GraphDef's nodes added to the current graph.

Holds the import: names and prefixes, the order of creation, mapped inputs, loops' back edges. Export is the graph's
(`as_graph_def`), functions stand in graph/library.py.
"""
from __future__ import annotations

import functools
import heapq
from typing import Any

from rekindle._src import errors
from rekindle._src.formats.node_attrs import read_attrs, type_name
from rekindle._src.graph import attrs as attr_forms
from rekindle._src.graph import convert, infer, library, proto, scopes, signatures
from rekindle._src.graph.graph import GRAPH_DEF_VERSION
from rekindle._src.graph.graph_scopes import check_op_name
from rekindle._src.graph.op_text import op_text
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.signatures import REQUIRED
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public

_NEXT = ("NextIteration", "RefNextIteration")
_MERGE = ("Merge", "RefMerge")
_GROUP = "loc:@"
#: ops whose shapes old releases inferred wrongly; what files say of these does not count
_OTHER_SHAPES = frozenset((
    "RandomShuffleQueue PaddingFIFOQueue FIFOQueue PriorityQueue QueueSize Stack Barrier BarrierReadySize "
    "BarrierIncompleteSize HashTable MutableHashTable MutableHashTableOfTensors Mutex CuckooTable IndexTable "
    "WholeFileReader TextLineReader FixedLengthRecordReader TFRecordReader IdentityReader LMDBReader RefSwitch "
    "RefEnter RefNextIteration RefMerge RefIdentity ConditionalAccumulator SparseConditionalAccumulator Table"
).split())


@public("import_graph_def", "graph_util.import_graph_def")
def import_graph_def(graph_def: Any, input_map: dict[Any, Any] | None = None, return_elements: Any = None,
                     name: str | None = None, op_dict: Any = None, producer_op_list: Any = None) -> Any:
    """Add the nodes of a GraphDef to the default graph.

    Args:
      graph_def: a GraphDef message.
      input_map: names of inputs in it ("x:0", "x", "^x") to tensors of this graph that replace them.
      return_elements: names of operations or tensors in it to give back.
      name: the prefix of the names, default "import"; "" for none.
      op_dict: accepted as in TensorFlow, not needed.
      producer_op_list: an OpList; attrs that it says are defaults and that this version does not know are dropped.

    Returns:
      The operations and tensors of `return_elements`, or None.

    Raises:
      TypeError: an argument is not of its type.
      ValueError: the GraphDef is malformed, or names in the arguments are not in it.
      NotFoundError: it has an op that TensorFlow 1.15.5 does not have.
    """
    if isinstance(graph_def, proto.GraphDef):
        add_default_attrs(graph_def)
    else:
        graph_def = _as_graph_def(graph_def)
    input_map = _checked_map(input_map)
    return_elements = _checked_elements(return_elements)
    if producer_op_list is not None:
        _drop_new_defaults(graph_def, producer_op_list)
    _check_version(graph_def)
    with scopes.name_scope(name, "import", [t for t in input_map.values() if isinstance(t, Tensor)]) as scope:
        input_map = _tensors(input_map, scope)
    return _Import(graph_def, input_map, scope[:-1] if scope else "").run(return_elements)


def _as_graph_def(value: Any) -> Any:
    try:
        out = proto.GraphDef()
        out.MergeFrom(value)
        return out
    except TypeError:
        raise TypeError("graph_def must be a GraphDef proto.") from None


def _checked_map(input_map: Any) -> dict[str, Any]:
    if input_map is None:
        return {}
    if not isinstance(input_map, dict) or not all(isinstance(k, (str, bytes)) for k in input_map):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    return {k.decode() if isinstance(k, bytes) else k: v for k, v in input_map.items()}


def _checked_elements(elements: Any) -> list[str] | None:
    if elements is None:
        return None
    if not isinstance(elements, (list, tuple)) or not all(isinstance(x, (str, bytes)) for x in elements):
        raise TypeError("return_elements must be a list of strings.")
    return [x.decode() if isinstance(x, bytes) else x for x in elements]


def add_default_attrs(graph_def: Any) -> None:
    """Give the nodes of a GraphDef, in place, those attrs with a default that they lack."""
    for node in graph_def.node:
        for name, value in _default_attrs(node.op):
            if name not in node.attr:
                node.attr[name].CopyFrom(value)


@functools.cache
def _default_attrs(op_type: str) -> tuple[tuple[str, Any], ...]:
    if not signatures.is_known(op_type):
        return ()
    attrs = signatures.signature(op_type).attrs
    return tuple(
        (one.name, attr_forms.to_proto(one.type, one.default)) for one in attrs if one.default is not REQUIRED
    )


def _drop_new_defaults(graph_def: Any, producer_op_list: Any) -> None:
    """Take attrs out, in place, that this version does not know and that have their default."""
    producer = {one.name: {a.name: a for a in one.attr} for one in producer_op_list.op}
    for node in graph_def.node:
        if node.op not in producer or not signatures.is_known(node.op):
            continue
        known = signatures.signature(node.op).attr
        for key in [key for key in node.attr if key not in known]:
            made = producer[node.op].get(key)
            if made is not None and made.HasField("default_value") and made.default_value == node.attr[key]:
                del node.attr[key]


def _tensors(input_map: dict[str, Any], scope: str) -> dict[str, Any]:
    """The map with Python values as constants, named as TensorFlow names them."""
    if all(isinstance(v, (Tensor, Operation)) for v in input_map.values()):
        return input_map
    if not scope:
        raise ValueError(
            "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. Try calling "
            "tf.convert_to_tensor() on `input_map` values before calling tf.import_graph_def().")
    with scopes.name_scope("_inputs"):
        return {k: v if isinstance(v, Operation) else convert.convert_to_tensor(v) for k, v in input_map.items()}


def _take_shapes(op: Any, node: Any) -> None:
    """Let the outputs have the shapes that the exporter knew (`_output_shapes`).

    Raises:
      ValueError: they contradict what the op's shape rule says.
    """
    if "_output_shapes" not in node.attr:
        return
    held = node.attr["_output_shapes"]
    if held.WhichOneof("value") != "list":
        return
    known = held.list.shape
    for number, shape in enumerate(known):
        if min((dim.size for dim in shape.dim), default=0) < -1:
            sizes = ",".join(str(dim.size) for dim in shape.dim)
            raise ValueError(f"Node '{node.name} has an invalid _output_shapes attribute (shape #{number} error:'Shape "
                             f"[{sizes}] has dimensions with values below -1 (where -1 means unknown)'")
    if len(known) < len(op.outputs):
        raise ValueError(f"Node '{node.name}' has {len(op.outputs)} outputs but the _output_shapes attribute specifies "
                         f"shapes for {len(known)} outputs")
    for tensor, shape in zip(op.outputs, known, strict=False):
        try:
            tensor._static_shape = infer.merge(tensor._static_shape, attr_forms.shape_from_proto(shape))
        except ValueError as error:
            if node.op in _OTHER_SHAPES:
                continue
            raise ValueError(f"Node '{node.name}' has an _output_shapes attribute inconsistent with the GraphDef for "
                             f"output #{tensor.value_index}: {error}") from None


def _check_version(graph_def: Any) -> None:
    versions = graph_def.versions
    if versions.producer < 0:
        raise ValueError(f"GraphDef producer version {versions.producer} below min producer 0 supported by TensorFlow "
                         "1.15.5.  Please regenerate your graph.")
    if versions.min_consumer > GRAPH_DEF_VERSION:
        raise ValueError(f"GraphDef min consumer version {versions.min_consumer} above current version "
                         f"{GRAPH_DEF_VERSION} for TensorFlow 1.15.5.  Please upgrade TensorFlow.")
    if GRAPH_DEF_VERSION in versions.bad_consumers:
        raise ValueError(f"GraphDef disallows consumer version {GRAPH_DEF_VERSION}.  Please upgrade TensorFlow: this "
                         "version is likely buggy.")


class _Import:
    """One import: what was made of the nodes so far."""

    def __init__(self, graph_def: Any, input_map: dict[str, Any], prefix: str) -> None:
        self.graph = scopes.get_default_graph()
        self.nodes = list(graph_def.node)
        self.library = graph_def.library
        self.prefix = prefix
        self.made: dict[str, Any] = {}
        self.added: list[Operation] = []
        self.used: set[str] = set()
        self.input_map = input_map
        self.by_name = self._index()
        self.versions = graph_def.versions

    def _index(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node in self.nodes:
            if not node.op:
                raise ValueError(f"Node '{node.name}' does not specify an operation")
            try:
                check_op_name(node.name)
            except ValueError:
                raise ValueError(f"Node '{node.name}': Node name contains invalid characters") from None
            if node.name in found:
                raise ValueError(f"Node '{node.name}' is not unique")
            found[node.name] = node
        for node in self.nodes:
            groups = node.attr["_class"].list.s if "_class" in node.attr else ()
            for other in (one.decode(errors="replace") for one in groups):
                if other.startswith(_GROUP) and other.removeprefix(_GROUP) not in found:
                    raise ValueError(f"Node '{node.name}' expects to be colocated with unknown node "
                                     f"'{other.removeprefix(_GROUP)}'")
        return found

    def run(self, return_elements: list[str] | None) -> list[Any] | None:
        """Make all nodes, those that can be made first in the GraphDef's order, or none.

        Returns:
          The operations and tensors of `return_elements`.
        """
        graph = self.graph
        order = self._ordered()
        functions = {one.signature.name for one in self.library.function}
        self._check_ops(functions)
        before = graph.state[0], dict.fromkeys(functions - graph._functions.keys())
        versions = proto.VersionDef.FromString(graph.graph_def_versions.SerializeToString())
        devices, graph._device_stack = graph._device_stack, []
        try:
            library.add_functions(graph, self.library)
            self._merge_versions()
            names = self._new_names()
            back: list[tuple[Any, int, str]] = []
            for node in order:
                self.made[node.name] = self._make(node, names, back)
            self._close_loops(back)
            found = None if return_elements is None else [self.element(one) for one in return_elements]
        except BaseException:
            graph._take_back(self.added, before[0])
            for name in before[1]:
                graph._functions.pop(name, None)
            graph.graph_def_versions.CopyFrom(versions)
            raise
        finally:
            graph._device_stack = devices
        for op in self.made.values():
            graph._names_in_use.setdefault(op.name.lower(), 1)
        self._place(names)
        graph.touch()
        self._check_used()
        return found

    def _check_ops(self, functions: set[str]) -> None:
        """Raise NotFoundError with all ops that are not known."""
        bodies = [one.node_def for one in self.library.function]
        unknown = sorted({
            node.op for body in (self.nodes, *bodies) for node in body
            if not signatures.is_known(node.op) and node.op not in functions and not self.graph._is_function(node.op)})
        if not unknown:
            return
        try:
            signatures.signature(unknown[0])
        except errors.NotFoundError as error:
            if len(unknown) == 1:
                raise
            said = f"{error.message}\nOps that are not registered: {', '.join(unknown)}"
            raise errors.NotFoundError(None, None, said) from None

    def _close_loops(self, back: list[tuple[Any, int, str]]) -> None:
        for op, index, text in back:
            source, output = _split(text)
            if output >= len(self.made[source].outputs):
                raise ValueError(f"Output {output} of node {self.made[source].name} does not exist. Node only has "
                                 f"{len(self.made[source].outputs)} outputs.")
            tensor = self.made[source].outputs[output]
            if tensor.dtype.base_dtype != op.inputs[index].dtype.base_dtype:
                raise ValueError(f"Input {index} of node {op.name} was passed {type_name(tensor.dtype)} from "
                                 f"{tensor.name} incompatible with expected {type_name(op.inputs[index].dtype)}.")
            op._update_input(index, tensor)

    def _check_used(self) -> None:
        """Raise ValueError if the input map has names that are not in the GraphDef."""
        unused = []
        for key in self.input_map:
            source, index = _split(key)
            outputs = len(self.made[source].outputs) if source in self.made else -1
            if key not in self.used and index >= outputs:
                unused.append(key if key.startswith("^") else f"{source}:{index}")
        if unused:
            raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(unused)}]")

    def _merge_versions(self) -> None:
        """Let the graph count as being as old as the GraphDef: old nodes mean other things."""
        own = self.graph.graph_def_versions
        own.producer = min(own.producer, self.versions.producer)
        own.min_consumer = max(own.min_consumer, self.versions.min_consumer)
        own.bad_consumers.extend(set(self.versions.bad_consumers) - set(own.bad_consumers))

    def _new_names(self) -> dict[str, str]:
        """The full name of each node; where an operation or a scope has it, "_1", "_2", ... behind it."""
        whole = {n: f"{self.prefix}/{n}" if self.prefix else n for n in self.by_name}
        taken = {one for name in self.graph._by_name if name.startswith(self.prefix) for one in _and_scopes(name)}
        if taken.isdisjoint(whole.values()):
            return whole
        own = {one for name in self.by_name for one in _and_scopes(name)}
        for name, full in whole.items():
            count, unique = 0, full
            while unique in taken or count and unique in own:
                count += 1
                unique = f"{full}_{count}"
            whole[name] = unique
        return whole

    def _ordered(self) -> list[Any]:
        """The nodes so that inputs come first, back edges of loops aside.

        Raises:
          ValueError: an input is not there, or nodes are in a cycle.
        """
        position = {n.name: i for i, n in enumerate(self.nodes)}
        waiting, followers = [0] * len(self.nodes), [[] for _ in self.nodes]
        for i, node in enumerate(self.nodes):
            are_controls = [one.startswith("^") for one in node.input]
            if are_controls != sorted(are_controls):
                raise ValueError(f"Node '{node.name}': Control dependencies must come after regular dependencies")
            for text in dict.fromkeys(node.input):
                source = _split(text)[0]
                if self._mapped(text) is not None:
                    continue
                if source not in position:
                    raise ValueError(f"Node '{node.name}': Unknown input node '{text}'")
                if node.op in _MERGE and self.nodes[position[source]].op in _NEXT:
                    continue
                waiting[i] += 1
                followers[position[source]].append(i)
        ready = [i for i, count in enumerate(waiting) if not count]
        heapq.heapify(ready)
        out = []
        while ready:
            i = heapq.heappop(ready)
            out.append(self.nodes[i])
            for other in followers[i]:
                waiting[other] -= 1
                if not waiting[other]:
                    heapq.heappush(ready, other)
        if len(out) < len(self.nodes):
            raise ValueError(f"{len(self.nodes) - len(out)} nodes in a cycle")
        return out

    def _mapped(self, text: str) -> Any:
        """What the input map has for an input, None if nothing."""
        if not self.input_map:
            return None
        if text.startswith("^"):
            found = self.input_map.get(text)
            self.used.update([text] if found is not None else [])
            return found
        source, index = _split(text)
        for key in (f"{source}:{index}", source) if index == 0 else (f"{source}:{index}",):
            if key in self.input_map:
                self.used.add(key)
                return self.input_map[key]
        return None

    def _make(self, node: Any, names: dict[str, str], back: list[tuple[Any, int, str]]) -> Any:
        facts = self._signature(node)
        attrs = read_attrs(node, facts)
        inputs: list[Any] = []
        later: list[tuple[int, str]] = []
        controls: list[Any] = []
        for text in node.input:
            mapped = self._mapped(text)
            if text.startswith("^"):
                other = self.made[text[1:]] if mapped is None else mapped
                other = other.op if isinstance(other, Tensor) else other
                if other not in controls:
                    controls.append(other)
            elif mapped is not None:
                inputs.append(mapped)
            else:
                source, index = _split(text)
                if source not in self.made:
                    later.append((len(inputs), text))
                    inputs.append(None)
                else:
                    inputs.append(self._output(node, text, self.made[source], index))
        if later and len(later) == len(inputs):
            raise ValueError(f"{len(self.nodes) - len(self.made)} nodes in a cycle")
        for at, _ in later:
            inputs[at] = next(t for t in inputs if t is not None)
        self._check_inputs(node, facts, attrs, inputs, names)
        graph = self.graph
        controls += [one for one in graph._control_inputs_for(inputs) if one not in controls]
        op = graph.add(facts, inputs, attrs, names[node.name], infer.output_types(facts, attrs), controls=controls)
        self.added.append(op)
        for scope in graph._control_stack:  # what takes this as input waits for the scope itself, too
            scope.seen.discard(op)
        _take_shapes(op, node)
        back.extend((op, at, text) for at, text in later)
        return op

    def _output(self, node: Any, text: str, source: Any, index: int) -> Tensor:
        if index >= len(source.outputs):
            raise ValueError(f"Node '{node.name}': Connecting to invalid output {index} of source node "
                             f"{_split(text)[0]} which has {len(source.outputs)} outputs.")
        return source.outputs[index]

    def _signature(self, node: Any) -> signatures.Signature:
        return self.graph.signature(node.op)

    def _check_inputs(self, node: Any, facts: Any, attrs: dict[str, Any], inputs: list[Tensor],
                      names: dict[str, str]) -> None:
        wanted = input_types(facts, attrs)
        if len(wanted) != len(inputs):
            raise ValueError(f"NodeDef expected inputs '{', '.join(map(type_name, wanted))}' do not match "
                             f"{len(inputs)} inputs specified; {op_text(facts)}; NodeDef: {{{{node {node.name}}}}}")
        for i, (tensor, dtype) in enumerate(zip(inputs, wanted, strict=True)):
            if tensor.graph is not self.graph:
                raise ValueError(f"{tensor} must be from the same graph as {self.graph}.")
            if tensor.dtype.base_dtype != dtype.base_dtype or (dtype._is_ref_dtype and not tensor.dtype._is_ref_dtype):
                raise ValueError(f"Input {i} of node {names[node.name]} was passed {type_name(tensor.dtype)} from "
                                 f"{tensor.name} incompatible with expected {type_name(dtype)}.")

    def _place(self, names: dict[str, str]) -> None:
        """The nodes' own devices inside those of the scopes; colocated ones have that of the first other
        one that has any."""
        colocated: list[tuple[Any, list[str]]] = []
        for node in self.nodes:
            op = self.made[node.name]
            op._device = ""
            held = op._attrs.get("_class")
            groups = [one.decode(errors="replace") for one in held.list.s] if held is not None else []
            if "_class" in node.attr:
                groups = [_GROUP + names.get(one.removeprefix(_GROUP), one.removeprefix(_GROUP)) for one in groups]
                held.list.s[:] = [one.encode() for one in groups]
            others = [one.removeprefix(_GROUP) for one in groups if one != _GROUP + op.name]
            if others:
                colocated.append((op, others))
            elif node.device:
                with self.graph.device(node.device):
                    self.graph._apply_devices(op)
            else:
                self.graph._apply_devices(op)
        for op, others in colocated:
            devices = (self.graph.get_operation_by_name(one).device for one in others)
            op._set_device(next((one for one in devices if one), ""))

    def element(self, text: str) -> Any:
        """The operation or tensor that a name in the GraphDef became."""
        if ":" not in text:
            if text not in self.made:
                raise ValueError(f"Requested return node '{text}' not found in graph def")
            return self.made[text]
        source, index = _split(text)
        if ":" in source or text.rpartition(":")[2] != str(index):
            raise ValueError(f"Cannot convert '{text}' to a tensor name.")
        mapped = self._mapped(text)
        if mapped is not None:
            return mapped
        if source not in self.made:
            raise ValueError(f"Requested return tensor '{text}' not found in graph def")
        outputs = self.made[source].outputs
        if index >= len(outputs):
            raise ValueError(f"Invalid return output {index} of node '{source}', which has {len(outputs)} output(s)")
        return outputs[index]


def _and_scopes(name: str) -> list[str]:
    """A name and the scopes that it is in: "a/b/c" -> "a/b/c", "a/b", "a"."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def input_types(facts: Any, attrs: dict[str, Any]) -> list[Any]:
    """The types of an op's inputs, lists flattened."""
    out: list[Any] = []
    for arg in facts.inputs:
        if arg.type_list_attr is not None:
            types = list(attrs[arg.type_list_attr])
        else:
            one = attrs[arg.type_attr] if arg.type_attr is not None else arg.dtype
            types = [one] * (attrs[arg.number_attr] if arg.number_attr is not None else 1)
        out.extend(t._as_ref if arg.is_ref else t for t in types)
    return out


def _split(text: str) -> tuple[str, int]:
    """An input of a NodeDef as node name and output index."""
    if text.startswith("^"):
        return text[1:], -1
    name, colon, index = text.rpartition(":")
    return (name, int(index)) if colon and index.isdigit() else (text, 0)

"""Every protocol message, in TensorFlow's own packages and with its wire format.

Holds the message classes by name, `enum` and `message` to look up any other, and `DEEP_MODULES`
with `deep_namespace` for imports such as `tensorflow.core.framework.graph_pb2`. Most descriptors
are those of `tensorboard.compat.proto` put back into the package `tensorflow` (a packed `Any`
carries the full name in files); what is missing there comes from `proto_table.py`. All live in a
descriptor pool of their own, so another copy of TensorFlow's messages in the process does no harm.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any as AnyType

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2
from google.protobuf.internal import enum_type_wrapper

from rekindle._src.graph.proto_table import TABLE
from rekindle._src.names import export

_POOL = descriptor_pool.DescriptorPool()
_FIELD = descriptor_pb2.FieldDescriptorProto

#: folder below tensorflow/ -> its files that tensorboard has
_BORROWED = {
    "core/framework": (
        "allocation_description api_def attr_value cost_graph full_type function graph node_def "
        "op_def resource_handle step_stats summary tensor tensor_description tensor_shape types "
        "variable versions"
    ),
    "core/profiler": "tfprof_log",
    "core/protobuf": (
        "cluster config coordination_config debug graph_debug_info meta_graph rewriter_config "
        "saved_object_graph saver struct trackable_object_graph verifier_config"
    ),
    "core/util": "event",
    "python/framework": "cpp_shape_inference",
}
#: tensorboard's file -> the file that has its messages in TensorFlow 1.15
_MERGED = {"histogram": "summary", "rpc_options": "config"}
#: fields that TensorFlow 1.15 has and later releases dropped: message -> number, name, type
_DROPPED = {
    "TrackableObjectGraph.TrackableObject.SerializedTensor": (
        (4, "optional_restore", _FIELD.TYPE_BOOL),
    ),
    "CodeDef.Trace": (
        (1, "file", _FIELD.TYPE_STRING),
        (3, "function", _FIELD.TYPE_STRING),
        (4, "line", _FIELD.TYPE_STRING),
    ),
}
#: files whose package is not `tensorflow`
_PACKAGES = {"tfprof_log": "tensorflow.tfprof"}
_FOLDERS = {name: folder for folder, names in _BORROWED.items() for name in names.split()}
_GOOGLE = {"google/protobuf/any.proto": any_pb2, "google/protobuf/wrappers.proto": wrappers_pb2}


def _tabled() -> dict[str, list[str]]:
    """File -> its lines of the table, the `file` line first; continued lines joined."""
    files: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in TABLE.strip().splitlines():
        if line.startswith("file "):
            lines = files.setdefault(line.split()[1], [line])
        elif line.startswith("    "):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.strip())
    return files


_TABLED = _tabled()


def message(file: str, name: str) -> AnyType:
    """The class of a message (`Summary.Value` for a nested one) of `tensorflow/<file>.proto`.

    Raises:
      KeyError: there is no such file or message.
    """
    descriptor = _load(f"tensorflow/{file}.proto")
    outer, *inner = name.split(".")
    found = descriptor.message_types_by_name[outer]
    for part in inner:
        found = found.nested_types_by_name[part]
    return _message_class(found)


def enum(file: str, name: str) -> enum_type_wrapper.EnumTypeWrapper:
    """The top-level enum `name` of `tensorflow/<file>.proto`, with its values as attributes."""
    return enum_type_wrapper.EnumTypeWrapper(
        _load(f"tensorflow/{file}.proto").enum_types_by_name[name]
    )


def deep_namespace(file: str) -> dict[str, AnyType]:
    """What `tensorflow/<file>_pb2.py` holds: messages, enums, enum values and `DESCRIPTOR`."""
    descriptor = _load(f"tensorflow/{file}.proto")
    namespace: dict[str, AnyType] = {"DESCRIPTOR": descriptor}
    for name, found in descriptor.message_types_by_name.items():
        namespace[name] = _message_class(found)
    for name, found in descriptor.enum_types_by_name.items():
        namespace[name] = enum_type_wrapper.EnumTypeWrapper(found)
        namespace.update({value.name: value.number for value in found.values})
    return namespace


def descriptor_named(name: str) -> AnyType:
    """The descriptor of a message of TensorFlow by its full name, as `tensorflow.Example`.

    Raises:
      KeyError: there is none of that name.
    """
    borrowed = (f"{folder}/{one}" for folder, names in _BORROWED.items() for one in names.split())
    for file in (*borrowed, *_TABLED):
        _load(f"tensorflow/{file}.proto")
    return _POOL.FindMessageTypeByName(name)


def _message_class(descriptor: AnyType) -> AnyType:
    """The class of a message; those with a name in this module are pickled by it."""
    made = message_factory.GetMessageClass(descriptor)
    made.__module__ = __name__
    return made


@cache
def _load(path: str) -> AnyType:
    """The descriptor of a file, with what it imports, in the pool."""
    if path in _GOOGLE:
        _POOL.AddSerializedFile(_GOOGLE[path].DESCRIPTOR.serialized_pb)
        return _POOL.FindFileByName(path)
    name = path.removeprefix("tensorflow/").removesuffix(".proto")
    file = _from_table(name) if name in _TABLED else _from_tensorboard(name)
    for dependency in file.dependency:
        _load(dependency)
    _POOL.AddSerializedFile(file.SerializeToString())
    return _POOL.FindFileByName(path)


def _from_tensorboard(name: str) -> descriptor_pb2.FileDescriptorProto:
    """Tensorboard's descriptor of a file under TensorFlow's path, package and 1.15 fields."""
    folder, _, last = name.rpartition("/")
    if _FOLDERS.get(last) != folder:
        raise KeyError(f"no protocol file tensorflow/{name}.proto")
    package = _PACKAGES.get(last, "tensorflow")
    file = descriptor_pb2.FileDescriptorProto(
        name=f"tensorflow/{name}.proto", package=package, syntax="proto3"
    )
    for source in (last, *(old for old, new in _MERGED.items() if new == last)):
        module = importlib.import_module(f"tensorboard.compat.proto.{source}_pb2")
        part = descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
        file.dependency.extend(_moved(path) for path in part.dependency)
        file.message_type.extend(part.message_type)
        file.enum_type.extend(part.enum_type)
    imports = sorted(set(file.dependency) - {file.name})
    del file.dependency[:]
    file.dependency.extend(imports)
    own = {found.name for found in (*file.message_type, *file.enum_type)}
    for found in file.message_type:
        _restore(found, found.name, dict.fromkeys(own, package))
    return file


def _moved(path: str) -> str:
    """Where TensorFlow has the file that tensorboard has at `path`."""
    if not path.startswith("tensorboard/"):
        return path
    last = path.rpartition("/")[2].removesuffix(".proto")
    last = _MERGED.get(last, last)
    return f"tensorflow/{_FOLDERS[last]}/{last}.proto"


def _restore(found: descriptor_pb2.DescriptorProto, name: str, packages: dict[str, str]) -> None:
    """Put references back into TensorFlow's packages, and dropped fields back in."""
    dropped = _DROPPED.get(name, ())
    numbers = {number for number, _, _ in dropped}
    if dropped:
        spans = [one for one in found.reserved_range if not numbers & {*range(one.start, one.end)}]
        del found.reserved_range[:], found.reserved_name[:]
        found.reserved_range.extend(spans)
    for number, field, kind in dropped:
        found.field.add(number=number, name=field, type=kind, label=_FIELD.LABEL_OPTIONAL)
    for field in found.field:
        if field.type_name.startswith(".tensorboard."):
            path = field.type_name.removeprefix(".tensorboard.")
            field.type_name = f".{packages.get(path.partition('.')[0], 'tensorflow')}.{path}"
    for inner in found.nested_type:
        _restore(inner, f"{name}.{inner.name}", packages)


def _from_table(name: str) -> descriptor_pb2.FileDescriptorProto:
    """The descriptor of a file of `proto_table.TABLE`."""
    first, *rest = _TABLED[name]
    head, _, imports = first.partition(" < ")
    package = head.partition(" package ")[2] or "tensorflow"
    file = descriptor_pb2.FileDescriptorProto(
        name=f"tensorflow/{name}.proto", package=package, syntax="proto3"
    )
    file.dependency.extend(
        one if one.endswith(".proto") else f"tensorflow/{one}.proto" for one in imports.split()
    )
    messages: dict[str, descriptor_pb2.DescriptorProto] = {}
    for line in rest:
        title, _, members = line.partition(":")
        fields = [member.split() for member in members.split(",") if member]
        outer, _, last = title.removeprefix("enum ").rpartition(".")
        if title.startswith("enum "):
            values = (messages[outer] if outer else file).enum_type.add(name=last).value
            for number, value in fields:
                values.add(name=value, number=int(number))
        else:
            found = (messages[outer].nested_type if outer else file.message_type).add(name=last)
            messages[title] = found
            for number, field, *kind in fields:
                _add_field(found, int(number), field, kind)
    return file


def _add_field(
    found: descriptor_pb2.DescriptorProto, number: int, name: str, kind: list[str]
) -> None:
    """Add one field as the table writes it: `type`, `type*`, `map K V`, `type @oneof`."""
    field = found.field.add(number=number, name=name, label=_FIELD.LABEL_OPTIONAL)
    if kind[0] == "map":
        entry = found.nested_type.add(
            name="".join(part.capitalize() for part in name.split("_")) + "Entry"
        )
        entry.options.map_entry = True
        _add_field(entry, 1, "key", kind[1:2])
        _add_field(entry, 2, "value", kind[2:3])
        field.label, field.type, field.type_name = (
            _FIELD.LABEL_REPEATED,
            _FIELD.TYPE_MESSAGE,
            entry.name,
        )
        return
    if kind[0].endswith("*"):
        field.label = _FIELD.LABEL_REPEATED
    type_name = kind[0].rstrip("*")
    if f"TYPE_{type_name.upper()}" in _FIELD.Type.keys():
        field.type = _FIELD.Type.Value(f"TYPE_{type_name.upper()}")
    else:
        field.type_name = type_name
    if kind[-1].startswith("@"):
        oneofs = [one.name for one in found.oneof_decl]
        if kind[-1][1:] not in oneofs:
            found.oneof_decl.add(name=kind[-1][1:])
            oneofs.append(kind[-1][1:])
        field.oneof_index = oneofs.index(kind[-1][1:])


#: module of TensorFlow -> the file to give to `deep_namespace`
DEEP_MODULES: dict[str, str] = {
    f"tensorflow.{file.replace('/', '.')}_pb2": file
    for file in sorted([f"{folder}/{name}" for name, folder in _FOLDERS.items()] + list(_TABLED))
}

Any = message_factory.GetMessageClass(
    _load("google/protobuf/any.proto").message_types_by_name["Any"]
)

AttrValue = message("core/framework/attr_value", "AttrValue")
NameAttrList = message("core/framework/attr_value", "NameAttrList")
DeviceAttributes = message("core/framework/device_attributes", "DeviceAttributes")
FunctionDef = message("core/framework/function", "FunctionDef")
FunctionDefLibrary = message("core/framework/function", "FunctionDefLibrary")
GradientDef = message("core/framework/function", "GradientDef")
GraphDef = message("core/framework/graph", "GraphDef")
KernelList = message("core/framework/kernel_def", "KernelList")
NodeDef = message("core/framework/node_def", "NodeDef")
OpDef = message("core/framework/op_def", "OpDef")
OpList = message("core/framework/op_def", "OpList")
ReaderBaseState = message("core/framework/reader_base", "ReaderBaseState")
ResourceHandleProto = message("core/framework/resource_handle", "ResourceHandleProto")
DeviceStepStats = message("core/framework/step_stats", "DeviceStepStats")
NodeExecStats = message("core/framework/step_stats", "NodeExecStats")
StepStats = message("core/framework/step_stats", "StepStats")
HistogramProto = message("core/framework/summary", "HistogramProto")
Summary = message("core/framework/summary", "Summary")
SummaryDescription = message("core/framework/summary", "SummaryDescription")
SummaryMetadata = message("core/framework/summary", "SummaryMetadata")
TensorProto = message("core/framework/tensor", "TensorProto")
TensorDescription = message("core/framework/tensor_description", "TensorDescription")
TensorShapeProto = message("core/framework/tensor_shape", "TensorShapeProto")
TensorSliceProto = message("core/framework/tensor_slice", "TensorSliceProto")
DataType = enum("core/framework/types", "DataType")
SaveSliceInfoDef = message("core/framework/variable", "SaveSliceInfoDef")
VariableAggregation = enum("core/framework/variable", "VariableAggregation")
VariableDef = message("core/framework/variable", "VariableDef")
VariableSynchronization = enum("core/framework/variable", "VariableSynchronization")
VersionDef = message("core/framework/versions", "VersionDef")

ClusterDef = message("core/protobuf/cluster", "ClusterDef")
JobDef = message("core/protobuf/cluster", "JobDef")
ConfigProto = message("core/protobuf/config", "ConfigProto")
GPUOptions = message("core/protobuf/config", "GPUOptions")
GraphOptions = message("core/protobuf/config", "GraphOptions")
OptimizerOptions = message("core/protobuf/config", "OptimizerOptions")
RPCOptions = message("core/protobuf/config", "RPCOptions")
RunMetadata = message("core/protobuf/config", "RunMetadata")
RunOptions = message("core/protobuf/config", "RunOptions")
CondContextDef = message("core/protobuf/control_flow", "CondContextDef")
ControlFlowContextDef = message("core/protobuf/control_flow", "ControlFlowContextDef")
ValuesDef = message("core/protobuf/control_flow", "ValuesDef")
WhileContextDef = message("core/protobuf/control_flow", "WhileContextDef")
DeviceProperties = message("core/protobuf/device_properties", "DeviceProperties")
NamedDevice = message("core/protobuf/device_properties", "NamedDevice")
AssetFileDef = message("core/protobuf/meta_graph", "AssetFileDef")
CollectionDef = message("core/protobuf/meta_graph", "CollectionDef")
MetaGraphDef = message("core/protobuf/meta_graph", "MetaGraphDef")
SignatureDef = message("core/protobuf/meta_graph", "SignatureDef")
TensorInfo = message("core/protobuf/meta_graph", "TensorInfo")
NamedTensorProto = message("core/protobuf/named_tensor", "NamedTensorProto")
QueueRunnerDef = message("core/protobuf/queue_runner", "QueueRunnerDef")
RewriterConfig = message("core/protobuf/rewriter_config", "RewriterConfig")
SavedModel = message("core/protobuf/saved_model", "SavedModel")
SaverDef = message("core/protobuf/saver", "SaverDef")
BundleEntryProto = message("core/protobuf/tensor_bundle", "BundleEntryProto")
BundleHeaderProto = message("core/protobuf/tensor_bundle", "BundleHeaderProto")
ServerDef = message("core/protobuf/tensorflow_server", "ServerDef")
TrackableObjectGraph = message("core/protobuf/trackable_object_graph", "TrackableObjectGraph")

Event = message("core/util/event", "Event")
LogMessage = message("core/util/event", "LogMessage")
SessionLog = message("core/util/event", "SessionLog")
TaggedRunMetadata = message("core/util/event", "TaggedRunMetadata")
SavedTensorSliceMeta = message("core/util/saved_tensor_slice", "SavedTensorSliceMeta")
SavedTensorSlices = message("core/util/saved_tensor_slice", "SavedTensorSlices")

Example = message("core/example/example", "Example")
SequenceExample = message("core/example/example", "SequenceExample")
BytesList = message("core/example/feature", "BytesList")
Feature = message("core/example/feature", "Feature")
FeatureList = message("core/example/feature", "FeatureList")
FeatureLists = message("core/example/feature", "FeatureLists")
Features = message("core/example/feature", "Features")
FloatList = message("core/example/feature", "FloatList")
Int64List = message("core/example/feature", "Int64List")

CheckpointState = message("python/training/checkpoint_state", "CheckpointState")

AdviceProto = message("core/profiler/tfprof_output", "AdviceProto")
GraphNodeProto = message("core/profiler/tfprof_output", "GraphNodeProto")
MultiGraphNodeProto = message("core/profiler/tfprof_output", "MultiGraphNodeProto")
OpLogProto = message("core/profiler/tfprof_log", "OpLogProto")

for _prefix, _names in (
    (
        "",
        "AttrValue ConfigProto Event GPUOptions GraphDef GraphOptions HistogramProto LogMessage "
        "MetaGraphDef NameAttrList NodeDef OptimizerOptions RunMetadata RunOptions SessionLog "
        "Summary SummaryMetadata TensorInfo",
    ),
    ("profiler.", "AdviceProto GraphNodeProto MultiGraphNodeProto OpLogProto"),
    ("summary.", "Event SessionLog Summary SummaryDescription TaggedRunMetadata"),
    (
        "train.",
        "BytesList ClusterDef Example Feature FeatureList FeatureLists Features FloatList "
        "Int64List JobDef SaverDef SequenceExample ServerDef",
    ),
):
    for _name in _names.split():
        export(_prefix + _name, __name__, _name)

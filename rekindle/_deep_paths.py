"""Modules inside TensorFlow, answered name by name: `tensorflow.python.ops.math_ops.reduce_mean`.

Holds `DeepModule`. A name is looked for, in this order: among the protocol messages, under the
public name that TensorFlow gives the same object, in the modules of Rekindle that stand for that
module (`HOMES`), among the ops (`gen_math_ops.mat_mul`), and last as `tf.<name>`. The table of
inner names is in rekindle/_src/facts.
"""
from __future__ import annotations

import functools
import importlib
import re
import sys
from functools import cache
from types import ModuleType
from typing import Any

from rekindle._missing import public_value
from rekindle._src import facts, names
from rekindle._src.graph import opdef, proto, signatures

#: inner module -> where names of it are that are not public: modules below rekindle._src, public
#: namespaces as `tf.flags`, modules of the standard library as `std.inspect`
HOMES: dict[str, str] = {
    "contrib.framework.python.ops.arg_scope": "contrib.framework.arg_scope",
    "contrib.framework.python.ops.variables": (
        "contrib.framework.variables contrib.framework.checkpoint"
    ),
    "contrib.layers.python.layers.encoders": "contrib.layers.encoders",
    "contrib.layers.python.layers.layers": "contrib.layers.making",
    "contrib.layers.python.layers.optimizers": "contrib.layers.optimizers",
    "contrib.layers.python.layers.utils": "contrib.layers.utils",
    "contrib.losses.python.losses.loss_ops": "contrib.losses",
    "contrib.metrics.python.ops.metric_ops": "contrib.metrics",
    "contrib.slim.python.slim.learning": "contrib.slim.learning",
    "contrib.slim.python.slim.model_analyzer": "contrib.slim.model_analyzer",
    "contrib.training.python.training.training": "contrib.training",
    "contrib.testing.python.framework.fake_summary_writer": "contrib.testing",
    "contrib.testing.python.framework.util_test": "contrib.testing",
    "contrib.learn.python.learn.datasets.base": "data.mnist",
    "contrib.learn.python.learn.datasets.mnist": "data.mnist",
    "contrib.legacy_seq2seq.python.ops.seq2seq": "contrib.legacy_seq2seq.decoders",
    "contrib.rnn.python.kernel_tests.benchmarking": "contrib.rnn.benchmarking",
    "contrib.rnn.python.ops.core_rnn_cell": "contrib.rnn.inner_core_cell",
    "contrib.rnn.python.ops.lstm_ops": "contrib.rnn.inner_lstm_ops",
    "contrib.rnn.python.ops.rnn_cell": "contrib.rnn.small contrib.rnn.normalized",
    "contrib.seq2seq.python.ops.beam_search_decoder": "contrib.seq2seq.inner_beam_search",
    "contrib.seq2seq.python.ops.helper": "contrib.seq2seq.sampling",
    "contrib.seq2seq.python.ops.beam_search_ops": "tf.contrib.seq2seq",
    "examples.tutorials.mnist.input_data": "data.mnist",
    "contrib.predictor": "contrib.predictor",
    "contrib.predictor.predictor_factories": "contrib.predictor",
    "contrib.predictor.saved_model_predictor": "contrib.predictor",
    "contrib.saved_model.python.saved_model.reader": "saved_model.files",
    "python.client.device_lib": "platform.device_lib",
    "python.client.session": "run.session",
    "python.client.timeline": "platform.timeline",
    "python.eager.backprop": "autodiff.tape",
    "python.eager.context": "platform.behavior",
    "python.framework.constant_op": "ops.constant",
    "python.framework.device": "graph.devices",
    "python.framework.dtypes": "graph.dtypes",
    "python.framework.errors": "errors",
    "python.framework.errors_impl": "errors",
    "python.framework.graph_io": "formats.graph_files",
    "python.framework.graph_util": "rewrite.nodes rewrite.constants",
    "python.framework.graph_util_impl": "rewrite.nodes rewrite.constants",
    "python.framework.importer": "formats.graph_import",
    "python.framework.indexed_slices": "graph.sparse",
    "python.framework.meta_graph": "graph.meta_graph train.meta_graph_files",
    "python.framework.ops": (
        "graph.graph graph.operation graph.tensor graph.scopes graph.collections graph.convert "
        "graph.opdef graph.meta_graph graph.sparse autodiff.registration"
    ),
    "python.framework.random_seed": "graph.seeds",
    "python.framework.smart_cond": "ops.cond",
    "python.framework.sparse_tensor": "graph.sparse",
    "python.framework.tensor_shape": "graph.shapes",
    "python.framework.tensor_util": "graph.constants graph.tensor_value",
    "python.framework.test_util": (
        "testing.case testing.decorators testing.graphs testing.hardware"
    ),
    "python.framework.versions": "platform.versions",
    "python.layers.utils": "layers.inner_utils",
    "python.lib.io.file_io": "platform.file_io",
    "python.ops.array_ops": "ops.array",
    "python.framework.function": "state.function state.function_library",
    "python.ops.control_flow_ops": (
        "ops.control ops.flow_context ops.flow_edges ops.control_flow ops.cond ops.case "
        "ops.while_context ops.while_loop ops.assertion ops.inner_control_flow"
    ),
    "python.ops.data_flow_ops": "ops.queues ops.barrier ops.staging ops.accumulators",
    "python.ops.functional_ops": "state.functional state.calls ops.functional",
    "python.ops.list_ops": "ops.lists ops.list_blocks",
    "python.ops.map_fn": "state.functional",
    "python.ops.tensor_array_grad": "ops.tensor_array",
    "python.ops.tensor_array_ops": "ops.tensor_array",
    "python.ops.gradient_checker": "testing.jacobians",
    "python.ops.gradient_checker_v2": "testing.function_jacobians",
    "python.ops.control_flow_util": "ops.inner_control_flow ops.functional_flow",
    "python.ops.ctc_ops": "losses.ctc_dense ops.ctc",
    "python.ops.custom_gradient": "autodiff.custom_gradient",
    "python.ops.gradients": "autodiff.gradients autodiff.hessians",
    "python.ops.gradients_impl": "autodiff.gradients autodiff.hessians",
    "python.ops.gradients_util": "autodiff.gradients autodiff.aggregate",
    "python.ops.init_ops": "state.initializers",
    "python.ops.io_ops": "ops.readers ops.io ops.checkpoint",
    "python.ops.inplace_ops": "ops.array_inplace",
    "python.ops.linalg_ops": "ops.math",
    "python.ops.math_ops": "ops.math",
    "python.ops.nn": "ops.convolution ops.conv_transpose ops.bias ops.softmax",
    "python.ops.nn_impl": "ops.norm ops.softmax",
    "python.ops.nn_ops": (
        "ops.convolution ops.conv_transpose ops.bias ops.softmax ops.dropout ops.top"
    ),
    "python.ops.parsing_ops": "ops.parsing",
    "python.ops.random_ops": "ops.random",
    "python.ops.resource_variable_ops": "state.resource_variable ops.state_resource",
    "python.ops.sparse_ops": "ops.sparse_math ops.sparse_serialize",
    "python.ops.resources": "state.resources",
    "python.ops.rnn": "rnn.dynamic rnn.static rnn.raw rnn.steps",
    "python.ops.rnn_cell": "rnn.inner_cell",
    "python.ops.rnn_cell_impl": "rnn.inner_cell",
    "python.ops.state_ops": "state.inner_state_ops state.assign ops.state",
    "python.ops.template": "state.template",
    "python.ops.summary_op_util": "ops.summary",
    "python.ops.variable_scope": "state.inner_variable_scope",
    "python.ops.variables": "state.inner_variables",
    "python.platform.benchmark": "testing.benchmark",
    "python.platform.flags": "tf.flags",
    "python.platform.googletest": "testing.main testing.folders testing.benchmark",
    "python.platform.test": "testing.main testing.case",
    "python.platform.tf_logging": "tf_logging",
    "python.pywrap_tensorflow": "formats.checkpoint_reader",
    "python.saved_model.builder": "saved_model.builder",
    "python.saved_model.builder_impl": "saved_model.builder saved_model.assets",
    "python.saved_model.constants": "saved_model.constants",
    "python.saved_model.loader": "saved_model.loader saved_model.files",
    "python.saved_model.loader_impl": "saved_model.loader saved_model.files saved_model.assets",
    "python.saved_model.main_op": "saved_model.main_op",
    "python.saved_model.signature_constants": "saved_model.constants",
    "python.saved_model.signature_def_utils": "saved_model.signatures",
    "python.saved_model.signature_def_utils_impl": "saved_model.signatures",
    "python.saved_model.tag_constants": "saved_model.constants",
    "python.saved_model.utils": "saved_model.tensor_info saved_model.files",
    "python.saved_model.utils_impl": "saved_model.tensor_info saved_model.files",
    "python.summary.writer.event_file_writer": "summary.writer",
    "python.tf2": "platform.behavior",
    "python.tools.freeze_graph": "rewrite.freeze",
    "python.tools.optimize_for_inference": "rewrite.inference",
    "python.tools.optimize_for_inference_lib": "rewrite.inference",
    "python.tools.saved_model_cli": "saved_model.command_line saved_model.command_inputs",
    "python.tools.saved_model_utils": "saved_model.files",
    "python.tools.strip_unused": "rewrite.unused",
    "python.tools.strip_unused_lib": "rewrite.unused",
    "python.tools.inspect_checkpoint": "tools.inspect_checkpoint",
    "python.training.checkpoint_management": "train.checkpoint_files train.tracking.rotation",
    "python.training.coordinator": "train.coordinator",
    "python.training.input": "train.input_batch train.input",
    "python.training.queue_runner": "train.queue_runner",
    "python.training.queue_runner_impl": "train.queue_runner",
    "python.training.checkpoint_utils": "train.checkpoint_variables",
    "python.training.moving_averages": "train.moving_averages",
    "python.training.saver": "train.saver train.saver_builder train.saveables train.meta_graph_files",
    "python.training.saving.functional_saver": "train.tracking.savers",
    "python.training.saving.saveable_object": "train.saveables",
    "python.training.saving.saveable_object_util": "train.saveables",
    "python.training.basic_loops": "train.supervisor",
    "python.training.basic_session_run_hooks": (
        "train.step_hooks train.saving_hooks "
        "train.run_hooks"
    ),
    "python.training.monitored_session": (
        "train.monitored_session train.wrapped_sessions "
        "train.scaffold train.session_creators"
    ),
    "python.training.session_manager": "train.session_manager",
    "python.training.session_run_hook": "train.run_hooks",
    "python.training.supervisor": "train.supervisor train.supervisor_threads",
    "python.training.slot_creator": "train.slots",
    "python.training.tracking.base": "graph.trackable train.tracking.savers train.tracking.checkpoint "
    "train.tracking.restoring",
    "python.training.tracking.data_structures": "graph.trackable",
    "python.training.tracking.graph_view": "train.tracking.object_graph",
    "python.training.tracking.tracking": "graph.trackable",
    "python.training.tracking.util": "train.tracking.checkpoint train.tracking.object_graph train.tracking.status",
    "python.training.training_util": "train.global_step",
    "python.training.checkpoint_ops": "train.remapped",
    "python.training.warm_starting_util": "train.warm_start",
    "python.util.compat": "compat platform.numeric_types",
    "python.util.deprecation": "platform.deprecation",
    "python.util.nest": "nest",
    "python.util.tf_contextlib": "std.contextlib",
    "python.util.tf_inspect": "std.inspect",
}

#: modules that hold all that TensorFlow generates for the ops of their kind
WITH_GENERATED = frozenset(
    f"python.ops.{kind}_ops"
    for kind in "array control_flow data_flow io linalg logging math nn parsing state string".split()
)

_ABSENT = object()


class DeepModule(ModuleType):
    """A module inside TensorFlow; its names are found when they are asked for."""

    def __init__(self, path: str) -> None:
        super().__init__(f"tensorflow.{path}")
        self.__path__: list[str] = []  # submodules are the import hook's
        self._path = path

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [one for one in facts.deep_names(self._path) if self._find(one) is not _ABSENT]
        value = _ABSENT if name.startswith("__") else self._find(name)
        if value is _ABSENT:
            raise AttributeError(missing_text(self._path, name), name=name, obj=self)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *facts.deep_names(self._path)})

    def _find(self, name: str) -> Any:
        """The object, or `_ABSENT`."""
        path = self._path
        if is_known(f"{path}.{name}"):  # python.ops.variable_scope is a module, not the class
            return module(f"{path}.{name}")
        if path.endswith("_pb2"):
            return _messages(path).get(name, _ABSENT)
        public = facts.deep_names(path).get(name)
        # a name that is public here, in this very module, is in no other
        found = public_value(public, _ABSENT) if public and public != f"{path}.{name}" else _ABSENT
        if found is not _ABSENT:
            return found
        for home in HOMES.get(path, "").split():
            found = getattr(_home(home), name, _ABSENT)
            if found is not _ABSENT:
                return found
        if ".gen_" in f".{path}" or (path in WITH_GENERATED and not name.startswith("_")):
            found = generated(name)
            if found is not _ABSENT or ".gen_" in f".{path}":
                return found
        return _ABSENT if public else public_value(name, _ABSENT)


def module(path: str) -> DeepModule:
    """The one module of an inner path."""
    canonical = f"tensorflow.{path}"
    found = sys.modules.get(canonical)
    if not isinstance(found, DeepModule):
        found = sys.modules[canonical] = DeepModule(path)
    return found


def _home(home: str) -> ModuleType:
    """The module that an entry of `HOMES` means."""
    kind, _, name = home.partition(".")
    whole = {"tf": f"rekindle.{name}", "std": name}.get(kind, f"rekindle._src.{home}")
    return importlib.import_module(whole)


@cache
def _messages(path: str) -> dict[str, Any]:
    """The names of a protocol module, {} where Rekindle has no such messages."""
    file = proto.DEEP_MODULES.get(f"tensorflow.{path}")
    return {} if file is None else proto.deep_namespace(file)


def generated(name: str) -> Any:
    """The function that TensorFlow generates for an op: `mat_mul` -> MatMul's; else `_ABSENT`."""
    op_type = _op_types().get(name.removeprefix("_"))
    if op_type is None:
        return _ABSENT
    return opdef.OPS.get(op_type) or functools.partial(opdef.call, op_type)


@cache
def _op_types() -> dict[str, str]:
    """Generated function name -> op type, for every op."""
    return {snake_case(op_type): op_type for op_type in signatures.op_types()}


def snake_case(op_type: str) -> str:
    """The function name that TensorFlow generates for an op: `Conv2DBackpropInput` ->
    `conv2d_backprop_input`, `LRNGrad` -> `lrn_grad`."""
    # a joiner before a capital that follows a small letter or begins a word
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<!^)(?=[A-Z][a-z])", "_", op_type).lower()


def is_known(path: str) -> bool:
    """Whether TensorFlow 1.15 has the inner module, or Rekindle answers it."""
    return path in facts.deep_modules() or path in HOMES or bool(_messages(path))


def has_any(path: str) -> bool:
    """Whether Rekindle has a name of the inner module, or of a module below it."""
    prefix = path + "."
    inside = [path, *(one for one in facts.deep_modules() if one.startswith(prefix))]
    publics = (name for one in inside for name in facts.deep_names(one).values() if name)
    return any(one in HOMES or bool(_messages(one)) for one in inside) or any(
        public_value(name, _ABSENT) is not _ABSENT for name in publics
    )


def missing_text(path: str, name: str) -> str:
    """The text of the error about a name that Rekindle lacks in an inner module."""
    known = facts.deep_names(path)
    public = known.get(name)
    said = f"module 'tensorflow.{path}' has no attribute '{name}'"
    if name.startswith("__"):
        return said
    if public:
        return f"{said}: it is tf.{public}; " + facts.explain(public, names.PUBLIC)
    if name in known:
        said += ": TensorFlow 1.15 has it there, Rekindle does not have it"
    else:
        said += ": TensorFlow 1.15 has none there either"
    near = facts.nearest(name, names.PUBLIC)
    return f"{said}; the nearest that Rekindle has: {near}" if near else said

"""A case as a graph: the op between placeholders, constants and variables, and its gradient.

The same code builds it with TensorFlow (tools/record.py, Python 3.7) and with Rekindle (the tests),
so that node names, static shapes and gradient graphs can be compared. `Front` is what either must
offer.
"""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import Variable

#: how the inputs come: floats fed with known shapes and the rest constant; all fed, of known rank
#: only; all fed, of unknown rank
VARIANTS = ("full", "open", "rankless")


class Front:
    """One implementation of TensorFlow: the tf module, how to add an op, its inputs' names."""

    def __init__(self, tf, apply_op, input_names, node_of):
        self.tf = tf
        self.apply_op = apply_op  # (op type, inputs by name, attrs, name) -> Operation
        self.input_names = input_names  # op type -> names of its inputs
        self.node_of = node_of  # graph -> GraphDef


class Built:
    """The graph of a case with what a run needs."""

    def __init__(self, graph):
        self.graph = graph
        self.op = None
        self.feeds = {}
        self.floats = []  # float inputs, what the gradient is taken of
        self.setups = []  # operations that initialise variables
        self.held = []  # tensors that read the variables afterwards
        self.cotangents = []  # placeholders for the outputs' gradients
        self.gradients = None  # gradients of `floats`; None if there are none to take
        self.gradient_error = None  # [type, message] of what tf.gradients raised


def build(front, case, variant, gradient=True):
    """The `Built` graph of `case`, with or without its gradient.

    What construction of the op raises passes; what tf.gradients raises is kept in the graph.
    """
    tf = front.tf
    graph = tf.Graph()
    built = Built(graph)
    with graph.as_default():
        variables = []
        inputs = {}
        for i, (name, value) in enumerate(zip(front.input_names(case.op), case.arrays())):
            if isinstance(value, list):
                inputs[name] = [_input(front, built, leaf, f"in{i}_{j}", variant, variables)
                                for j, leaf in enumerate(value)]
            else:
                inputs[name] = _input(front, built, value, f"in{i}", variant, variables)
        built.op = front.apply_op(case.op, inputs, case.attrs, None)
        if gradient and case.gradient and variant != "rankless":
            _add_gradient(tf, built)
        for tensor, variable in variables:
            _add_setup(front, built, tensor, variable)
    return built


def claims(built):
    """[type name, shape] that the graph says of each output; the shape None for an unknown rank."""
    found = []
    for tensor in built.op.outputs:
        shape = tensor.get_shape()
        sizes = None if shape.ndims is None else [d.value for d in shape.dims]
        found.append([tensor.dtype.name, sizes])
    return found


def cotangent_feeds(built, outputs):
    """Feeds for the outputs' gradients: fixed numbers in the shape of each float output's value."""
    found = {}
    floats = [value for value, t in zip(outputs, built.op.outputs) if _is_float(t.dtype)]
    for i, (placeholder, value) in enumerate(zip(built.cotangents, floats)):
        rng = np.random.RandomState(100 + i)
        found[placeholder] = (rng.random_sample(np.shape(value)) + 0.5).astype(
            placeholder.dtype.as_numpy_dtype)
    return found


def gradient_parts(built):
    """The tensors to fetch for each gradient: [], [dense], or [values, indices]."""
    parts = []
    for one in built.gradients or []:
        is_slices = type(one).__name__ == "IndexedSlices"
        parts.append([] if one is None else [one.values, one.indices] if is_slices else [one])
    return parts


def _is_float(dtype):
    return dtype.base_dtype.is_floating or dtype.base_dtype.is_complex


def _input(front, built, value, name, variant, variables):
    tf = front.tf
    if isinstance(value, Variable):
        attrs = {"dtype": str(value.value.dtype), "shape": list(value.value.shape)}
        kind = "VarHandleOp" if value.is_handle else "VariableV2"
        if value.is_handle and variables:  # handles without a shared name are all one variable
            attrs["shared_name"] = name
        tensor = front.apply_op(kind, {}, attrs, name).outputs[0]
        variables.append((tensor, value))
        return tensor
    dtype = tf.string if value.dtype == object else tf.as_dtype(value.dtype)
    if variant == "full" and not _is_float(dtype):
        return tf.constant(value, dtype, name=name)
    shape = {"full": list(value.shape), "open": [None] * value.ndim, "rankless": None}[variant]
    tensor = tf.placeholder(dtype, shape, name=name)
    built.feeds[tensor] = value
    if _is_float(dtype):
        built.floats.append(tensor)
    return tensor


def _add_gradient(tf, built):
    outputs = [t for t in built.op.outputs if _is_float(t.dtype)]
    if not outputs or not built.floats:
        return
    for i, tensor in enumerate(outputs):
        built.cotangents.append(
            tf.placeholder(tensor.dtype.base_dtype, tensor.get_shape(), name=f"dy{i}"))
    try:
        built.gradients = tf.gradients(outputs, built.floats, built.cotangents, name="gradients")
    except (LookupError, ValueError, TypeError, NotImplementedError) as error:
        built.gradient_error = [type(error).__name__, str(error)]


def _add_setup(front, built, tensor, variable):
    name = tensor.op.name
    value = front.tf.constant(variable.value, name=name + "/value")
    if variable.is_handle:
        inputs = {"resource": tensor, "value": value}
        built.setups.append(front.apply_op("AssignVariableOp", inputs, {}, name + "/set"))
        attrs = {"dtype": str(variable.value.dtype)}
        read = front.apply_op("ReadVariableOp", {"resource": tensor}, attrs, name + "/held")
    else:
        inputs = {"ref": tensor, "value": value}
        built.setups.append(front.apply_op("Assign", inputs, {}, name + "/set"))
        read = front.apply_op("Identity", {"input": tensor}, {}, name + "/held")
    built.held.append(read.outputs[0])

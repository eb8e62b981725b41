"""Layers without weights: flattening, one-hot codes, softmax, unit length, maxout."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.layers import utils
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.layers import core
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax as softmax_ops
from rekindle._src.state.variable_scope import variable_scope


@shown("layers", "flatten")
@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: str | None = None) -> Any:
    """The inputs with one axis beside that of the batch: [N, k].

    Raises:
      ValueError: the inputs have no axis.
    """
    with scopes.name_scope(scope, "Flatten", [inputs]) as sc:
        outputs = core.flatten(convert.convert_to_tensor(inputs))
        return utils.collect_named_outputs(outputs_collections, sc, outputs)


@shown("layers", "one_hot_encoding")
@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Any:
    """Labels as rows with one 1: [N, num_classes].

    Args:
      labels: [N], integers.
      num_classes: the length of a row.
      on_value, off_value: the values of the one and of the others.
      outputs_collections: where the outputs go.
      scope: the name scope.
    """
    with scopes.name_scope(scope, "OneHotEncoding", [labels, num_classes]) as sc:
        labels = convert.convert_to_tensor(labels)
        if labels.dtype == dtypes.int32:
            labels = math_ops.to_int64(labels)
        outputs = array_ops.one_hot(labels, num_classes, on_value=on_value, off_value=off_value)
        return utils.collect_named_outputs(outputs_collections, sc, outputs)


@shown("layers", "softmax")
@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> Any:
    """The softmax over the last axis: the shape of the logits."""
    with variable_scope(scope, "softmax", [logits]):
        size = utils.last_dimension(logits.get_shape(), min_rank=2)
        rows = softmax_ops.softmax(array_ops.reshape(logits, [-1, size]))
        predictions = array_ops.reshape(rows, array_ops.shape(logits))
        predictions.set_shape(logits.get_shape())
        return predictions


@shown("layers", "unit_norm")
@add_arg_scope
def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Any:
    """The inputs divided by their lengths along the axis `dim`.

    Raises:
      ValueError: the rank is not known, or has no such axis.
    """
    with variable_scope(scope, "UnitNorm", [inputs]):
        if not inputs.get_shape():
            raise ValueError("The input rank must be known.")
        rank = len(inputs.get_shape().as_list())
        if dim < 0 or dim >= rank:
            raise ValueError("dim must be positive but smaller than the input rank.")
        lengths = math_ops.sqrt(
            epsilon + math_ops.reduce_sum(math_ops.square(inputs), dim, True)
        )
        multiples = [array_ops.ones([dim], dtypes.int32)] if dim > 0 else []
        multiples.append(array_ops.strided_slice(array_ops.shape(inputs), [dim], [dim + 1]))
        if dim < rank - 1:
            multiples.append(array_ops.ones([rank - 1 - dim], dtypes.int32))
        return math_ops.div(inputs, array_ops.tile(lengths, array_ops.concat(multiples, 0)))


@shown("layers", "maxout")
@add_arg_scope
def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> Any:
    """The largest of each group of features: `num_units` features along `axis`.

    Raises:
      ValueError: the features do not fall into groups of one size.

    Source: Goodfellow et al., Maxout Networks, 2013.
    """
    with variable_scope(scope, "MaxOut", [inputs]):
        inputs = convert.convert_to_tensor(inputs)
        shape = inputs.get_shape().as_list()
        features = shape[axis]
        if features % num_units:
            raise ValueError(
                f"number of features({features}) is not a multiple of num_units({num_units})"
            )
        shape[axis] = num_units
        shape += [features // num_units]
        sizes = [array_ops.shape(inputs)[i] if n is None else n for i, n in enumerate(shape)]
        return math_ops.reduce_max(array_ops.reshape(inputs, sizes), -1, keepdims=False)

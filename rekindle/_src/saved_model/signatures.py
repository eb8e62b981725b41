"""SignatureDefs: what a model takes and gives, for serving and for training."""
from __future__ import annotations

from typing import Any

from rekindle._src import errors
from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.saved_model import constants
from rekindle._src.saved_model.tensor_info import (
    build_tensor_info,
    build_tensor_info_from_op,
    get_element_from_tensor_info,
)

_STRING, _FLOAT = dtypes.string.as_datatype_enum, dtypes.float32.as_datatype_enum


@public("saved_model.build_signature_def", "saved_model.signature_def_utils.build_signature_def")
def build_signature_def(
    inputs: dict[str, Any] | None = None,
    outputs: dict[str, Any] | None = None,
    method_name: str | None = None,
) -> Any:
    """A SignatureDef of TensorInfos by name."""
    made = proto.SignatureDef(method_name=method_name)
    for name, value in (inputs or {}).items():
        made.inputs[name].CopyFrom(value)
    for name, value in (outputs or {}).items():
        made.outputs[name].CopyFrom(value)
    return made


@public(
    "saved_model.regression_signature_def",
    "saved_model.signature_def_utils.regression_signature_def",
)
def regression_signature_def(examples: Tensor, predictions: Tensor) -> Any:
    """The SignatureDef of a regression.

    Args:
      examples: string tensor of Example messages.
      predictions: float tensor.

    Raises:
      ValueError: one is missing or of another type.
    """
    inputs = {constants.REGRESS_INPUTS: _examples_info(examples, "Regression")}
    if predictions is None:
        raise ValueError("Regression predictions cannot be None.")
    outputs = {constants.REGRESS_OUTPUTS: _checked(predictions, _FLOAT, "Regression output must be a float Tensor.")}
    return build_signature_def(inputs, outputs, constants.REGRESS_METHOD_NAME)


def _examples_info(examples: Any, kind: str) -> Any:
    if examples is None:
        raise ValueError(f"{kind} examples cannot be None.")
    said = f"{kind} examples must be a string Tensor."
    if not isinstance(examples, Tensor):
        raise ValueError(said)
    return _checked(examples, _STRING, said)


def _checked(tensor: Any, dtype: int, said: str) -> Any:
    made = build_tensor_info(tensor)
    if made.dtype != dtype:
        raise ValueError(said)
    return made


@public(
    "saved_model.classification_signature_def",
    "saved_model.signature_def_utils.classification_signature_def",
)
def classification_signature_def(
    examples: Tensor, classes: Tensor | None, scores: Tensor | None
) -> Any:
    """The SignatureDef of a classification.

    Args:
      examples: string tensor of Example messages.
      classes: string tensor of labels, or None.
      scores: float tensor, or None.

    Raises:
      ValueError: one is missing or of another type.
    """
    if examples is not None and isinstance(examples, Tensor) and classes is None and scores is None:
        raise ValueError("Classification classes and scores cannot both be None.")
    inputs = {constants.CLASSIFY_INPUTS: _examples_info(examples, "Classification")}
    outputs = {}
    if classes is not None:
        said = "Classification classes must be a string Tensor."
        outputs[constants.CLASSIFY_OUTPUT_CLASSES] = _checked(classes, _STRING, said)
    if scores is not None:
        said = "Classification scores must be a float Tensor."
        outputs[constants.CLASSIFY_OUTPUT_SCORES] = _checked(scores, _FLOAT, said)
    return build_signature_def(inputs, outputs, constants.CLASSIFY_METHOD_NAME)


@public("saved_model.predict_signature_def", "saved_model.signature_def_utils.predict_signature_def")
def predict_signature_def(inputs: dict[str, Any], outputs: dict[str, Any]) -> Any:
    """The SignatureDef of any function of tensors.

    Raises:
      ValueError: there are no inputs or outputs.
    """
    if not inputs:
        raise ValueError("Prediction inputs cannot be None or empty.")
    if not outputs:
        raise ValueError("Prediction outputs cannot be None or empty.")
    return build_signature_def(
        _tensor_infos(inputs), _tensor_infos(outputs), constants.PREDICT_METHOD_NAME
    )


def _tensor_infos(tensors: dict[str, Any]) -> dict[str, Any]:
    return {name: build_tensor_info(tensor) for name, tensor in tensors.items()}


def supervised_train_signature_def(
    inputs: dict[str, Any], loss: Any, predictions: Any = None, metrics: Any = None
) -> Any:
    """The SignatureDef of a training step: inputs; loss, predictions and metrics by name."""
    return _supervised(constants.SUPERVISED_TRAIN_METHOD_NAME, inputs, (loss, predictions, metrics))


def supervised_eval_signature_def(
    inputs: dict[str, Any], loss: Any, predictions: Any = None, metrics: Any = None
) -> Any:
    """The SignatureDef of an evaluation: inputs; loss, predictions and metrics by name."""
    return _supervised(constants.SUPERVISED_EVAL_METHOD_NAME, inputs, (loss, predictions, metrics))


def _supervised(method_name: str, inputs: dict[str, Any], groups: tuple[Any, ...]) -> Any:
    if not inputs:
        raise ValueError(f"{method_name} inputs cannot be None or empty.")
    outputs = {name: tensor for group in groups if group is not None for name, tensor in group.items()}
    return build_signature_def(_tensor_infos(inputs), _tensor_infos(outputs), method_name)


@public("saved_model.is_valid_signature", "saved_model.signature_def_utils.is_valid_signature")
def is_valid_signature(signature_def: Any) -> bool:
    """Whether TensorFlow Serving can serve a SignatureDef."""
    if signature_def is None:
        return False
    inputs = {name: one.dtype for name, one in signature_def.inputs.items()}
    outputs = {name: one.dtype for name, one in signature_def.outputs.items()}
    method = signature_def.method_name
    if method == constants.PREDICT_METHOD_NAME:
        return bool(inputs) and bool(outputs)
    if method == constants.REGRESS_METHOD_NAME:
        wanted = {constants.REGRESS_OUTPUTS: _FLOAT}
        return inputs == {constants.REGRESS_INPUTS: _STRING} and outputs == wanted
    if method == constants.CLASSIFY_METHOD_NAME:
        allowed = {
            constants.CLASSIFY_OUTPUT_CLASSES: _STRING,
            constants.CLASSIFY_OUTPUT_SCORES: _FLOAT,
        }
        fits = bool(outputs) and outputs.items() <= allowed.items()
        return fits and inputs == {constants.CLASSIFY_INPUTS: _STRING}
    return False


def op_signature_def(op: Any, key: str) -> Any:
    """The SignatureDef that keeps an operation under the output `key`."""
    return build_signature_def(outputs={key: build_tensor_info_from_op(op)})


def load_op_from_signature_def(
    signature_def: Any, key: str, import_scope: str | None = None
) -> Any:
    """The operation (or tensor) that a SignatureDef keeps under the output `key`.

    Raises:
      errors.NotFoundError: the graph does not have it.
    """
    try:
        return get_element_from_tensor_info(signature_def.outputs[key], import_scope=import_scope)
    except KeyError:
        raise errors.NotFoundError(
            None,
            None,
            f"The {key} could not be found in the graph. Please make sure the SavedModel was created by the internal "
            "_SavedModelBuilder. If you are using the public API, please make sure the SignatureDef in the SavedModel "
            f'does not contain the key "{key}".',
        ) from None

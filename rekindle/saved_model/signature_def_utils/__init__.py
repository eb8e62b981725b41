# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.saved_model.signature_def_utils."""
from rekindle._missing import getter as _getter
from rekindle._src.saved_model.signatures import (
    build_signature_def as build_signature_def,
    classification_signature_def as classification_signature_def,
    is_valid_signature as is_valid_signature,
    predict_signature_def as predict_signature_def,
    regression_signature_def as regression_signature_def,
)

__getattr__ = _getter('saved_model.signature_def_utils')

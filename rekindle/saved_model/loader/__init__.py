# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.saved_model.loader."""
from rekindle._missing import getter as _getter
from rekindle._src.saved_model.files import maybe_saved_model_directory as maybe_saved_model_directory
from rekindle._src.saved_model.loader import load as load

__getattr__ = _getter('saved_model.loader')

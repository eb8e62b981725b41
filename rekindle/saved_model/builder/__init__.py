# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.saved_model.builder."""
from rekindle._missing import getter as _getter
from rekindle._src.saved_model.builder import SavedModelBuilder as SavedModelBuilder

__getattr__ = _getter('saved_model.builder')

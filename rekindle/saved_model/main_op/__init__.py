# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.saved_model.main_op."""
from rekindle._missing import getter as _getter
from rekindle._src.saved_model.main_op import (
    main_op as main_op,
    main_op_with_restore as main_op_with_restore,
)

__getattr__ = _getter('saved_model.main_op')

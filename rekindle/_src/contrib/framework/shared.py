"""What `tf.contrib.framework` and `tf.contrib.slim` show of Rekindle's other parts."""

from __future__ import annotations

from rekindle._src.contrib.spaces import show
from rekindle._src.graph import sparse
from rekindle._src.names import export
from rekindle._src.ops import check, check_shape
from rekindle._src.train import global_step

_CHECKS = {
    "assert_same_float_dtype": check,
    "assert_scalar": check_shape,
    "convert_to_tensor_or_sparse_tensor": sparse,
}
for _name, _module in _CHECKS.items():
    export(f"contrib.framework.{_name}", _module.__name__, _name)

for _name in (
    "assert_global_step",
    "create_global_step",
    "get_global_step",
    "get_or_create_global_step",
):
    show("framework", _name, global_step.__name__)

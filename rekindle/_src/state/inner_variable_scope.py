"""What scripts take from tensorflow.python.ops.variable_scope besides the public names."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes
from rekindle._src.state import partitioned, variable_scope, variable_store

_VARSTORE_KEY = variable_scope.STORE_KEY
_VARSCOPESTORE_KEY = variable_scope.SCOPES_KEY
_VariableStore = variable_store.VariableStore
_PartitionInfo = partitioned.PartitionInfo
_ReuseMode = variable_store.ReuseMode
_get_default_variable_store = variable_scope.default_variable_store
_get_unique_variable_scope = variable_scope.unique_below_current
get_variable_scope_store = variable_scope.get_variable_scope_store
default_variable_creator = variable_scope.default_variable_creator
default_variable_creator_v2 = variable_scope.default_variable_creator_v2


def _pure_variable_scope(name_or_scope: Any, reuse: Any = None, initializer: Any = None,
                         regularizer: Any = None, caching_device: Any = None,
                         partitioner: Any = None, custom_getter: Any = None,
                         old_name_scope: str | None = None, dtype: Any = dtypes.float32,
                         use_resource: Any = None, constraint: Any = None) -> Any:
    """Opens a variable scope without a name scope."""
    return variable_scope.PureVariableScope(
        name_or_scope, old_name_scope, reuse, initializer=initializer, regularizer=regularizer,
        caching_device=caching_device, partitioner=partitioner, custom_getter=custom_getter,
        dtype=dtype, use_resource=use_resource, constraint=constraint)

"""What only tensorflow.python.ops.variables names, or names otherwise than the public modules."""
from __future__ import annotations

from rekindle._src.state.partitioned import PartitionedVariable
from rekindle._src.state.ref_variable import RefVariable
from rekindle._src.state.safe_initial_values import guarded
from rekindle._src.state.variable import (
    VariableAggregation,
    VariableMetaclass,
    VariableV2,
    checked_kinds,
)

__all__ = ["PartitionedVariable", "RefVariable", "VariableMetaclass"]

Variable = VariableV2
VariableAggregationV2 = VariableAggregation
validate_synchronization_aggregation_trainable = checked_kinds
_try_guard_against_uninitialized_dependencies = guarded

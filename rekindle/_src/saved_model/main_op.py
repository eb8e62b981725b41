"""`tf.saved_model.main_op`: what a loader runs first."""
from __future__ import annotations

from rekindle._src.graph import scopes
from rekindle._src.graph.operation import Operation
from rekindle._src.names import public
from rekindle._src.ops import lookup_tables
from rekindle._src.ops.control import group
from rekindle._src.state import variables


@public("saved_model.main_op.main_op")
def main_op() -> Operation:
    """The operation that initializes all variables, local variables and tables."""
    return group(
        variables.global_variables_initializer(),
        variables.local_variables_initializer(),
        lookup_tables.tables_initializer(),
    )


@public("saved_model.main_op_with_restore", "saved_model.main_op.main_op_with_restore")
def main_op_with_restore(restore_op_name: str) -> Operation:
    """The operation of `main_op`, and after it the one that restores the variables."""
    with scopes.control_dependencies([main_op()]):
        return group(restore_op_name)

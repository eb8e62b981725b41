"""How variables are kept in MetaGraphs: as VariableDef, in every collection of variables."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import meta_graph, proto
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.state.variable import Variable

_COLLECTIONS = (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.GLOBAL_STEP,
    GraphKeys.METRIC_VARIABLES,
)


def _to_proto(variable: Any, export_scope: str | None = None) -> Any:
    return variable.to_proto(export_scope)


for _name in _COLLECTIONS:
    meta_graph.register_proto_function(
        _name, proto.VariableDef, _to_proto, Variable.from_proto
    )

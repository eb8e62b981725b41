"""The seeds of random ops: from the graph's seed and the op's own, by TensorFlow's rules.

Holds `get_seed` and `set_random_seed`. What a pair of seeds draws is `ops/philox.py`.
"""

from __future__ import annotations

from rekindle._src.graph import scopes
from rekindle._src.names import public

DEFAULT_GRAPH_SEED = 87654321
_LIMIT = 2**31 - 1


@public("random.get_seed", "get_seed")
def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The two seeds of the op that is made next: `seed` and `seed2` of its attrs.

    With a graph seed but no op seed, the number of operations made so far stands for the op seed;
    without either, both are None, and the op draws unpredictable numbers.
    """
    graph = scopes.get_default_graph()
    if graph.seed is not None:
        seeds = graph.seed % _LIMIT, (graph._last_id if op_seed is None else op_seed) % _LIMIT
    elif op_seed is not None:
        seeds = DEFAULT_GRAPH_SEED, op_seed % _LIMIT
    else:
        return None, None
    # Two zeros would ask the op for unpredictable numbers.
    return (0, _LIMIT) if seeds == (0, 0) else seeds


@public("random.set_random_seed", "set_random_seed")
def set_random_seed(seed: int | None) -> None:
    """Set the seed of the default graph, from which every random op made later gets its seeds."""
    scopes.get_default_graph().seed = seed

"""Samples of the ops of variables."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, handle, ints, ref

MASKS = {"begin_mask": 1, "end_mask": 2, "ellipsis_mask": 0, "new_axis_mask": 0,
         "shrink_axis_mask": 0}
ONE = np.float32(1.5)

CASES = [
    case("IsVariableInitialized", [ref(floats(2))]),
    case("Assign", [ref(floats(2, 3)), floats(2, 3)]),
    case("Assign", [ref(floats(2, 3)), floats(3)]),
    case("Assign", [ref(floats(2, 3)), floats(3)], validate_shape=False),
    case("Assign", [ref(ints(2)), ints(2)], use_locking=False),
    case("AssignAdd", [ref(floats(2, 3)), floats(2, 3)]),
    case("AssignAdd", [ref(floats(2, 3)), floats(3)]),
    case("AssignSub", [ref(ints(4)), ints(4)]),
    case("AssignSub", [ref(floats(2)), floats(1)]),
    case("CountUpTo", [ref(np.array(3, np.int32))], limit=5).options(runs=2),
    case("CountUpTo", [ref(np.array(3, np.int64))], limit=3),
    case("CountUpTo", [ref(ints(2))], limit=3),
    *[case(f"Scatter{kind}", [ref(floats(4, 2)), [3, 0], floats(2, 2)])
      for kind in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")],
    *[case(f"Scatter{kind}", [ref(floats(4, 2)), [[1], [1]], floats(2, 1, 2)])
      for kind in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")],
    *[case(f"Scatter{kind}", [ref(floats(4)), [2, 0], ONE])
      for kind in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")],
    case("ScatterAdd", [ref(ints(4, 2)), np.array([3, 3]), ints(2, 2)]),
    case("ScatterDiv", [ref(ints(3, low=20, high=90)), [1, 1], ints(2, low=2, high=4)]),
    case("ScatterUpdate", [ref(floats(4, 2)), 2, floats(2)]),
    case("ScatterUpdate", [ref(floats(4, 2)), [4], floats(1, 2)]),
    case("ScatterAdd", [ref(floats(4, 2)), [[0, 1], [2, -1]], floats(2, 2, 2)]),
    case("ScatterAdd", [ref(floats(4, 2)), [0], floats(2, 2)]),
    case("ScatterSub", [ref(floats(4, 2)), [0], floats(1, 3)]),
    case("ScatterAdd", [ref(np.float32(1)), [0], floats(1)]),
    *[case(f"ScatterNd{kind}", [ref(floats(3, 2)), [[2, 0], [0, 1]], floats(2)])
      for kind in ("Update", "Add", "Sub")],
    *[case(f"ScatterNd{kind}", [ref(floats(3, 2)), [[2], [2]], floats(2, 2)])
      for kind in ("Update", "Add", "Sub")],
    case("ScatterNdAdd", [ref(floats(2, 3, 2)), [[[1, 2]], [[0, 0]]], floats(2, 1, 2)]),
    case("ScatterNdUpdate", [ref(floats(3)), [[0], [7]], floats(2)]),
    case("ScatterNdAdd", [ref(floats(3, 2)), [[0]], floats(1, 3)]),
    case("ScatterNdAdd", [ref(floats(3, 2)), [[0], [1]], floats(1, 2)]),
    case("StridedSliceAssign", [ref(floats(4, 3)), [0, 1], [2, 3], [1, 1], floats(2, 2)], **MASKS),
    case("StridedSliceAssign", [ref(floats(5)), [4], [0], [-2], floats(2)]),
    case("StridedSliceAssign", [ref(floats(4, 3)), [1], [2], [1], floats(3)], shrink_axis_mask=1),
    case("StridedSliceAssign", [ref(floats(4, 3)), [0], [2], [1], floats(3)]),
    case("StridedSliceAssign", [ref(floats(4)), [0], [2], [0], floats(2)]),
    case("ReadVariableOp", [handle(floats(2, 3))], dtype="float32"),
    case("VarIsInitializedOp", [handle(floats(2))]),
    case("AssignVariableOp", [handle(floats(2, 3)), floats(2, 3)]),
    case("AssignAddVariableOp", [handle(floats(2, 3)), floats(2, 3)]),
    case("AssignSubVariableOp", [handle(ints(2, 3)), ints(2, 3)]),
    case("AssignAddVariableOp", [handle(floats(2, 3)), floats(3)]),
    case("ResourceCountUpTo", [handle(np.array(3, np.int32))], limit=5, T="int32").options(runs=2),
    case("ResourceCountUpTo", [handle(np.array(3, np.int64))], limit=3, T="int64"),
    case("VariableShape", [handle(floats(2, 3))]),
    case("VariableShape", [handle(floats(2, 3))], out_type="int64"),
    case("ResourceGather", [handle(floats(4, 3)), [[2, 0], [1, 2]]], dtype="float32"),
    case("ResourceGather", [handle(floats(4)), 2], dtype="float32"),
    case("ResourceGather", [handle(floats(4, 3)), [4]], dtype="float32"),
    case("ResourceGather", [handle(floats(2, 4, 3)), [[2, 0], [1, 2]]], dtype="float32",
         batch_dims=1).options(gradient=False),
    case("ResourceGatherNd", [handle(floats(4, 3)), [[2, 0], [1, 2]]], dtype="float32"),
    case("ResourceGatherNd", [handle(floats(4, 3)), [[2], [0]]], dtype="float32"),
    case("ResourceGatherNd", [handle(floats(4, 3)), [[2, 3]]], dtype="float32"),
    *[case(f"ResourceScatter{kind}", [handle(floats(4, 2)), [3, 0], floats(2, 2)])
      for kind in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")],
    *[case(f"ResourceScatter{kind}", [handle(floats(4)), [2, 2], ONE])
      for kind in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")],
    case("ResourceScatterAdd", [handle(floats(4, 2)), [4], floats(1, 2)]),
    *[case(f"ResourceScatterNd{kind}", [handle(floats(3, 2)), [[2, 0], [0, 1]], floats(2)])
      for kind in ("Update", "Add", "Sub")],
    case("ResourceScatterNdUpdate", [handle(floats(3)), [[0], [7]], floats(2)]),
    case("ResourceStridedSliceAssign",
         [handle(floats(4, 3)), [0, 1], [2, 3], [1, 1], floats(2, 2)], **MASKS),
]
ELSEWHERE = {
    "Variable": "tests/state/test_ops.py",
    "VariableV2": "tests/state/test_ops.py",
    "VarHandleOp": "tests/state/test_ops.py",
    "TemporaryVariable": "tests/state/test_ops.py",
    "DestroyTemporaryVariable": "tests/state/test_ops.py",
    "DestroyResourceOp": "tests/state/test_ops.py",
}

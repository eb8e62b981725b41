"""Which tensors of a checkpoint belong to an optimizer and not to the model.

Holds `is_slot`. Slots are known by their names, as TensorFlow's optimizers give them: `<variable>/Adam_1`, with the
variable's shape, and a few scalars.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_SLOT = re.compile(
    r"/(Adam|AdamW|AdamWeightDecay|AdaMax|Adamax|AddSign|PowerSign|Momentum|Adagrad|AdagradAccum|Adadelta|AdagradDA|"
    r"RMSProp|Ftrl|FtrlAccum|LARSOptimizer|LazyAdam|Nadam|gradient_accumulator|gradient_squared_accumulator|"
    r"accum_grad|accum_grad_squared|adam_m|adam_v|moving_average_of_slot|hessian|m|v)(_\d+)?$"
)
_SCALAR = re.compile(r"(^|/)beta[12]_power(_\d+)?$")
_OBJECT_SLOT = "/.OPTIMIZER_SLOT/"


def is_slot(name: str, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a tensor of a checkpoint with these shapes is an optimizer's."""
    if _OBJECT_SLOT in name or (_SCALAR.search(name) and shapes[name] == ()):
        return True
    found = _SLOT.search(name)
    if found is None:
        return False
    variable = name[: found.start()]
    while variable:  # the slot's name may begin with the scope of the optimizer
        if variable in shapes:
            return shapes[variable] == shapes[name]
        variable = variable.partition("/")[2]
    return False

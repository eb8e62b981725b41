"""Samples of the ops of optimizers."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, handle, ref


def positive(*shape):
    return floats(*shape, low=0.1, high=2.0)


def numbers(*values):
    return [np.float32(value) for value in values]


S = (3, 2)
#: name, slots (floats, or positive where a root is taken of them), scalars before the gradient,
#: scalars after it, attrs
FORMS = [
    ("GradientDescent", [], numbers(0.1), [], {}),
    ("ProximalGradientDescent", [], numbers(0.1, 0.2, 0.3), [], {}),
    ("ProximalGradientDescent", [], numbers(0.1, 0.0, 0.3), [], {}),
    ("Momentum", [floats], numbers(0.1), numbers(0.9), {}),
    ("Momentum", [floats], numbers(0.1), numbers(0.9), {"use_nesterov": True}),
    ("KerasMomentum", [floats], numbers(0.1), numbers(0.9), {}),
    ("KerasMomentum", [floats], numbers(0.1), numbers(0.9), {"use_nesterov": True}),
    ("Adam", [floats, positive], numbers(0.9, 0.999, 0.1, 0.9, 0.999, 1e-3), [], {}),
    ("Adam", [floats, positive], numbers(0.8, 0.99, 0.1, 0.9, 0.999, 1e-3), [],
     {"use_nesterov": True}),
    ("AdamWithAmsgrad", [floats, positive, positive], numbers(0.9, 0.99, 0.1, 0.9, 0.99, 1e-3), [],
     {}),
    ("AdaMax", [floats, positive], numbers(0.9, 0.1, 0.9, 0.99, 1e-3), [], {}),
    ("Adagrad", [positive], numbers(0.1), [], {}),
    ("Adagrad", [positive], numbers(0.1), [], {"update_slots": False}),
    ("AdagradV2", [positive], numbers(0.1, 1e-3), [], {}),
    ("ProximalAdagrad", [positive], numbers(0.1, 0.2, 0.3), [], {}),
    ("AdagradDA", [floats, positive], [], [*numbers(0.1, 0.02, 0.03), np.int64(3)], {}),
    ("AdagradDA", [floats, positive], [], [*numbers(0.1, 0.0, 0.03), np.int64(3)], {}),
    ("Adadelta", [positive, positive], numbers(0.1, 0.9, 1e-3), [], {}),
    ("RMSProp", [positive, floats], numbers(0.1, 0.9, 0.5, 1e-3), [], {}),
    ("CenteredRMSProp", [lambda *s: floats(*s, low=-0.1, high=0.1), positive, floats],
     numbers(0.1, 0.9, 0.5, 1.0), [], {}),
    ("Ftrl", [positive, floats], [], numbers(0.1, 0.2, 0.3, -0.5), {}),
    ("Ftrl", [positive, floats], [], numbers(0.1, 0.2, 0.3, -0.7), {}),
    ("FtrlV2", [positive, floats], [], numbers(0.1, 0.2, 0.3, 0.1, -0.5), {}),
    ("AddSign", [floats], numbers(0.1, 1.0, 0.9, 0.8), [], {}),
    ("PowerSign", [floats], numbers(0.1, 1.0, 0.9, 0.8), [], {}),
]
#: no ref form: KerasMomentum, AdamWithAmsgrad; no sparse form: these and the next
RESOURCE_ONLY = ("KerasMomentum", "AdamWithAmsgrad")
DENSE_ONLY = ("GradientDescent", "Adam", "AdamWithAmsgrad", "AdaMax", "AddSign", "PowerSign")


def dense(form, hold, prefix=""):
    name, slots, before, after, attrs = form
    held = [hold(floats(*S)), *(hold(slot(*S)) for slot in slots)]
    return case(f"{prefix}Apply{name}", [*held, *before, floats(*S), *after], **attrs)


def sparse(form, hold, prefix="", indices=(2, 0)):
    name, slots, before, after, attrs = form
    held = [hold(floats(*S)), *(hold(slot(*S)) for slot in slots)]
    rows = floats(len(indices), S[1])
    return case(f"{prefix}SparseApply{name}",
                [*held, *before, rows, list(indices), *after], **attrs)


CASES = [
    *[dense(form, ref) for form in FORMS if form[0] not in RESOURCE_ONLY],
    *[dense(form, handle, "Resource") for form in FORMS],
    *[sparse(form, ref) for form in FORMS if form[0] not in (*RESOURCE_ONLY, *DENSE_ONLY)],
    *[sparse(form, handle, "Resource") for form in FORMS if form[0] not in DENSE_ONLY],
    *[sparse(form, ref, indices=(1, 1)) for form in FORMS
      if form[0] in ("Momentum", "Adagrad", "Ftrl", "Adadelta")],
    dense(("GradientDescent", [], [floats(1)], [], {}), ref),
    dense(("Momentum", [lambda *s: floats(2, 2)], numbers(0.1), numbers(0.9), {}), ref),
    case("ApplyGradientDescent", [ref(floats(3, 2)), np.float32(0.1), floats(2, 2)]),
    case("ApplyGradientDescent", [ref(floats(3, dtype="float64")), np.float64(0.1),
                                  floats(3, dtype="float64")]),
    case("ApplyAdam", [ref(floats(3)), ref(floats(3)), ref(positive(3)), *numbers(
        0.9, 0.999, 0.1, 0.9, 0.999, 1e-3), floats(2)]),
    sparse(("Momentum", [floats], numbers(0.1), numbers(0.9), {}), ref, indices=(0, 3)),
    case("SparseApplyMomentum", [ref(floats(3, 2)), ref(floats(3, 2)), np.float32(0.1),
                                 floats(2, 3), [0, 1], np.float32(0.9)]),
    case("SparseApplyAdagrad", [ref(floats(3, 2)), ref(positive(3, 2)), np.float32(0.1),
                                floats(1, 2), [0, 1]]),
]
ELSEWHERE: dict[str, str] = {}

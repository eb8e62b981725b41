"""The programs that are recorded and compared, and where their scripts and recordings lie.

Scripts in tests/programs/scripts were written for these tests. The course programs ("labs") and
MNIST are looked for in a folder `shared` in or beside the repository, or in $REKINDLE_SHARED.
"""
from __future__ import annotations

import os

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
GOLDEN = os.path.join(os.path.dirname(HERE), "golden", "programs")
PLACES = [os.environ.get("REKINDLE_SHARED", ""), os.path.join(ROOT, "shared"),
          os.path.join(os.path.dirname(ROOT), "shared")]
SHARED = next((p for p in PLACES if os.path.isdir(os.path.join(p, "labs"))), None)


class Program:
    """A script with its arguments, and how to compare its runs.

    rtol: tolerance of fetched values, relative to the largest, None where they depend on chance;
    loose: fetches that need not be equal: their order with the updates of the same run is open in
    TensorFlow, or they hold floats in bytes. Of these only type and shape are compared.
    """

    def __init__(self, name, script, args=(), rtol=1e-4, loose=()):
        self.name, self.script, self.args = name, script, list(args)
        self.rtol, self.loose = rtol, loose

    def missing(self):
        """Why it cannot run here, or None."""
        if self.script.startswith("labs/") and SHARED is None:
            return "no folder `shared` with the labs; set REKINDLE_SHARED"
        return None

    def recording(self):
        """The file of its recording."""
        return os.path.join(GOLDEN, self.name + ".json.gz")

    def arguments(self, out):
        """The arguments of tracing.py that record it to `out`."""
        folder = SHARED if self.script.startswith("labs/") else HERE
        args = [a.replace("{shared}", SHARED or "") for a in self.args]
        return [out, os.path.join(folder, self.script)] + args


MNIST = ["--data_dir", "{shared}/data/mnist"]

SCRIPTS = (
    "control_flow convolutions cudnn_cells embeddings gradients image_boxes images initializers layers "
    "distributions linear_algebra losses math_functions metrics optimizers recurrent_cells recurrent_loops "
    "reductions resource_optimizers saving schedules scopes seq2seq sequence_labels sessions slicing "
    "functional_flow switch_case tensor_lists"
).split()

PROGRAMS = [
    *(Program(name, "scripts/" + name + ".py") for name in SCRIPTS),
    # gradients that cancel to rounding noise
    Program("networks", "scripts/networks.py", loose=("gradients/AddN_3:0",)),
    Program("legacy_seq2seq", "scripts/legacy_seq2seq.py", rtol=2e-3),
    Program("contrib_layers", "scripts/contrib_layers.py", rtol=5e-3),
    Program("contrib_slim", "scripts/contrib_slim.py", rtol=5e-3),
    Program("nn_functions", "scripts/nn_functions.py", rtol=2e-3),  # holds half precision
    Program("lab1_hello", "labs/lab1_hello.py"),
    Program("lab2_placeholders", "labs/lab2_placeholders.py"),
    Program("lab3_variables", "labs/lab3_variables.py"),
    Program("lab4_gradient_descent", "labs/lab4_gradient_descent.py",
            loose=("W:0", "b:0", "Merge/MergeSummary:0")),
    Program("essentials", "labs/essentials.py"),
    Program("cifar10_style", "labs/cifar10_style.py", ["2"], rtol=1e-3,
            loose=("Merge/MergeSummary:0",)),
    Program("dataflow", "labs/dataflow.py"),
    Program("lab8_devices", "labs/lab8_devices.py"),
    Program("lab9_save_restore", "labs/lab9_save_restore.py", ["model"]),
    Program("lab6_mnist_softmax", "labs/lab6_mnist_softmax.py", MNIST + ["--steps", "20"],
            rtol=None),  # draws its batches without a seed
    Program("lab7_mnist_deep", "labs/lab7_mnist_deep.py",
            MNIST + ["--steps", "10", "--seed", "1"], rtol=1e-3),
]

"""What checkpoints, records and event files hold, in short: names, types, shapes, and a digest of the values.

Run with a Python that has TensorFlow 1.15.5 to record what it reads of a folder, for test_shared_files.py:

    PYTHON37 tests/formats/shared_files.py FOLDER tests/golden/shared_files.json
"""
import glob
import hashlib
import json
import os
import sys


def digest(value):
    """A short digest of an array, or of bytes."""
    if hasattr(value, "dtype") and value.dtype == object:
        value = b"\0".join(value.reshape(-1).tolist())
    return hashlib.sha256(value if isinstance(value, bytes) else value.tobytes()).hexdigest()[:16]


def contents(tf, folder):
    """{path below the folder: what the file holds} of all checkpoints, records and event files."""
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, "**", "*"), recursive=True)):
        name = os.path.relpath(path, folder)
        if path.endswith(".index"):
            found[name] = checkpoint(tf, path[: -len(".index")])
        elif "model.ckpt-6000" in path or "/export-0" in path:
            found[name] = checkpoint(tf, path)
        elif path.startswith(os.path.join(folder, "tfrecord", "")):
            found[name] = [[len(one), digest(one)] for one in tf.python_io.tf_record_iterator(path)]
        elif "tfevents" in os.path.basename(path):
            found[name] = [
                [event.step, event.WhichOneof("what"), sorted(value.tag for value in event.summary.value)]
                for event in tf.train.summary_iterator(path)
            ]
    return found


def checkpoint(tf, prefix):
    """[name, type, shape, digest] of each tensor."""
    reader = tf.train.NewCheckpointReader(prefix)
    types = reader.get_variable_to_dtype_map()
    return [
        [name, types[name].name, shape, digest(reader.get_tensor(name))]
        for name, shape in sorted(reader.get_variable_to_shape_map().items())
    ]


if __name__ == "__main__":
    import tensorflow

    with open(sys.argv[2], "w") as file:
        json.dump(contents(tensorflow, sys.argv[1]), file, indent=0)

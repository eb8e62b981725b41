"""What a graph file, meta graph or SavedModel holds, as text; the same under TensorFlow 1.15 and Rekindle.

    python graph_file_facts.py FOLDER    prints {file: [lines, digest]} as JSON, recorded as golden/graph_files.json
"""
import hashlib
import json
import os
import sys

from google.protobuf import text_format

GRAPHS = (
    "graph_tensorboard_demo.pbtxt", "graphdef_java_training.pb", "graphdef_parse_example.pbtxt",
    "ckpt_v2_batch_norm_ref/expected_graph",
)  # fmt: skip
META_GRAPHS = (
    "metagraph_hwalsuklee_cnn.meta", "ckpt_v2_embedding/embedding.ckpt.meta",
    "serving_half_plus_two/00000123/export.meta",
    "session_bundle_half_plus_two/half_plus_two/00000123/export.meta",
    "session_bundle_half_plus_two/half_plus_two_ckpt_v2/00000123/export.meta",
)  # fmt: skip
SAVED_MODELS = (
    "saved_model_half_plus_two/00000123", "saved_model_half_plus_two_pbtxt/00000123", "saved_model_predictor",
)  # fmt: skip


def facts(tf, path):
    """Lines that tell nodes, shapes, types, collections, and for a SavedModel values; or the error."""
    with tf.Graph().as_default() as graph:
        try:
            if path.endswith(GRAPHS):
                tf.import_graph_def(graph_def(tf, path), name="")
                return nodes(graph)
            if path.endswith(META_GRAPHS):
                saver = tf.train.import_meta_graph(path)
                return nodes(graph) + collections(graph) + [saver.saver_def.restore_op_name]
            with tf.Session() as session:
                model = tf.saved_model.loader.load(session, ["serve"], path)
                values = [repr((v.name, session.run(v).tolist())) for v in tf.global_variables()]
                return nodes(graph) + values + signatures(session, model)
        except (ValueError, KeyError, tf.errors.OpError) as error:
            return [type(error).__name__ + ": " + str(error).split("\n")[0]]


def graph_def(tf, path):
    made = tf.GraphDef()
    with open(path, "rb") as file:
        content = file.read()
    if path.endswith("pbtxt"):
        text_format.Merge(content.decode(), made)
    else:
        made.ParseFromString(content)
    return made


def nodes(graph):
    found = []
    for op in graph.get_operations():
        outputs = [(str(one.dtype), str(one.shape)) for one in op.outputs]
        waits = sorted(one.name for one in op.control_inputs)
        found.append(repr((op.name, op.type, op.device, [one.name for one in op.inputs], waits, outputs)))
    return found


def collections(graph):
    keys = sorted(graph.get_all_collection_keys())
    names = {key: [str(getattr(one, "name", type(one).__name__)) for one in graph.get_collection(key)] for key in keys}
    return [repr((key, names[key])) for key in keys]


def signatures(session, model):
    found = []
    for key, signature in sorted(model.signature_def.items()):
        tensors = [(side, name, one.name, one.dtype, [dim.size for dim in one.tensor_shape.dim])
                   for side in ("inputs", "outputs") for name, one in sorted(getattr(signature, side).items())]
        found.append(repr((key, signature.method_name, tensors)))
        if all(one.dtype == 1 for one in signature.inputs.values()):
            feeds = {one.name: [[2.0]] for one in signature.inputs.values()}
            names = sorted(one.name for one in signature.outputs.values())
            try:
                values = [[round(float(x), 4) for x in one.reshape(-1)] for one in session.run(names, feeds)]
            except Exception as error:
                values = type(error).__name__
            found.append(repr((key, names, values)))
    return found


def digest(lines):
    return [len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()]


if __name__ == "__main__":
    import tensorflow

    files = GRAPHS + META_GRAPHS + SAVED_MODELS
    print(json.dumps({one: digest(facts(tensorflow, os.path.join(sys.argv[1], one))) for one in files}, indent=1))

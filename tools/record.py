"""Record what TensorFlow 1.15.5 does, for the tests. Run with a Python that has TensorFlow 1.15.5:

    PYTHON37 tools/record.py FAMILY... [--all]   the cases of tests/conformance/cases_FAMILY.py
    PYTHON37 tools/record.py programs [NAME...]  the programs listed in tests/programs/programs.py
    PYTHON37 tools/record.py expressions         those of tests/expressions/expressions.py
    PYTHON37 tools/record.py bad_inputs          those of tests/bad_inputs/inputs.py

Cases whose inputs and attrs are as recorded are kept, unless --all. Prints the cases that raise,
so that a slip in a sample is seen. Works under Python 3.7.
"""
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tests import canonical  # noqa: E402
from tests.conformance import build, golden  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", help="families, or: programs [NAME...]")
    parser.add_argument("--all", action="store_true", help="record again what is recorded")
    options = parser.parse_args()
    if options.names[0] == "programs":
        record_programs(options.names[1:])
        return
    if options.names == ["expressions"]:
        record_expressions()
        return
    if options.names == ["bad_inputs"]:
        record_bad_inputs()
        return
    front = tensorflow_front()
    for family in options.names:
        record_family(front, family, options.all)


def tensorflow_front():
    """TensorFlow as a `build.Front`."""
    import tensorflow.compat.v1 as tf
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python import pywrap_tensorflow as c_api
    from tensorflow.python.framework import op_def_library

    ops = op_def_pb2.OpList.FromString(c_api.TF_GetBuffer(c_api.TF_GetAllOpList()))
    library = op_def_library.OpDefLibrary()
    library.add_op_list(ops)
    definitions = {op.name: op for op in ops.op}

    def apply_op(op, inputs, attrs, name):
        arguments = default_attrs(definitions[op])
        arguments.update(attrs)
        arguments.update(inputs)
        before = len(tf.get_default_graph().get_operations())
        library.apply_op(op, name=name, **arguments)
        added = tf.get_default_graph().get_operations()[before:]
        return added[-1]

    def input_names(op):
        return [arg.name for arg in definitions[op].input_arg]

    return build.Front(tf, apply_op, input_names, lambda g: g.as_graph_def())


def default_attrs(definition):
    """None for each attr that has a default and does not follow from the inputs."""
    inferred = set()
    for arg in definition.input_arg:
        inferred.update((arg.type_attr, arg.number_attr, arg.type_list_attr))
    return {attr.name: None for attr in definition.attr
            if attr.HasField("default_value") and attr.name not in inferred}


def record_family(front, family, again):
    """Record the cases of a family that are new or changed; drop those that are gone."""
    cases = golden.cases(family)
    facts, arrays = golden.load(family)
    fresh = [name for name in cases
             if again or "error" in facts.get(name, ()) or
             facts.get(name, {}).get("digest") != cases[name].digest()]
    gone = set(fresh) | (set(facts) - set(cases))
    facts = {name: facts[name] for name in facts if name not in gone}
    arrays = {key: arrays[key] for key in arrays if key.split("/")[0] not in gone}
    for name in fresh:
        facts[name] = record_case(front, name, cases[name], arrays)
        for what in ("error", "run_error"):
            if what in facts[name]:
                print("%s: %s: %s: %s" % ((name, what) + tuple(facts[name][what])))
    golden.save(family, facts, arrays)
    size = os.path.getsize(golden.path(family))
    print(f"{family}: recorded {len(fresh)} of {len(cases)} cases, {size} bytes")


def record_case(front, name, case, arrays):
    """The facts of one case; its arrays go into `arrays`."""
    facts = {"digest": case.digest(), "variants": {}}
    for variant in build.VARIANTS:
        try:
            built = build.build(front, case, variant)
        except (ValueError, TypeError) as error:
            facts["variants"][variant] = {"error": [type(error).__name__, str(error)]}
            if variant == "full":
                facts["error"] = facts["variants"][variant]["error"]
            continue
        found = facts["variants"][variant] = {"outputs": build.claims(built)}
        if variant != "rankless":
            found["nodes"] = canonical.nodes(front.node_of(built.graph))
            found["gradient_error"] = built.gradient_error
        if variant == "full":
            run(front, name, case, built, facts, arrays)
    return facts


def run(front, name, case, built, facts, arrays):
    """Add the values of a case, of its gradients, and of its variables afterwards."""
    tf = front.tf
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.optimizer_options.opt_level = -1
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    unfetchable = (tf.resource, tf.variant)
    outputs = [t for t in built.op.outputs if t.dtype.base_dtype not in unfetchable]
    with tf.Session(graph=built.graph, config=config) as session:
        try:
            session.run(built.setups)
            facts["values"] = []
            for i in range(case.runs):
                values = session.run(outputs or [built.op], built.feeds)[:len(outputs)]
                facts["values"].append([golden.pack(v, f"{name}/{i}/{j}", arrays)
                                        for j, v in enumerate(values)])
            held = session.run(built.held)
            facts["held"] = [golden.pack(v, f"{name}/held/{i}", arrays)
                             for i, v in enumerate(held)]
            if built.gradients is not None and len(outputs) == len(built.op.outputs):
                feeds = dict(built.feeds)
                feeds.update(build.cotangent_feeds(built, values))
                parts = session.run(build.gradient_parts(built), feeds)
                facts["gradients"] = [
                    [golden.pack(v, f"{name}/gradient/{i}/{j}", arrays)
                     for j, v in enumerate(part)] for i, part in enumerate(parts)]
        except tf.errors.OpError as error:
            facts["run_error"] = [type(error).__name__, error.message.split("\n\t [[")[0]]


def record_expressions():
    """What each expression gives."""
    import tensorflow.compat.v1 as tf
    from tensorflow.python.util import nest

    from tests.expressions import expressions

    for subject, texts in expressions.SUBJECTS.items():
        found = {}
        for text in texts:
            with tf.Graph().as_default():
                make = expressions.namespace
                if subject == "conversions":
                    make = expressions.graph_namespace
                kind, answer = expressions.outcome(text, make(tf, nest))
                found[text] = [kind, answer.split("\n\t [[")[0]]
        with open(os.path.join(expressions.GOLDEN, subject + ".json"), "w") as file:
            json.dump(found, file, indent=0)
        print(f"{subject}: {len(found)} expressions")


def record_bad_inputs():
    """What each bad input is answered with."""
    import tensorflow.compat.v1 as tf

    from tests.bad_inputs import inputs

    names = [name for name in inputs.INPUTS if name not in inputs.CRASHING]
    found = {name: inputs.answer(tf, name) for name in names}
    with open(os.path.join(golden.FOLDER, "bad_inputs.json"), "w") as file:
        json.dump(found, file, indent=0)
    print(f"bad_inputs: {len(found)}")


def record_programs(names):
    """Run each program in an interpreter of its own under the tracer."""
    from tests.programs import programs, tracing

    for program in programs.PROGRAMS:
        if names and program.name not in names:
            continue
        reason = program.missing()
        if reason:
            print(f"{program.name}: left out: {reason}")
            continue
        command = [sys.executable, "-W", "ignore", tracing.__file__]
        ran = subprocess.run(command + program.arguments(program.recording()), check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if ran.returncode:
            sys.exit(ran.stdout.decode())
        print(f"{program.name}: {os.path.getsize(program.recording())} bytes")


if __name__ == "__main__":
    main()

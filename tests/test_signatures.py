"""Public functions take the arguments that TensorFlow 1.15's take, in the same order."""
import inspect
import re

import pytest

import rekindle as tf
from rekindle._missing import public_value
from rekindle._src import facts
from rekindle._src.graph.opdef import Op

_ABSENT = object()
#: namespaces whose functions are made from the op table, or that are loaded at first use
ELSEWHERE = ("raw_ops.", "contrib.", "keras.", "estimator.",
             "tools.graph_transforms.TransformGraphWithStringInputs")  # a function of C++, whose arguments do not tell


def parameters_of_tensorflow(signature):
    """The parameter names in a text such as `(a, b=<relu>, *args, name=None)`."""
    names, depth, word = [], 0, ""
    text = re.sub(r"'[^']*'", "text", signature[1:-1])  # a comma may stand in a default
    for letter in text + ",":
        depth += letter in "([{<"
        depth -= letter in ")]}>"
        if letter == "," and depth <= 0:
            names.append(word.split("=")[0].strip())
            word = ""
        else:
            word += letter
    return [name for name in names if name and name != "*"]


def parameters(function):
    """The parameter names of a function of Rekindle, `*args` and `**kwargs` with their stars."""
    if isinstance(function, Op):
        return [*function.signature.parameters, "name"]
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    found = inspect.signature(function).parameters.values()
    return [marks.get(one.kind, "") + one.name for one in found]


def functions():
    """(name, function) of each public function of TensorFlow that Rekindle has."""
    for name, symbol in facts.symbols().items():
        if symbol.kind == "function" and not name.startswith(ELSEWHERE):
            value = public_value(name, _ABSENT)
            if value is not _ABSENT:
                yield name, value, symbol.signature


def test_functions_take_tensorflows_arguments():
    wrong = {}
    for name, function, signature in functions():
        expected = parameters_of_tensorflow(signature)
        if parameters(function) != expected:
            wrong[name] = f"{parameters(function)}, expected {expected}"
    assert not wrong, "\n".join(f"tf.{name}: {said}" for name, said in wrong.items())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a, b=<relu>, *args, c=(1, 2), **k)", ["a", "b", "*args", "c", "**k"]),
        ("()", []),
        ("(x, *, y='a')", ["x", "y"]),
    ],
)
def test_signature_texts_are_read(text, expected):
    assert parameters_of_tensorflow(text) == expected


def test_raw_ops_take_the_names_of_tensorflows_functions():
    x = tf.constant([[1.0, 2.0]])
    assert tf.raw_ops.Sum(input=x, axis=[1]).shape == [1]
    assert tf.raw_ops.SplitV(value=x, size_splits=[1, 1], axis=1, num_split=2)[0].shape == [1, 1]
    assert tf.raw_ops.Select(condition=True, x=x, y=x).shape == [1, 2]
    assert "Squeeze(input, axis)" in tf.raw_ops.Squeeze.__doc__

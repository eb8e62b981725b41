"""Predictors of SavedModels."""
import pytest

import rekindle as tf


@pytest.fixture
def folder(tmp_path):
    """The folder of a model: "in" -> "out", twice as much."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="x")
        y = tf.multiply(x, tf.get_variable("v", initializer=2.0), name="y")
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(tmp_path / "model"), {"in": x}, {"out": y})
    return str(tmp_path / "model")


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({}, "in"),
        ({"signature_def_key": "serving_default", "tags": "serve"}, "in"),
        ({"input_names": {"a": "x:0"}, "output_names": {"out": "y:0"}}, "a"),
    ],
)
def test_predictors_run_the_model(folder, arguments, key):
    predict = tf.contrib.predictor.from_saved_model(folder, **arguments)
    assert predict({key: [1.0, 2.0]})["out"].tolist() == [2.0, 4.0]
    assert predict.feed_tensors[key].name == "x:0" and predict.fetch_tensors["out"].name == "y:0"
    with pytest.raises(ValueError, match="Got unexpected keys in input_dict: {'z'}"):
        predict({"z": [1.0]})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"input_names": {}}, "input_names and output_names must both be specified"),
        ({"signature_def_key": "a", "signature_def": tf.saved_model.build_signature_def()}, "at most one of"),
        ({"signature_def_key": "none"}, 'Got signature_def_key "none". Available signatures are'),
    ],
)
def test_wrong_arguments_are_refused(folder, arguments, said):
    with pytest.raises(ValueError, match=said):
        tf.contrib.predictor.from_saved_model(folder, **arguments)

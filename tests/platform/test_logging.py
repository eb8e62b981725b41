"""tf.logging: format, levels, counting."""
import logging

import pytest

from rekindle._src import tf_logging


@pytest.fixture
def messages(monkeypatch):
    """The records that reach the logger, from DEBUG up."""
    found = []
    handler = logging.Handler()
    handler.emit = found.append
    logger = tf_logging.get_logger()
    old = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield found
    logger.removeHandler(handler)
    logger.setLevel(old)


def test_the_caller_is_the_users_line(messages):
    tf_logging.info("a %d", 1)
    assert messages[0].getMessage() == "a 1"
    assert messages[0].funcName == "test_the_caller_is_the_users_line"


def test_levels(messages):
    tf_logging.set_verbosity(tf_logging.WARN)
    tf_logging.info("no")
    tf_logging.warn("w")
    tf_logging.fatal("f")
    tf_logging.TaskLevelStatusMessage("t")
    assert [one.levelname for one in messages] == ["WARNING", "CRITICAL", "ERROR"]
    assert tf_logging.get_verbosity() == 30


def test_every_n_and_first_n(messages):
    for i in range(5):
        tf_logging.log_every_n(tf_logging.INFO, "every %d", 2, i)
        tf_logging.log_first_n(tf_logging.INFO, "first %d", 2, i)
    texts = [one.getMessage() for one in messages]
    assert [one for one in texts if one[0] == "e"] == ["every 0", "every 2", "every 4"]
    assert [one for one in texts if one[0] == "f"] == ["first 0", "first 1"]


def test_log_if_and_flush(messages):
    tf_logging.log_if(tf_logging.INFO, "yes", True)
    tf_logging.log_if(tf_logging.INFO, "no", False)
    assert [one.getMessage() for one in messages] == ["yes"]
    with pytest.raises(NotImplementedError):
        tf_logging.flush()

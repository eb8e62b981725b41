"""Sessions: structures of fetches, feeds, state between runs, what fails and how."""
import collections
import threading

import numpy as np
import pytest

import rekindle as tf


@pytest.fixture(autouse=True)
def graph():
    """Each test has a graph of its own."""
    with tf.Graph().as_default() as one:
        yield one


def test_fetches_keep_their_structure():
    a, b = tf.constant(1), tf.constant(2.0)
    pair = collections.namedtuple("pair", "x y")
    with tf.Session() as session:
        found = session.run({"a": a, "list": [b, (a,)], "pair": pair(a, b), "op": a.op})
    assert found == {"a": 1, "list": [2.0, (1,)], "pair": pair(1, 2.0), "op": None}
    assert isinstance(found["pair"], pair)


def test_a_fed_tensor_is_fetched_as_fed():
    x = tf.constant([1.0]) + 1.0
    with tf.Session() as session:
        assert session.run([x, x * 2.0], {x: [5.0]}) == [[5.0], [10.0]]


def test_a_fetched_array_does_not_change_with_the_variable():
    v = tf.Variable([1.0])
    update = tf.assign_add(v, [1.0])
    with tf.Session() as session:
        session.run(v.initializer)
        before = session.run(v)
        session.run(update.op)
        assert before == [1.0] and session.run(v) == [2.0]


def test_a_fetched_array_is_not_the_fed_one():
    x = tf.placeholder(tf.float32, [2])
    given = np.array([1, 2], np.float32)
    with tf.Session() as session:
        found = session.run(tf.identity(x), {x: given})
    given[0] = 9
    assert found.tolist() == [1, 2]


def test_a_variable_fetched_beside_its_update_has_the_old_value():
    v = tf.Variable(1.0)
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run([v, tf.assign_add(v, 1.0)]) == [1.0, 2.0]


def test_an_uninitialised_variable_names_itself_and_the_users_line():
    v = tf.Variable(1.0, name="v")
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError) as error:
        session.run(v * 2.0)
    assert error.value.message.startswith("Attempting to use uninitialized value v\n")
    assert "test_session.py" in error.value.message


def test_a_closed_session_says_so():
    session = tf.Session()
    x = tf.constant(1)
    session.close()
    with pytest.raises(RuntimeError, match="Attempted to use a closed Session."):
        session.run(x)


def test_an_empty_graph_says_so():
    with tf.Session() as session, pytest.raises(RuntimeError, match="The Session graph is empty"):
        session.run([])


def test_a_feed_of_the_wrong_shape_names_both():
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    with tf.Session() as session, pytest.raises(ValueError, match=r"Cannot feed value of shape \(3, 3\) for Tensor "
                                                            r"'x:0', "
                                                r"which has shape '\(2, 3\)'"):
        session.run(x, {x: np.zeros((3, 3))})


def test_a_placeholder_must_be_fed():
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError,
                                                match="You must feed a value for placeholder tensor 'x'"):
        session.run(x + 1.0)


def test_a_fetch_that_is_not_there():
    tf.constant(1)
    with tf.Session() as session, pytest.raises(ValueError, match="Fetch argument 'nope:0' cannot be interpreted"):
        session.run("nope:0")


def test_a_failed_step_leaves_earlier_updates_and_the_session_usable():
    v = tf.Variable(1.0)
    x = tf.placeholder(tf.float32, [None])
    with tf.control_dependencies([tf.assign_add(v, 1.0)]):
        bad = tf.reshape(x, [3])
    with tf.Session() as session:
        session.run(v.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match="node Reshape"):
            session.run(bad, {x: [1.0, 2.0]})
        assert session.run(v) == 2.0


def test_partial_runs_compute_each_operation_once():
    a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    r1 = a + 1.0
    r2 = r1 * b
    with tf.Session() as session:
        handle = session.partial_run_setup([r1, r2], [a, b])
        assert session.partial_run(handle, r1, {a: 1.0}) == 2.0
        assert session.partial_run(handle, r2, {b: 5.0}) == 10.0


def test_make_callable_takes_values_in_order():
    a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    with tf.Session() as session:
        assert session.make_callable(a - b, [a, b])(5.0, 3.0) == 2.0


def test_threads_share_a_session():
    v = tf.Variable(tf.zeros([10], tf.int32))
    x = tf.placeholder(tf.int32, [])
    update = tf.scatter_add(v, [x], [1])
    with tf.Session() as session:
        session.run(v.initializer)

        def work(i):
            for _ in range(50):
                session.run(update.op, {x: i})

        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert session.run(v).sum() >= 50


def test_a_full_trace_has_every_operation():
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.tanh(x, name="y")
    metadata = tf.RunMetadata()
    with tf.Session() as session:
        session.run(y, {x: [1.0, 2.0]}, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
    names = {n.node_name for d in metadata.step_stats.dev_stats for n in d.node_stats}
    assert "y" in names


def test_the_program_is_written_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("REKINDLE_DUMP", str(tmp_path))
    with tf.Session() as session:
        x = tf.placeholder(tf.float32, [1])
        session.run(tf.tanh(x), {x: [1.0]})
    [path] = tmp_path.iterdir()
    assert "torch.tanh" in path.read_text()


def test_hard_placement_refuses_a_device_that_is_not_there():
    with tf.device("/gpu:77"):
        x = tf.constant(1.0)
    with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as session:
        assert session.run(x) == 1.0
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="Cannot assign a device"):
        session.run(x)


def test_a_session_may_count_the_cpu_as_several():
    with tf.device("/cpu:1"):
        v = tf.get_variable("v", initializer=3.0)
    with tf.Session(config=tf.ConfigProto(device_count={"CPU": 2})) as session:
        session.run(v.initializer)
        assert session.run(v) == 3
        assert [one.name[-5:] for one in session.list_devices() if one.device_type == "CPU"] == ["CPU:0", "CPU:1"]
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="explicitly assigned to"):
        session.run(v.initializer)


@pytest.mark.parametrize("interpret", ["", "1"])
def test_closing_the_session_ends_a_loop(monkeypatch, interpret):
    monkeypatch.setenv("REKINDLE_INTERPRET", interpret)
    loop = tf.while_loop(lambda i: i < 2**62, lambda i: i + 1, [tf.constant(0, tf.int64)])
    session, found = tf.Session(), []

    def run():
        try:
            session.run(loop)
        except tf.errors.CancelledError as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(0.3)
    session.close()
    thread.join(10)
    assert [error.op.type for error in found] == ["LoopCond"] and "was cancelled" in found[0].message


def test_a_session_without_a_cpu_is_refused():
    with pytest.raises(tf.errors.NotFoundError, match="No CPU devices are available"):
        tf.Session(config=tf.ConfigProto(device_count={"CPU": 0}))


def test_a_nested_key_of_feeds_may_come_again():
    a, b = tf.placeholder(tf.float32, [1]), tf.placeholder(tf.float32, [1])
    with tf.Session() as session:
        found = [session.run(a + b, {(a, b): (np.ones(1), np.full(1, i))}) for i in range(3)]
    assert found == [[1.0], [2.0], [3.0]]


def test_a_value_may_be_fed_in_place_of_a_variable():
    v = tf.Variable([1.0])
    update = tf.assign_add(v, [1.0])
    with tf.Session() as session:
        session.run(v.initializer)
        assert session.run(v * 2.0, {v: [5.0]}) == [10.0]
        text = (f"Input 0 of node {update.op.name} was passed float from _arg_{v.op.name}_0_0:0 "
                "incompatible with expected float_ref.")
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            session.run(update, {v: [5.0]})
    assert text in str(caught.value)


def test_a_fed_scalar_is_fetched_as_an_array():
    x = tf.placeholder(tf.float32, [])
    with tf.Session() as session:
        found = session.run([x, x + 1.0], {x: 3.0})
    assert isinstance(found[0], np.ndarray) and found == [3.0, 4.0]

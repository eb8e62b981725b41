"""FileWriter: what it puts into event files, in which order, and what it refuses."""
from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rekindle._src import errors
from rekindle._src.formats.events import summary_iterator
from rekindle._src.graph import convert, proto
from rekindle._src.graph.graph import Graph
from rekindle._src.ops import summary
from rekindle._src.run.session import Session
from rekindle._src.summary.writer import FileWriter, FileWriterCache


def scalar(tag, value, plugin=None):
    metadata = None
    if plugin:
        data = proto.SummaryMetadata.PluginData(plugin_name=plugin)
        metadata = proto.SummaryMetadata(plugin_data=data)
    one = proto.Summary.Value(tag=tag, simple_value=value, metadata=metadata)
    return proto.Summary(value=[one])


def events(folder):
    found = []
    for name in sorted(os.listdir(folder)):
        found += summary_iterator(os.path.join(folder, name))
    return found


def small_graph():
    graph = Graph()
    with graph.as_default():
        graph.create_op("NoOp", name="nothing")
    return graph


def test_the_file_is_made_with_the_first_event(tmp_path):
    with FileWriter(str(tmp_path / "log")) as writer:
        writer.flush()
        assert os.listdir(tmp_path / "log") == []
        writer.add_summary(scalar("a", 1.5), 3)
        writer.flush()
        assert [one.step for one in events(tmp_path / "log")] == [0, 3]


def test_tensorboard_reads_summaries_and_graph(tmp_path):
    with FileWriter(str(tmp_path), small_graph()) as writer:
        for step in range(3):
            writer.add_summary(scalar("loss", step / 2).SerializeToString(), step)
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    assert [(one.step, one.value) for one in read.Scalars("loss")] == [(0, 0), (1, 0.5), (2, 1)]
    assert read.Graph().node[0].name == "nothing"
    assert read.MetaGraph().meta_info_def.tensorflow_version == "1.15.5"


def test_metadata_is_kept_once_for_each_tag(tmp_path):
    with FileWriter(str(tmp_path)) as writer:
        for _ in range(2):
            writer.add_summary(scalar("t", 1.0, "text"))
    kept = [one.summary.value[0].HasField("metadata") for one in events(tmp_path)[1:]]
    assert kept == [True, False]


def test_every_kind_of_event(tmp_path):
    with FileWriter(str(tmp_path), filename_suffix=".suffix") as writer:
        writer.add_session_log(proto.SessionLog(status=proto.SessionLog.START), 1)
        writer.add_run_metadata(proto.RunMetadata(), "run", 2)
        writer.add_event(proto.Event(step=9))
        writer.add_graph(small_graph().as_graph_def(), 4)
    kinds = [one.WhichOneof("what") for one in events(tmp_path)]
    assert kinds == ["file_version", "session_log", "tagged_run_metadata", None, "graph_def"]
    assert os.listdir(tmp_path)[0].endswith(".suffix")


def test_closed_writer_warns_and_goes_on_after_reopen(tmp_path):
    writer = FileWriter(str(tmp_path))
    writer.add_summary(scalar("a", 1), 1)
    writer.close()
    with pytest.warns(UserWarning, match="Attempting to use a closed FileWriter"):
        writer.add_summary(scalar("a", 1), 2)
    writer.reopen()
    writer.add_summary(scalar("a", 1), 3)
    writer.close()
    writer.close()
    assert [one.step for one in events(tmp_path) if one.step] == [1, 3]


def test_refusals(tmp_path):
    with FileWriter(str(tmp_path)) as writer:
        with pytest.raises(TypeError, match="must be an instance of `Graph`"):
            writer.add_graph(3)
        with pytest.raises(ValueError, match="Please pass only graph, or graph_def"):
            writer.add_graph(small_graph(), graph_def=proto.GraphDef())
        with pytest.raises(TypeError, match="meta_graph_def must be type MetaGraphDef, saw type"):
            writer.add_meta_graph(3)
        writer.add_run_metadata(proto.RunMetadata(), "run")
        with pytest.raises(ValueError, match="The provided tag was already used"):
            writer.add_run_metadata(proto.RunMetadata(), "run")
    (tmp_path / "file").touch()
    with pytest.raises(errors.FailedPreconditionError, match="Not a directory"):
        FileWriter(str(tmp_path / "file" / "log"))


def test_a_failed_write_is_raised_by_flush(tmp_path):
    writer = FileWriter(str(tmp_path / "log"))
    (tmp_path / "log").rmdir()
    (tmp_path / "log").touch()
    writer.add_summary(scalar("a", 1))
    with pytest.raises(errors.FailedPreconditionError, match="Not a directory"):
        writer.flush()
    (tmp_path / "log").unlink()
    (tmp_path / "log").mkdir()
    writer.close()


def test_events_reach_the_file_when_nobody_closes_the_writer(tmp_path):
    program = (
        "import sys\n"
        "from rekindle._src.summary.writer import FileWriter\n"
        "from rekindle._src.graph import proto\n"
        "writer = FileWriter(sys.argv[1])\n"
        "for step in range(5): writer.add_event(proto.Event(step=step))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert [one.step for one in events(tmp_path)] == [0, 0, 1, 2, 3, 4]


def test_cache_gives_one_writer_for_a_folder(tmp_path):
    with Graph().as_default():
        one = FileWriterCache.get(str(tmp_path / "a"))
        assert FileWriterCache.get(str(tmp_path / "a")) is one
        assert FileWriterCache.get(str(tmp_path / "b")) is not one
    FileWriterCache.clear()


def test_tensorboard_reads_every_kind_of_summary(tmp_path):
    summary.scalar("loss", 0.5)
    summary.histogram("weights", np.arange(10, dtype=np.float32))
    summary.image("picture", np.zeros((1, 2, 3, 3), np.float32), max_outputs=1)
    summary.audio("sound", np.zeros((1, 20), np.float32), 8000.0, max_outputs=1)
    summary.text("note", convert.convert_to_tensor("hello"))
    merged = summary.merge_all()
    with FileWriter(str(tmp_path)) as writer:
        writer.add_summary(Session().run(merged), 7)
    read = EventAccumulator(str(tmp_path))
    read.Reload()
    assert [(one.step, one.value) for one in read.Scalars("loss")] == [(7, 0.5)]
    assert read.Histograms("weights")[0].histogram_value.num == 10
    assert (read.Images("picture/image")[0].height, read.Images("picture/image")[0].width) == (2, 3)
    assert read.Audio("sound/audio")[0].sample_rate == 8000
    assert read.Tensors("note")[0].tensor_proto.string_val == [b"hello"]
    assert read.SummaryMetadata("note").plugin_data.plugin_name == "text"

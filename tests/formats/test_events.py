"""Event files: their name and first record, reading while writing, and lost files."""
from __future__ import annotations

import re
import socket

import pytest

from rekindle._src import errors
from rekindle._src.formats import events
from rekindle._src.graph import proto


@pytest.fixture
def writer(tmp_path):
    made = events.EventsWriter(str(tmp_path / "events"), ".end")
    yield made
    made.close()


def event(step):
    return proto.Event(step=step).SerializeToString()


def test_name_and_first_record(writer, tmp_path):
    assert not list(tmp_path.iterdir())
    writer.open()
    (name,) = [one.name for one in tmp_path.iterdir()]
    assert re.fullmatch(rf"events\.out\.tfevents\.\d{{10}}\.{socket.gethostname()}\.end", name)
    (first,) = events.summary_iterator(writer.path)
    assert first.file_version == "brain.Event:2"


def test_flushed_events_can_be_read_before_close(writer):
    writer.write(event(1))
    writer.flush()
    writer.write(event(2))
    assert [one.step for one in events.summary_iterator(writer.path)] == [0, 1]
    writer.close()
    assert [one.step for one in events.summary_iterator(writer.path)] == [0, 1, 2]


def test_two_writers_in_one_second_keep_two_files(writer, tmp_path):
    other = events.EventsWriter(str(tmp_path / "events"), ".end")
    writer.open()
    other.open()
    other.close()
    assert len(list(tmp_path.iterdir())) == 2


def test_goes_on_in_a_new_file_when_the_folder_is_gone(tmp_path, caplog):
    folder = tmp_path / "log"
    folder.mkdir()
    writer = events.EventsWriter(str(folder / "events"))
    writer.open()
    for one in folder.iterdir():
        one.unlink()
    folder.rmdir()
    writer.write(event(7))
    writer.close()
    assert [one.step for one in events.summary_iterator(writer.path)] == [0, 7]
    assert "has disappeared" in caplog.text


def test_missing_file():
    with pytest.raises(errors.NotFoundError, match="/nope; No such file or directory"):
        next(events.summary_iterator("/nope"))

"""What record files and event files hold: counts, sizes, features, tags, steps.

Files are read in order, a record at a time. What is damaged is told beside what could be read.
"""

from __future__ import annotations

import os
from typing import Any

from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.formats.tfrecord import RecordReader
from rekindle._src.graph import proto

#: so many records are looked into for their features
_LOOKED_INTO = 1000
_TYPES = {"bytes_list": "string", "float_list": "float32", "int64_list": "int64"}
Description = dict[str, Any]


def records(path: str, compression: str) -> Description:
    """The number and sizes of records, and the features of the Examples or SequenceExamples among the first."""
    count = total = 0
    least, most = None, 0
    features = _Features()
    damage = None
    with RecordReader(path, compression) as reader:
        try:
            for record in reader:
                count, total = count + 1, total + len(record)
                least = len(record) if least is None else min(least, len(record))
                most = max(most, len(record))
                if count <= _LOOKED_INTO:
                    features.look(record)
        except errors.DataLossError as error:
            damage = f"{path}: {error.message}"
        else:
            rest = os.stat(path).st_size - reader.offset
            if not compression and rest:
                damage = f"{path}: {rest} bytes at {reader.offset} are no record"
    out: Description = {
        "file_bytes": os.stat(path).st_size, "records": count, "bytes": total, "least": least or 0, "most": most,
    }  # fmt: skip
    out |= features.found(min(count, _LOOKED_INTO))
    return out | ({} if damage is None else {"damage": damage})


class _Features:
    """Gathers the features of messages: key -> type, in how many, least and most values."""

    def __init__(self) -> None:
        self._examples = self._sequences = 0
        self._keys: dict[tuple[str, str], list[Any]] = {}

    def look(self, record: bytes) -> None:
        """Look into one record."""
        try:
            message = proto.SequenceExample.FromString(record)
        except DecodeError:
            return
        lists = message.feature_lists.feature_list
        if not message.context.feature and not lists:
            return
        if lists:
            self._sequences += 1
        else:
            self._examples += 1
        for key, feature in message.context.feature.items():
            self._note("", key, [feature])
        for key, one in lists.items():
            self._note("list", key, one.feature)

    def _note(self, kind: str, key: str, features: Any) -> None:
        held = [one.WhichOneof("kind") for one in features]
        types = {_TYPES[one] for one in held if one}
        count = len(held) if kind else sum(len(getattr(f, h).value) for f, h in zip(features, held) if h)
        known = self._keys.setdefault((kind, key), [set(), 0, count, count])
        known[0] |= types
        known[1] += 1
        known[2], known[3] = min(known[2], count), max(known[3], count)

    def found(self, count: int) -> Description:
        """What there is to say of so many records; nothing unless all are messages of these kinds."""
        if not count or self._examples + self._sequences < count:
            return {}
        return {
            "message": "SequenceExample" if self._sequences else "Example",
            "features": [
                {"key": key, "is_list": bool(kind), "dtype": "/".join(sorted(types)) or "none", "in": times,
                 "least": least, "most": most}
                for (kind, key), (types, times, least, most) in sorted(self._keys.items())
            ],
        }  # fmt: skip


def events(path: str) -> Description:
    """The version, the steps and times, and the tags of summaries with their counts."""
    tags: dict[str, Description] = {}
    out: Description = {"version": "", "events": 0, "graphs": 0, "meta_graphs": 0, "run_metadata": []}
    damage = None
    with RecordReader(path) as reader:
        try:
            for record in reader:
                _note_event(proto.Event.FromString(record), out, tags)
        except errors.DataLossError as error:
            damage = f"{path}: {error.message}"
        except DecodeError:
            damage = f"{path}: the record before offset {reader.offset} is no Event"
    out["tags"] = [{"tag": tag, **facts} for tag, facts in sorted(tags.items())]
    return out | ({} if damage is None else {"damage": damage})


def _note_event(event: Any, out: Description, tags: dict[str, Description]) -> None:
    out["events"] += 1
    out.setdefault("first_time", event.wall_time)
    out["last_time"] = event.wall_time
    kind = event.WhichOneof("what")
    if kind == "file_version":
        out["version"] = event.file_version
    elif kind == "graph_def":
        out["graphs"] += 1
    elif kind == "meta_graph_def":
        out["meta_graphs"] += 1
    elif kind == "tagged_run_metadata":
        out["run_metadata"].append(event.tagged_run_metadata.tag)
    for value in event.summary.value if kind == "summary" else ():
        held = value.WhichOneof("value") or "none"
        facts = tags.setdefault(
            value.tag, {"value": held, "count": 0, "first_step": event.step, "last_step": event.step}
        )
        facts["count"] += 1
        facts["first_step"] = min(facts["first_step"], event.step)
        facts["last_step"] = max(facts["last_step"], event.step)
        if held == "simple_value":
            facts["last"] = value.simple_value

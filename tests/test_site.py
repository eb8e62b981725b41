"""Sites: the user's frames, and the line that messages name."""
from __future__ import annotations

from rekindle._src import site


def outer():
    return inner()


def inner():
    return site.user_frames()


def test_innermost_frame_is_the_users_line():
    assert site.user_line(outer()) == f"test_site.py:{inner.__code__.co_firstlineno + 1}"


def test_frames_stand_outermost_first():
    assert [frame.function for frame in site.frames(outer())][-2:] == ["outer", "inner"]


def test_frames_carry_the_source_line():
    assert site.frames(outer())[-1].line == "return site.user_frames()"


def test_rekindles_own_frames_are_left_out(monkeypatch):
    monkeypatch.setitem(site._SKIPPED, __file__, True)
    assert all(frame.filename != __file__ for frame in site.frames(outer()))


def test_depth_is_bounded():
    def deep(n):
        return site.user_frames() if n == 0 else deep(n - 1)

    assert len(site.frames(deep(100))) == site.DEPTH


def test_nothing_known_is_no_line():
    assert site.user_line(()) == ""


def test_traceback_lines_read_as_a_traceback():
    lines = site.traceback_lines(outer())
    assert lines[-1].startswith(f'  File "{__file__}", line ')

"""The environment variables."""
import pytest

from rekindle._src import settings


def test_switches(monkeypatch):
    monkeypatch.delenv("REKINDLE_CHECK", raising=False)
    assert not settings.check_programs()
    for text, expected in {"1": True, "yes": True, "0": False, "": False}.items():
        monkeypatch.setenv("REKINDLE_CHECK", text)
        assert settings.check_programs() is expected


def test_threads(monkeypatch):
    monkeypatch.setenv("REKINDLE_THREADS", "")
    assert settings.threads() is None
    monkeypatch.setenv("REKINDLE_THREADS", "3")
    assert settings.threads() == 3
    monkeypatch.setenv("REKINDLE_THREADS", "many")
    with pytest.raises(ValueError, match="'many'; expected a positive number of threads"):
        settings.threads()


def test_dump_folder(monkeypatch):
    monkeypatch.setenv("REKINDLE_DUMP", "")
    assert settings.dump_folder() is None
    monkeypatch.setenv("REKINDLE_DUMP", "out")
    assert settings.dump_folder() == "out"

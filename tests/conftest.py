"""What all tests share: an empty default graph for each, the shared data, the GPU marker."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Where recordings, labs and data lie: REKINDLE_SHARED, or `shared` beside the checkout."""
    return Path(os.environ.get("REKINDLE_SHARED") or ROOT.parent / "shared")


@pytest.fixture
def shared() -> Path:
    """The folder of shared data; the test is skipped where there is none."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set REKINDLE_SHARED)")
    return folder


@pytest.fixture(autouse=True)
def empty_graph():
    """Give each test a default graph of its own."""
    # imported here, so that tests of the tools run without the package
    from rekindle._src.graph import graph, scopes  # noqa: F401 - graph tells scopes the class

    scopes.reset_default_graph()
    yield
    scopes.reset_default_graph()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests marked gpu where there is no CUDA device."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch  # here: importing it costs more than most test runs

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device; torch sees none"))

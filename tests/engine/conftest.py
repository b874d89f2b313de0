"""Stores that several machines share, for the tests of the engine."""

import pytest

from unirain_core.artefacts import remote
from unirain_core.engine.store import WorkStore


@pytest.fixture(autouse=True)
def lines():
    """No store counts as silent for what a test before did."""
    remote._line.cache_clear()


@pytest.fixture(params=["s3", "file", "memory"])
def url(request, tmp_path):
    """Of an empty store."""
    if request.param == "s3":
        request.getfixturevalue("store")
        return "s3://rain/a folder #%20é"
    if request.param == "memory":
        import fsspec  # few tests need it

        system = fsspec.filesystem("memory")
        system.store.clear()
        system.mkdirs("/rain", exist_ok=True)
        return "memory://rain"
    (tmp_path / "a share #%20é").mkdir()
    return f"file://{tmp_path / 'a share #%20é'}"


@pytest.fixture
def machines(tmp_path, url):
    """Two machines: two homes that share one store."""
    return [WorkStore(home=tmp_path / name, owner="toy", url=url) for name in ("here", "there")]

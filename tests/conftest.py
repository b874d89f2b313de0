"""Settings of all tests."""

import sys

import pytest
from hypothesis import settings

settings.register_profile(
    "unirain", deadline=None, derandomize=True
)  # torch's first call alone takes a second
settings.load_profile("unirain")


def pytest_collection_finish() -> None:
    """Where the tests want torch, a torchvision beside it must not stop whatever imports it."""
    if "torch" in sys.modules:
        from unirain_core.compat import ensure_torchvision

        ensure_torchvision()


@pytest.fixture(scope="session")
def server():
    """One S3 store on this machine for all tests, as fsspec keeps one connection of a process."""
    from tests.s3 import Store  # few tests need it, and it takes a second to import

    server = Store()
    yield server
    server.close()


@pytest.fixture
def store(server, monkeypatch):
    """The store with an empty bucket, which this process and its children reach by the environment."""
    server.empty()
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return server

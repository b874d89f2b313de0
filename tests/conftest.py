"""Settings of all tests."""

import sys

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

"""Settings of all tests."""

from hypothesis import settings

settings.register_profile(
    "unirain", deadline=None, derandomize=True
)  # torch's first call alone takes a second
settings.load_profile("unirain")

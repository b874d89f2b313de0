"""What a captioner is: something that says in one sentence what a picture shows."""

from typing import Protocol

from unirain_core.imaging.codec import RgbImage


class Captioner(Protocol):
    """Says what a picture shows, T."""

    @property
    def form(self) -> str:
        """Which captioner, and which form its captions have."""
        ...

    def caption(self, image: RgbImage) -> str:
        """One sentence on a picture of any size."""
        ...

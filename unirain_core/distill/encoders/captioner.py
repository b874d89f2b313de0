"""What a captioner is: something that says in one sentence what a picture shows."""

from collections.abc import Sequence
from typing import Any, Protocol

from unirain_core.distill.preparing import Preparing
from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import RgbImage


class Captioner(Protocol):
    """Says what a picture shows, T. Making one is cheap: a model is loaded by the first batch."""

    @property
    def form(self) -> str:
        """Which captioner, and which form its captions have."""
        ...

    @property
    def device(self) -> Device:
        """Where its model runs."""
        ...

    @property
    def batch(self) -> int:
        """Pictures that it takes at once."""
        ...

    def captions(self, images: Sequence[RgbImage]) -> list[str]:
        """One sentence on each picture; the pictures have any size."""
        ...


def captions_of(captioner: Captioner, prepared: Sequence[Any]) -> list[str]:
    """The captions of pictures that `preparation(captioner)` prepared."""
    if isinstance(captioner, Preparing):
        return list(captioner.of_prepared(prepared))
    return captioner.captions(prepared)

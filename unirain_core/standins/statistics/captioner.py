"""Stand-in captions: measured attributes of a picture in one sentence."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import RgbImage
from unirain_core.standins.statistics.attributes import Attributes, attributes, measured
from unirain_core.standins.statistics.fitted import Fitted, fitted
from unirain_core.standins.statistics.frame import BATCH, frame_of

MANY_LAMPS = 4
"""From so many on, a sentence says many lamps."""


@dataclass(frozen=True, slots=True)
class StatisticsCaptioner:
    """Stand-in without a model: measured attributes, put into words."""

    fit: Fitted = field(default_factory=fitted)

    @property
    def form(self) -> str:
        """As `Captioner.form`."""
        return f"statistics/attributes@{self.fit.digest}"

    @property
    def device(self) -> Device:
        """Statistics need no GPU."""
        return "cpu"

    @property
    def batch(self) -> int:
        """As many as are held in memory at once; nothing is gained by more."""
        return BATCH

    def captions(self, images: Sequence[RgbImage]) -> list[str]:
        """As `Captioner.captions`."""
        return [sentence(attributes(measured(frame_of(image)), self.fit.rules)) for image in images]


def sentence(words: Attributes) -> str:
    """The attributes in words.

    >>> sentence(Attributes(True, True, "heavy", "to the left", "dim", False, 3, "orange"))
    'a night picture with heavy rain streaks, falling to the left; the scene is dim, few lamps, mostly orange'
    """
    rain = f"streaks, falling {words.direction}" if words.streaks else "drops on the glass"
    scene = [f"the scene is {words.light}"]
    if words.misty:
        scene.append("misty")
    if words.lamps:
        scene.append("many lamps" if words.lamps >= MANY_LAMPS else "few lamps")
    time = "night" if words.night else "day"
    return f"a {time} picture with {words.density} rain {rain}; {', '.join(scene)}, mostly {words.hue}"

"""The three families of statistics of a picture, measured once per process."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from unirain_core.imaging.codec import RgbImage, pixel_hash
from unirain_core.standins.statistics.directional import directional
from unirain_core.standins.statistics.frame import frame_of
from unirain_core.standins.statistics.nss import nss
from unirain_core.standins.statistics.photometric import photometric

Family = Literal["directional", "nss", "photometric"]
FAMILIES: tuple[Family, ...] = ("directional", "nss", "photometric")


@dataclass(frozen=True, slots=True)
class Features:
    """Statistics by name, family by family."""

    directional: Mapping[str, float]
    nss: Mapping[str, float]
    photometric: Mapping[str, float]

    def of(self, family: Family) -> Mapping[str, float]:
        """One family's statistics."""
        match family:
            case "directional":
                return self.directional
            case "nss":
                return self.nss
            case "photometric":
                return self.photometric
            case _:
                assert_never(family)


def measure(image: RgbImage) -> Features:
    """All statistics of a picture of any size; the families share its frame."""
    frame = frame_of(image)
    return Features(directional(frame), nss(frame), photometric(frame))


class Measurements:
    """Features of the pictures seen last, by content: three judges and many queries share them."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._known: OrderedDict[str, Features] = OrderedDict()

    def of(self, image: RgbImage) -> Features:
        """The picture's features, computed unless it was among the last ones."""
        key = pixel_hash(image)
        if key not in self._known:
            self._known[key] = measure(image)
            if len(self._known) > self._capacity:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]

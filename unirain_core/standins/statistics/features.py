"""The three families of statistics of a picture, measured once per process."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from unirain_core.imaging.codec import RgbImage, pixel_hash
from unirain_core.standins.statistics.directional import directional
from unirain_core.standins.statistics.frame import frame_of, luma_of
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
    return Features(directional(frame), nss(frame.luma), photometric(frame))


def measured_by(family: Family, image: RgbImage) -> Mapping[str, float]:
    """One family's statistics of a picture of any size; the others cost nothing."""
    match family:
        case "directional":
            return directional(frame_of(image))
        case "nss":
            return nss(luma_of(image))
        case "photometric":
            return photometric(frame_of(image))
        case _:
            assert_never(family)


class Measurements:
    """Statistics of the pictures that were asked for last, by content and family: many queries share a reference."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, Family], Mapping[str, float]] = OrderedDict()

    def of(self, image: RgbImage, family: Family) -> Mapping[str, float]:
        """A picture's statistics, computed unless they were among the last ones."""
        key = pixel_hash(image), family
        if key not in self._kept:
            self._kept[key] = measured_by(family, image)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

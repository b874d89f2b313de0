"""The change that a trained network makes to dry pictures, which it should leave alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.imaging.psnr import psnr
from unirain_core.inference.photo import derain
from unirain_core.model.restorer import Restorer
from unirain_core.training.pairs import read_pair


@dataclass(frozen=True, slots=True)
class DryChange:
    """Means over dry pictures, each rain type counting the same."""

    psnr: float
    """Of the result against the dry picture, in dB; 80 where nothing changes."""
    brightness: float
    """Size of the difference between the means of the two pictures, in grey levels."""


def dry_change(net: Restorer, rows: Sequence[Sequence[SplitRow]], roots: Roots, per_type: int) -> DryChange:
    """Restore clean pictures of validation pairs, and compare.

    Args:
        net: in evaluation mode.
        rows: of each rain type, at least one.
        roots: where the pictures lie.
        per_type: pictures of each type, the first ones.
    """
    of_types: list[tuple[float, float]] = []
    for of_type in rows:
        changes = [_change(net, row, roots) for row in of_type[:per_type]]
        of_types.append((fmean(change[0] for change in changes), fmean(change[1] for change in changes)))
    return DryChange(fmean(means[0] for means in of_types), fmean(means[1] for means in of_types))


def _change(net: Restorer, row: SplitRow, roots: Roots) -> tuple[float, float]:
    dry = read_pair(row, roots).clean
    restored = derain(net, dry)
    return psnr(restored, dry), abs(float(restored.mean()) - float(dry.mean()))

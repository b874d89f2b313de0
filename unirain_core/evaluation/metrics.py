"""The one table of metrics: how each is measured, printed and compared.

A metric is added by its function and its entry in METRICS. Scores, tables, summaries and pages follow the table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from unirain_core.config.sections import ProtocolName
from unirain_core.imaging.codec import RgbImage
from unirain_core.imaging.protocols import psnr_by, ssim_by


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Restoration:
    """A pair and what a method made of it: (H, W, 3) uint8, all of one size, as the protocol prepares them."""

    rainy: RgbImage
    """The input of the method."""
    restored: RgbImage
    clean: RgbImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A metric's measurement, as the workers do it; a picklable value."""

    key: str
    """Everything that determines a value, apart from the pictures: finished work is kept under it."""
    measure: Callable[[Restoration], float | None]
    """The value in the metric's unit; None where the metric does not apply to the pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A column of the table."""

    name: str
    """In rows of scores, reports and CSV."""
    title: str
    """For a person."""
    unit: str
    """Empty where it has none."""
    digits: int
    """Decimals in tables; two scores that are printed alike share their place."""
    larger_is_better: bool
    is_main: bool
    """Whether it stands in each cell of a table and under each picture; of the others a table holds the average."""
    instrument: Callable[[ProtocolName], Instrument | None]
    """Makes its measurement by a protocol; None where something is missing that a person can supply."""
    missing: str = ""
    """The missing thing, and behind a colon what to do."""

    def printed(self, value: float) -> str:
        """The value with the metric's digits."""
        return f"{value:.{self.digits}f}"

    def with_unit(self, value: float) -> str:
        """The value with digits and unit."""
        return f"{self.printed(value)} {self.unit}".rstrip()


def instruments(protocol: ProtocolName) -> dict[str, Instrument]:
    """Name of each metric that can be measured here to its instrument, in the order of the table."""
    made = {metric.name: metric.instrument(protocol) for metric in METRICS}
    return {name: instrument for name, instrument in made.items() if instrument is not None}


def colour_shift(pair: Restoration) -> float:
    """The distance by which a method moved the picture's colours: |mean of output - mean of input|, largest of the channels.

    The largest and not the mean of the three, because a cast sits in one channel: the two channels that hold would
    thin it to a third. It is 0 for the rainy input itself.

    >>> grey, blue = np.full((2, 2, 3), 100, np.uint8), np.full((2, 2, 3), [100, 100, 130], np.uint8)
    >>> colour_shift(Restoration(rainy=grey, restored=blue, clean=grey))
    30.0
    """
    output, source = (image.mean(axis=(0, 1), dtype=np.float64) for image in (pair.restored, pair.rainy))
    return float(np.abs(output - source).max())


def _psnr(protocol: ProtocolName) -> Instrument:
    return Instrument(key=protocol, measure=partial(_against_clean, partial(psnr_by, protocol)))


def _ssim(protocol: ProtocolName) -> Instrument:
    return Instrument(key=protocol, measure=partial(_against_clean, partial(ssim_by, protocol)))


def _lpips(_protocol: ProtocolName) -> Instrument | None:
    from unirain_core.evaluation.lpips import at_hand  # loads torch

    distance = at_hand()
    if distance is None:
        return None
    return Instrument(key=distance.weights_hash, measure=partial(_against_clean, distance.distance))


def _colour_shift(_protocol: ProtocolName) -> Instrument:
    return Instrument(key="1", measure=colour_shift)  # a version, raised when the function's results change


def _against_clean(compare: Callable[[RgbImage, RgbImage], float | None], pair: Restoration) -> float | None:
    return compare(pair.restored, pair.clean)


METRICS = (
    Metric(
        name="psnr",
        title="PSNR",
        unit="dB",
        digits=2,
        larger_is_better=True,
        is_main=True,
        instrument=_psnr,
    ),
    Metric(
        name="ssim",
        title="SSIM",
        unit="",
        digits=4,
        larger_is_better=True,
        is_main=True,
        instrument=_ssim,
    ),
    Metric(
        name="lpips",
        title="LPIPS",
        unit="",
        digits=4,
        larger_is_better=False,
        is_main=True,
        instrument=_lpips,
        missing="weights not found: supply torchvision's `alexnet-owt-7be5be79.pth` in the folder "
        "`hub/checkpoints` of `$TORCH_HOME` (by default `~/.cache/torch`), `pip install 'unirain[lpips]'`, then "
        "`dvc repro --force --single-item baseline_scores benchmark_scores` and `dvc repro`",
    ),
    Metric(
        name="colour_shift",
        title="colour shift",
        unit="grey levels",
        digits=2,
        larger_is_better=False,
        is_main=False,
        instrument=_colour_shift,
    ),
)
"""In the order in which a cell holds them."""

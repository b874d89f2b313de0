"""The lines of the log by which a person follows a training."""

import logging
import time
from collections.abc import Callable

import numpy as np

from unirain_core.engine.pace import Pace
from unirain_core.training.strategies import LossMeter

logger = logging.getLogger(__name__)

QUIET = 10.0
"""Seconds between two lines."""


class News:
    """Tells now and then how far a training is, when it ends, and how good it is so far."""

    def __init__(self, steps: int, done: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count.

        Args:
            steps: in all.
            done: by an earlier process.
            clock: seconds.
        """
        self._pace, self._clock = Pace(steps, "steps", clock), clock
        self._first, self._told = done, clock()
        self._quality = ""

    def measured(self, step: int, psnr: float) -> None:
        """Take note of the quality on `val`, in dB, mean over the rain types."""
        self._quality = f", validation PSNR {psnr:.2f} dB at step {step}"

    def tell(self, step: int, meter: LossMeter) -> None:
        """Log a line, unless there was one a moment ago.

        Args:
            step: steps done.
            meter: losses of this process's crops in the last steps, at least one.
        """
        if self._clock() - self._told <= QUIET:
            return
        self._told = self._clock()
        words = self._pace.words(step, step - self._first)
        loss = np.nanmean(meter.means())  # a type may be absent
        logger.info("training: %s, training loss %.4f%s", words, loss, self._quality)

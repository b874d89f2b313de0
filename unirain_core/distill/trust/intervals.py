"""The interval around a share that was counted."""

import math
from dataclasses import dataclass

Z = 1.959963984540054
"""Of the normal distribution, for 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """A count of successes among trials."""

    successes: int
    trials: int

    @property
    def value(self) -> float | None:
        """The share; None: nothing was tried."""
        return self.successes / self.trials if self.trials else None

    def interval(self) -> tuple[float, float]:
        """Wilson's interval at 95 % (Wilson 1927); it stays within 0 and 1, also for few trials. Without trials: 0 to 1.

        >>> low, high = Share(8, 10).interval()
        >>> f"{low:.3f} {high:.3f}"
        '0.490 0.943'
        """
        n = self.trials
        if n == 0:
            return 0.0, 1.0
        p = self.successes / n
        centre = p + Z**2 / (2 * n)
        width = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
        scale = 1 + Z**2 / n
        # the ends are exactly 0 and 1 where all or none succeed, which rounding would miss
        low = 0.0 if self.successes == 0 else (centre - width) / scale
        high = 1.0 if self.successes == n else (centre + width) / scale
        return low, high

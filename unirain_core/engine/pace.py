"""How far a piece of work is, and how long the rest will take, in words for a person."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


@dataclass(slots=True)
class Pace:
    """The speed of one run; the clock starts with the object."""

    total: int
    """Steps or rows in all, at least 1."""
    unit: str
    """The word for them."""
    clock: Callable[[], float] = time.monotonic
    """Seconds."""
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def words(self, done: int, computed: int) -> str:
        """The share done and, once something was computed, the time that the rest takes at its speed.

        Args:
            done: of the total.
            computed: in this run; the others were finished before, and say nothing of its speed.

        >>> seconds = iter([0.0, 50.0])
        >>> Pace(600, "steps", clock=lambda: next(seconds)).words(150, computed=150)
        '25 % (150 of 600 steps), about 2 min left'
        """
        share = f"{100 * done // self.total} % ({done} of {self.total} {self.unit})"
        if not computed or done >= self.total:
            return share
        seconds = (self.clock() - self._begun) * (self.total - done) / computed
        return f"{share}, about {_duration(seconds)} left"


def _duration(seconds: float) -> str:
    """A time in the largest unit of which there are at least two.

    >>> [_duration(n) for n in (0.4, 119, 120, 7199, 7200, 200000)]
    ['0 s', '119 s', '2 min', '119 min', '2 h', '2 days']
    """
    for unit, name in ((_DAY, "days"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= 2 * unit:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} s"

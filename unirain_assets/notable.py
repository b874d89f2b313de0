"""The lines of a run that its log in the interface shows, out of all that DVC and the stage print."""

import re
import time
from collections.abc import Callable

_OF_DVC = ("Running stage ", "Stage '", "ERROR", "WARNING")
_OF_LIBRARIES = ("training: ", "mlflow: ")
_PROGRESS = re.compile(r": \d+ % \(")

_PAUSE = 10.0
_SHARE = 360
"""A line of progress is worth a 360th of the run so far: the event log keeps all lines, and a training may take a week."""


class Notable:
    """Chooses the lines of one step: what DVC decides, what the stage says, and now and then how far it is."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with the run.

        Args:
            address: name by which DVC knows the step.
            clock: seconds.
        """
        stage = address.partition("@")[0]
        self._starts = (*_OF_DVC, *_OF_LIBRARIES, f"{stage}: ", f"{address}: ")
        self._clock, self._begun = clock, clock()
        self._progress_at: float | None = None

    def has(self, line: str) -> bool:
        """Whether a line is shown."""
        if not line.startswith(self._starts):
            return False
        return self._is_due() if _PROGRESS.search(line) else True

    def _is_due(self) -> bool:
        now = self._clock()
        pause = max(_PAUSE, (now - self._begun) / _SHARE)
        # half a second less: the stage keeps nearly the same pause, and its next line may come a little early
        if self._progress_at is not None and now - self._progress_at < pause - 0.5:
            return False
        self._progress_at = now
        return True

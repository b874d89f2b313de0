"""What a person is told of a run: how far it is, and what of its rows cannot be computed."""

import logging
import time
from dataclasses import dataclass, field

from unirain_core.engine.compute import Outcome
from unirain_core.engine.pace import Pace
from unirain_core.errors import UniRainError

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0


@dataclass(slots=True)
class Progress:
    """Counts of one run."""

    owner: str
    """As `WorkStore.owner`."""
    again: str
    """As `WorkStore.again`."""
    total: int | None = None
    """Rows in all; None: nobody has counted them."""
    n_rows: int = 0
    """Rows that were begun."""
    n_computed: int = 0
    n_transient: int = 0
    """Rows that failed in a way that may not come again."""
    n_crashes: int = 0
    first_crash: str = ""
    last_line: float = field(default_factory=time.monotonic)
    """When the last line was logged."""
    _pace: Pace | None = field(init=False)

    def __post_init__(self) -> None:
        self._pace = Pace(self.total, "rows") if self.total else None

    def note(self, outcome: Outcome, n_waiting: int = 0) -> None:
        """Count what came of a shard.

        Args:
            outcome: its results.
            n_waiting: rows that were begun and are not computed yet.
        """
        self.n_computed += len(outcome.shard)
        for failed in outcome.failures.values():
            self.n_transient += failed.reason in ("crashed", "out_of_memory")
            if failed.reason == "crashed":
                self.n_crashes += 1
                self.first_crash = self.first_crash or failed.detail
        if time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            words = f"{self.n_computed} rows computed"
            if self._pace is not None:
                words = self._pace.words(self.n_rows - n_waiting, self.n_computed)
            logger.info("%s: %s", self.owner, words)
            self.last_line = time.monotonic()

    def demand_few_crashes(self) -> None:
        """Refuse to drop rows where most of them crashed: then the program is at fault, and not a picture.

        The crashes are compared with all rows and not with those that were computed. A row that always crashes is tried
        in every run, and a later run may have nothing else to compute.

        Raises:
            UniRainError: most rows crashed.
        """
        if self.n_crashes > 2 and 2 * self.n_crashes > self.n_rows:
            raise UniRainError(
                f"{self.owner}: {self.n_crashes} of {self.n_rows} rows crashed, the first with: {self.first_crash}; "
                "this is a defect of the program or of its installation, so no row was dropped for it"
            )

    def tell(self) -> None:
        """Say how to try rows again whose failure may not come again; DVC itself calls a stage up to date."""
        if self.n_transient:
            logger.warning(
                "%s: %d rows crashed or did not fit into memory; `%s` tries them again",
                self.owner,
                self.n_transient,
                self.again,
            )

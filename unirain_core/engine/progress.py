"""What a person is told of a run: how far it is, and what of its rows cannot be computed."""

import logging
import time
from dataclasses import dataclass, field

from unirain_core.engine.compute import Outcome
from unirain_core.errors import UniRainError

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5.0


@dataclass(slots=True)
class Progress:
    """Counts of one run."""

    owner: str
    """Stage, or stage@partition."""
    n_rows: int = 0
    """Rows that were begun."""
    n_computed: int = 0
    n_passing: int = 0
    """Rows whose failure may pass."""
    n_crashes: int = 0
    first_crash: str = ""
    spoken: float = field(default_factory=time.monotonic)
    """When the last line was logged."""

    def note(self, outcome: Outcome) -> None:
        """Count what came of a shard."""
        self.n_computed += len(outcome.shard)
        for failed in outcome.failures.values():
            self.n_passing += failed.reason in ("crashed", "out_of_memory")
            if failed.reason == "crashed":
                self.n_crashes += 1
                self.first_crash = self.first_crash or failed.detail
        if time.monotonic() - self.spoken > SECONDS_BETWEEN_LINES:
            logger.info("%s: %d rows computed", self.owner, self.n_computed)
            self.spoken = time.monotonic()

    def demand_few_crashes(self) -> None:
        """One picture may crash a library; where most rows crash, the program is at fault and no data may go for it.

        Most of all rows: those that crash are tried in every run, and are most of what a later run has to compute.

        Raises:
            UniRainError: most rows crashed.
        """
        if self.n_crashes > 2 and 2 * self.n_crashes > self.n_rows:
            raise UniRainError(
                f"{self.owner}: {self.n_crashes} of {self.n_rows} rows crashed, the first with: {self.first_crash}; "
                "this is a defect of the program or of its installation, so no row was dropped for it"
            )

    def tell(self) -> None:
        """Some failures pass, such as a lack of memory, and DVC would call the stage up to date all the same."""
        if self.n_passing:
            logger.warning(
                "%s: %d rows crashed or did not fit into memory; `dvc repro --force --single-item %s` tries them again",
                self.owner,
                self.n_passing,
                self.owner,
            )

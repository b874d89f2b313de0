"""Workers that go on when one of them dies: the rows that killed it are singled out, and all others are computed."""

import logging
from collections import deque
from contextlib import ExitStack
from typing import Any, Generic, TypeVar

from unirain_core.engine.compute import Compute, Outcome, Shard
from unirain_core.engine.jobs import Failed
from unirain_core.engine.pools import Engine, Pool
from unirain_core.errors import WorkerDiedError

logger = logging.getLogger(__name__)

In = TypeVar("In")


class Crew(Generic[In]):
    """A pool for shards that is opened anew when a worker died."""

    def __init__(self, engine: Engine, compute: Compute[In, Any]) -> None:
        self._engine, self._compute = engine, compute
        self._flying: dict[tuple[bytes, ...], Shard[In]] = {}
        self._settled: deque[Outcome] = deque()
        self._opened = ExitStack()
        self._pool = self._open()

    @property
    def is_idle(self) -> bool:
        """Whether every outcome was given."""
        return not self._flying and not self._settled

    @property
    def is_full(self) -> bool:
        """Whether an outcome must be taken before the next shard can be given."""
        return len(self._flying) + len(self._settled) >= self._pool.capacity

    @property
    def n_workers(self) -> int:
        """Workers that compute at once."""
        return max(1, self._pool.capacity // 2)

    def submit(self, shard: Shard[In]) -> None:
        """Give a shard to the workers."""
        self._flying[shard.keys] = shard
        try:
            self._pool.submit(shard)
        except WorkerDiedError:
            self._isolate()

    def next(self) -> Outcome:
        """Wait for an outcome; of a shard that killed a worker there are several, one for each part."""
        if not self._settled:
            try:
                self._settled.append(self._pool.next())
                del self._flying[self._settled[0].shard]
            except WorkerDiedError:
                self._isolate()
        return self._settled.popleft()

    def close(self) -> None:
        """End the workers."""
        self._opened.close()

    def _open(self) -> Pool[Shard[In], Outcome]:
        self._opened.close()
        return self._opened.enter_context(self._engine.open(self._compute, self._compute.job.device))

    def _isolate(self) -> None:
        """Try the shards that were in flight one by one: each of them may have killed the worker."""
        suspects = list(self._flying.values())
        logger.warning(
            "%s: a worker died: %d shards are tried by themselves", self._compute.store.owner, len(suspects)
        )
        self._pool = self._open()
        for shard in suspects:
            self._settled.extend(self._alone(shard))
        self._flying.clear()

    def _alone(self, shard: Shard[In]) -> list[Outcome]:
        """Try a shard that may kill its worker; where it does, its halves, until the deadly row is alone."""
        try:
            self._pool.submit(shard)
            return [self._pool.next()]
        except WorkerDiedError:
            self._pool = self._open()
        if len(shard.keys) == 1:
            failed = Failed("crashed", "the worker process died of it")
            return [Outcome(shard.keys, failures={shard.keys[0]: failed})]
        half = len(shard.keys) // 2
        return [
            *self._alone(Shard(shard.keys[:half], shard.rows[:half])),
            *self._alone(Shard(shard.keys[half:], shard.rows[half:])),
        ]

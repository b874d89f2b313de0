"""The finished work of a job: what the store holds of its rows, by their keys."""

from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unirain_core.artefacts.tables import arrow_schema
from unirain_core.engine import index, shards
from unirain_core.engine.compute import Outcome
from unirain_core.engine.index import Keys
from unirain_core.engine.jobs import Job
from unirain_core.engine.store import WorkStore
from unirain_core.errors import MissingInputError


class FinishedWork:
    """Looks rows up and reads their results; memory holds 24 bytes of each row and the shards that were opened last."""

    def __init__(self, store: WorkStore, job: Job[Any, Any]) -> None:
        self._store, self._output = store, job.output
        self._file = store.index(job.algorithm)
        self._index = index.load(
            self._file, shards.names(store, job.algorithm), partial(shards.keys_of, store)
        )
        self._shards = shards.Shards(store, job.output)
        self._used: set[str] = set()

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Which rows have a result that is sound; damaged shards are removed."""
        while True:
            numbers, _ = self._index.find(keys)
            names = [self._index.names[number] for number in np.unique(numbers[numbers >= 0])]
            self._shards.fetch(names)
            unsound = [name for name in names if not self._shards.is_sound(name)]
            if not unsound:
                return numbers >= 0
            self._index.remove(unsound)

    def add(self, outcome: Outcome) -> None:
        """Take in what a worker has stored.

        Raises:
            MissingInputError: it stands where this machine does not see it.
        """
        if outcome.file is not None:
            if not self._store.url and not (self._store.shards / outcome.file).exists():
                raise MissingInputError(
                    f"a worker of another machine has finished work that does not stand in {self._store.shards} here: set "
                    "UNIRAIN_STORE on every machine, or let UNIRAIN_HOME lie on a disk that all of them share"
                )
            self._index.add(outcome.file, b"".join(outcome.stored))

    def results(self, keys: Keys) -> pa.Table:
        """The results of rows that have one, in the order of the keys.

        Raises:
            UniRainError: a shard was damaged meanwhile.
        """
        if len(keys) == 0:
            return arrow_schema(self._output).empty_table()
        numbers, rows = self._index.find(keys)
        if (numbers < 0).any():  # another window has found the shard damaged
            raise shards.lost(self._store.shards)
        by_shard = np.argsort(numbers, kind="stable")
        distinct, starts = np.unique(numbers[by_shard], return_index=True)
        parts = []
        for number, chosen in zip(distinct, np.split(by_shard, starts[1:]), strict=True):
            name = self._index.names[number]
            self._used.add(name)
            parts.append(self._shards.rows(name, rows[chosen]))
        by_row = np.empty_like(by_shard)
        by_row[by_shard] = np.arange(len(by_shard))
        return pa.concat_tables(parts).combine_chunks().take(pa.array(by_row))

    def save(self) -> None:
        """Save where everything stands; other partitions of the stage may do so at the same moment."""
        self._index.save(self._file, self._store.partial / self._file.name)

    def record_use(self) -> None:
        """Note what of it this run used."""
        self._store.record_use(self._used)

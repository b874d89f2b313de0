"""The scorecard of one method: its scores on the held-out pairs, the pairs it failed on, pictures and a report."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Score, SplitRow
from unirain_core.config.sections import BenchmarkScores
from unirain_core.engine.store import WorkStore
from unirain_core.evaluation.methods import Method
from unirain_core.evaluation.metrics import METRICS, instruments
from unirain_core.evaluation.scores import score
from unirain_core.evaluation.summary import by_type

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """A stage's scoring of one method, and the place of its artefacts."""

    stage: str
    name: str
    """Of the method: the partition."""
    folder: str
    """Template of the stage's folder."""
    about: Mapping[str, Json]
    """Facts about the method, for the report."""

    def write(
        self, root: Path, method: Method, params: BenchmarkScores, benchmarks: Iterable[str] = ()
    ) -> None:
        """Score the method and write everything.

        Args:
            root: of the project.
            method: what restores.
            params: how, and on which held-out splits.
            benchmarks: named test sets, which are scored as well.
        """
        files = {str(name): f"{paths.SPLIT}/{name}.parquet" for name in params.splits}
        files |= {name: f"{paths.BENCHMARKS}/{name}.parquet" for name in benchmarks}
        splits = {name: tables.read(root / file, SplitRow) for name, file in files.items()}
        n_pairs = sum(map(len, splits.values()))
        logger.info("%s: %s: %d pairs to score", self.stage, self.name, n_pairs)
        tools = instruments(params.protocol)
        store = WorkStore.at(root, self.stage, self.name)
        scoring = score(
            self.name,
            method,
            params.protocol,
            splits,
            instruments=tools,
            roots=Roots.load(root),
            store=store,
        )
        folder = root / self.folder.format(partition=self.name)
        with tables.writer(folder / "scores.parquet", Score) as table:
            table.columns(scoring.scores)
        tables.write(folder / "dropped.parquet", scoring.dropped, Dropped)
        scoring.write_pictures(folder / "pictures")
        keys = {metric.name: tools[metric.name].key if metric.name in tools else None for metric in METRICS}
        report.write(
            root / paths.report(self.stage, partitioned=True).format(partition=self.name),
            Report(
                stage=self.stage,
                counts={name: len(rows) for name, rows in splits.items()} | {"dropped": len(scoring.dropped)},
                reasons=dict(sorted(Counter(row.reason for row in scoring.dropped).items())),
                figures={
                    **self.about,
                    "protocol": params.protocol,
                    "metrics": keys,
                    "means": by_type(scoring.scores),
                },
            ),
        )
        n_dropped = len(scoring.dropped)
        logger.info(
            "%s: %s: %d pairs scored, %d dropped", self.stage, self.name, n_pairs - n_dropped, n_dropped
        )

"""Stage baseline_scores: score one method that has no checkpoint of ours; the rainy input itself."""

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Score, SplitRow
from unirain_core.config.sections import BenchmarkScores, Method
from unirain_core.engine.store import WorkStore
from unirain_core.evaluation.lpips import at_hand
from unirain_core.evaluation.methods import make_method
from unirain_core.evaluation.scores import score
from unirain_core.evaluation.summary import by_type

STAGE = "baseline_scores"
READS = (paths.SPLIT,)
WRITES = (paths.BASELINE_SCORES, paths.report(STAGE, partitioned=True))
PARAMS = ("methods", "benchmark_scores")

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    methods: Mapping[str, Method],
    benchmark_scores: BenchmarkScores,
    partition: str,
) -> None:
    """Write the method's scores and the restored pictures of a few pairs."""
    splits = {
        str(name): tables.read(root / paths.SPLIT / f"{name}.parquet", SplitRow)
        for name in benchmark_scores.splits
    }
    logger.info("%s: %s: %d pairs to score", STAGE, partition, sum(map(len, splits.values())))
    method, store = make_method(methods[partition]), WorkStore.at(root, STAGE, partition)
    lpips = at_hand()
    scoring = score(
        partition, method, benchmark_scores.protocol, splits, lpips=lpips, roots=Roots.load(root), store=store
    )
    folder = root / paths.BASELINE_SCORES.format(partition=partition)
    tables.write(folder / "scores.parquet", scoring.scores, Score)
    tables.write(folder / "dropped.parquet", scoring.dropped, Dropped)
    scoring.write_pictures(folder / "pictures")
    report.write(
        root / paths.report(STAGE, partitioned=True).format(partition=partition),
        Report(
            stage=STAGE,
            counts={name: len(rows) for name, rows in splits.items()} | {"dropped": len(scoring.dropped)},
            reasons=dict(sorted(Counter(row.reason for row in scoring.dropped).items())),
            figures={
                "method": partition,
                "kind": methods[partition].kind,
                "protocol": benchmark_scores.protocol,
                "lpips": lpips.weights_hash if lpips else None,
                "means": by_type(scoring.scores),
            },
        ),
    )
    logger.info(
        "%s: %s: %d pairs scored, %d dropped", STAGE, partition, len(scoring.scores), len(scoring.dropped)
    )

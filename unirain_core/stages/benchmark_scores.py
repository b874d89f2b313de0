"""Stage benchmark_scores: restore the held-out pictures with one variant's checkpoint and score them."""

import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Score, SplitRow
from unirain_core.config.sections import BenchmarkScores, Variant
from unirain_core.engine.store import WorkStore
from unirain_core.evaluation.lpips import at_hand
from unirain_core.evaluation.methods import Checkpoint
from unirain_core.evaluation.scores import score
from unirain_core.evaluation.summary import by_type

STAGE = "benchmark_scores"
READS = (paths.SPLIT, paths.CHECKPOINT)
WRITES = (paths.BENCHMARK_SCORES, paths.report(STAGE, partitioned=True))
PARAMS = ("variants", "benchmark_scores")

logger = logging.getLogger(__name__)


def run(
    root: Path,
    *,
    variants: Mapping[str, Variant],
    benchmark_scores: BenchmarkScores,
    partition: str,
) -> None:
    """Write the variant's scores and the restored pictures of a few pairs."""
    method = Checkpoint.of(root / paths.CHECKPOINT.format(partition=partition))
    splits = {
        str(name): tables.read(root / paths.SPLIT / f"{name}.parquet", SplitRow)
        for name in benchmark_scores.splits
    }
    logger.info("%s: %s: %d pairs to score", STAGE, partition, sum(map(len, splits.values())))
    store = WorkStore.at(root, STAGE, partition)
    lpips = at_hand()
    scoring = score(
        partition, method, benchmark_scores.protocol, splits, lpips=lpips, roots=Roots.load(root), store=store
    )
    folder = root / paths.BENCHMARK_SCORES.format(partition=partition)
    tables.write(folder / "scores.parquet", scoring.scores, Score)
    tables.write(folder / "dropped.parquet", scoring.dropped, Dropped)
    scoring.write_pictures(folder / "pictures")
    variant = variants[partition]
    report.write(
        root / paths.report(STAGE, partitioned=True).format(partition=partition),
        Report(
            stage=STAGE,
            counts={name: len(rows) for name, rows in splits.items()} | {"dropped": len(scoring.dropped)},
            reasons=dict(sorted(Counter(row.reason for row in scoring.dropped).items())),
            figures={
                "variant": partition,
                "trained_on": variant.split,
                "network": variant.network,
                "strategy": variant.strategy,
                "protocol": benchmark_scores.protocol,
                "lpips": lpips.weights_hash if lpips else None,
                "means": by_type(scoring.scores),
            },
        ),
    )
    logger.info(
        "%s: %s: %d pairs scored, %d dropped", STAGE, partition, len(scoring.scores), len(scoring.dropped)
    )

"""Stage benchmark_scores: restore the held-out pictures with one variant's checkpoint and score them."""

from collections.abc import Mapping
from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.config.sections import BenchmarkScores, Variant
from unirain_core.config.splits import Benchmark
from unirain_core.evaluation.methods import Checkpoint
from unirain_core.evaluation.scorecard import Scorecard
from unirain_core.model import checkpoint

STAGE = "benchmark_scores"
READS = (paths.TEST, paths.UNFILTERED, paths.BENCHMARKS, paths.CHECKPOINT)
WRITES = (paths.BENCHMARK_SCORES, paths.report(STAGE, partitioned=True))
PARAMS = ("variants", "benchmark_scores", "benchmarks")


def run(
    root: Path,
    *,
    variants: Mapping[str, Variant],
    benchmark_scores: BenchmarkScores,
    benchmarks: Mapping[str, Benchmark],
    partition: str,
) -> None:
    """Write the variant's scores and the restored pictures of a few pairs."""
    variant = variants[partition]
    folder = root / paths.CHECKPOINT.format(partition=partition)
    about = {
        "variant": partition,
        "weights": checkpoint.describe(folder).sha256,
        "trained_on": variant.split,
        "network": variant.network,
        "strategy": variant.strategy,
    }
    method = Checkpoint.of(folder)
    scorecard = Scorecard(stage=STAGE, name=partition, folder=paths.BENCHMARK_SCORES, about=about)
    scorecard.write(root, method, benchmark_scores, benchmarks)

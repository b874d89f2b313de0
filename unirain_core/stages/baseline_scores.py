"""Stage baseline_scores: score one method that has no checkpoint of ours; the rainy input itself."""

from collections.abc import Mapping
from pathlib import Path

from unirain_core.artefacts import paths
from unirain_core.config.sections import BenchmarkScores, Method
from unirain_core.config.splits import Benchmark
from unirain_core.evaluation.methods import make_method
from unirain_core.evaluation.scorecard import Scorecard

STAGE = "baseline_scores"
READS = (paths.TEST, paths.UNFILTERED, paths.BENCHMARKS)
WRITES = (paths.BASELINE_SCORES, paths.report(STAGE, partitioned=True))
PARAMS = ("methods", "benchmark_scores", "benchmarks")


def run(
    root: Path,
    *,
    methods: Mapping[str, Method],
    benchmark_scores: BenchmarkScores,
    benchmarks: Mapping[str, Benchmark],
    partition: str,
) -> None:
    """Write the method's scores and the restored pictures of a few pairs."""
    method = methods[partition]
    about = {"method": partition, "kind": method.kind}
    scorecard = Scorecard(stage=STAGE, name=partition, folder=paths.BASELINE_SCORES, about=about)
    scorecard.write(root, make_method(method), benchmark_scores, benchmarks)

"""Stage named_benchmarks: test sets as their authors published them, past the votes; Table 2 has a column for each."""

import logging
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import RainType
from unirain_core.config.splits import Benchmark
from unirain_core.distill.published import published
from unirain_core.distill.roles import FOR_TESTING
from unirain_core.errors import MissingInputError

STAGE = "named_benchmarks"
READS = (paths.RAW, paths.VERIFIED)
WRITES = (paths.BENCHMARKS, paths.report(STAGE))
PARAMS = ("benchmarks", "rain_types")
ALGORITHM = "1"

logger = logging.getLogger(__name__)


def run(root: Path, *, benchmarks: Mapping[str, Benchmark], rain_types: tuple[RainType, ...]) -> None:
    """Write the pairs of every named test set.

    Raises:
        MissingInputError: a test set is empty.
    """
    folder = root / paths.BENCHMARKS
    for file in folder.glob("*.parquet"):  # some may be of names that params no longer has
        file.unlink()
    lines = ["benchmark,rain_type,pairs"]
    counts: dict[str, int] = {}
    for name, benchmark in benchmarks.items():
        # a pair's id begins with the name of its dataset, in which the words of `paths` may stand too
        below_the_dataset = pl.col("pair_id").str.replace("^[^/]*", "")
        rows = published(root, benchmark.sources, FOR_TESTING).filter(
            below_the_dataset.str.contains(benchmark.paths, literal=True)
            & pl.col("rain_type").is_in(rain_types)
        )
        if rows.is_empty():
            raise MissingInputError(
                f"benchmarks.{name} is empty: no sound pair of {', '.join(benchmark.sources)} has the role test or benchmark"
                + (f" and `{benchmark.paths}` in its path" if benchmark.paths else "")
                + "; correct its sources or paths, or set `role: benchmark` for the dataset"
            )
        with tables.writer(folder / f"{name}.parquet", SplitRow) as table:
            table.columns(rows)
        counts[name] = len(rows)
        of_types = dict(rows["rain_type"].value_counts().iter_rows())
        lines += [f"{name},{kind},{of_types[kind]}" for kind in rain_types if kind in of_types]
    # written even where there is no test set: the stages that score depend on the folder
    write_text(folder / "contents.csv", "\n".join([*lines, ""]))
    report.write(root / paths.report(STAGE), Report(stage=STAGE, counts=counts))
    logger.info("%s: %d test sets", STAGE, len(counts))

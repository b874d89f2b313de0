"""Does the distilled set beat other choices of data? Every finished training is a row of a table that can be continued.

    cp params.evidence.yaml params.yaml
    python -m benchmarks.evidence                 trains what is missing, seed by seed, and prints the comparison
    python -m benchmarks.evidence --print         prints it from the rows that are there

A variant of params.yaml is called SPLIT_SEED. Trainings of one seed begin with equal weights and differ in their data alone, so
their differences are taken seed by seed. Intervals are those of Student's t over the seeds; with five of them they are wide.
"""

import argparse
import csv
import io
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import polars as pl

from unirain_core.artefacts import paths
from unirain_core.artefacts.whole import write_text
from unirain_core.config.load import load_params
from unirain_core.config.params import Params
from unirain_core.evaluation.differences import Difference, difference

TABLE = Path("docs/evidence/sample.csv")
REFERENCE = paths.DISTILLED
COLUMNS = ("split", "seed", "benchmark", "rain_type", "psnr", "ssim", "pairs", "train_pairs", "steps", "code")


@dataclass(frozen=True, slots=True)
class Row:
    """One training on one rain type of one test set; as text, as the table has it."""

    split: str
    seed: str
    benchmark: str
    rain_type: str
    psnr: str
    ssim: str
    pairs: str
    train_pairs: str
    steps: str
    code: str
    """Hash of the code that trained it."""

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What it is a measurement of."""
        return self.split, self.seed, self.benchmark, self.rain_type


def rows_of(variant: str, params: Params, scores: Path, report: Mapping[str, object]) -> Iterator[Row]:
    """The rows of one training whose scores are finished.

    Args:
        variant: its name.
        params: of the project.
        scores: the table of its scores.
        report: of its training.
    """
    made_with, counts = report["made_with"], report["counts"]
    if not isinstance(made_with, dict) or not isinstance(counts, dict):
        raise TypeError(f"{variant}: the report of its training has no counts")
    section = params.variants[variant]
    table = pl.read_parquet(scores).group_by("benchmark", "rain_type", "metric").agg(
        pl.col("value").sort().mean(), pl.len()
    )  # fmt: skip
    wide = table.pivot(on="metric", index=["benchmark", "rain_type", "len"], values="value")
    for line in wide.sort("benchmark", "rain_type").iter_rows(named=True):
        yield Row(
            split=section.split,
            seed=str(section.seed),
            benchmark=line["benchmark"],
            rain_type=line["rain_type"],
            psnr=f"{line['psnr']:.4f}",
            ssim=f"{line['ssim']:.6f}",
            pairs=str(line["len"]),
            train_pairs=str(counts["train_pairs"]),
            steps=str(counts["steps"]),
            code=str(made_with["code"]),
        )


def read(table: Path) -> list[Row]:
    """The rows that are there; none where there is no table."""
    if not table.exists():
        return []
    return [Row(**line) for line in csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))]


def write(table: Path, rows: Sequence[Row]) -> None:
    """Write the rows in the order of what they measure; a newer measurement of the same takes the place of an older one."""
    newest = {row.place: row for row in rows}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for place in sorted(newest):
        writer.writerow([getattr(newest[place], name) for name in COLUMNS])
    table.parent.mkdir(parents=True, exist_ok=True)
    write_text(table, text.getvalue())


def run(params: Params, table: Path) -> None:
    """Train and score every variant, seed by seed, and keep its rows as soon as they are there."""

    for variant in sorted(params.variants, key=lambda name: (params.variants[name].seed, name)):
        subprocess.run(["dvc", "repro", f"benchmark_scores@{variant}"], check=True)
        scores = Path(paths.BENCHMARK_SCORES.format(partition=variant)) / "scores.parquet"
        place = Path(paths.report("trained_checkpoint", partitioned=True).format(partition=variant))
        report = json.loads(place.read_text(encoding="utf-8"))
        write(table, [*read(table), *rows_of(variant, params, scores, report)])


def comparison(rows: Sequence[Row]) -> str:
    """The distilled set minus each other one, in dB, with its interval; in Markdown."""
    lines = ["| test set | rain type | " + " | ".join(_others(rows)) + " |"]
    lines.append("|---" * (2 + len(_others(rows))) + "|")
    for benchmark in sorted({row.benchmark for row in rows}):
        kinds = sorted({row.rain_type for row in rows if row.benchmark == benchmark})
        for kind in [*kinds, "average"]:
            own = _by_seed(rows, REFERENCE, benchmark, kind)
            cells = [_cell(difference(own, _by_seed(rows, s, benchmark, kind))) for s in _others(rows)]
            lines.append(f"| {benchmark} | {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _others(rows: Sequence[Row]) -> list[str]:
    return sorted({row.split for row in rows} - {REFERENCE})


def _by_seed(rows: Sequence[Row], split: str, benchmark: str, kind: str) -> dict[int, float]:
    """PSNR of each seed; `average`: the mean of the rain types, as in Table 1."""
    of_seed: dict[int, list[float]] = {}
    for row in rows:
        if (row.split, row.benchmark) == (split, benchmark) and kind in (row.rain_type, "average"):
            of_seed.setdefault(int(row.seed), []).append(float(row.psnr))
    return {seed: fmean(values) for seed, values in of_seed.items()}


def _cell(one: Difference | None) -> str:
    if one is None:
        return "n/a"
    width = "one seed" if one.n_seeds == 1 else f"± {one.half:.2f}, {one.n_seeds} seeds"
    return f"{one.mean:+.2f} ({width})"


def main() -> None:
    """Train what is missing, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--print", action="store_true", dest="only_print", help="train nothing")
    parser.add_argument("--table", type=Path, default=TABLE)
    arguments = parser.parse_args()
    if not arguments.only_print:
        run(load_params(Path("params.yaml")), arguments.table)
    print(
        f"PSNR of `{REFERENCE}` minus that of each other set, dB, with the 95 % interval over paired seeds:\n"
    )
    print(comparison(read(arguments.table)))


if __name__ == "__main__":
    main()

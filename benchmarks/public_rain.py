"""What a finished run says of each set: captions that name the right rain, judges' acceptance, scores before and after.

python benchmarks/public_rain.py        in a project whose `dvc repro` is done
"""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Pair, TripletRow, Verdict
from unirain_core.evaluation.metrics import METRICS
from unirain_core.evaluation.summary import read_scores
from unirain_core.sources import catalogue


def named(pairs: Iterable[Pair], captions: dict[str, str]) -> list[str]:
    """Rain type by rain type: how many captions name its time of day, and how many its kind of rain."""
    shows = catalogue.load().shows
    total, time, kind = Counter[str](), Counter[str](), Counter[str]()
    for pair in pairs:
        text, what = captions[pair.pair_id], pair.rain_type
        total[what] += 1
        time[what] += ("night" if what.startswith("n") else "day") in text
        kind[what] += shows[what] in text
    return [f"  {t}: {total[t]} pairs, time of day {time[t]}, kind of rain {kind[t]}" for t in sorted(total)]


def accepted(pairs: Iterable[Pair], verdicts: dict[str, bool]) -> list[str]:
    """Set by set: how many of its verified pairs the judges accepted."""
    total, kept = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    for pair in pairs:
        key = (pair.dataset, pair.rain_type, pair.origin)
        total[key] += 1
        kept[key] += verdicts[pair.pair_id]
    return [f"  {' '.join(key):40s} {kept[key]:3d} of {total[key]:3d}" for key in sorted(total)]


def scored(scores: pl.DataFrame) -> list[str]:
    """Set by set of each benchmark: each method's means of the main metrics."""
    main = [metric for metric in METRICS if metric.is_main]
    place = ["benchmark", pl.col("pair_id").str.split("/").list.first().alias("source")]
    lines = []
    for (benchmark, source), of_place in sorted(scores.group_by(place), key=lambda group: group[0]):
        means = of_place.group_by("method", "metric").agg(pl.col("value").mean())
        values = {(method, metric): value for method, metric, value in means.iter_rows()}
        figures = []
        for method in sorted(set(of_place["method"])):
            printed = (m.printed(values[method, m.name]) for m in main if (method, m.name) in values)
            figures.append(f"{method} {' / '.join(printed)}")
        number = of_place["pair_id"].n_unique()
        lines.append(f"  {benchmark:10s} {source:20s} {number:2d}  {'   '.join(figures)}")
    return lines


def main() -> int:
    """Print the three lists for the project in the current folder."""
    root = Path.cwd()
    pairs = tables.read(root / paths.VERIFIED / "pairs.parquet", Pair)
    table = tables.columns(root / paths.TRIPLETS / "triplets.parquet", TripletRow, ["id", "caption"])
    captions: dict[str, str] = dict(table.iter_rows())
    verdicts = {v.pair_id: v.verdict for v in tables.read(root / paths.VOTES / "verdicts.parquet", Verdict)}
    print("captions that name it", *named(pairs, captions), "accepted", *accepted(pairs, verdicts), sep="\n")
    files = sorted((root / "data/scores").glob("*/*/scores.parquet"))
    scores = read_scores(file.parent for file in files)
    titles = " / ".join(metric.title for metric in METRICS if metric.is_main)
    print(f"{titles} where measured", *scored(scores), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

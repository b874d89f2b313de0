"""Questions about trainings and scores, with the figures by which a person judges the answers."""

import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from unirain_assets.questions import Answer, texts
from unirain_core.artefacts import paths, schemas, tables
from unirain_core.config.pipeline import Step


def history_is_finite(root: Path, step: Step) -> Answer:
    """Whether every value is a number, and the weights of a step sum to 1."""
    file = root / paths.CHECKPOINT.format(partition=step.key) / "history.parquet"
    rows = tables.read(file, schemas.HistoryRow)
    figures: dict[str, int | float] = {"rows": len(rows)}
    if not rows:
        return Answer("the history is empty", figures)
    weights: dict[int, float] = defaultdict(float)
    for row in rows:
        measured = (row.train_loss, row.val_loss, row.weight, row.lr, row.psnr, row.ssim)
        if not all(math.isfinite(value) for value in measured if value is not None):
            return Answer(f"step {row.step}, {row.rain_type}: a value is not finite", figures)
        weights[row.step] += row.weight
    figures |= {
        "last step": max(weights),
        "smallest weight": min(row.weight for row in rows),
        "largest weight": max(row.weight for row in rows),
    }
    odd = [step for step, total in weights.items() if not math.isclose(total, 1.0, abs_tol=1e-6)]
    problem = f"step {odd[0]}: the weights sum to {weights[odd[0]]:.6f} instead of 1" if odd else None
    return Answer(problem, figures)


def scores_are_numbers(root: Path, step: Step) -> Answer:
    """Whether every score of every picture is a number."""
    rows = _scores(root, _score_folder(step.stage), step.key or "")
    odd = list(dict.fromkeys(row.pair_id for row in rows if math.isnan(row.value)))
    figures = {"pictures": len({(row.benchmark, row.pair_id) for row in rows}), "without a number": len(odd)}
    means = {f"mean {name}": mean for name, mean in _finite_means(rows).items()}
    if odd:
        problem = f"{len(odd)} pictures have no number for a score, the first is {odd[0]}"
    else:
        problem = "" if rows else "no picture was scored"
    return Answer(problem or None, {**figures, **means})


def _finite_means(rows: Sequence[schemas.Score]) -> dict[str, float]:
    """Of each metric, over its finite values: two equal pictures have a PSNR without end."""
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if math.isfinite(row.value):
            values[row.metric].append(row.value)
    return {metric: fmean(of_metric) for metric, of_metric in sorted(values.items())}


def methods_are_comparable(root: Path, step: Step) -> Answer:
    """Whether all methods of the tables were scored on the same pictures."""
    folders = dict.fromkeys(texts(step.params.get("variants")), paths.BENCHMARK_SCORES)
    folders |= dict.fromkeys(texts(step.params.get("methods")), paths.BASELINE_SCORES)
    left_out: set[str] = set()  # of every line of the tables, where one method could not be scored on a pair
    for key, folder in folders.items():
        dropped = tables.read(root / folder.format(partition=key) / "dropped.parquet", schemas.Dropped)
        left_out |= {row.pair_id for row in dropped}
    scored: dict[str, set[tuple[str, str, str]]] = {}
    for key, folder in folders.items():
        rows = [row for row in _scores(root, folder, key) if row.pair_id not in left_out]
        scored[key] = {(row.benchmark, row.pair_id, row.data_hash) for row in rows}
    sizes = {key: len(rows) for key, rows in scored.items()}
    same = len({frozenset(rows) for rows in scored.values()}) <= 1
    problem = None if same else f"the methods were not scored on the same pictures: {sizes}"
    return Answer(problem, {**sizes, "left out": len(left_out)})


def _score_folder(stage: str) -> str:
    return paths.BENCHMARK_SCORES if stage == "benchmark_scores" else paths.BASELINE_SCORES


def _scores(root: Path, folder: str, key: str) -> list[schemas.Score]:
    return tables.read(root / folder.format(partition=key) / "scores.parquet", schemas.Score)

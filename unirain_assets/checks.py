"""Yes/no questions about a step's artefacts; they mirror the gates of the stages for a person who watches."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import dagster as dg
import polars as pl

from unirain_core.artefacts import paths, schemas, tables
from unirain_core.config.pipeline import Step
from unirain_core.errors import ArtefactError

UNFILTERED = "unfiltered"
"""The split that may do without a rain type."""
HELD_OUT = ("val", "test", UNFILTERED)


@dataclass(frozen=True, slots=True)
class Check:
    """A question, and the function that finds what speaks against a yes."""

    name: str
    question: str
    problem: Callable[[Path, Step], str | None]
    """One sentence, or None where nothing does."""


def specs(step: Step) -> list[dg.AssetCheckSpec]:
    """The checks of a step as Dagster declares them; a no stops what lies downstream."""
    return [
        dg.AssetCheckSpec(check.name, asset=step.path, description=check.question, blocking=True)
        for check in CHECKS.get(step.stage, ())
    ]


def results(root: Path, step: Step) -> list[dg.AssetCheckResult]:
    """The answers for a step; an absent or unreadable artefact is a no with its own message."""
    return [_result(check, root, step) for check in CHECKS.get(step.stage, ())]


def _result(check: Check, root: Path, step: Step) -> dg.AssetCheckResult:
    try:
        problem = check.problem(root, step)
    except ArtefactError as error:
        problem = str(error)
    return dg.AssetCheckResult(
        asset_key=step.path,
        check_name=check.name,
        passed=problem is None,
        description=problem or f"{check.question} Yes.",
    )


def _pool_is_filled(root: Path, _step: Step) -> str | None:
    listed = tables.count(root / paths.RAW / "manifest.parquet", schemas.ManifestRow)
    return None if listed else "no dataset of params.yaml holds a pair: the pool is empty"


def _rows_are_conserved(root: Path, _step: Step) -> str | None:
    listed = tables.count(root / paths.RAW / "manifest.parquet", schemas.ManifestRow)
    folder = root / paths.VERIFIED
    verified = tables.count(folder / "pairs.parquet", schemas.Pair)
    real = tables.count(folder / "real.parquet", schemas.RealPhoto)
    dropped = tables.count(folder / "dropped.parquet", schemas.Dropped)
    if listed == verified + real + dropped:
        return None
    return (
        f"{listed} rows were listed, but {verified} pairs, {real} photos and {dropped} dropped rows came out"
    )


def _pairs_have_references(root: Path, step: Step) -> str | None:
    references = _ids(root / paths.REFERENCES / "references.parquet", schemas.Reference)
    return _missing(root, references, "no reference", paths.TRIPLETS)


def _pairs_have_verdicts(root: Path, _step: Step) -> str | None:
    verdicts = _ids(root / paths.VOTES / "verdicts.parquet", schemas.Verdict)
    return _missing(root, verdicts, "no verdict", paths.VOTES)


def _ids(file: Path, row_class: type[object]) -> set[str]:
    return set(tables.columns(file, row_class, ["pair_id"])["pair_id"])


def _missing(root: Path, answered: set[str], what: str, dropped_by: str) -> str | None:
    """Verified pairs that were neither answered nor dropped with a reason."""
    dropped = _ids(root / dropped_by / "dropped.parquet", schemas.Dropped)
    pairs = _ids(root / paths.VERIFIED / "pairs.parquet", schemas.Pair) - dropped
    without = sorted(pairs - answered)
    return f"{len(without)} of {len(pairs)} pairs have {what}, the first is {without[0]}" if without else None


def _types_have_pairs(root: Path, step: Step) -> str | None:
    gaps: list[str] = []
    for name, rows in _splits(root, step).items():
        if name != UNFILTERED:
            counts = Counter(rows["rain_type"])
            types = _texts(step.params.get("rain_types"))
            gaps += [f"{name} has no {rain_type}" for rain_type in types if not counts[rain_type]]
    return f"{'; '.join(gaps)}: add a dataset, or take the type out of rain_types" if gaps else None


def _splits_share_no_scene(root: Path, step: Step) -> str | None:
    scenes = {name: set(rows["scene_id"]) for name, rows in _splits(root, step).items()}
    for one, other in combinations(scenes, 2):
        shared = sorted(scenes[one] & scenes[other])
        if shared and not (one.startswith("train/") and other.startswith("train/")):
            return f"{one} and {other} share {len(shared)} scenes, the first is {shared[0]}"
    return None


def _splits(root: Path, step: Step) -> dict[str, pl.DataFrame]:
    """Rain type and scene of the pairs of the step's training split, and of the held-out ones."""
    folder = root / paths.SPLIT
    trained = root / paths.TRAINING_SPLIT.format(partition=step.key or paths.DISTILLED)
    files = [trained, *(folder / f"{name}.parquet" for name in HELD_OUT)]
    return {
        file.relative_to(folder).with_suffix("").as_posix(): tables.columns(
            file, schemas.SplitRow, ["rain_type", "scene_id"]
        )
        for file in files
    }


def _history_is_finite(root: Path, step: Step) -> str | None:
    file = root / paths.CHECKPOINT.format(partition=step.key) / "history.parquet"
    weights: dict[int, float] = defaultdict(float)
    for row in tables.read(file, schemas.HistoryRow):
        measured = (row.train_loss, row.val_loss, row.weight, row.lr, row.psnr, row.ssim)
        if not all(math.isfinite(value) for value in measured if value is not None):
            return f"step {row.step}, {row.rain_type}: a value is not finite"
        weights[row.step] += row.weight
    odd = [step for step, total in weights.items() if not math.isclose(total, 1.0, abs_tol=1e-6)]
    if not weights:
        return "the history is empty"
    return f"step {odd[0]}: the weights sum to {weights[odd[0]]:.6f} instead of 1" if odd else None


def _scores_are_numbers(root: Path, step: Step) -> str | None:
    rows = _scores(root, _score_folder(step.stage), step.key or "")
    odd = list(dict.fromkeys(row.pair_id for row in rows if math.isnan(row.value)))
    if odd:
        return f"{len(odd)} pictures have no number for a score, the first is {odd[0]}"
    return None if rows else "no picture was scored"


def _methods_are_comparable(root: Path, step: Step) -> str | None:
    folders = dict.fromkeys(_texts(step.params.get("variants")), paths.BENCHMARK_SCORES)
    folders |= dict.fromkeys(_texts(step.params.get("methods")), paths.BASELINE_SCORES)
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
    return None if same else f"the methods were not scored on the same pictures: {sizes}"


def _score_folder(stage: str) -> str:
    return paths.BENCHMARK_SCORES if stage == "benchmark_scores" else paths.BASELINE_SCORES


def _scores(root: Path, folder: str, key: str) -> list[schemas.Score]:
    return tables.read(root / folder.format(partition=key) / "scores.parquet", schemas.Score)


def _texts(names: object) -> list[str]:
    return [str(name) for name in names] if isinstance(names, list | dict) else []


_NUMBERS = Check("scores_are_numbers", "Was every picture scored?", _scores_are_numbers)

CHECKS: dict[str, tuple[Check, ...]] = {
    "raw_datasets": (Check("pool_is_filled", "Does the pool hold a pair?", _pool_is_filled),),
    "verified_pairs": (
        Check(
            "rows_are_conserved", "Is every listed row kept, or dropped with a reason?", _rows_are_conserved
        ),
    ),
    "retrieved_references": (
        Check("pairs_have_references", "Has every pair a reference?", _pairs_have_references),
    ),
    "vlm_votes": (Check("pairs_have_verdicts", "Has every pair a verdict?", _pairs_have_verdicts),),
    "rainrag_split": (
        Check("types_have_pairs", "Can every rain type be trained, validated and tested?", _types_have_pairs),
        Check("splits_share_no_scene", "Do the splits share no scene?", _splits_share_no_scene),
    ),
    "training_split": (
        Check("types_have_pairs", "Can every rain type be trained on?", _types_have_pairs),
        Check(
            "splits_share_no_scene", "Does it share no scene with a held-out split?", _splits_share_no_scene
        ),
    ),
    "trained_checkpoint": (
        Check("history_is_finite", "Are losses finite, and do weights sum to 1?", _history_is_finite),
    ),
    "benchmark_scores": (_NUMBERS,),
    "baseline_scores": (_NUMBERS,),
    "benchmark_tables": (
        Check(
            "methods_are_comparable", "Were all methods scored on the same pictures?", _methods_are_comparable
        ),
    ),
}
"""Stage to its checks; a stage that is not named has none."""

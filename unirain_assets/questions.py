"""Questions about the distilled data, with the figures by which a person judges the answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, schemas, tables
from unirain_core.config.pipeline import Step

UNFILTERED = "unfiltered"
"""The split that may do without a rain type."""
HELD_OUT = ("val", "test", UNFILTERED)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question."""

    problem: str | None
    """One sentence, or None where nothing speaks against a yes."""
    figures: Mapping[str, int | float]
    """The numbers that were looked at, by their names; Dagster plots each of them over the runs."""


def pool_is_filled(root: Path, _step: Step) -> Answer:
    """Whether a dataset holds a pair or photo."""
    listed = tables.count(root / paths.RAW / "manifest.parquet", schemas.ManifestRow)
    problem = None if listed else "no dataset of params.yaml holds a pair: the pool is empty"
    return Answer(problem, {"listed": listed})


def rows_are_conserved(root: Path, _step: Step) -> Answer:
    """Whether every listed row was kept or dropped."""
    listed = tables.count(root / paths.RAW / "manifest.parquet", schemas.ManifestRow)
    folder = root / paths.VERIFIED
    verified = tables.count(folder / "pairs.parquet", schemas.Pair)
    real = tables.count(folder / "real.parquet", schemas.RealPhoto)
    dropped = tables.count(folder / "dropped.parquet", schemas.Dropped)
    figures = {"listed": listed, "pairs": verified, "photos": real, "dropped": dropped}
    if listed == verified + real + dropped:
        return Answer(None, figures)
    problem = (
        f"{listed} rows were listed, but {verified} pairs, {real} photos and {dropped} dropped rows came out"
    )
    return Answer(problem, figures)


def pairs_have_references(root: Path, _step: Step) -> Answer:
    """Whether every pair with a triplet has a reference."""
    references = _ids(root / paths.REFERENCES / "references.parquet", schemas.Reference)
    return _missing(root, references, "no reference", paths.TRIPLETS)


def pairs_have_verdicts(root: Path, _step: Step) -> Answer:
    """Whether every pair that could be judged has a verdict."""
    verdicts = _ids(root / paths.VOTES / "verdicts.parquet", schemas.Verdict)
    return _missing(root, verdicts, "no verdict", paths.VOTES)


def _ids(file: Path, row_class: type[object]) -> set[str]:
    return set(tables.columns(file, row_class, ["pair_id"])["pair_id"])


def _missing(root: Path, answered: set[str], what: str, dropped_by: str) -> Answer:
    """Verified pairs that were neither answered nor dropped with a reason."""
    dropped = _ids(root / dropped_by / "dropped.parquet", schemas.Dropped)
    pairs = _ids(root / paths.VERIFIED / "pairs.parquet", schemas.Pair) - dropped
    without = sorted(pairs - answered)
    figures = {"pairs": len(pairs), what: len(without)}
    if not without:
        return Answer(None, figures)
    return Answer(f"{len(without)} of {len(pairs)} pairs have {what}, the first is {without[0]}", figures)


def types_have_pairs(root: Path, step: Step) -> Answer:
    """Whether no rain type is without pairs in a split that needs it."""
    gaps: list[str] = []
    figures: dict[str, int | float] = {}
    types = texts(step.params.get("rain_types"))
    for name, rows in _splits(root, step).items():
        counts = Counter(rows["rain_type"])
        figures |= {f"{name}: {rain_type}": counts[rain_type] for rain_type in types}
        if name != UNFILTERED:
            gaps += [f"{name} has no {rain_type}" for rain_type in types if not counts[rain_type]]
    if not gaps:
        return Answer(None, figures)
    return Answer(f"{'; '.join(gaps)}: add a dataset, or take the type out of rain_types", figures)


def splits_share_no_scene(root: Path, step: Step) -> Answer:
    """Whether no scene stands in two splits of which one is held out."""
    scenes = {name: set(rows["scene_id"]) for name, rows in _splits(root, step).items()}
    problem, n_shared = None, 0
    for one, other in combinations(scenes, 2):
        shared = sorted(scenes[one] & scenes[other])
        if shared and not (one.startswith("train/") and other.startswith("train/")):
            n_shared += len(shared)
            problem = problem or f"{one} and {other} share {len(shared)} scenes, the first is {shared[0]}"
    of_each = {f"{name}: scenes": len(ids) for name, ids in scenes.items()}
    return Answer(problem, {**of_each, "shared": n_shared})


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


def texts(names: object) -> list[str]:
    """Names in a list of params, or those of a mapping."""
    return [str(name) for name in names] if isinstance(names, list | dict) else []

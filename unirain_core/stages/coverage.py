"""Stage coverage: Figure 6b, how well each training set covers the real photos; no stage reads its results."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.artefacts.triplets import TripletFiles
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import Coverage
from unirain_core.config.splits import TrainingSplit
from unirain_core.distill.coverage import BATCH, Tally, Vectors, parted, projected
from unirain_core.distill.coverage_page import REAL, Figures, page
from unirain_core.distill.split import places
from unirain_core.distill.stand_ins import note
from unirain_core.errors import MissingInputError

STAGE = "coverage"
READS = (paths.DATABASE, paths.TRIPLETS, paths.TRAINING_SPLIT)
WRITES = (paths.COVERAGE, paths.report(STAGE))
PARAMS = ("coverage", "training_splits")

logger = logging.getLogger(__name__)


def run(root: Path, *, coverage: Coverage, training_splits: Mapping[str, TrainingSplit]) -> None:
    """Write the page and its figures.

    Raises:
        MissingInputError: the map of UMAP is asked for, and its library is not installed.
    """
    database = TripletFiles.open(root / paths.DATABASE)
    photos = database.read().image.astype(np.float64)
    names = [name for encoder in database.encoders for name in encoder.split("; ")]
    notes = note(names)
    sets = {name: _ids(root, name) for name in (paths.DISTILLED, *training_splits)}
    neighbours = min(coverage.neighbours, len(photos) - 1)
    figures: dict[str, Figures] = {}
    drawn: dict[str, Vectors] = {}
    if neighbours:
        tally = Tally.of(photos, neighbours)
        tallies = {name: tally.empty() for name in sets}
        drawn = _counted(root, sets, tallies, coverage.points)
        figures = {name: _figures(tallies[name], sets[name]) for name in sets}
    maps = _maps({REAL: photos[: coverage.points], **drawn}, with_umap=coverage.umap) if drawn else {}
    write_text(
        root / paths.COVERAGE / "coverage.html", page(figures, maps, _lead(neighbours, len(photos)), notes)
    )
    lines = [{"set": name, **asdict(one)} for name, one in figures.items()]
    counts = {"photos": len(photos), "sets": len(sets)}
    report.write(
        root / paths.report(STAGE),
        Report(stage=STAGE, counts=counts, notes=notes, figures={"neighbours": neighbours, "by_set": lines}),
    )
    logger.info("%s: %d sets beside %d photos", STAGE, len(sets), len(photos))


def _ids(root: Path, name: str) -> pl.Series:
    file = root / paths.TRAINING_SPLIT.format(partition=name)
    return tables.columns(file, SplitRow, ["pair_id"])["pair_id"]


def _counted(
    root: Path, sets: Mapping[str, pl.Series], tallies: Mapping[str, Tally], points: int
) -> dict[str, Vectors]:
    """Count every set's pictures in its tally, batch by batch.

    Returns:
        (N, D) image vectors of the pictures of each set that the maps show, N at most `points`.
    """
    shown = {name: _first(ids, points).implode() for name, ids in sets.items()}
    members = {name: ids.implode() for name, ids in sets.items()}
    parts: dict[str, list[Vectors]] = {name: [] for name in sets}
    for batch in TripletFiles.open(root / paths.TRIPLETS).batches(BATCH):
        names = pl.Series(batch.ids, dtype=pl.String)
        vectors = batch.image.astype(np.float64)
        for name, tally in tallies.items():
            tally.add(vectors[names.is_in(members[name]).to_numpy()])
            parts[name].append(vectors[names.is_in(shown[name]).to_numpy()])
    return {name: np.concatenate(of_set) for name, of_set in parts.items()}


def _first(ids: pl.Series, count: int) -> pl.Series:
    """A few names, in the order of their hashes."""
    return ids.to_frame("id").with_columns(places(ids, 0).alias("place")).sort("place")["id"].head(count)


def _figures(tally: Tally, ids: pl.Series) -> Figures:
    return Figures(
        pictures=len(ids),
        without_vector=len(ids) - tally.pictures,
        coverage=tally.coverage,
        density=tally.density,
    )


def _maps(sets: Mapping[str, Vectors], *, with_umap: bool) -> dict[str, dict[str, Vectors]]:
    maps = {"Principal axes": projected(sets)}
    if with_umap:
        maps["UMAP"] = parted(_umap(np.concatenate(list(sets.values()))), sets)
    return maps


def _umap(vectors: Vectors) -> Vectors:
    try:
        umap = import_module("umap")  # of no extra: few want it, and it brings a compiler along
    except ImportError:
        raise MissingInputError(
            "coverage.umap: the library 'umap' is not installed; run `pip install umap-learn`, or set coverage.umap to false"
        ) from None
    reducer = umap.UMAP(n_components=2, random_state=0, n_neighbors=min(15, len(vectors) - 1))
    return np.asarray(reducer.fit_transform(vectors), dtype=np.float64)


def _lead(neighbours: int, n_photos: int) -> list[str]:
    if not neighbours:
        return [f"The real-rain database has {n_photos} photos: a neighbourhood needs at least two."]
    return [
        f"Image vectors of each set's rainy pictures over those of the {n_photos} photos of the real-rain database.",
        "Coverage is the share of the photos that have a picture of the set nearer than their "
        f"{neighbours}th nearest other photo; density counts such neighbourhoods for each picture, in units of "
        f"{neighbours} (Naeem et al., Reliable Fidelity and Diversity Metrics for Generative Models, ICML 2020).",
        "Both are of all pictures of a set; the maps show some of them.",
    ]

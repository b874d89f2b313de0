"""`unirain explain PAIR_ID`: one pair's whole story, from the manifest to its scores."""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from unirain_core.artefacts import paths
from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.schemas import (
    Dropped,
    ManifestRow,
    Pair,
    PyramidRow,
    RealPhoto,
    Reference,
    Score,
    TripletRow,
    Verdict,
    Vote,
)
from unirain_core.cli.project import current_root
from unirain_core.errors import ConfigError, MissingArtefactError

Row = TypeVar("Row")


def explain(
    pair_id: Annotated[
        str,
        typer.Argument(
            help="DATASET/PATH of the rainy picture without its ending; gallery and tables show it."
        ),
    ],
) -> None:
    """Print what every stage that has run says of one pair or photo.

    Raises:
        ConfigError: no stage knows the id; the message names the nearest ids.
        MissingArtefactError: nothing was listed yet.
    """
    print("\n".join(story(pair_id, current_root())))


def story(pair_id: str, root: Path) -> list[str]:
    """The lines that `explain` prints."""
    if not (root / paths.RAW).is_dir():
        raise MissingArtefactError(f"{paths.RAW}/manifest.parquet", "raw_datasets")
    chapters = (_listed, _integrity, _triplet, _references, _votes, _pyramid, _scores)
    lines = [line for chapter in chapters for line in chapter(pair_id, root)]
    if not lines:
        near = difflib.get_close_matches(pair_id, _all_ids(root), n=5, cutoff=0.3)
        places = f"{paths.GALLERY}/gallery.html shows all ids, and {paths.RAW}/manifest.parquet lists them"
        hint = f"nearest: {', '.join(near)}" if near else places
        raise ConfigError(f"no stage knows the pair '{pair_id}'; {hint}")
    return [pair_id, *lines]


def _listed(pair_id: str, root: Path) -> Iterator[str]:
    for row in _rows(root / paths.RAW / "manifest.parquet", ManifestRow, "pair_id", pair_id):
        shows = " ".join(row.rain_types) or "a photo of the real-rain database"
        yield f"  listed     dataset {row.dataset}, {shows}, {row.origin}, role {row.role}"
        yield f"  rainy      {row.root}: {row.input} ({row.input_bytes:,} bytes)"
        if row.target:
            yield f"  clean      {row.root}: {row.target} ({row.target_bytes or 0:,} bytes)"
        if row.halves:
            yield f"  clean      the {row.halves} half of the same file"
        if row.group:
            yield f"  group      {row.group}"
    yield from _dropped(pair_id, root / paths.RAW / "dropped.parquet")


def _integrity(pair_id: str, root: Path) -> Iterator[str]:
    for pair in _rows(root / paths.VERIFIED / "pairs.parquet", Pair, "pair_id", pair_id):
        yield f"  verified   {pair.rain_type}, {pair.width} x {pair.height}, scene {pair.scene_id}"
    for photo in _rows(root / paths.VERIFIED / "real.parquet", RealPhoto, "photo_id", pair_id):
        yield f"  verified   photo, {photo.width} x {photo.height}"
    yield from _dropped(pair_id, root / paths.VERIFIED / "dropped.parquet")


def _dropped(pair_id: str, path: Path) -> Iterator[str]:
    for row in _rows(path, Dropped, "pair_id", pair_id):
        yield f"  dropped    {row.reason}: {MEANINGS[row.reason]}" + (f" ({row.other})" if row.other else "")


def _triplet(pair_id: str, root: Path) -> Iterator[str]:
    for folder in (paths.TRIPLETS, paths.DATABASE):
        for triplet in _rows(root / folder / "triplets.parquet", TripletRow, "id", pair_id):
            yield f"  caption    {triplet.caption} ({triplet.caption_form})"
        yield from _dropped(pair_id, root / folder / "dropped.parquet")


def _references(pair_id: str, root: Path) -> Iterator[str]:
    rows = _rows(root / paths.REFERENCES / "references.parquet", Reference, "pair_id", pair_id)
    for row in sorted(rows, key=lambda r: r.rank):
        yield (
            f"  reference  {row.rank + 1}. {row.reference_id}: caption distance {row.s_txt:.3f}, "
            f"cosine {row.s_vis:.3f}, SSIM {row.s_perc:.3f}"
        )


def _votes(pair_id: str, root: Path) -> Iterator[str]:
    for vote in _rows(root / paths.VOTES / "votes.parquet", Vote, "pair_id", pair_id):
        word = {True: "yes", False: "no", None: "abstained"}[vote.vote]
        yield f"  vote       {vote.judge}: {word} (p_yes {vote.p_yes:.2f}, threshold {vote.threshold:.2f}): {vote.reason or vote.reply}"
    for verdict in _rows(root / paths.VOTES / "verdicts.parquet", Verdict, "pair_id", pair_id):
        decision = "accepted" if verdict.verdict else "rejected"
        yield f"  verdict    {decision}: {verdict.yes} yes, {verdict.no} no, {verdict.abstained} abstained"


def _pyramid(pair_id: str, root: Path) -> Iterator[str]:
    for row in _rows(root / paths.PYRAMID, PyramidRow, "pair_id", pair_id):
        yield f"  pyramid    level {row.level} ({row.reason}), split {row.split}"


def _scores(pair_id: str, root: Path) -> Iterator[str]:
    for template in (paths.BASELINE_SCORES, paths.BENCHMARK_SCORES):
        for folder in sorted((root / paths.common(template)).glob("*")):
            of_benchmark: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
            for row in _rows(folder / "scores.parquet", Score, "pair_id", pair_id):
                of_benchmark[row.method, row.benchmark, row.protocol][row.metric] = row.value
            for (method, benchmark, protocol), values in of_benchmark.items():
                yield f"  score      {method} on {benchmark}: {_in_words(values)} ({protocol})"
            for dropped in _rows(folder / "dropped.parquet", Dropped, "pair_id", pair_id):
                yield f"  no score   of {folder.name}: {dropped.reason}: {MEANINGS[dropped.reason]} ({dropped.other})"


def _in_words(values: Mapping[str, float]) -> str:
    """Scores with their titles and units, in the order of the table of metrics."""
    from unirain_core.evaluation.metrics import METRICS  # loads what measures them

    measured = [metric for metric in METRICS if metric.name in values]
    return ", ".join(f"{metric.title} {metric.with_unit(values[metric.name])}" for metric in measured)


def _rows(path: Path, row_class: type[Row], column: str, value: str) -> Iterator[Row]:
    """The rows of a table with this value in a column; none where its stage has not run."""
    import pyarrow.compute as pc  # in no plain installation, and `derain` needs none

    from unirain_core.artefacts import tables  # likewise

    if path.exists():
        for piece in tables.batches(path, row_class):
            yield from tables.rows_of(piece.filter(pc.equal(piece.column(column), value)), row_class)


def _all_ids(root: Path) -> list[str]:
    """The ids of all that was listed or dropped."""
    from unirain_core.artefacts import tables  # as above

    ids: list[str] = []
    manifest, dropped = root / paths.RAW / "manifest.parquet", root / paths.RAW / "dropped.parquet"
    if manifest.exists():
        ids += tables.columns(manifest, ManifestRow, ["pair_id"])["pair_id"].to_list()
    if dropped.exists():
        ids += tables.columns(dropped, Dropped, ["pair_id"])["pair_id"].to_list()
    return ids

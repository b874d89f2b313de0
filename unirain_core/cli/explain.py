"""`unirain explain PAIR_ID`: one pair's whole story, from the manifest to its scores."""

import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import polars as pl

from unirain_core.artefacts import paths, tables
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
from unirain_core.errors import ConfigError, MissingArtefactError

Row = TypeVar("Row")


def explain(pair_id: str, root: Path | None = None) -> None:
    """Print what every stage that has run says of one pair or photo.

    Raises:
        ConfigError: no stage knows the id; the message names the nearest ids.
        MissingArtefactError: nothing was listed yet.
    """
    print("\n".join(story(pair_id, root or Path.cwd())))


def story(pair_id: str, root: Path) -> list[str]:
    """The lines that `explain` prints."""
    if not (root / paths.RAW).is_dir():
        raise MissingArtefactError(f"{paths.RAW}/manifest.parquet", "raw_datasets")
    chapters = (_listed, _integrity, _triplet, _references, _votes, _pyramid, _scores)
    lines = [line for chapter in chapters for line in chapter(pair_id, root)]
    if not lines:
        near = difflib.get_close_matches(pair_id, _all_ids(root), n=5, cutoff=0.3)
        raise ConfigError(f"no stage knows the pair '{pair_id}'; nearest: {', '.join(near) or 'none'}")
    return [pair_id, *lines]


def _listed(pair_id: str, root: Path) -> Iterator[str]:
    for row in _rows(root / paths.RAW / "manifest.parquet", ManifestRow, lambda r: r.pair_id == pair_id):
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
    for pair in _rows(root / paths.VERIFIED / "pairs.parquet", Pair, lambda r: r.pair_id == pair_id):
        yield f"  verified   {pair.rain_type}, {pair.width} x {pair.height}, scene {pair.scene_id}"
    for photo in _rows(root / paths.VERIFIED / "real.parquet", RealPhoto, lambda r: r.photo_id == pair_id):
        yield f"  verified   photo, {photo.width} x {photo.height}"
    yield from _dropped(pair_id, root / paths.VERIFIED / "dropped.parquet")


def _dropped(pair_id: str, path: Path) -> Iterator[str]:
    for row in _rows(path, Dropped, lambda r: r.pair_id == pair_id):
        yield f"  dropped    {row.reason}: {MEANINGS[row.reason]}" + (f" ({row.other})" if row.other else "")


def _triplet(pair_id: str, root: Path) -> Iterator[str]:
    for folder in (paths.TRIPLETS, paths.DATABASE):
        path = root / folder / "triplets.parquet"
        if path.exists():
            captions = tables.columns(path, TripletRow, ["id", "caption", "caption_form"])
            for _, caption, form in captions.filter(pl.col("id") == pair_id).iter_rows():
                yield f"  caption    {caption} ({form})"
        yield from _dropped(pair_id, root / folder / "dropped.parquet")


def _references(pair_id: str, root: Path) -> Iterator[str]:
    rows = _rows(root / paths.REFERENCES / "references.parquet", Reference, lambda r: r.pair_id == pair_id)
    for row in sorted(rows, key=lambda r: r.rank):
        yield (
            f"  reference  {row.rank + 1}. {row.reference_id}: caption distance {row.s_txt:.3f}, "
            f"cosine {row.s_vis:.3f}, SSIM {row.s_perc:.3f}"
        )


def _votes(pair_id: str, root: Path) -> Iterator[str]:
    for vote in _rows(root / paths.VOTES / "votes.parquet", Vote, lambda r: r.pair_id == pair_id):
        word = {True: "yes", False: "no", None: "abstained"}[vote.vote]
        yield f"  vote       {vote.judge}: {word} (p_yes {vote.p_yes:.2f}, threshold {vote.threshold:.2f}): {vote.reason or vote.reply}"
    for verdict in _rows(root / paths.VOTES / "verdicts.parquet", Verdict, lambda r: r.pair_id == pair_id):
        decision = "accepted" if verdict.verdict else "rejected"
        yield f"  verdict    {decision}: {verdict.yes} yes, {verdict.no} no, {verdict.abstained} abstained"


def _pyramid(pair_id: str, root: Path) -> Iterator[str]:
    for row in _rows(root / paths.SPLIT / "pyramid.parquet", PyramidRow, lambda r: r.pair_id == pair_id):
        yield f"  pyramid    level {row.level} ({row.reason}), split {row.split}"


def _scores(pair_id: str, root: Path) -> Iterator[str]:
    for template in (paths.BASELINE_SCORES, paths.BENCHMARK_SCORES):
        for path in sorted((root / paths.common(template)).glob("*/scores.parquet")):
            for row in _rows(path, Score, lambda r: r.pair_id == pair_id):
                lpips = "" if row.lpips is None else f", LPIPS {row.lpips:.3f}"
                yield (
                    f"  score      {row.method} on {row.benchmark}: {row.psnr:.2f} dB, SSIM {row.ssim:.4f}{lpips} "
                    f"({row.protocol})"
                )


def _rows(path: Path, row_class: type[Row], wanted: Callable[[Row], bool]) -> Iterable[Row]:
    """The wanted rows of a table; none where its stage has not run."""
    return filter(wanted, tables.read(path, row_class)) if path.exists() else ()


def _all_ids(root: Path) -> list[str]:
    listed = _rows(root / paths.RAW / "manifest.parquet", ManifestRow, lambda _: True)
    dropped = _rows(root / paths.RAW / "dropped.parquet", Dropped, lambda _: True)
    return [row.pair_id for row in listed] + [row.pair_id for row in dropped]

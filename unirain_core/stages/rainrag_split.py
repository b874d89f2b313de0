"""Stage rainrag_split: the pyramid, the splits, and what they are made of."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import (
    Dropped,
    ManifestRow,
    Pair,
    PyramidRow,
    RealPhoto,
    SplitRow,
    Verdict,
)
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import RainragSplit, RainType
from unirain_core.distill.composition import CompositionRow, as_csv, composition
from unirain_core.distill.pyramid import pyramid
from unirain_core.distill.split import Split, scenes_for_testing, shared_scenes, split_pairs, split_row
from unirain_core.errors import EmptyTypeError, GateError

READS = (paths.RAW, paths.VERIFIED, paths.VOTES)
WRITES = (paths.SPLIT, paths.report("rainrag_split"))
PARAMS = ("rainrag_split", "rain_types")

ALGORITHM = "3"

logger = logging.getLogger(__name__)


def run(root: Path, *, rainrag_split: RainragSplit, rain_types: tuple[RainType, ...]) -> None:
    """Write the pyramid, the four splits and the composition.

    Raises:
        EmptyTypeError: a rain type of params has no accepted pair to train, validate or test on.
        GateError: a pair has no verdict, or two splits share a scene.
    """
    manifest = tables.read(root / paths.RAW / "manifest.parquet", ManifestRow)
    dropped = {row.pair_id for row in tables.read(root / paths.VOTES / "dropped.parquet", Dropped)}
    pairs = [
        pair
        for pair in tables.read(root / paths.VERIFIED / "pairs.parquet", Pair)
        if pair.pair_id not in dropped
    ]
    photos = [
        photo
        for photo in tables.read(root / paths.VERIFIED / "real.parquet", RealPhoto)
        if photo.photo_id not in dropped
    ]
    verdicts = _verdicts(root, pairs)
    logger.info("rainrag_split: %d pairs", len(pairs))
    accepted = {pair.pair_id for pair in pairs if verdicts[pair.pair_id].verdict}
    split = split_pairs(pairs, accepted, rainrag_split, rain_types)
    _check(split, pairs, accepted, rain_types)
    rows = pyramid(pairs, photos, verdicts, split)
    made_of = composition(manifest, pairs, accepted)
    _write_splits(root / paths.SPLIT, split, rows, made_of)
    report.write(root / paths.report("rainrag_split"), _report(rows, split, made_of))
    logger.info("rainrag_split: %d pairs kept, %d of them train", len(accepted), len(split.train))


def _verdicts(root: Path, pairs: Sequence[Pair]) -> dict[str, Verdict]:
    verdicts = {v.pair_id: v for v in tables.read(root / paths.VOTES / "verdicts.parquet", Verdict)}
    missing = [pair.pair_id for pair in pairs if pair.pair_id not in verdicts]
    if missing:
        raise GateError(
            f"{len(missing)} verified pairs have no verdict, the first is {missing[0]}: run `dvc repro vlm_votes`"
        )
    return verdicts


def _check(split: Split, pairs: Sequence[Pair], accepted: set[str], rain_types: Sequence[RainType]) -> None:
    """The conditions under which a split can be trained on and trusted."""
    shared = shared_scenes(split.named())
    if shared:
        scene, names = next(iter(shared.items()))
        raise GateError(
            f"{len(shared)} scenes stand in more than one split, the first is {scene}: {', '.join(names)}"
        )
    for rain_type in rain_types:
        empty = [
            n for n in ("train", "val", "test") if not any(p.rain_type == rain_type for p in split.named()[n])
        ]
        if empty:
            of_type = [pair for pair in pairs if pair.rain_type == rain_type]
            good = [pair for pair in of_type if pair.pair_id in accepted]
            scenes = {pair.scene_id for pair in good}
            tested = len(scenes & scenes_for_testing(pairs))
            closed = (
                f", {tested} of which hold test pictures of a dataset and serve testing alone"
                if tested
                else ""
            )
            raise EmptyTypeError(
                f"rain type '{rain_type}' has no accepted pair for {' and '.join(empty)}: of its {len(of_type)} "
                f"verified pairs {len(good)} were accepted, from {len(scenes)} scenes{closed}, and no two splits "
                f"share a scene; add data, or draw less in rainrag_split, or take '{rain_type}' out of rain_types",
                [rain_type],
            )


def _write_splits(
    folder: Path, split: Split, rows: Sequence[PyramidRow], made_of: Sequence[CompositionRow]
) -> None:
    files = {
        "train/rainrag": split.train,
        "val": split.val,
        "test": split.test,
        "unfiltered": split.unfiltered,
    }
    for name, pairs in files.items():
        tables.write(folder / f"{name}.parquet", [split_row(pair) for pair in pairs], SplitRow)
    tables.write(folder / "pyramid.parquet", rows, PyramidRow)
    write_text(folder / "composition.csv", as_csv(made_of))


def _report(rows: Sequence[PyramidRow], split: Split, made_of: Sequence[CompositionRow]) -> Report:
    sets = split.named()
    return Report(
        stage="rainrag_split",
        counts={name: len(pairs) for name, pairs in sets.items()}
        | {"held_out": len(split.held_out), "thinned": len(split.thinned)},
        figures={
            "levels": _counted(row.level for row in rows),
            "verdicts": _counted(row.reason for row in rows),
            "by_type": {n: _counted(p.rain_type for p in pairs) for n, pairs in sets.items()},
            "scenes": {name: len({p.scene_id for p in pairs}) for name, pairs in sets.items()},
            "composition": [asdict(row) for row in made_of],
        },
    )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))

"""Stage verified_pairs: open every picture; what is broken, misaligned, doubled or leaked leaves with its reason."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, ManifestRow, Pair, RealPhoto
from unirain_core.config.sections import RainType, VerifiedPairs
from unirain_core.distill import duplicates
from unirain_core.distill.duplicates import Sound
from unirain_core.distill.inspection import Inspection, InspectRows
from unirain_core.distill.integrity import Fault, fault
from unirain_core.engine.jobs import Failed
from unirain_core.engine.rows import finished_rows
from unirain_core.engine.store import WorkStore
from unirain_core.errors import EmptyTypeError

READS = (paths.RAW,)
WRITES = (paths.VERIFIED, paths.report("verified_pairs"))
PARAMS = ("verified_pairs", "rain_types")

ALGORITHM = "3"

logger = logging.getLogger(__name__)

Key = TypeVar("Key", str, tuple[str, str, str])


def run(root: Path, *, verified_pairs: VerifiedPairs, rain_types: tuple[RainType, ...]) -> None:
    """Write the verified pairs and photos, and what was dropped.

    Raises:
        EmptyTypeError: a rain type of params has no verified pair.
        ChangedInputError: a file is not the one that was listed; all others are inspected, and that work is kept.
    """
    rows = tables.read(root / paths.RAW / "manifest.parquet", ManifestRow)
    logger.info("verified_pairs: %d rows to verify", len(rows))
    job = InspectRows(max_pixels=verified_pairs.max_pixels, roots=Roots.load(root), algorithm=ALGORITHM)
    results = finished_rows(job, rows, WorkStore.at(root, "verified_pairs"))
    seen = [_inspection(row, result) for row, result in zip(rows, results, strict=True)]
    pairs, photos, faults = _verified(rows, seen, verified_pairs, rain_types)
    dropped = [
        Dropped(pair_id=row.pair_id, dataset=row.dataset, reason=found.reason, other=found.other)
        for row in rows
        if (found := faults.get(row.pair_id))
    ]
    tables.write(root / paths.VERIFIED / "dropped.parquet", dropped, Dropped)
    _demand_every_type(pairs, dropped, rain_types)
    tables.write(root / paths.VERIFIED / "pairs.parquet", pairs, Pair)
    tables.write(root / paths.VERIFIED / "real.parquet", photos, RealPhoto)
    report.write(root / paths.report("verified_pairs"), _report(pairs, photos, dropped, seen, rain_types))
    logger.info("verified_pairs: %d pairs, %d photos, %d dropped", len(pairs), len(photos), len(dropped))


def _inspection(row: ManifestRow, result: Inspection | Failed) -> Inspection:
    """What was measured of a row; a row whose work failed has its problem."""
    if isinstance(result, Failed):
        return Inspection(pair_id=row.pair_id, problem=result.reason, detail=result.detail)
    return result


def _verified(
    rows: Sequence[ManifestRow],
    seen: Sequence[Inspection],
    params: VerifiedPairs,
    rain_types: Sequence[str],
) -> tuple[list[Pair], list[RealPhoto], dict[str, Fault]]:
    """Each row as a pair, as a photo, or with its fault."""
    faults: dict[str, Fault] = {}
    for row, inspection in zip(rows, seen, strict=True):
        if (bad := fault(inspection, params, row.dataset)) is not None:
            faults[row.pair_id] = bad
    sound = [Sound(*both) for both in zip(rows, seen, strict=True) if both[0].pair_id not in faults]
    photos = [s for s in sound if s.row.role == "real"]
    pairs = [s for s in sound if s.row.role != "real"]
    bits = params.near_duplicate_bits
    near = duplicates.near_hashes((s.seen.clean_hash for s in pairs), bits)
    faults |= duplicates.leaks(pairs, near)
    faults |= duplicates.duplicates(_left(pairs, faults), near, bits)
    pairs = _left(pairs, faults)
    faults |= duplicates.doubled_photos(photos, pairs)
    scenes = duplicates.scene_ids(pairs, near)
    types = duplicates.rain_types(pairs, scenes, params.night_luma)
    faults |= {i: Fault("type_not_listed", kind) for i, kind in types.items() if kind not in rain_types}
    return (
        [_pair(s, types[s.row.pair_id], scenes[s.row.pair_id]) for s in _left(pairs, faults)],
        [_photo(s) for s in _left(photos, faults)],
        faults,
    )


def _left(rows: Sequence[Sound], faults: Mapping[str, Fault]) -> list[Sound]:
    return [s for s in rows if s.row.pair_id not in faults]


def _pair(sound: Sound, rain_type: str, scene_id: str) -> Pair:
    row, seen = sound.row, sound.seen
    return Pair(
        pair_id=row.pair_id,
        dataset=row.dataset,
        rain_type=rain_type,
        origin=row.origin,
        role=row.role,
        root=row.root,
        input=row.input,
        target=row.target or row.input,  # one file holds both sides
        halves=row.halves,
        scene_id=scene_id,
        width=seen.width,
        height=seen.height,
        mode=seen.mode,
        clean_hash=seen.clean_hash,
        input_hash=row.input_hash,
        target_hash=row.target_hash or row.input_hash,
    )


def _photo(sound: Sound) -> RealPhoto:
    row, seen = sound.row, sound.seen
    return RealPhoto(
        photo_id=row.pair_id,
        dataset=row.dataset,
        root=row.root,
        input=row.input,
        width=seen.width,
        height=seen.height,
        mode=seen.mode,
        input_hash=row.input_hash,
    )


def _demand_every_type(
    pairs: Sequence[Pair], dropped: Sequence[Dropped], rain_types: Sequence[RainType]
) -> None:
    empty = [kind for kind in rain_types if not any(pair.rain_type == kind for pair in pairs)]
    if empty:
        names = ", ".join(empty)
        lost = ", ".join(f"{n} {reason}" for reason, n in _counted(d.reason for d in dropped).items())
        raise EmptyTypeError(
            f"no verified pair of rain type {names} (dropped: {lost or 'none'}); add a dataset to "
            f"raw_datasets.datasets, or take {names} out of rain_types in params.yaml",
            empty,
        )


def _report(
    pairs: Sequence[Pair],
    photos: Sequence[RealPhoto],
    dropped: Sequence[Dropped],
    seen: Sequence[Inspection],
    rain_types: Sequence[str],
) -> Report:
    kinds = Counter(pair.rain_type for pair in pairs)
    composition: list[Json] = [
        {"dataset": dataset, "rain_type": kind, "origin": origin, "pairs": n}
        for (dataset, kind, origin), n in _counted((p.dataset, p.rain_type, p.origin) for p in pairs).items()
    ]
    kept = {pair.pair_id: pair.dataset for pair in pairs}
    peaks: dict[str, list[float]] = {}
    for found in seen:
        if found.peak is not None and found.pair_id in kept:
            peaks.setdefault(kept[found.pair_id], []).append(found.peak)
    alignment: list[Json] = [
        {
            "dataset": name,
            "pairs": len(peaks[name]),
            "peak_min": min(peaks[name]),
            "peak_median": median(peaks[name]),
        }
        for name in sorted(peaks)
    ]
    return Report(
        stage="verified_pairs",
        counts={
            "listed": len(seen),
            "pairs": len(pairs),
            "photos": len(photos),
            "dropped": len(dropped),
            "scenes": len({pair.scene_id for pair in pairs}),
            **{kind: kinds[kind] for kind in rain_types},
        },
        reasons=_counted(row.reason for row in dropped),
        notes=_notes(seen, kept),
        figures={"composition": composition, "alignment": alignment},
    )


def _notes(seen: Sequence[Inspection], kept: Mapping[str, str]) -> list[str]:
    notes = ["photos are compared by their pixels alone: re-encoded copies among them are not found"]
    faint = [s.pair_id for s in seen if s.pair_id in kept and s.difference is not None and s.difference < 1]
    if faint:
        notes.append(
            f"{len(faint)} pairs differ from their clean picture by less than one grey level on average "
            f"(first: {faint[0]}): look whether they show rain"
        )
    return notes


def _counted(values: Iterable[Key]) -> dict[Key, int]:
    counter = Counter(values)
    return {value: counter[value] for value in sorted(counter)}

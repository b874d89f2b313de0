"""The checks across rows as they were on row objects: the oracle of those on columns."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import DisjointSet

from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.distill.inspection import Inspection
from unirain_core.distill.integrity import Fault, fault
from unirain_core.imaging.hashes import hamming

PRIORITY = {"benchmark": 0, "test": 1, "val": 2, "train": 3}


@dataclass(frozen=True, slots=True)
class Sound:
    row: ManifestRow
    seen: Inspection


def screened(rows, inspections, params, rain_types):
    """Faults, scenes and rain types by id."""
    faults = {}
    for row, seen in zip(rows, inspections, strict=True):
        if (bad := fault(seen, params, row.dataset)) is not None:
            faults[row.pair_id] = bad
    sound = [Sound(*both) for both in zip(rows, inspections, strict=True) if both[0].pair_id not in faults]
    photos = [s for s in sound if s.row.role == "real"]
    pairs = [s for s in sound if s.row.role != "real"]
    bits = params.near_duplicate_bits
    near = near_hashes((s.seen.clean_hash for s in pairs), bits)
    faults |= leaks(pairs, near)
    faults |= duplicates(left(pairs, faults), near, bits)
    pairs = left(pairs, faults)
    faults |= doubled_photos(photos, pairs)
    scenes = scene_ids(pairs, near)
    types = settled_types(pairs, scenes, params.night_luma)
    faults |= {i: Fault("type_not_listed", kind) for i, kind in types.items() if kind not in rain_types}
    return faults, scenes, types


def left(rows, faults):
    return [s for s in rows if s.row.pair_id not in faults]


def near_hashes(hashes, bits):
    distinct = sorted(set(hashes))
    return {h: {other for other in distinct if hamming(h, other) <= bits} for h in distinct}


def leaks(pairs, near):
    tested: dict[bytes, str] = {}
    for pair in sorted(pairs, key=lambda p: p.row.pair_id, reverse=True):
        if pair.row.role in ("test", "benchmark"):
            tested |= dict.fromkeys(near[pair.seen.clean_hash], pair.row.pair_id)
    return {
        pair.row.pair_id: Fault("leaks_into_benchmark", tested[pair.seen.clean_hash])
        for pair in pairs
        if pair.row.role not in ("test", "benchmark") and pair.seen.clean_hash in tested
    }


def duplicates(pairs, near, bits):
    faults = {}
    ordered = sorted(pairs, key=lambda p: (PRIORITY[p.row.role], p.row.pair_id))
    for i, first in enumerate(ordered):
        for second in ordered[i + 1 :]:
            ids = first.row.pair_id, second.row.pair_id
            is_copy = (
                second.seen.clean_hash in near[first.seen.clean_hash]
                and hamming(first.seen.rain_hash, second.seen.rain_hash) <= bits
            )
            if is_copy and ids[0] not in faults and ids[1] not in faults:
                faults[ids[1]] = Fault("duplicate", ids[0])
    return faults


def doubled_photos(photos, pairs):
    first = {
        p.seen.rainy_pixels: p.row.pair_id for p in sorted(pairs, key=lambda p: p.row.pair_id, reverse=True)
    }
    faults = {}
    for photo in sorted(photos, key=lambda p: p.row.pair_id):
        other = first.setdefault(photo.seen.rainy_pixels, photo.row.pair_id)
        if other != photo.row.pair_id:
            faults[photo.row.pair_id] = Fault("duplicate", other)
    return faults


def scene_ids(pairs, near):
    present = {pair.seen.clean_hash for pair in pairs}
    groups = DisjointSet([*present, *{p.row.group for p in pairs if p.row.group}])
    for pair in pairs:
        for other in near[pair.seen.clean_hash] & present:
            groups.merge(pair.seen.clean_hash, other)
        if pair.row.group is not None:
            groups.merge(pair.seen.clean_hash, pair.row.group)
    names: dict[object, tuple[bool, str]] = {}
    for pair in pairs:
        scene = groups[pair.seen.clean_hash]
        name = (pair.row.group is None, pair.row.group or pair.row.pair_id)
        names[scene] = min(names.get(scene, name), name)
    return {pair.row.pair_id: names[groups[pair.seen.clean_hash]][1] for pair in pairs}


def settled_types(pairs, scenes, night_luma):
    lumas = defaultdict(list)
    for pair in pairs:
        lumas[scenes[pair.row.pair_id]].append(pair.seen.clean_luma or 0.0)
    night = {scene: float(np.median(values)) < night_luma for scene, values in lumas.items()}
    types = {}
    for pair in pairs:
        kind = pair.row.rain_types[0]
        if kind.startswith("luma:"):
            kind = kind.removeprefix("luma:").split("|")[night[scenes[pair.row.pair_id]]]
        types[pair.row.pair_id] = kind
    return types

"""Integrity across rows: pairs that stand in the pool twice, training pictures of a benchmark, scenes."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.distill.inspection import Inspection
from unirain_core.distill.integrity import Fault
from unirain_core.imaging.hashes import near_pairs

_PRIORITY = {"test": 0, "val": 1, "train": 2}
"""Of two copies the one in a benchmark stays."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A pair that passed every check by itself."""

    row: ManifestRow
    seen: Inspection


class Groups:
    """Disjoint sets of hashable things (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def join(self, first: Hashable, second: Hashable) -> None:
        """Put both things into one set."""
        self._parent[self.of(first)] = self.of(second)

    def of(self, thing: Hashable) -> Hashable:
        """The representative of a thing's set, the same for all its members."""
        root = thing
        while (parent := self._parent.setdefault(root, root)) != root:
            root = parent
        while thing != root:
            self._parent[thing], thing = root, self._parent[thing]
        return root


def near_hashes(hashes: Iterable[bytes], bits: int) -> dict[bytes, set[bytes]]:
    """For each different hash those within `bits` of it, itself included."""
    distinct = sorted(set(hashes))
    near = {h: {h} for h in distinct}
    for i, j in near_pairs(distinct, bits):
        near[distinct[i]].add(distinct[j])
        near[distinct[j]].add(distinct[i])
    return near


def leaks(pairs: Sequence[Sound], near: Mapping[bytes, set[bytes]]) -> dict[str, Fault]:
    """Pairs for training or validation whose clean picture also stands in a benchmark's test set.

    Args:
        pairs: all sound pairs.
        near: of `near_hashes` over their clean pictures.

    Returns:
        pair_id to the fault, which names a pair of the benchmark.
    """
    tested: dict[bytes, str] = {}
    for pair in sorted(pairs, key=lambda p: p.row.pair_id, reverse=True):
        if pair.row.role == "test":
            tested |= dict.fromkeys(near[pair.seen.clean_hash], pair.row.pair_id)
    return {
        pair.row.pair_id: Fault("leaks_into_benchmark", tested[pair.seen.clean_hash])
        for pair in pairs
        if pair.row.role != "test" and pair.seen.clean_hash in tested
    }


def duplicates(pairs: Sequence[Sound], near: Mapping[bytes, set[bytes]], bits: int) -> dict[str, Fault]:
    """Pairs whose clean picture and whose rain stand in the pool already: exact and re-encoded copies.

    Many pairs share a clean picture with different rain: these are no duplicates.

    Args:
        pairs: sound pairs that do not leak.
        near: of `near_hashes` over at least their clean pictures.
        bits: largest distance of two hashes of the rain of one pair's copies.

    Returns:
        pair_id to the fault, which names the pair that stays.
    """
    scenes = Groups()
    for first, others in near.items():
        for second in others:
            scenes.join(first, second)
    by_scene: dict[Hashable, list[Sound]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda p: (_PRIORITY[p.row.role], p.row.pair_id)):
        by_scene[scenes.of(pair.seen.clean_hash)].append(pair)
    found: dict[str, Fault] = {}
    for members in by_scene.values():
        ids = [pair.row.pair_id for pair in members]
        for i, j in near_pairs([pair.seen.rain_hash for pair in members], bits):
            are_near = members[j].seen.clean_hash in near[members[i].seen.clean_hash]
            if are_near and ids[i] not in found and ids[j] not in found:
                found[ids[j]] = Fault("duplicate", ids[i])
    return found


def doubled_photos(photos: Sequence[Sound], pairs: Sequence[Sound]) -> dict[str, Fault]:
    """Photos of D_r whose pixels are another photo's, or a pair's rainy picture, which would find itself."""
    first = {
        p.seen.rainy_pixels: p.row.pair_id for p in sorted(pairs, key=lambda p: p.row.pair_id, reverse=True)
    }
    found: dict[str, Fault] = {}
    for photo in sorted(photos, key=lambda p: p.row.pair_id):
        other = first.setdefault(photo.seen.rainy_pixels, photo.row.pair_id)
        if other != photo.row.pair_id:
            found[photo.row.pair_id] = Fault("duplicate", other)
    return found


def scene_ids(pairs: Sequence[Sound], near: Mapping[bytes, set[bytes]]) -> dict[str, str]:
    """The scene of every pair: pairs of one group, or with near-duplicate clean pictures, share it.

    A scene is named after its first group key, so that more pairs of a group do not rename it; where
    it has none, after its first pair.

    Args:
        pairs: all pairs that stay.
        near: of `near_hashes` over at least their clean pictures.

    Returns:
        pair_id to scene_id.
    """
    groups = Groups()
    present = {pair.seen.clean_hash for pair in pairs}
    for pair in pairs:
        for other in near[pair.seen.clean_hash] & present:
            groups.join(pair.seen.clean_hash, other)
        if pair.row.group is not None:
            groups.join(pair.seen.clean_hash, pair.row.group)
    names: dict[Hashable, tuple[bool, str]] = {}
    for pair in pairs:
        scene = groups.of(pair.seen.clean_hash)
        name = (pair.row.group is None, pair.row.group or pair.row.pair_id)
        names[scene] = min(names.get(scene, name), name)
    return {pair.row.pair_id: names[groups.of(pair.seen.clean_hash)][1] for pair in pairs}


def rain_types(pairs: Sequence[Sound], scenes: Mapping[str, str], night_luma: float) -> dict[str, str]:
    """The rain type of every pair; `luma:DAY|NIGHT` is decided by the median luma of its scene's clean side.

    Args:
        pairs: pairs with one type each.
        scenes: of `scene_ids`.
        night_luma: median luma in [0, 1] below which a scene counts as night.

    Returns:
        pair_id to rain type.
    """
    lumas: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        lumas[scenes[pair.row.pair_id]].append(pair.seen.clean_luma or 0.0)
    night = {scene: float(np.median(values)) < night_luma for scene, values in lumas.items()}
    types: dict[str, str] = {}
    for pair in pairs:
        kind = pair.row.rain_types[0]
        if kind.startswith("luma:"):
            kind = kind.removeprefix("luma:").split("|")[night[scenes[pair.row.pair_id]]]
        types[pair.row.pair_id] = kind
    return types

"""The RainRAG split: held-out draws by scene, and the training pairs of all other scenes."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from unirain_core.artefacts.schemas import Pair, SplitRow
from unirain_core.config.sections import Draw, RainragSplit

HELD_OUT = ("unfiltered", "test", "val")
"""In the order in which they are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Four sets of pairs that share no scene, and the accepted pairs that none of them takes."""

    train: tuple[Pair, ...]
    val: tuple[Pair, ...]
    test: tuple[Pair, ...]
    unfiltered: tuple[Pair, ...]
    held_out: tuple[Pair, ...]
    """Accepted pairs of scenes that a held-out set or a dataset's own test part touches."""
    thinned: tuple[Pair, ...]
    """Accepted pairs beyond the target of their rain type."""

    def named(self) -> dict[str, tuple[Pair, ...]]:
        """The four sets by name."""
        return {"train": self.train, "val": self.val, "test": self.test, "unfiltered": self.unfiltered}


def split_pairs(
    pairs: Sequence[Pair], accepted: Collection[str], params: RainragSplit, rain_types: Sequence[str]
) -> Split:
    """Draw `unfiltered` before any verdict counts, then `test` and `val` of the accepted; the rest trains.

    A scene that one draw touches is closed for all others. A scene in which a dataset keeps test pictures
    of its own may stand in `unfiltered` or `test` alone: `val` steers the training, so it must not see them.
    The same seed and pairs give the same split, whatever their order.

    Args:
        pairs: all verified pairs, accepted and rejected.
        accepted: pair_ids whose verdict is 1.
        params: seed and sizes.
        rain_types: those of params.
    """
    good = [pair for pair in pairs if pair.pair_id in accepted]
    closed: set[str] = set()
    drawn: dict[str, tuple[Pair, ...]] = {}
    draws = {"unfiltered": params.unfiltered, "test": params.test, "val": params.val}
    for name in HELD_OUT:
        if name == "val":
            closed |= scenes_for_testing(pairs)
        pool = pairs if name == "unfiltered" else good
        drawn[name] = draw_scenes(
            [pair for pair in pool if pair.scene_id not in closed], draws[name], params.seed, rain_types
        )
        closed |= {pair.scene_id for pair in drawn[name]}
    taken = {pair.pair_id for chosen in drawn.values() for pair in chosen}
    candidates = [pair for pair in good if pair.scene_id not in closed]
    train = thin(candidates, params.train_per_type, params.seed)
    kept = {pair.pair_id for pair in train}
    return Split(
        train=train,
        **drawn,
        held_out=_ordered(p for p in good if p.scene_id in closed and p.pair_id not in taken),
        thinned=_ordered(p for p in candidates if p.pair_id not in kept),
    )


def scenes_for_testing(pairs: Iterable[Pair]) -> set[str]:
    """Scenes in which a dataset keeps test pictures of its own."""
    return {pair.scene_id for pair in pairs if pair.role == "test"}


def draw_scenes(pairs: Sequence[Pair], draw: Draw, seed: int, rain_types: Sequence[str]) -> tuple[Pair, ...]:
    """Take scenes in the order of their hashes until every rain type has its pairs, or no scene is left.

    Args:
        pairs: of open scenes.
        draw: pairs per rain type, as a number and as a share, and per rain type and scene.
        seed: other seeds give other scenes.
        rain_types: pairs of other types are never taken.
    """
    scenes: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        scenes[pair.scene_id].append(pair)
    there = Counter(pair.rain_type for pair in pairs)
    missing = Counter({kind: min(draw.per_type, int(draw.max_share * there[kind])) for kind in rain_types})
    chosen: list[Pair] = []
    for scene in sorted(scenes, key=lambda s: _hash(seed, s)):
        here: Counter[str] = Counter()
        for pair in sorted(scenes[scene], key=lambda p: _hash(seed, p.pair_id)):
            if missing[pair.rain_type] > 0 and here[pair.rain_type] < draw.per_scene:
                here[pair.rain_type] += 1
                missing[pair.rain_type] -= 1
                chosen.append(pair)
    return _ordered(chosen)


def thin(pairs: Sequence[Pair], per_type: int, seed: int) -> tuple[Pair, ...]:
    """At most `per_type` pairs of each rain type, spread over as many scenes as possible; 0 keeps all.

    Real sets hold hundreds of near-equal frames of one scene: every scene gives its first pair before any
    gives its second.
    """
    if per_type == 0:
        return _ordered(pairs)
    place: Counter[tuple[str, str]] = Counter()
    ranked: list[tuple[int, str, Pair]] = []
    for pair in sorted(pairs, key=lambda p: _hash(seed, p.pair_id)):
        key = (pair.rain_type, pair.scene_id)
        ranked.append((place[key], _hash(seed, pair.pair_id), pair))
        place[key] += 1
    taken: Counter[str] = Counter()
    kept = []
    for _, _, pair in sorted(ranked, key=lambda r: r[:2]):
        if taken[pair.rain_type] < per_type:
            taken[pair.rain_type] += 1
            kept.append(pair)
    return _ordered(kept)


def shared_scenes(sets: Mapping[str, Sequence[Pair]]) -> dict[str, list[str]]:
    """Scenes that stand in more than one of the named sets, with the names of those sets."""
    homes: dict[str, set[str]] = defaultdict(set)
    for name, pairs in sets.items():
        for pair in pairs:
            homes[pair.scene_id].add(name)
    return {scene: sorted(names) for scene, names in sorted(homes.items()) if len(names) > 1}


def split_row(pair: Pair) -> SplitRow:
    """What the loader needs of a pair."""
    return SplitRow(
        **{name: getattr(pair, name) for name in SplitRow.__dataclass_fields__ if name != "PRODUCER"}
    )


def _ordered(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    return tuple(sorted(pairs, key=lambda pair: pair.pair_id))


def _hash(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()

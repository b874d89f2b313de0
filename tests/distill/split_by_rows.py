"""The split and the composition as they were on row objects: the oracle of those on columns."""

import hashlib
from collections import Counter, defaultdict


def split_pairs(pairs, accepted, params, rain_types):
    """Name of the set to the ids of its pairs."""
    good = [pair for pair in pairs if pair.pair_id in accepted]
    closed, drawn = set(), {}
    draws = {"unfiltered": params.unfiltered, "test": params.test, "val": params.val}
    for name, draw in draws.items():
        if name == "val":
            closed |= {pair.scene_id for pair in pairs if pair.role == "test"}
        pool = pairs if name == "unfiltered" else good
        open_pairs = [pair for pair in pool if pair.scene_id not in closed]
        drawn[name] = draw_scenes(open_pairs, draw, params.seed, rain_types)
        closed |= {pair.scene_id for pair in drawn[name]}
    taken = {pair.pair_id for chosen in drawn.values() for pair in chosen}
    candidates = [pair for pair in good if pair.scene_id not in closed]
    train = thin(candidates, params.train_per_type, params.seed)
    kept = {pair.pair_id for pair in train}
    held_out = [p for p in good if p.scene_id in closed and p.pair_id not in taken]
    thinned = [p for p in candidates if p.pair_id not in kept]
    sets = {"train": train, **drawn, "held_out": held_out, "thinned": thinned}
    return {name: {pair.pair_id for pair in members} for name, members in sets.items()}


def draw_scenes(pairs, draw, seed, rain_types):
    scenes = defaultdict(list)
    for pair in pairs:
        scenes[pair.scene_id].append(pair)
    there = Counter(pair.rain_type for pair in pairs)
    missing = Counter({kind: min(draw.per_type, allowed(there[kind], draw.max_share)) for kind in rain_types})
    chosen = []
    for scene in sorted(scenes, key=lambda s: _hash(seed, s)):
        here: Counter[str] = Counter()
        for pair in sorted(scenes[scene], key=lambda p: _hash(seed, p.pair_id)):
            if missing[pair.rain_type] > 0 and here[pair.rain_type] < draw.per_scene:
                here[pair.rain_type] += 1
                missing[pair.rain_type] -= 1
                chosen.append(pair)
    return chosen


def allowed(n_pairs, max_share):
    """The most pairs that are no larger share of all."""
    return sum(number / n_pairs <= max_share for number in range(1, n_pairs + 1))


def thin(pairs, per_type, seed):
    if per_type == 0:
        return pairs
    place: Counter[tuple[str, str]] = Counter()
    ranked = []
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
    return kept


def composition(manifest, pairs, accepted):
    """(listed, dropped, rejected) by source, rain type and origin."""
    sound = {pair.pair_id: pair for pair in pairs}
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in manifest:
        if row.role != "real":
            pair = sound.get(row.pair_id)
            stated = "undecided" if row.rain_types[0].startswith("luma:") else row.rain_types[0]
            line = counts[row.dataset, pair.rain_type if pair else stated, row.origin]
            line[0] += 1
            line[1] += pair is None
            line[2] += pair is not None and pair.pair_id not in accepted
    return {key: tuple(counts[key]) for key in sorted(counts)}


def _hash(seed, name):
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()

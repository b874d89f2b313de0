"""What picture stands where: a pure function of the corpus's params and of the list of photos."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from unirain_core.config.sections import SampleCorpus
from unirain_core.errors import ConfigError
from unirain_core.standins.rain.items import FAULTS, PHOTOGRAPHED, RAIN_TYPES, Item, View
from unirain_core.standins.rain.photos import SHIPPED, Photo
from unirain_core.standins.rain.planted import DROP_KINDS, STREAK_KINDS

Value = TypeVar("Value")

HOMES = {
    "drs": ("rain200l", "gt-rain", "rain200l", "rainrag", "gt-rain", "rain200l"),
    "drd": ("raindrop", "raindrop", "rainrag", "raindrop", "raindrop", "raindrop"),
    "nrs": ("gtav-nightrain", "hq-nightrain", "gtav-nightrain", "rainrag", "hq-nightrain", "gtav-nightrain"),
    "nrd": ("rainrag", "hq-nightrain", "rainrag", "rainrag", "hq-nightrain", "rainrag"),
}
"""Datasets that a rain type's pairs go to, in turn."""

HELD_OUT_SHARE = 7
"""One photo in seven, and one pair in seven, stand in test folders only."""

SELDOM = 6
"""At most one picture in six shows a photo that is dealt seldom."""

BLOCK = 1_000_000
"""Distance between the seeds of two rain types."""


def plan(config: SampleCorpus, photos: Sequence[Photo] = SHIPPED) -> list[Item]:
    """All pairs, the faulty ones and the real photos, each with the seeds that determine its pixels.

    Raises:
        ConfigError: more than 999 pictures of one dataset would show the same photo.
        ValueError: fewer than two photos, or none for the day types.
    """
    held = _held_out(config.seed, photos)
    rng = np.random.default_rng([config.seed, 1])
    kinds = {False: _dealt(STREAK_KINDS, rng), True: _dealt(DROP_KINDS, rng)}
    seen = Counter[tuple[str, int]]()
    pairs = [item for rain_type in RAIN_TYPES for item in _pairs(config, rain_type, photos, held, kinds)]
    pairs = _numbered(pairs, seen)  # before the faulty ones, two of which name a pair that they repeat
    faulty = _numbered(_faulty(config, pairs, photos, held), seen)
    reals = [item for rain_type in RAIN_TYPES for item in _reals(config, rain_type, photos)]
    return [*pairs, *faulty, *_numbered(reals, seen)]


def _held_out(seed: int, photos: Sequence[Photo]) -> frozenset[int]:
    """Numbers of the photos that stand in test folders only."""
    clear = [n for n, photo in enumerate(photos, start=1) if photo.day and not photo.seldom]
    if len(photos) < 2 or len(clear) < 2:
        raise ValueError(f"two photos by day are needed at least (found {len(clear)} of {len(photos)})")
    drawn = np.random.default_rng([seed, 0]).permutation(clear)
    return frozenset(drawn[: max(1, len(photos) // HELD_OUT_SHARE)].tolist())


def _pairs(
    config: SampleCorpus,
    rain_type: str,
    photos: Sequence[Photo],
    held: frozenset[int],
    kinds: Mapping[bool, Iterator[str]],
) -> list[Item]:
    """A rain type's pairs; at least one in a test folder is good."""
    block, count = RAIN_TYPES.index(rain_type), config.pairs_per_type
    rng = np.random.default_rng([config.seed, 2, block])
    homes = rng.permutation(list(islice(cycle(HOMES[rain_type]), count))).tolist()
    tests = rng.choice(count, size=max(1, count // HELD_OUT_SHARE), replace=False).tolist()
    may_be_planted = [j for j in range(count) if homes[j] not in PHOTOGRAPHED and j != tests[0]]
    planted = set(rng.permutation(may_be_planted)[: round(count * config.planted_share)].tolist())
    night = rain_type.startswith("n")
    training = _photo_numbers(photos, rng, night=night, without=held)
    testing = _dealt([n for n in sorted(held) if night or photos[n - 1].day], rng)
    return [
        Item(
            dataset=homes[j],
            rain_type=rain_type,
            role="test" if j in tests else "train",
            view=View(photo=next(testing if j in tests else training), index=block * BLOCK + j),
            rain=block * BLOCK + j,
            kind=next(kinds[rain_type.endswith("d")]) if j in planted else "",
        )
        for j in range(count)
    ]


def _reals(config: SampleCorpus, rain_type: str, photos: Sequence[Photo]) -> list[Item]:
    block = len(RAIN_TYPES) + RAIN_TYPES.index(rain_type)
    rng = np.random.default_rng([config.seed, 2, block])
    numbers = _photo_numbers(photos, rng, night=rain_type.startswith("n"), without=frozenset())
    return [
        Item(
            dataset="real",
            rain_type=rain_type,
            role="real",
            view=View(photo=next(numbers), index=block * BLOCK + j),
            rain=block * BLOCK + j,
        )
        for j in range(config.real_per_type)
    ]


def _faulty(
    config: SampleCorpus, pairs: Sequence[Item], photos: Sequence[Photo], held: frozenset[int]
) -> list[Item]:
    """One pair of every fault, of rain types in turn."""
    rng = np.random.default_rng([config.seed, 3])
    types = _dealt(RAIN_TYPES, rng)
    sound = [item for item in pairs if item.path == "A"]
    numbers = _photo_numbers(photos, rng, night=False, without=held)
    return [
        _with_fault(fault, 2 * len(RAIN_TYPES) * BLOCK + 2 * j, next(types), sound, numbers, rng)
        for j, fault in enumerate(FAULTS)
    ]


def _with_fault(
    fault: str, seed: int, rain_type: str, sound: Sequence[Item], numbers: Iterator[int], rng: Generator
) -> Item:
    if fault == "leaks_into_benchmark":
        original = _any_good([item for item in sound if item.role == "test"], rng)
        return replace(original, role="train", rain=seed, fault=fault, original=original)
    if fault == "duplicate":
        original = _any_good([item for item in sound if item.role == "train"], rng)
        home = next(h for h in _synthetic_homes(original.rain_type) if h != original.dataset)
        return replace(original, dataset=home, fault=fault, original=original)
    photo = next(numbers)
    other = View(photo=next(numbers), index=seed + 1) if fault == "wrong_clean" else None
    return Item(
        dataset=_synthetic_homes(rain_type)[0],
        rain_type=rain_type,
        role="train",
        view=View(photo=photo, index=seed),
        rain=seed,
        fault=fault,
        other_view=other,
    )


def _synthetic_homes(rain_type: str) -> list[str]:
    return [home for home in HOMES[rain_type] if home not in PHOTOGRAPHED]


def _photo_numbers(
    photos: Sequence[Photo], rng: Generator, *, night: bool, without: frozenset[int]
) -> Iterator[int]:
    """Numbers of photos without end, by permutations in which some are scarce."""
    fit = [n for n, photo in enumerate(photos, start=1) if n not in without and (night or photo.day)]
    clear = [n for n in fit if not photos[n - 1].seldom]
    others = [n for n in fit if photos[n - 1].seldom]
    while True:
        some = rng.permutation(others)[: len(clear) // (SELDOM - 1)].tolist()
        yield from rng.permutation([*clear, *some]).tolist()


def _dealt(values: Sequence[Value], rng: Generator) -> Iterator[Value]:
    """The values without end, one permutation after another."""
    while True:
        yield from (values[i] for i in rng.permutation(len(values)))


def _any_good(items: Sequence[Item], rng: Generator) -> Item:
    """One with good rain, unless all rain is of low fidelity."""
    good = [item for item in items if not item.kind] or items
    return good[int(rng.integers(len(good)))]


def _numbered(items: Sequence[Item], seen: Counter[tuple[str, int]]) -> list[Item]:
    """The items with their running numbers; `seen` counts on, by dataset and photo."""
    numbered = []
    for item in items:
        seen[item.dataset, item.photo] += 1
        numbered.append(replace(item, running=seen[item.dataset, item.photo]))
    (dataset, photo), most = seen.most_common(1)[0]
    if most > 999:
        raise ConfigError(
            f"{most} pictures of dataset '{dataset}' would show photo {photo}, and names have room for 999; "
            "lower pairs_per_type or rain on more photographs"
        )
    return numbered

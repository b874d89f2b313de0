"""Which of a dataset's listed pictures enter the pool, as what: id, rain type, role and scene of each."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.schemas import Dropped
from unirain_core.config.sections import Dataset, RawDatasets
from unirain_core.errors import ConfigError
from unirain_core.sources.listing import Listed, Listing
from unirain_core.sources.quota import within_quota
from unirain_core.sources.rules import expansions


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A pair or photo of the pool before its files are read."""

    pair_id: str
    rain_types: tuple[str, ...]
    role: str
    path: str
    """Of the rainy file, relative to the dataset's folder."""
    rainy: Picture
    clean: Picture | None
    group: str | None


@dataclass(frozen=True, slots=True)
class Admission:
    """What of one dataset enters the pool."""

    entries: tuple[Entry, ...]
    dropped: tuple[Dropped, ...]
    without_scene: int
    """Entries that the dataset's scene_rule does not match."""


def admit(
    name: str, listing: Listing, pool: RawDatasets, *, rain_types: Sequence[str], shows: Mapping[str, str]
) -> Admission:
    """Apply what params says of a dataset to what its layout found.

    Args:
        name: key of the dataset in params.
        listing: pictures of its tree.
        pool: the section of params.
        rain_types: those of params; other types are dropped.
        shows: rain type to streak or drop.

    Raises:
        ConfigError: params must say more than it does (rain types, role), its role is for pairs and there are none, or its
            scene_rule cannot be used.
    """
    dataset = pool.datasets[name]
    key = f"raw_datasets.datasets.{name}"
    _demand_pairs_for_a_role(key, dataset, listing.listed)
    inputs = [item.path for item in listing.listed]
    scenes = expansions(f"{key}.scene_rule", dataset.scene_rule, inputs) if dataset.scene_rule else {}
    rules = _Rules(name, dataset, pool.mixture_policy, tuple(rain_types), shows, scenes)
    ids = pair_ids(name, inputs + [entry.path for entry in listing.refused])
    dropped = [
        Dropped(pair_id=ids[r.path], dataset=name, reason=r.reason, other=r.detail) for r in listing.refused
    ]
    entries: list[Entry] = []
    for item in listing.listed:
        admitted = rules.admit(item, ids[item.path])
        if isinstance(admitted, Entry):
            entries.append(admitted)
        else:
            dropped.append(admitted)
    if not entries and any(d.reason == "split_unknown" for d in dropped):
        raise ConfigError(
            f"{key}.role: the tree does not say whether its {len(inputs)} pairs "
            f"(first: {inputs[0]}) are for training or testing; set role to train, val, test or benchmark"
        )
    without_scene = rules.unmatched(entries)
    if dataset.quota is not None:
        entries, beyond = _let_in(name, entries, dataset.quota, pool.quota_seed)
        dropped += beyond
    return Admission(tuple(entries), tuple(dropped), without_scene)


def _let_in(name: str, entries: Sequence[Entry], quota: int, seed: int) -> tuple[list[Entry], list[Dropped]]:
    """The entries that a dataset's quota lets in, and the others with their reason."""
    stays = within_quota(
        [entry.pair_id for entry in entries],
        [entry.group or entry.pair_id for entry in entries],
        [entry.role in ("train", "real") for entry in entries],
        quota=quota,
        seed=seed,
    )
    inside: list[Entry] = []
    beyond: list[Dropped] = []
    for entry, stay in zip(entries, stays, strict=True):
        if stay:
            inside.append(entry)
        else:
            row = Dropped(pair_id=entry.pair_id, dataset=name, reason="beyond_quota", other=entry.group)
            beyond.append(row)
    return inside, beyond


def _demand_pairs_for_a_role(key: str, dataset: Dataset, listed: Sequence[Listed]) -> None:
    """Refuse to train or test on photos: without a clean picture they would go into the real-rain database unasked."""
    if dataset.role in ("", "real") or not listed or any(item.is_paired for item in listed):
        return
    raise ConfigError(
        f"{key}.role: layout '{dataset.layout}' gives none of its {len(listed)} pictures (first: {listed[0].path}) a "
        f"clean partner, so they cannot be for {dataset.role}; remove `role: {dataset.role}`, and they are photos of the "
        "real-rain database"
    )


def pair_ids(dataset: str, paths: Sequence[str]) -> dict[str, str]:
    """Path to pair_id: `<dataset>/<path without suffix>`, with suffix where two differ only in it.

    >>> sorted(pair_ids("a", ["x/1.png", "x/1.jpg", "x/2.png"]).values())
    ['a/x/1.jpg', 'a/x/1.png', 'a/x/2']
    """
    stems = {path: os.path.splitext(path)[0] for path in paths}  # noqa: PTH122 (a million times)
    uses = Counter(stems.values())
    return {
        path: f"{dataset}/{stem if uses[stem] == 1 and stem not in stems else path}"
        for path, stem in stems.items()
    }


def settle_types(
    types: Sequence[str], policy: str, rain_types: Sequence[str], shows: Mapping[str, str]
) -> tuple[tuple[str, ...], str]:
    """One rain type, or `luma:DAY|NIGHT`, of what a picture shows; else () and the reason to drop it.

    >>> shows = {"drs": "streak", "drd": "drop"}
    >>> settle_types(["drs", "drd"], "drop", ["drs", "drd"], shows)
    (('drd',), '')
    >>> settle_types(["drs", "drd"], "exclude", ["drs", "drd"], shows)
    ((), 'mixture_excluded')
    >>> settle_types(["other:snow"], "drop", ["rain", "snow"], shows)
    (('snow',), '')
    >>> settle_types(["weather:rain", "luma:drs|nrs"], "drop", ["rain", "snow"], shows)
    (('rain',), '')
    """
    weathers = [rain_type.removeprefix(_WEATHER) for rain_type in types if rain_type.startswith(_WEATHER)]
    if weathers and weathers[0] in rain_types:
        return (weathers[0],), ""  # params tell weathers apart, not day and night or streaks and drops
    types = [_named(rain_type, rain_types) for rain_type in types if not rain_type.startswith(_WEATHER)]
    if any(rain_type.startswith("other:") for rain_type in types):
        return (), "type_not_listed"
    if len(types) > 1:
        if policy == "exclude":
            return (), "mixture_excluded"
        types = [t for t in types if shows.get(t) == policy]
    if len(types) != 1:
        return (), "type_not_listed"
    alternatives = types[0].removeprefix("luma:").split("|")
    return ((types[0],), "") if set(alternatives) & set(rain_types) else ((), "type_not_listed")


_WEATHER = "weather:"
"""Begins the one name of a picture for params that list weathers, such as `[rain, snow, haze]`."""


def _named(rain_type: str, rain_types: Sequence[str]) -> str:
    """A type outside the usual ones (`other:NAME`) by its name, where params lists that name."""
    name = rain_type.removeprefix("other:")
    return name if name in rain_types else rain_type


@dataclass(frozen=True, slots=True)
class _Rules:
    """What params says of one dataset."""

    name: str
    dataset: Dataset
    policy: str
    rain_types: tuple[str, ...]
    shows: Mapping[str, str]
    scenes: Mapping[str, str]
    """Path to the key that scene_rule gives it."""

    @property
    def key(self) -> str:
        return f"raw_datasets.datasets.{self.name}"

    def admit(self, item: Listed, pair_id: str) -> Entry | Dropped:
        role = self._role(item)
        types, reason = self._types(item, role)
        reason = reason or ("" if role else "split_unknown")
        if reason:
            shown = " and ".join(self.dataset.rain_types or item.types) or None
            return Dropped(pair_id=pair_id, dataset=self.name, reason=reason, other=shown)
        return Entry(
            pair_id=pair_id,
            rain_types=types,
            role=role,
            path=item.path,
            rainy=item.rainy,
            clean=None if role == "real" else item.clean,
            group=self._group(item),
        )

    def _group(self, item: Listed) -> str | None:
        """The scene that `scene_rule` names, which all datasets share; else the layout's own."""
        if item.path in self.scenes:
            return f"scene:{self.scenes[item.path]}"
        return f"{self.name}:{item.group}" if item.group is not None else None

    def unmatched(self, entries: Sequence[Entry]) -> int:
        """How many entries the scene_rule leaves out; all of them is an error."""
        if self.dataset.scene_rule is None:
            return 0
        count = sum(entry.path not in self.scenes for entry in entries)
        if entries and count == len(entries):
            raise ConfigError(
                f"{self.key}.scene_rule: the pattern {self.dataset.scene_rule[0]!r} matches none of {count} paths "
                f"(first: {entries[0].path}); it must match the whole path below the dataset's folder"
            )
        return count

    def _types(self, item: Listed, role: str) -> tuple[tuple[str, ...], str]:
        if role == "real":
            named = [_named(rain_type, self.rain_types) for rain_type in item.types]
            return (), "type_not_listed" if any(t.startswith("other:") for t in named) else ""
        types = self.dataset.rain_types or item.types
        if not types:
            raise ConfigError(
                f"{self.key}.rain_types: layout '{self.dataset.layout}' cannot tell the rain type of {item.path}; "
                f"name one of {', '.join(self.rain_types)}"
            )
        unknown = set(self.dataset.rain_types) - {*self.rain_types, *self.shows}
        if unknown:
            raise ConfigError(
                f"{self.key}.rain_types: {', '.join(sorted(unknown))} is neither in rain_types nor known to the "
                f"catalogue, which has {', '.join(self.shows)}"
            )
        return settle_types(types, self.policy, self.rain_types, self.shows)

    def _role(self, item: Listed) -> str:
        """What params or the tree says of a pair, or nothing; a picture without a partner is a photo."""
        if self.dataset.role == "real" and item.rainy.half:
            raise ConfigError(
                f"{self.key}.role: {item.path} holds the rainy and the clean picture side by side and cannot be "
                "a photo of the real-rain database; remove `role: real`"
            )
        if not item.is_paired:
            return "real"
        if self.dataset.role:
            return self.dataset.role
        return self.dataset.test_part if item.split == "test" else item.split or ""

"""Leakage between the parts of a pool: pairs of one part whose scene stands in another part, and the kind of copy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from unirain_core.distill.sightings import Match
from unirain_core.imaging.near import Ints
from unirain_core.imaging.views import Octets, mirrored

KINDS = ("exact", "near", "cropped", "mirrored", "re_rained")
"""Kinds of copies, the plainest first.

`exact`: both pictures of the pair have the same pixels as those of the other pair. `near`: the rain is the same, and the clean
picture was re-encoded, resized or brightened. `cropped`, `mirrored`: likewise, and the clean picture was cropped or mirrored.
`re_rained`: the clean picture is a copy of any of these kinds, and the rain differs.
"""

RAIN_BITS = 80
"""Two pairs have the same rain if the hashes of rainy minus clean differ in at most so many of 256 bits.

Two different rains differ in 128 bits on average, and by chance in 80 or fewer about once in 10^9 times.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """All pairs of a pool, as numbers and hashes."""

    part: Ints
    """(N,) number of the pair's part."""
    picture: Ints
    """(N,) number of the pair's clean picture among those of `sightings.Pictures`."""
    rainy: Ints
    """(N,) a number for the rainy picture's pixels; equal pixels have equal numbers."""
    rain: Octets
    """(N, N_WINDOWS, 32) hashes of rainy minus clean, in each window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """How many pairs of one part have their scene in another part, by one kind of copy."""

    dataset: str
    role: str
    other: str
    """Dataset of the other part."""
    other_role: str
    kind: str
    """One of KINDS; a pair counts once, as the plainest copy that it is."""
    pairs: int
    """Of the first part."""
    of: int
    """Pairs of the first part altogether."""
    example: str
    """Id of one of the pairs."""
    other_example: str
    """Id of a pair of the other part that shows the same scene."""
    likeness: float
    """Of the example's two clean pictures; 1 for equal pixels."""


def leaks(
    pairs: Pairs,
    matches: Iterable[Match],
    parts: Sequence[tuple[str, str]],
    names: Mapping[int, str] | Sequence[str],
) -> list[Leak]:
    """Count the pairs by part, other part and kind.

    Args:
        pairs: all of the pool.
        matches: of their clean pictures.
        parts: dataset and role by number.
        names: ids of the pairs.
    """
    schema = {"pair": pl.Int32, "other": pl.Int32, "kind": pl.Int8, "likeness": pl.Float64}
    shared = pl.DataFrame(list(sharing(pairs, matches)), schema=schema, orient="row")
    of_part = np.bincount(pairs.part, minlength=len(parts))
    by_part = shared.with_columns(
        pl.Series("part", pairs.part[shared["pair"].to_numpy()]),
        pl.Series("other_part", pairs.part[shared["other"].to_numpy()]),
    )
    once = by_part.sort("kind", "pair", "other").unique(
        ["pair", "other_part"], keep="first", maintain_order=True
    )
    counts = once.group_by("part", "other_part", "kind", maintain_order=True).agg(
        pl.len(), pl.col("pair", "other", "likeness").first()
    )
    rows = []
    for row in counts.sort("part", "other_part", "kind").iter_rows(named=True):
        (dataset, role), (other, other_role) = parts[row["part"]], parts[row["other_part"]]
        leak = Leak(
            dataset=dataset,
            role=role,
            other=other,
            other_role=other_role,
            kind=KINDS[row["kind"]],
            pairs=row["len"],
            of=int(of_part[row["part"]]),
            example=names[row["pair"]],
            other_example=names[row["other"]],
            likeness=round(row["likeness"], 3),
        )
        rows.append(leak)
    return rows


def sharing(pairs: Pairs, matches: Iterable[Match]) -> Iterator[tuple[int, int, int, float]]:
    """Each pair with one pair of the other part that shows its scene, once from either side.

    Args:
        pairs: all of the pool.
        matches: of their clean pictures.

    Returns:
        Number of the pair, number of the other pair, place of the kind in KINDS, and likeness of the clean pictures.
    """
    order = np.argsort(pairs.picture, kind="stable").astype(np.int32)
    in_order = pairs.picture[order]

    def over(picture: int) -> Ints:
        """Numbers of the pairs that have this clean picture."""
        start, stop = np.searchsorted(in_order, [picture, picture + 1])
        return order[start:stop]

    for match in matches:
        first, second = over(match.first), over(match.second)
        for ours, theirs in ((first, second), (second, first)):
            for pair in ours.tolist():
                other, kind = _closest(pairs, pair, theirs, match.kind)
                yield pair, other, KINDS.index(kind), match.likeness


def _closest(pairs: Pairs, pair: int, others: Ints, clean_kind: str) -> tuple[int, str]:
    """The nearest of the pairs whose clean picture is a copy of this pair's, and the kind of copy that it is.

    Args:
        pairs: all of the pool.
        pair: number of a pair.
        others: numbers of the pairs with the other clean picture, at least one.
        clean_kind: how the two clean pictures are copies of each other.
    """
    bits = _rain_bits(pairs.rain[pair], pairs.rain[others], mirror=clean_kind == "mirrored")
    equal_rainy = np.flatnonzero(pairs.rainy[others] == pairs.rainy[pair])
    if clean_kind == "exact" and len(equal_rainy):
        return int(others[equal_rainy[0]]), "exact"
    nearest = int(np.argmin(bits))
    if bits[nearest] > RAIN_BITS:
        return int(others[nearest]), "re_rained"
    return int(others[nearest]), "near" if clean_kind == "exact" else clean_kind


def _rain_bits(rain: Octets, others: Octets, *, mirror: bool) -> Ints:
    """The fewest bits by which a rain differs from each of some others.

    A crop of a picture looks like one of its windows. So each window of the one is compared with the whole of the other, and the
    reverse.

    Args:
        rain: (N_WINDOWS, 32) hashes of one rain.
        others: (M, N_WINDOWS, 32) hashes of the others.
        mirror: whether the one is mirrored first.

    Returns:
        (M,) bits, 0 to 256.
    """
    ours = mirrored(rain) if mirror else rain
    inside = np.bitwise_count(others[:, :1] ^ ours).sum(axis=2, dtype=np.int32)
    outside = np.bitwise_count(others ^ ours[:1]).sum(axis=2, dtype=np.int32)
    fewest: Ints = np.minimum(inside.min(axis=1), outside.min(axis=1))
    return fewest

"""The pairs of a dataset that its quota admits: each scene gives one before any scene gives a second."""

import hashlib
from collections import Counter
from collections.abc import Sequence


def within_quota(
    names: Sequence[str], scenes: Sequence[str], counts: Sequence[bool], *, quota: int, seed: int
) -> list[bool]:
    """Whether each picture stays when at most `quota` of those that count may.

    The same seed admits the same pictures, whatever their order. A larger quota admits all pictures that a smaller one does.

    Args:
        names: of the pictures, each another one.
        scenes: of the pictures.
        counts: whether the quota applies to each picture; the others always stay.
        quota: the most that may stay.
        seed: of the order.

    >>> within_quota(["a", "b", "c", "d"], ["x", "x", "x", "y"], [True] * 4, quota=2, seed=0).count(True)
    2
    """
    rows = [row for row, is_counted in enumerate(counts) if is_counted]
    rows.sort(key=lambda row: _place(names[row], seed))
    taken: Counter[str] = Counter()
    turns: list[tuple[int, bytes, int]] = []
    for row in rows:
        turns.append((taken[scenes[row]], _place(scenes[row], seed), row))
        taken[scenes[row]] += 1
    stays = [not is_counted for is_counted in counts]
    for _, _, row in sorted(turns)[:quota]:
        stays[row] = True
    return stays


def _place(name: str, seed: int) -> bytes:
    """The seeded place of a name among all."""
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()[:8]

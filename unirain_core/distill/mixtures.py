"""Mixtures: choices of training pairs of about equal size, by dataset, by judge, by threshold and by proportion.

`unirain ablate data` compares them by the proxies that they train.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from unirain_core.distill.training_splits import Sizes, thinned

SHARES = (0.0, 0.25, 0.5, 0.75)
"""Shares of accepted pairs in a mixture with rejected ones; a share of 1 would be the distilled set itself."""
BEST_SHARES = (0.25, 0.5, 0.75)
"""Shares of the pairs of each rain type that have the highest mean p_yes."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """One choice of data."""

    name: str
    family: str
    """Dataset, judge, threshold, proportion or reference."""
    pairs: pl.DataFrame


def mixtures(pairs: pl.DataFrame, votes: pl.DataFrame, sizes: Sizes) -> tuple[list[Mixture], dict[str, str]]:
    """All choices that hold every rain type, and why the others are left out.

    Args:
        pairs: candidates to train on, with `pair_id`, `dataset`, `rain_type`, `scene_id`, `accepted`, `place`.
        votes: `pair_id`, `judge`, `vote` (null: abstained), `p_yes`.
        sizes: pairs of each rain type that a mixture has at most.
    """
    whole: list[Mixture] = []
    left_out: dict[str, str] = {}
    for name, family, chosen in _choices(pairs, votes, sizes):
        mixture = thinned(chosen, sizes)
        missing = [rain_type for rain_type in sizes if rain_type not in mixture["rain_type"]]
        if missing:
            left_out[name] = f"has no pair of {', '.join(missing)}"
        else:
            whole.append(Mixture(name, family, mixture))
    return whole, left_out


Choice = tuple[str, str, pl.DataFrame]
"""Name, family, and the pairs out of which a mixture is thinned."""


def _choices(pairs: pl.DataFrame, votes: pl.DataFrame, sizes: Sizes) -> Iterator[Choice]:
    accepted = pairs.filter("accepted")
    yield "mixed", "reference", pairs
    yield "distilled", "reference", accepted
    yield from _by_dataset(pairs, accepted, sizes)
    yield from _by_judge(pairs, votes)
    yield from _by_threshold(pairs, votes)
    for share in SHARES:
        parts = {True: accepted, False: pairs.filter(~pl.col("accepted"))}
        yield f"{share:.0%} accepted", "proportion", _proportion(parts, share, sizes)


def _by_dataset(pairs: pl.DataFrame, accepted: pl.DataFrame, sizes: Sizes) -> Iterator[Choice]:
    """Accepted pairs without a dataset, and with half of the pairs from it."""
    for dataset in pairs["dataset"].unique().sort():
        is_of_it = pl.col("dataset") == dataset
        yield f"without {dataset}", "dataset", accepted.filter(~is_of_it)
        yield f"half {dataset}", "dataset", _halves(accepted, is_of_it, sizes)


def _by_judge(pairs: pl.DataFrame, votes: pl.DataFrame) -> Iterator[Choice]:
    """Pairs to which one judge, any judge or every judge said yes."""
    yes = votes.filter(pl.col("vote").fill_null(value=False))
    for judge in votes["judge"].unique().sort():
        names = yes.filter(pl.col("judge") == judge)["pair_id"].implode()
        yield f"accepted by {judge}", "judge", pairs.filter(pl.col("pair_id").is_in(names))
    n_yes = pairs.join(yes.group_by("pair_id").len("yes"), on="pair_id", how="left", maintain_order="left")
    n_judges = votes["judge"].n_unique()
    yield "accepted by any", "judge", n_yes.filter(pl.col("yes") >= 1).drop("yes")
    yield "accepted by all", "judge", n_yes.filter(pl.col("yes") == n_judges).drop("yes")


def _by_threshold(pairs: pl.DataFrame, votes: pl.DataFrame) -> Iterator[Choice]:
    """Pairs with the highest mean p_yes of their rain type, and the half with the lowest."""
    ranked = _ranked(pairs, votes)
    for share in BEST_SHARES:
        yield f"best {share:.0%} by p_yes", "threshold", _best(ranked, share)
    yield "worst 50% by p_yes", "threshold", ranked.filter(pl.col("rank") > 0.5).drop("rank")


def _halves(pairs: pl.DataFrame, is_of_it: pl.Expr, sizes: Sizes) -> pl.DataFrame:
    """Half of the pairs from a dataset where it has a rain type, and the others from all other datasets."""
    halves = {rain_type: (size + 1) // 2 for rain_type, size in sizes.items()}
    own = thinned(pairs.filter(is_of_it), halves)
    taken = dict(own["rain_type"].value_counts().iter_rows())
    rest = {rain_type: size - taken.get(rain_type, 0) for rain_type, size in sizes.items()}
    return pl.concat([own, thinned(pairs.filter(~is_of_it), rest)]).sort("pair_id")


def _ranked(pairs: pl.DataFrame, votes: pl.DataFrame) -> pl.DataFrame:
    """The pairs that were judged, with `rank` from 0 (highest mean p_yes of its rain type) to 1."""
    mean = votes.group_by("pair_id").agg(pl.col("p_yes").mean())
    judged = pairs.join(mean, on="pair_id", maintain_order="left")
    in_order = judged.sort("p_yes", "place", descending=[True, False])
    rank = (pl.int_range(pl.len()) + 1) / pl.len()
    return in_order.with_columns(rank.over("rain_type").alias("rank")).drop("p_yes").sort("pair_id")


def _best(ranked: pl.DataFrame, share: float) -> pl.DataFrame:
    return ranked.filter(pl.col("rank") <= share).drop("rank")


def _proportion(parts: Mapping[bool, pl.DataFrame], share: float, sizes: Sizes) -> pl.DataFrame:
    """A share of accepted pairs, and rejected ones for the rest; fewer where there are not enough.

    Args:
        parts: the accepted pairs (True) and the rejected ones (False).
        share: of accepted pairs, 0 to 1.
        sizes: pairs of each rain type.
    """
    n_accepted = {rain_type: round(share * size) for rain_type, size in sizes.items()}
    n_rejected = {rain_type: sizes[rain_type] - n_accepted[rain_type] for rain_type in sizes}
    return pl.concat([thinned(parts[True], n_accepted), thinned(parts[False], n_rejected)]).sort("pair_id")

"""The judged pairs, a piece at a time: their names and paths are never held all at once.

The tables of a project stand in the order of their ids, so that what belongs together is met side by side.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Dropped, Pair, Verdict
from unirain_core.distill.roles import IS_JUDGED
from unirain_core.distill.split import places
from unirain_core.errors import GateError

_VERDICTS = pl.Schema(
    {
        "pair_id": pl.String,
        "yes": pl.Int8,
        "no": pl.Int8,
        "abstained": pl.Int8,
        "verdict": pl.Boolean,
    }
)


def not_judged(root: Path) -> pl.Series:
    """Verified pairs and photos that no judge was asked about."""
    return tables.columns(root / paths.VOTES / "dropped.parquet", Dropped, ["pair_id"])["pair_id"]


def pieces(root: Path, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Some columns of the judged pairs, in their order; no piece is empty."""
    without = not_judged(root).implode()
    for table in tables.batches(root / paths.VERIFIED / "pairs.parquet", Pair, columns):
        piece = pl.DataFrame(table).filter(~pl.col("pair_id").is_in(without))
        if len(piece):
            yield piece


def benchmark_scenes(root: Path) -> pl.Series:
    """Scenes of the pairs that are not judged because they are only scored."""
    scenes = [pl.Series("scene_id", [], dtype=pl.String)]
    for table in tables.batches(root / paths.VERIFIED / "pairs.parquet", Pair, ["scene_id", "role"]):
        scenes.append(pl.DataFrame(table).filter(~IS_JUDGED)["scene_id"])
    return pl.concat(scenes).unique()


def judged(root: Path, seed: int) -> pl.DataFrame:
    """What a split needs of each judged pair, some 30 bytes of it: no id, since the order tells which pair it is.

    Raises:
        GateError: a pair has no verdict.
    """
    whole, n_missing, first = [], 0, ""
    verdicts = tables.batches(root / paths.VOTES / "verdicts.parquet", Verdict, [*_VERDICTS])
    listed = pieces(root, ["pair_id", "dataset", "rain_type", "scene_id", "role"])
    for pairs, rulings in beside(listed, map(pl.DataFrame, verdicts), _VERDICTS):
        rows = pairs.join(rulings, on="pair_id", how="left", maintain_order="left")
        missing = rows.filter(pl.col("verdict").is_null())["pair_id"]
        n_missing += len(missing)
        first = first or "".join(missing[:1])
        coded = rows.select(
            pl.col("dataset", "rain_type", "scene_id", "role").cast(pl.Categorical),
            "yes", "no", "abstained",
            pl.col("verdict").alias("accepted"),
            places(rows["pair_id"], seed).alias("place"),
        )  # fmt: skip
        whole.append(coded)
    if n_missing:
        raise GateError(
            f"{n_missing} verified pairs have no verdict, the first is {first}: run `dvc repro vlm_votes`"
        )
    return pl.concat(whole) if whole else _EMPTY


_EMPTY = pl.DataFrame(
    schema={
        "dataset": pl.Categorical, "rain_type": pl.Categorical, "scene_id": pl.Categorical, "role": pl.Categorical,
        "yes": pl.Int8, "no": pl.Int8, "abstained": pl.Int8, "accepted": pl.Boolean, "place": pl.UInt64,
    }
)  # fmt: skip


def beside(
    pieces: Iterable[pl.DataFrame], others: Iterable[pl.DataFrame], schema: pl.Schema
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Each piece with the rows of another table up to its last id; rows after all of them come with an empty piece.

    Args:
        pieces: of a table in the order of `pair_id`, none of them empty.
        others: of the other table, in the same order.
        schema: of the other table.
    """
    remaining = iter(others)
    rest, piece = next(remaining, None), pl.DataFrame(schema=schema)
    for piece in pieces:
        taken = [pl.DataFrame(schema=schema)]
        last = piece["pair_id"][-1]
        while rest is not None:
            stop = int(rest["pair_id"].search_sorted(last, side="right"))
            taken.append(rest[:stop].cast(schema))
            if stop < len(rest):
                rest = rest[stop:]
                break
            rest = next(remaining, None)
        yield piece, pl.concat(taken)
    while rest is not None:
        yield piece.clear(), rest.cast(schema)
        rest = next(remaining, None)

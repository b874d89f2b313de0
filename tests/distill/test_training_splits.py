"""A training split holds no pair of a held-out scene, and as many pairs of each type as it was asked for."""

from collections import Counter

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.distill.split import HELD_OUT, PLACES
from unirain_core.distill.training_splits import (
    candidates,
    distilled_sizes,
    nearest,
    thinned,
    with_closed,
)

TYPES = ["drs", "nrd"]
PAIR = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from([*TYPES, "snow"]),
    st.integers(0, 6).map(lambda n: f"scene{n}"),
    st.sampled_from(["train", "val", "test", "benchmark"]),
    st.sampled_from([*PLACES, None]),
    st.integers(0, 9),
)


def pool_of(facts):
    columns = ("dataset", "rain_type", "scene_id", "role", "split", "place")
    schema = dict.fromkeys(columns[:5], pl.String) | {"place": pl.UInt64}
    pairs = pl.DataFrame(facts, schema=schema, orient="row")
    names = pl.Series("pair_id", [f"set/{number:03d}" for number in range(len(facts))], pl.String)
    return with_closed(pairs.with_columns(names))


POOLS = st.lists(PAIR, max_size=40).map(pool_of)
SIZES = st.fixed_dictionaries(dict.fromkeys(TYPES, st.integers(0, 9)))


@given(POOLS, st.lists(st.sampled_from(["a", "b"]), unique=True))
def test_no_candidate_shares_a_scene_with_a_held_out_pair_or_a_test_picture(pool, sources):
    rows = pool.to_dicts()
    closed = {
        row["scene_id"] for row in rows if row["split"] in HELD_OUT or row["role"] in ("test", "benchmark")
    }
    expected = [
        row["pair_id"]
        for row in rows
        if row["scene_id"] not in closed and row["rain_type"] in TYPES and row["dataset"] in (sources or "ab")
    ]

    assert expected == candidates(pool, TYPES, sources)["pair_id"].to_list()


@given(POOLS, SIZES)
def test_a_thinned_set_has_so_many_pairs_of_each_type_or_all_there_are(pool, sizes):
    taken = thinned(pool, sizes)
    available = Counter(pool["rain_type"])

    assert {t: min(sizes[t], available[t]) for t in TYPES} == {
        t: Counter(taken["rain_type"])[t] for t in TYPES
    }
    assert taken["pair_id"].is_sorted()
    assert set(taken["rain_type"]) <= set(TYPES)


@given(POOLS, SIZES)
def test_a_scene_gives_its_second_pair_only_when_every_other_has_given_one(pool, sizes):
    for rain_type, taken in thinned(pool, sizes).group_by("rain_type"):
        of_scene = Counter(taken["scene_id"])
        scenes = set(pool.filter(pl.col("rain_type") == rain_type[0])["scene_id"])

        assert max(of_scene.values()) == 1 or set(of_scene) == scenes


@given(POOLS, SIZES)
def test_the_nearest_are_the_first_by_score_and_then_by_place(pool, sizes):
    score = pool.select("pair_id", score=pl.col("scene_id").str.tail(1).cast(pl.Float64) / 7)
    score = score.filter(pl.col("score") > 0)  # the others have no references
    of_pair = dict(score.iter_rows())
    expected = []
    for rain_type, size in sizes.items():
        rows = [r for r in pool.to_dicts() if r["rain_type"] == rain_type and r["pair_id"] in of_pair]
        rows.sort(key=lambda row: (-of_pair[row["pair_id"]], row["place"]))
        expected += [row["pair_id"] for row in rows[:size]]

    assert sorted(expected) == nearest(pool, sizes, score)["pair_id"].to_list()


def test_the_distilled_size_is_what_trains_of_each_listed_type():
    pool = pool_of([("a", "drs", "s", "train", "train", 0)] * 3 + [("a", "drs", "t", "train", "thinned", 0)])

    assert {"drs": 3, "nrd": 0} == distilled_sizes(pool, TYPES)

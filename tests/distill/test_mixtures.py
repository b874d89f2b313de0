"""The choices of data hold what their names say, and a choice without a rain type is left out."""

import polars as pl
import pytest

from unirain_core.distill.mixtures import mixtures

SIZES = {"drs": 4, "nrd": 4}
JUDGES = ("one", "two", "three")


@pytest.fixture
def pool():
    """Of each type 8 pairs: the first 6 accepted, the later ones of a second dataset; nobody but `one` likes the seventh."""
    rows, votes = [], []
    for rain_type in SIZES:
        for n in range(8):
            name = f"{'ab'[n > 4]}/{rain_type}/{n}"
            rows.append((name, name[0], rain_type, f"{rain_type}{n}", n < 6, n))
            for judge in JUDGES:
                yes = (n < 6 and (judge != "three" or n < 3)) or (n == 6 and judge == "one")
                votes.append((name, judge, yes, 0.9 - n / 10))
    columns = {"pair_id": pl.String, "dataset": pl.String, "rain_type": pl.String, "scene_id": pl.String}
    pairs = pl.DataFrame(rows, schema=columns | {"accepted": pl.Boolean, "place": pl.UInt64}, orient="row")
    schema = {"pair_id": pl.String, "judge": pl.String, "vote": pl.Boolean, "p_yes": pl.Float64}
    return pairs.sort("pair_id"), pl.DataFrame(votes, schema=schema, orient="row")


def chosen_of(pool, sizes=SIZES):
    pairs, votes = pool
    return mixtures(pairs, votes, sizes)


def numbers(chosen, name, rain_type="drs"):
    """Last parts of the ids of a mixture's pairs of one type."""
    mixture = {one.name: one for one in chosen}[name]
    return sorted(int(pair[-1]) for pair in mixture.pairs["pair_id"] if f"/{rain_type}/" in pair)


def test_there_are_at_least_sixteen_choices_of_four_families(pool):
    chosen, _ = chosen_of(pool)

    assert {"reference", "dataset", "judge", "threshold", "proportion"} == {one.family for one in chosen}
    assert len(chosen) >= 16
    assert len({one.name for one in chosen}) == len(chosen)
    assert all(max(one.pairs["rain_type"].value_counts()["count"]) <= 4 for one in chosen)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("distilled", [0, 1, 2, 3]),
        ("without b", [0, 1, 2, 3]),
        ("half b", [0, 1, 2, 5]),
        ("accepted by three", [0, 1, 2]),
        ("accepted by all", [0, 1, 2]),
        ("best 25% by p_yes", [0, 1]),
        ("best 50% by p_yes", [0, 1, 2, 3]),
        ("worst 50% by p_yes", [4, 5, 6, 7]),
        ("0% accepted", [6, 7]),
        ("25% accepted", [0, 6, 7]),
        ("50% accepted", [0, 1, 6, 7]),
        ("75% accepted", [0, 1, 2, 6]),
    ],
)
def test_a_choice_holds_what_its_name_says(pool, name, expected):
    chosen, _ = chosen_of(pool)

    assert expected == numbers(chosen, name) == numbers(chosen, name, "nrd")


def test_what_one_judge_accepts_alone_is_in_its_choice(pool):
    chosen, _ = chosen_of(pool, dict.fromkeys(SIZES, 8))

    assert (list(range(7)), list(range(6))) == (
        numbers(chosen, "accepted by one"),
        numbers(chosen, "accepted by two"),
    )
    assert list(range(7)) == numbers(chosen, "accepted by any")


def test_a_choice_that_lacks_a_rain_type_is_left_out_with_its_reason(pool):
    pairs, votes = pool
    chosen, left_out = mixtures(pairs.with_columns(accepted=pl.col("rain_type") == "drs"), votes, SIZES)

    assert "has no pair of nrd" == left_out["distilled"]
    assert "distilled" not in {one.name for one in chosen}

"""Splits share no scene, whatever the pool; the draws are fair and repeatable."""

from collections import Counter
from dataclasses import asdict, replace

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from tests.distill import split_by_rows
from unirain_core.artefacts.schemas import Pair
from unirain_core.config.sections import Draw, RainragSplit
from unirain_core.distill.split import SETS, draw_scenes, places, shared_scenes, split_pairs, thin, with_order

TYPES = ["drs", "drd"]


def pair(name, rain_type="drs", scene=None, role="train"):
    return Pair(
        pair_id=name,
        dataset="d",
        rain_type=rain_type,
        origin="synthetic",
        role=role,
        root="r",
        input=f"{name}.png",
        target=f"{name}_clean.png",
        halves=None,
        scene_id=scene or f"scene-{name}",
        width=96,
        height=64,
        mode="RGB",
        clean_hash=b"",
        input_hash="a",
        target_hash="b",
    )


def params(per_type=2, per_scene=1, train_per_type=0, seed=0):
    draw = Draw(per_type=per_type, per_scene=per_scene)
    return RainragSplit(seed=seed, unfiltered=draw, test=draw, val=draw, train_per_type=train_per_type)


def frame(pairs, accepted=(), seed=0):
    rows = [asdict(p) | {"accepted": p.pair_id in accepted} for p in pairs]
    names = ("pair_id", "dataset", "scene_id", "rain_type", "role")
    schema = dict.fromkeys(names, pl.String) | {"accepted": pl.Boolean}
    columns = pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)
    return columns.with_columns(places(columns["pair_id"], seed).alias("place"))


def homes_of(pairs, accepted, settings):
    """Name of the set to the pairs that stand in it."""
    homes = split_pairs(frame(pairs, accepted, settings.seed), settings, TYPES)
    sets: dict[str, list[Pair]] = {name: [] for name in (*SETS, "held_out", "thinned")}
    for p, home in zip(pairs, homes, strict=True):
        sets.setdefault(home, []).append(p)
    sets.pop("none", None)
    return sets


def drawn(pairs, draw, seed=0):
    ordered = with_order(frame(pairs, seed=seed), seed)
    return [pairs[row] for row in draw_scenes(ordered, draw, TYPES)]


def thinned(pairs, per_type, seed):
    return [pairs[row] for row in thin(with_order(frame(pairs, seed=seed), seed), per_type)]


FACTS = st.tuples(
    st.sampled_from(TYPES), st.integers(0, 12), st.booleans(), st.sampled_from(["train", "train", "test"])
)


def pool_of(facts):
    pairs = [pair(f"p{i:02}", t, f"s{s}", role) for i, (t, s, _, role) in enumerate(facts)]
    return pairs, {f"p{i:02}" for i, (_, _, good, _) in enumerate(facts) if good}


POOLS = st.lists(FACTS, max_size=40).map(pool_of)
FULL_POOLS = st.lists(FACTS, min_size=30, max_size=40).map(pool_of)
PARAMS = st.builds(params, st.integers(1, 4), st.integers(1, 3), st.integers(0, 5), st.integers(0, 9))


@given(POOLS, PARAMS, st.sampled_from([0.25, 0.5, 1.0]))
def test_columns_give_the_split_of_rows(pool, settings, max_share):
    pairs, accepted = pool
    settings = replace(settings, test=replace(settings.test, max_share=max_share))
    expected = split_by_rows.split_pairs(pairs, accepted, settings, TYPES)

    assert expected == {n: {p.pair_id for p in m} for n, m in homes_of(pairs, accepted, settings).items()}


@given(POOLS, PARAMS)
def test_no_scene_stands_in_two_splits(pool, settings):
    listed, accepted = pool
    pairs = frame(listed, accepted, settings.seed)

    assert {} == shared_scenes(pairs.with_columns(split_pairs(pairs, settings, TYPES)))


@given(POOLS, PARAMS, st.sets(st.integers(0, 12), max_size=4))
def test_a_scene_of_a_benchmark_is_closed_as_a_test_picture_closes_it(pool, settings, numbers):
    pairs, accepted = pool
    scenes = {f"s{number}" for number in numbers}
    with_tests = [replace(p, role="test") if p.scene_id in scenes else p for p in pairs]
    names = pl.Series("scene_id", sorted(scenes), dtype=pl.String)
    split = split_pairs(frame(pairs, accepted, settings.seed), settings, TYPES, names)

    assert split.equals(split_pairs(frame(with_tests, accepted, settings.seed), settings, TYPES))
    assert not [
        p for p, place in zip(pairs, split, strict=True) if p.scene_id in scenes and place in ("val", "train")
    ]


@given(POOLS, PARAMS)
def test_only_unfiltered_takes_rejected_pairs_and_no_accepted_one_is_lost(pool, settings):
    pairs, accepted = pool
    sets = homes_of(pairs, accepted, settings)
    placed = Counter(p.pair_id for members in sets.values() for p in members)

    assert all(placed[name] == 1 for name in accepted)
    assert set(placed) - accepted == {p.pair_id for p in sets["unfiltered"]} - accepted


@given(POOLS, PARAMS)
def test_a_draw_keeps_its_sizes(pool, settings):
    sets = homes_of(pool[0], pool[1], settings)
    for chosen, draw in ((sets["unfiltered"], settings.unfiltered), (sets["test"], settings.test)):
        assert all(n <= draw.per_type for n in Counter(p.rain_type for p in chosen).values())
        assert all(n <= draw.per_scene for n in Counter((p.rain_type, p.scene_id) for p in chosen).values())


@given(POOLS, PARAMS, st.randoms(use_true_random=False))
def test_a_split_does_not_depend_on_the_order_of_the_pairs(pool, settings, random):
    pairs, accepted = pool
    shuffled = list(pairs)
    random.shuffle(shuffled)
    one, other = (homes_of(order, accepted, settings) for order in (pairs, shuffled))

    assert {n: {p.pair_id for p in m} for n, m in one.items()} == {
        n: {p.pair_id for p in m} for n, m in other.items()
    }


@given(POOLS, POOLS, PARAMS)
def test_unfiltered_does_not_depend_on_any_verdict(pool, other, settings):
    pairs, accepted = pool

    assert (
        homes_of(pairs, accepted, settings)["unfiltered"] == homes_of(pairs, other[1], settings)["unfiltered"]
    )


@given(FULL_POOLS, PARAMS)
def test_no_pair_of_role_test_nor_its_scene_validates_or_trains(pool, settings):
    pairs, accepted = pool
    sets = homes_of(pairs, accepted, settings)
    tested = {p.scene_id for p in pairs if p.role == "test"}

    assert set() == tested & {p.scene_id for p in (*sets["val"], *sets["train"])}


@given(POOLS, PARAMS)
def test_unfiltered_and_test_may_hold_a_datasets_own_test_pairs(pool, settings):
    pairs, accepted = pool
    all_train = [replace(p, role="train") for p in pairs]
    sets, free = (homes_of(p, accepted, settings) for p in (pairs, all_train))

    for name in ("unfiltered", "test"):
        assert [p.pair_id for p in free[name]] == [p.pair_id for p in sets[name]]


def test_val_takes_the_next_scenes_where_test_pictures_close_some():
    pairs = [pair(f"p{i:02}", scene=f"s{i}", role="test" if i % 2 else "train") for i in range(20)]
    sets = homes_of(pairs, {p.pair_id for p in pairs}, params(per_type=2))

    assert ["train", "train"] == [p.role for p in sets["val"]]


def test_a_draw_takes_all_it_was_asked_for_while_scenes_last():
    pairs = [pair(f"{t}{i}", t, f"s{i}") for t in TYPES for i in range(10)]
    chosen = drawn(pairs, Draw(per_type=4, per_scene=1))

    assert Counter({"drs": 4, "drd": 4}) == Counter(p.rain_type for p in chosen)
    assert 4 == len({p.scene_id for p in chosen})


def test_a_draw_of_one_scene_takes_per_scene_of_each_type():
    pairs = [pair(f"{t}{i}", t, "one") for t in TYPES for i in range(5)]

    assert 4 == len(drawn(pairs, Draw(per_type=9, per_scene=2)))


def test_a_draw_leaves_most_of_a_scarce_type_to_the_others():
    pairs = [pair(f"s{i}") for i in range(40)] + [pair(f"d{i}", "drd") for i in range(5)]
    draw = Draw(per_type=4, per_scene=1, max_share=0.25)

    assert {"drs": 4, "drd": 1} == Counter(p.rain_type for p in drawn(pairs, draw))


@given(st.integers(1, 100), st.integers(1, 100))
@example(29, 100)
def test_a_draw_takes_the_most_pairs_that_its_share_allows(percent, n_pairs):
    """In whole numbers: 0.29 of 100 is 29, though `0.29 * 100` is less."""
    taken = len(
        drawn(
            [pair(f"p{i}") for i in range(n_pairs)], Draw(per_type=100, per_scene=1, max_share=percent / 100)
        )
    )

    assert 100 * taken <= percent * n_pairs < 100 * (taken + 1)


def test_another_seed_draws_other_scenes():
    pairs = [pair(f"p{i}", scene=f"s{i}") for i in range(50)]
    draw = Draw(per_type=10, per_scene=1)

    assert drawn(pairs, draw) != drawn(pairs, draw, seed=1)


def test_thinning_keeps_one_of_every_scene_before_any_second():
    crowd = [pair(f"c{i:03}", scene="static") for i in range(100)]
    rare = [pair(f"r{i}", scene=f"rare{i}") for i in range(4)]
    kept = thinned([*crowd, *rare], 6, seed=3)

    assert Counter({"static": 2} | {f"rare{i}": 1 for i in range(4)}) == Counter(p.scene_id for p in kept)


def test_thinning_to_zero_keeps_all():
    pairs = [pair("b"), pair("a")]

    assert ["b", "a"] == [p.pair_id for p in thinned(pairs, 0, seed=0)]


def test_shared_scenes_are_named_with_their_splits():
    pairs = pl.DataFrame({"scene_id": ["s", "s", "s", "t"], "split": ["train", "test", "thinned", "val"]})

    assert {"s": ["test", "train"]} == shared_scenes(pairs)

"""Splits share no scene, whatever the pool; the draws are fair and repeatable."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from unirain_core.artefacts.schemas import Pair
from unirain_core.config.sections import Draw, RainragSplit
from unirain_core.distill.split import draw_scenes, shared_scenes, split_pairs, split_row, thin

TYPES = ("drs", "drd")


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


FACTS = st.tuples(
    st.sampled_from(TYPES), st.integers(0, 12), st.booleans(), st.sampled_from(["train", "train", "test"])
)


def pool_of(facts):
    pairs = [pair(f"p{i:02}", t, f"s{s}", role) for i, (t, s, _, role) in enumerate(facts)]
    return pairs, {f"p{i:02}" for i, (_, _, good, _) in enumerate(facts) if good}


POOLS = st.lists(FACTS, max_size=40).map(pool_of)
FULL_POOLS = st.lists(FACTS, min_size=30, max_size=40).map(pool_of)
PARAMS = st.builds(params, st.integers(1, 4), st.integers(1, 3), st.integers(0, 5), st.integers(0, 9))


@given(POOLS, PARAMS)
def test_no_scene_stands_in_two_splits(pool, settings):
    assert {} == shared_scenes(split_pairs(pool[0], pool[1], settings, TYPES).named())


@given(POOLS, PARAMS)
def test_every_accepted_pair_has_one_place_and_rejected_ones_only_in_unfiltered(pool, settings):
    pairs, accepted = pool
    split = split_pairs(pairs, accepted, settings, TYPES)
    places = Counter(p.pair_id for s in (*split.named().values(), split.held_out, split.thinned) for p in s)

    assert all(places[name] == 1 for name in accepted)
    assert set(places) - accepted == {p.pair_id for p in split.unfiltered} - accepted


@given(POOLS, PARAMS)
def test_a_draw_keeps_its_sizes(pool, settings):
    split = split_pairs(pool[0], pool[1], settings, TYPES)
    for chosen, draw in ((split.unfiltered, settings.unfiltered), (split.test, settings.test)):
        assert all(n <= draw.per_type for n in Counter(p.rain_type for p in chosen).values())
        assert all(n <= draw.per_scene for n in Counter((p.rain_type, p.scene_id) for p in chosen).values())


@given(POOLS, PARAMS, st.randoms(use_true_random=False))
def test_a_split_does_not_depend_on_the_order_of_the_pairs(pool, settings, random):
    pairs, accepted = pool
    shuffled = list(pairs)
    random.shuffle(shuffled)

    assert split_pairs(pairs, accepted, settings, TYPES) == split_pairs(shuffled, accepted, settings, TYPES)


@given(POOLS, POOLS, PARAMS)
def test_unfiltered_does_not_depend_on_any_verdict(pool, other, settings):
    pairs, accepted = pool

    assert (
        split_pairs(pairs, accepted, settings, TYPES).unfiltered
        == split_pairs(pairs, other[1], settings, TYPES).unfiltered
    )


@given(POOLS, PARAMS)
def test_scenes_of_a_datasets_own_test_part_never_train(pool, settings):
    pairs, accepted = pool
    closed = {p.scene_id for p in pairs if p.role == "test"}

    assert not closed & {p.scene_id for p in split_pairs(pairs, accepted, settings, TYPES).train}


@given(FULL_POOLS, PARAMS)
def test_no_pair_of_role_test_nor_its_scene_validates_or_trains(pool, settings):
    pairs, accepted = pool
    split = split_pairs(pairs, accepted, settings, TYPES)
    tested = {p.scene_id for p in pairs if p.role == "test"}

    assert set() == tested & {p.scene_id for p in (*split.val, *split.train)}


@given(POOLS, PARAMS)
def test_unfiltered_and_test_may_hold_a_datasets_own_test_pairs(pool, settings):
    pairs, accepted = pool
    all_train = [replace(p, role="train") for p in pairs]
    split, free = (split_pairs(p, accepted, settings, TYPES) for p in (pairs, all_train))

    assert [p.pair_id for p in free.unfiltered] == [p.pair_id for p in split.unfiltered]
    assert [p.pair_id for p in free.test] == [p.pair_id for p in split.test]


def test_val_takes_the_next_scenes_where_test_pictures_close_some():
    pairs = [pair(f"p{i:02}", scene=f"s{i}", role="test" if i % 2 else "train") for i in range(20)]
    split = split_pairs(pairs, {p.pair_id for p in pairs}, params(per_type=2), TYPES)

    assert ["train", "train"] == [p.role for p in split.val]


def test_a_draw_takes_all_it_was_asked_for_while_scenes_last():
    pairs = [pair(f"{t}{i}", t, f"s{i}") for t in TYPES for i in range(10)]
    chosen = draw_scenes(pairs, Draw(per_type=4, per_scene=1), 0, TYPES)

    assert Counter({"drs": 4, "drd": 4}) == Counter(p.rain_type for p in chosen)
    assert 4 == len({p.scene_id for p in chosen})


def test_a_draw_of_one_scene_takes_per_scene_of_each_type():
    pairs = [pair(f"{t}{i}", t, "one") for t in TYPES for i in range(5)]

    assert 4 == len(draw_scenes(pairs, Draw(per_type=9, per_scene=2), 0, TYPES))


def test_a_draw_leaves_most_of_a_scarce_type_to_the_others():
    pairs = [pair(f"s{i}") for i in range(40)] + [pair(f"d{i}", "drd") for i in range(5)]
    draw = Draw(per_type=4, per_scene=1, max_share=0.25)

    assert {"drs": 4, "drd": 1} == Counter(p.rain_type for p in draw_scenes(pairs, draw, 0, TYPES))


def test_another_seed_draws_other_scenes():
    pairs = [pair(f"p{i}", scene=f"s{i}") for i in range(50)]
    draw = Draw(per_type=10, per_scene=1)

    assert draw_scenes(pairs, draw, 0, TYPES) != draw_scenes(pairs, draw, 1, TYPES)


def test_thinning_keeps_one_of_every_scene_before_any_second():
    crowd = [pair(f"c{i:03}", scene="static") for i in range(100)]
    rare = [pair(f"r{i}", scene=f"rare{i}") for i in range(4)]
    kept = thin([*crowd, *rare], 6, seed=3)

    assert Counter({"static": 2} | {f"rare{i}": 1 for i in range(4)}) == Counter(p.scene_id for p in kept)


def test_thinning_to_zero_keeps_all():
    pairs = [pair("b"), pair("a")]

    assert ["a", "b"] == [p.pair_id for p in thin(pairs, 0, seed=0)]


def test_shared_scenes_are_named_with_their_splits():
    assert {"s": ["test", "train"]} == shared_scenes(
        {"train": [pair("a", scene="s")], "test": [pair("b", scene="s")]}
    )


def test_a_row_of_a_split_is_what_the_pair_says():
    row = split_row(pair("a"))

    assert ("a", "drs", "scene-a", "a.png", "a_clean.png") == (
        row.pair_id,
        row.rain_type,
        row.scene_id,
        row.input,
        row.target,
    )

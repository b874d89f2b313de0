"""With `uniform_over_datasets` no dataset dominates a draw, and nothing else of a split changes."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.distill.test_split import TYPES, frame, pair, params
from unirain_core.config.sections import Draw
from unirain_core.distill.split import SETS, draw_scenes, shared_scenes, split_pairs, thin, with_order

FACTS = st.tuples(st.sampled_from("abc"), st.sampled_from(TYPES), st.integers(0, 15), st.booleans())
"""Dataset, rain type, scene, whether the pair was accepted."""


def pool_of(facts):
    pairs = [
        replace(pair(f"p{n:02}", kind, f"{dataset}-{scene}"), dataset=dataset)
        for n, (dataset, kind, scene, _) in enumerate(facts)
    ]
    return pairs, {f"p{n:02}" for n, (_, _, _, good) in enumerate(facts) if good}


POOLS = st.lists(FACTS, max_size=50).map(pool_of)


def demand_level(taken, there):
    """Of each rain type no dataset gives two more than another that has some left."""
    for kind in TYPES:
        counts = Counter(p.dataset for p in taken if p.rain_type == kind)
        sizes = Counter(p.dataset for p in there if p.rain_type == kind)
        unfinished = [dataset for dataset in sizes if counts[dataset] < sizes[dataset]]
        assert all(counts[other] <= counts[dataset] + 1 for dataset in unfinished for other in sizes)


@given(POOLS, st.integers(1, 12))
def test_datasets_give_a_draw_equal_numbers_as_far_as_they_have_them(pool, per_type):
    pairs, _ = pool
    draw = Draw(per_type=per_type, per_scene=100)
    rows = draw_scenes(with_order(frame(pairs), 0), draw, TYPES, takes_turns=True)
    plain = draw_scenes(with_order(frame(pairs), 0), draw, TYPES)

    demand_level([pairs[row] for row in rows], pairs)
    assert len(plain) == len(rows)


@given(POOLS, st.integers(1, 12))
def test_datasets_give_equal_numbers_of_training_pairs(pool, per_type):
    pairs, _ = pool
    rows = thin(with_order(frame(pairs), 0), per_type, takes_turns=True)

    demand_level([pairs[row] for row in rows], pairs)
    assert len(thin(with_order(frame(pairs), 0), per_type)) == len(rows)


@given(POOLS, st.integers(1, 4), st.integers(0, 5))
def test_splits_in_turns_share_no_scene_and_lose_no_pair(pool, per_type, per_type_of_train):
    pairs, accepted = pool
    settings = replace(params(per_type, 2, per_type_of_train), uniform_over_datasets=True)
    rows = frame(pairs, accepted, settings.seed)
    split = split_pairs(rows, settings, TYPES)

    assert {} == shared_scenes(rows.with_columns(split))
    assert all(p.pair_id not in accepted or home != "none" for p, home in zip(pairs, split, strict=True))


@given(POOLS, st.randoms(use_true_random=False))
def test_turns_do_not_depend_on_the_order_of_the_pairs(pool, random):
    pairs, accepted = pool
    settings = replace(params(3, 2, 4), uniform_over_datasets=True)
    shuffled = list(pairs)
    random.shuffle(shuffled)

    def homes(order):
        split = split_pairs(frame(order, accepted, settings.seed), settings, TYPES)
        return {p.pair_id: home for p, home in zip(order, split, strict=True)}

    assert homes(pairs) == homes(shuffled)


def test_a_set_of_a_thousand_patches_gives_as_many_test_pairs_as_one_of_thirty():
    large = [replace(pair(f"l{n}"), dataset="patches") for n in range(1000)]
    small = [replace(pair(f"s{n}"), dataset="small") for n in range(30)]
    pairs = [*large, *small]
    everyone = {p.pair_id for p in pairs}
    settings = params(per_type=10, train_per_type=20)

    def made_of(settings):
        split = split_pairs(frame(pairs, everyone), settings, TYPES)
        return {
            name: Counter(p.dataset for p, home in zip(pairs, split, strict=True) if home == name)
            for name in SETS
        }

    turns, plain = made_of(replace(settings, uniform_over_datasets=True)), made_of(settings)
    assert {"patches": 5, "small": 5} == turns["test"] == turns["val"] == turns["unfiltered"]
    assert {"patches": 10, "small": 10} == turns["train"]
    assert plain["train"]["patches"] > 15

"""What stands where is a pure function of params, and nothing is tied to a photo."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unirain_core.config.sections import SampleCorpus
from unirain_core.errors import ConfigError
from unirain_core.standins.rain.items import FAULTS, RAIN_TYPES
from unirain_core.standins.rain.paths import place
from unirain_core.standins.rain.photos import SHIPPED, Photo
from unirain_core.standins.rain.plan import plan
from unirain_core.standins.rain.planted import DROP_KINDS, STREAK_KINDS

configs = st.builds(
    SampleCorpus,
    seed=st.integers(0, 2**40),
    pairs_per_type=st.integers(2, 90),
    planted_share=st.floats(0, 1),
    real_per_type=st.integers(1, 40),
)


@settings(max_examples=25)
@given(configs)
def test_pairs_photos_and_faults_are_as_many_as_params_say(config):
    items = plan(config)

    pairs = Counter(item.rain_type for item in items if item.role != "real" and not item.fault)
    reals = Counter(item.rain_type for item in items if item.role == "real")
    assert dict.fromkeys(RAIN_TYPES, config.pairs_per_type) == pairs
    assert dict.fromkeys(RAIN_TYPES, config.real_per_type) == reals
    assert sorted(FAULTS) == sorted(item.fault for item in items if item.fault)


@settings(max_examples=25)
@given(configs)
def test_no_two_pictures_stand_in_one_place(config):
    places = [place(item) for item in plan(config)]
    files = [path for where in places for path in (where.input, where.target) if path]

    assert len(files) == len(set(files))


@settings(max_examples=25)
@given(configs)
def test_photos_of_test_folders_stand_in_no_training_folder_but_by_the_planted_leak(config):
    items = [item for item in plan(config) if not item.fault]
    held = {item.photo for item in items if item.role == "test"}

    assert held
    assert not held & {item.photo for item in items if item.role == "train"}


@settings(max_examples=25)
@given(configs)
def test_the_leak_shows_the_scene_of_a_good_test_pair_in_other_rain(config):
    (leak,) = (item for item in plan(config) if item.fault == "leaks_into_benchmark")

    assert leak.original is not None
    assert ("test", "train") == (leak.original.role, leak.role)
    assert leak.view == leak.original.view
    assert leak.rain != leak.original.rain


@settings(max_examples=25)
@given(configs)
def test_the_duplicate_stands_in_another_dataset(config):
    (twin,) = (item for item in plan(config) if item.fault == "duplicate")

    assert twin.original is not None
    assert (twin.view, twin.rain, twin.rain_type) == (
        twin.original.view,
        twin.original.rain,
        twin.original.rain_type,
    )
    assert twin.dataset != twin.original.dataset


@settings(max_examples=25)
@given(configs)
def test_a_twilight_photo_never_serves_a_day_type(config):
    assert [] == [item for item in plan(config) if not item.night and not SHIPPED[item.photo - 1].day]


@settings(max_examples=25)
@given(configs)
def test_the_plan_is_a_function_of_its_params(config):
    assert plan(config) == plan(config)


def test_a_quarter_of_the_pairs_is_planted_and_every_kind_occurs():
    items = plan(SampleCorpus(seed=7))

    assert 60 == sum(bool(item.kind) for item in items)
    for drops, kinds in ((False, STREAK_KINDS), (True, DROP_KINDS)):
        for night in (False, True):
            assert set(kinds) == {i.kind for i in items if i.kind and (i.drops, i.night) == (drops, night)}


def test_nothing_of_low_fidelity_passes_for_a_real_photo():
    assert [] == [item for item in plan(SampleCorpus(seed=7)) if item.kind and item.path == "B"]


def test_at_most_one_picture_in_six_shows_a_photo_that_is_dealt_seldom():
    items = plan(SampleCorpus(seed=7, pairs_per_type=300, real_per_type=1))

    assert sum(SHIPPED[item.photo - 1].seldom for item in items) <= len(items) / 6


def test_every_type_shows_its_photos_equally_often():
    items = plan(SampleCorpus(seed=7, pairs_per_type=140))
    for rain_type in RAIN_TYPES:
        shown = Counter(
            i.photo for i in items if i.rain_type == rain_type and i.role == "train" and not i.fault
        )
        often = [shown[n] for n in shown if not SHIPPED[n - 1].seldom]

        assert max(often) - min(often) <= 1


def test_a_larger_corpus_keeps_the_seeds_of_a_smaller_one():
    small, large = (plan(SampleCorpus(seed=7, pairs_per_type=n)) for n in (20, 40))

    assert {i.rain for i in small} <= {i.rain for i in large}


def test_a_corpus_too_large_for_its_names_is_refused():
    two = tuple(Photo(path=Path(f"{n}.png")) for n in range(2))

    with pytest.raises(ConfigError, match="names have room for 999"):
        plan(SampleCorpus(seed=0, pairs_per_type=2500), two)


def test_a_single_photo_is_refused():
    with pytest.raises(ValueError, match="two photos by day"):
        plan(SampleCorpus(seed=0), SHIPPED[:1])

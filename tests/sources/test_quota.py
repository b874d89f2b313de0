"""A quota lets in few pictures of many scenes, not many of few."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.sources.test_admission import admitted, picture
from unirain_core.sources.quota import within_quota

SCENES = st.lists(st.integers(0, 6), max_size=60)


def drawn(scenes, quota, seed=0):
    names = [f"p{row:02}" for row in range(len(scenes))]
    stays = within_quota(names, [f"s{s}" for s in scenes], [True] * len(scenes), quota=quota, seed=seed)
    return {row for row, stay in enumerate(stays) if stay}


@given(SCENES, st.integers(1, 70))
def test_a_quota_is_used_up_and_not_exceeded(scenes, quota):
    assert min(quota, len(scenes)) == len(drawn(scenes, quota))


@given(SCENES, st.integers(1, 70))
def test_no_scene_gives_two_pictures_more_than_another_that_has_some_left(scenes, quota):
    rows = drawn(scenes, quota)
    given_by, there = Counter(scenes[row] for row in rows), Counter(scenes)
    unfinished = [scene for scene in there if given_by[scene] < there[scene]]

    assert all(given_by[other] <= given_by[scene] + 1 for scene in unfinished for other in there)


@given(SCENES, st.integers(1, 30), st.integers(0, 30))
def test_a_larger_quota_lets_in_all_that_a_smaller_one_does(scenes, quota, more):
    assert drawn(scenes, quota) <= drawn(scenes, quota + more)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 99)), unique=True), st.integers(1, 30), st.randoms()
)
def test_a_draw_does_not_depend_on_the_order(pictures, quota, random):
    def names_of(pictures):
        names = [f"{scene}/{number}" for scene, number in pictures]
        scenes = [str(scene) for scene, _ in pictures]
        stays = within_quota(names, scenes, [True] * len(names), quota=quota, seed=3)
        return {name for name, stay in zip(names, stays, strict=True) if stay}

    shuffled = list(pictures)
    random.shuffle(shuffled)

    assert names_of(pictures) == names_of(shuffled)


def test_another_seed_draws_other_pictures():
    assert drawn(range(50), 5, seed=0) != drawn(range(50), 5, seed=1)


def test_three_videos_of_a_hundred_frames_give_two_frames_each_and_the_rest_has_a_reason():
    frames = [picture(f"v{v}/{f:03}.png", group=f"v{v}") for v in range(3) for f in range(100)]
    admission = admitted(*frames, quota=6)

    assert {"mine:v0": 2, "mine:v1": 2, "mine:v2": 2} == Counter(e.group for e in admission.entries)
    assert {"beyond_quota": 294} == Counter(row.reason for row in admission.dropped)


def test_test_pairs_stay_whole():
    pairs = [picture(f"{part}/{n}.png", split=part) for part in ("train", "test", "val") for n in range(5)]

    assert {"train": 2, "test": 5, "val": 5} == Counter(e.role for e in admitted(*pairs, quota=2).entries)


def test_photos_count():
    photos = [picture(f"{n}.png", target=None, split=None) for n in range(9)]

    assert 4 == len(admitted(*photos, quota=4).entries)

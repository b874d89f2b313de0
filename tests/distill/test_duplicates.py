"""Duplicates, leaks, scenes and daytime across rows."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage import data

from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.distill.duplicates import (
    Groups,
    Sound,
    doubled_photos,
    duplicates,
    leaks,
    near_hashes,
    rain_types,
    scene_ids,
)
from unirain_core.distill.inspection import inspect
from unirain_core.imaging.codec import to_uint8

BITS = 30
SCENES = [np.ascontiguousarray(p[:200, :300]) for p in (data.astronaut(), data.coffee(), data.chelsea())]


def rainy(clean, seed):
    rng = np.random.default_rng(seed)
    noise = rng.random(clean.shape[:2]) > 0.98
    streaks = sum(np.roll(noise, (k, k // 4), axis=(0, 1)) for k in range(12)) > 0
    return to_uint8(clean / 255 * (1 - 0.5 * streaks[..., None]) + 0.5 * streaks[..., None])


def jpeg(picture, quality=85):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def pair(pair_id, clean, rain, *, role="train", group=None, kind="drs"):
    row = ManifestRow(
        pair_id=pair_id,
        dataset=pair_id.split("/")[0],
        rain_types=(kind,),
        origin="synthetic",
        role=role,
        root="r",
        input=pair_id,
        target=pair_id,
        halves=None,
        group=group,
        input_bytes=1,
        target_bytes=1,
        input_hash=pair_id,
        target_hash=pair_id,
    )
    return Sound(row, inspect(pair_id, "RGB", rain, clean))


def near(pairs):
    return near_hashes((p.seen.clean_hash for p in pairs), BITS)


def found(faults):
    return {pair_id: (fault.reason, fault.other) for pair_id, fault in faults.items()}


def test_many_rains_over_one_clean_picture_are_no_duplicates():
    pairs = [pair(f"a/{n}", SCENES[0], rainy(SCENES[0], n)) for n in range(12)]

    assert not duplicates(pairs, near(pairs), BITS)


def test_exact_and_encoded_copies_are_found_within_and_across_datasets():
    clean, rain = SCENES[0], rainy(SCENES[0], 0)
    half = [
        np.asarray(Image.fromarray(p).resize((150, 100), Image.Resampling.LANCZOS)) for p in (clean, rain)
    ]
    pairs = [
        pair("a/1", clean, rain),
        pair("a/2", clean, rain),
        pair("b/1", jpeg(clean), jpeg(rain)),
        pair("c/1", *half),
        pair("c/2", SCENES[1], rainy(SCENES[1], 0)),
    ]

    copies = {i: fault.other for i, fault in duplicates(pairs, near(pairs), BITS).items()}

    assert copies == {"a/2": "a/1", "b/1": "a/1", "c/1": "a/1"}


def test_of_two_copies_the_one_of_a_benchmark_stays():
    clean, rain = SCENES[0], rainy(SCENES[0], 0)
    pairs = [pair("a/1", clean, rain, role="val"), pair("z/1", clean, rain, role="test")]

    assert found(duplicates(pairs, near(pairs), BITS)) == {"a/1": ("duplicate", "z/1")}


def test_training_pictures_of_a_benchmark_leak_whatever_their_rain():
    pairs = [
        pair("a/1", jpeg(SCENES[0]), rainy(SCENES[0], 1)),
        pair("a/2", SCENES[1], rainy(SCENES[1], 2)),
        pair("a/3", SCENES[0], rainy(SCENES[0], 3), role="val"),
        pair("bench/1", SCENES[0], rainy(SCENES[0], 4), role="test"),
        pair("bench/2", SCENES[0], rainy(SCENES[0], 5), role="test"),
    ]

    assert found(leaks(pairs, near(pairs))) == {
        "a/1": ("leaks_into_benchmark", "bench/1"),
        "a/3": ("leaks_into_benchmark", "bench/1"),
    }


def test_without_a_benchmark_nothing_leaks():
    pairs = [pair(f"a/{n}", SCENES[0], rainy(SCENES[0], n)) for n in range(3)]

    assert not leaks(pairs, near(pairs))


def test_a_scene_is_held_together_by_groups_and_by_near_clean_pictures():
    pairs = [
        pair("a/1", SCENES[0], rainy(SCENES[0], 1), group="a:video"),
        pair("a/2", SCENES[1], rainy(SCENES[1], 2), group="a:video"),
        pair("b/1", jpeg(SCENES[1]), rainy(SCENES[1], 3)),
        pair("b/2", SCENES[2], rainy(SCENES[2], 4)),
    ]

    assert scene_ids(pairs, near(pairs)) == {
        "a/1": "a:video",
        "a/2": "a:video",
        "b/1": "a:video",
        "b/2": "b/2",
    }


def test_scenes_do_not_depend_on_the_order_of_the_pairs():
    pairs = [
        pair(f"a/{n}", SCENES[n % 3], rainy(SCENES[n % 3], n), group=("a:x", None)[n % 2]) for n in range(8)
    ]

    assert scene_ids(pairs, near(pairs)) == scene_ids(pairs[::-1], near(pairs[::-1]))


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=20))
def test_joined_things_are_in_one_set_and_others_are_not(joins):
    groups, labels = Groups(), {n: {n} for n in range(13)}
    for first, second in joins:
        groups.join(first, second)
        union = labels[first] | labels[second]
        labels |= dict.fromkeys(union, union)

    for first in range(13):
        for second in range(13):
            assert (second in labels[first]) == (groups.of(first) == groups.of(second))


def test_a_scene_of_unstated_daytime_is_night_as_a_whole():
    dark = [to_uint8(0.25 * SCENES[0] / 255), to_uint8(0.2 * SCENES[1] / 255)]
    pairs = [
        pair("a/1", dark[0], rainy(dark[0], 1), group="a:night", kind="luma:drs|nrs"),
        pair("a/2", dark[1], rainy(dark[1], 2), group="a:night", kind="luma:drs|nrs"),
        pair("a/3", SCENES[2], rainy(SCENES[2], 3), group="a:night", kind="luma:drs|nrs"),
        pair("b/1", SCENES[2][::-1], rainy(SCENES[2][::-1], 4), kind="luma:drs|nrs"),
        pair("c/1", dark[0][:, ::-1], rainy(dark[0][:, ::-1], 5), kind="drd"),
    ]
    scenes = scene_ids(pairs, near(pairs))

    assert rain_types(pairs, scenes, 0.2) == {
        "a/1": "nrs", "a/2": "nrs", "a/3": "nrs", "b/1": "drs", "c/1": "drd"
    }  # fmt: skip


def test_a_photo_that_is_a_query_or_another_photo_is_doubled():
    photos = [
        Sound(pair(i, SCENES[0], SCENES[0], role="real").row, inspect(i, "RGB", picture))
        for i, picture in (
            ("p/1", SCENES[1]),
            ("p/2", SCENES[1]),
            ("p/3", rainy(SCENES[0], 1)),
            ("p/4", SCENES[2]),
        )
    ]
    pairs = [pair("z/1", SCENES[0], rainy(SCENES[0], 1))]

    assert found(doubled_photos(photos, pairs)) == {"p/2": ("duplicate", "p/1"), "p/3": ("duplicate", "z/1")}

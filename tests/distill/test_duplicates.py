"""Duplicates, leaks, scenes and daytime across rows."""

import io

import numpy as np
from PIL import Image
from skimage import data

from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.config.sections import VerifiedPairs
from unirain_core.distill.duplicates import NONE, duplicates
from unirain_core.distill.inspection import inspect
from unirain_core.distill.pool import Pool, measured, screened, settled
from unirain_core.imaging.codec import to_uint8

PARAMS = VerifiedPairs(min_side=1, aligned_peak=0.0001, max_offset=1000)
"""No pair fails by itself."""
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
    return row, inspect(pair_id, "RGB", rain, clean)


def screen(pairs):
    """The rows after the checks, by id, with the names of what `other` and `scene` point to."""
    pairs = sorted(pairs, key=lambda pair: pair[0].pair_id)
    rows, seen = [p[0] for p in pairs], [p[1] for p in pairs]
    whole = Pool.of([measured(rows, seen, PARAMS)], len(rows))
    pool = settled(whole.facts, screened(whole, PARAMS), ("drs", "drd", "nrs"))
    lines = {}
    for row, line in zip(rows, pool.iter_rows(named=True), strict=True):
        other = rows[line["other"]].pair_id if line["other"] != NONE else line["detail"]
        first = rows[line["scene"]]
        lines[row.pair_id] = line | {"other": other, "scene": first.group or first.pair_id}
    return lines


def left(pairs):
    return {name: (line["reason"], line["other"]) for name, line in screen(pairs).items() if line["reason"]}


def scenes(pairs):
    return {name: line["scene"] for name, line in screen(pairs).items()}


def test_many_rains_over_one_clean_picture_are_no_duplicates():
    pairs = [pair(f"a/{n}", SCENES[0], rainy(SCENES[0], n)) for n in range(12)]

    assert not left(pairs)


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

    assert left(pairs) == dict.fromkeys(("a/2", "b/1", "c/1"), ("duplicate", "a/1"))


def test_of_two_copies_the_one_to_validate_on_stays():
    clean, rain = SCENES[0], rainy(SCENES[0], 0)
    pairs = [pair("a/1", clean, rain, role="train"), pair("z/1", clean, rain, role="val")]

    assert left(pairs) == {"a/1": ("duplicate", "z/1")}


def test_training_pictures_of_a_benchmark_leak_whatever_their_rain():
    pairs = [
        pair("a/1", jpeg(SCENES[0]), rainy(SCENES[0], 1)),
        pair("a/2", SCENES[1], rainy(SCENES[1], 2)),
        pair("a/3", SCENES[0], rainy(SCENES[0], 3), role="val"),
        pair("bench/1", SCENES[0], rainy(SCENES[0], 4), role="test"),
        pair("bench/2", SCENES[0], rainy(SCENES[0], 5), role="test"),
    ]

    assert left(pairs) == {
        "a/1": ("leaks_into_benchmark", "bench/1"),
        "a/3": ("leaks_into_benchmark", "bench/1"),
    }


def test_without_a_benchmark_nothing_leaks():
    pairs = [pair(f"a/{n}", SCENES[0], rainy(SCENES[0], n)) for n in range(3)]

    assert not left(pairs)


def test_a_scene_is_held_together_by_groups_and_by_near_clean_pictures():
    pairs = [
        pair("a/1", SCENES[0], rainy(SCENES[0], 1), group="a:video"),
        pair("a/2", SCENES[1], rainy(SCENES[1], 2), group="a:video"),
        pair("b/1", jpeg(SCENES[1]), rainy(SCENES[1], 3)),
        pair("b/2", SCENES[2], rainy(SCENES[2], 4)),
    ]

    assert scenes(pairs) == {
        "a/1": "a:video",
        "a/2": "a:video",
        "b/1": "a:video",
        "b/2": "b/2",
    }


def test_scenes_do_not_depend_on_the_order_of_the_pairs():
    pairs = [
        pair(f"a/{n}", SCENES[n % 3], rainy(SCENES[n % 3], n), group=("a:x", None)[n % 2]) for n in range(8)
    ]

    assert scenes(pairs) == scenes(pairs[::-1])


def test_a_scene_of_unstated_daytime_is_night_as_a_whole():
    dark = [to_uint8(0.25 * SCENES[0] / 255), to_uint8(0.2 * SCENES[1] / 255)]
    pairs = [
        pair("a/1", dark[0], rainy(dark[0], 1), group="a:night", kind="luma:drs|nrs"),
        pair("a/2", dark[1], rainy(dark[1], 2), group="a:night", kind="luma:drs|nrs"),
        pair("a/3", SCENES[2], rainy(SCENES[2], 3), group="a:night", kind="luma:drs|nrs"),
        pair("b/1", SCENES[2][::-1], rainy(SCENES[2][::-1], 4), kind="luma:drs|nrs"),
        pair("c/1", dark[0][:, ::-1], rainy(dark[0][:, ::-1], 5), kind="drd"),
    ]

    assert {name: line["rain_type"] for name, line in screen(pairs).items()} == {
        "a/1": "nrs", "a/2": "nrs", "a/3": "nrs", "b/1": "drs", "c/1": "drd"
    }  # fmt: skip


def test_a_photo_that_is_a_query_or_another_photo_is_doubled():
    photos = [
        (pair(i, SCENES[0], SCENES[0], role="real")[0], inspect(i, "RGB", picture))
        for i, picture in (
            ("p/1", SCENES[1]),
            ("p/2", SCENES[1]),
            ("p/3", rainy(SCENES[0], 1)),
            ("p/4", SCENES[2]),
        )
    ]
    pairs = [pair("z/1", SCENES[0], rainy(SCENES[0], 1))]

    assert left([*photos, *pairs]) == {"p/2": ("duplicate", "p/1"), "p/3": ("duplicate", "z/1")}


def test_a_copy_that_left_takes_no_other_pair_with_it():
    rain = np.array(
        [[0] * 4, [0b11] + [0] * 3, [0b1111] + [0] * 3], dtype=np.uint64
    )  # only neighbours are near
    clean, sets, roles = np.zeros_like(rain), np.zeros(3, dtype=np.int32), np.full(3, 2, dtype=np.int8)

    copies = duplicates(clean, rain, np.arange(3, dtype=np.int32), sets=sets, roles=roles, bits=2)

    assert [NONE, 0, NONE] == copies.tolist()

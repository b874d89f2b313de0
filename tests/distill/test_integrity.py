"""Each check finds its own fault and lets sound pairs pass."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.config.sections import VerifiedPairs
from unirain_core.distill.inspection import InspectRows, inspect
from unirain_core.distill.integrity import fault
from unirain_core.imaging.codec import file_hash, to_uint8, write_png

CLEAN = np.ascontiguousarray(data.astronaut()[:200, :300])
OTHER = np.ascontiguousarray(data.coffee()[:200, :300])
PARAMS = VerifiedPairs()


def rain(clean, seed=0, strength=0.8):
    """Bright slanted bars and a veil."""
    rng = np.random.default_rng(seed)
    layer = np.zeros(clean.shape[:2])
    for row, column in zip(rng.integers(0, 170, 250), rng.integers(5, 290, 250), strict=True):
        for step in range(25):
            layer[row + step, column - step // 6] = rng.uniform(0.5, 1)
    return to_uint8(clean / 255 * (1 - strength * layer[..., None]) + strength * layer[..., None])


def reason(rainy, clean, params=PARAMS):
    found = fault(inspect("a", "RGB", rainy, clean), params)
    return found and found.reason


def test_a_sound_pair_passes():
    assert reason(rain(CLEAN), CLEAN) is None


def test_a_pair_at_7_db_passes():
    ruined = to_uint8(np.clip(0.4 * CLEAN / 255 + 0.6, 0, 1))

    assert reason(rain(ruined), CLEAN) is None


def test_a_dark_night_pair_passes():
    night = to_uint8((CLEAN / 255) ** 2.2 * 0.12)

    assert reason(rain(night, strength=0.2), night) is None


def test_a_blurred_scene_under_sharp_rain_passes():
    blurred = np.asarray(Image.fromarray(CLEAN).filter(ImageFilter.GaussianBlur(6)))
    found = inspect("a", "RGB", rain(blurred), blurred)

    assert found.peak is not None
    assert found.peak < PARAMS.aligned_peak
    assert fault(found, PARAMS) is None


def test_a_flat_clean_picture_is_the_wrong_one():
    assert reason(rain(CLEAN), np.full_like(CLEAN, 90)) == "wrong_clean"


def test_the_same_picture_twice_is_no_pair():
    assert reason(CLEAN, CLEAN.copy()) == "identical_pair"


def test_another_scene_is_the_wrong_clean_picture():
    assert reason(rain(CLEAN), OTHER) == "wrong_clean"


@pytest.mark.parametrize(("down", "right"), [(0, 1), (1, 0), (2, 3), (8, 5)])
def test_a_shifted_clean_picture_is_misaligned(down, right):
    assert reason(rain(CLEAN)[down:, right:], CLEAN[: 200 - down, : 300 - right]) == "misaligned"


def test_a_shift_may_be_allowed():
    assert reason(rain(CLEAN)[2:], CLEAN[:198], VerifiedPairs(max_offset=2)) is None


def test_sizes_that_differ_are_found_before_anything_else():
    assert reason(rain(CLEAN)[:60], CLEAN) == "size_mismatch"


def test_a_small_pair_is_too_small():
    assert reason(rain(CLEAN)[:63], CLEAN[:63]) == "too_small"


def manifest_row(pair_id, rainy, clean=None, halves=None, role="train"):
    return ManifestRow(
        pair_id=pair_id,
        dataset="set",
        rain_types=("drs",),
        origin="synthetic",
        role=role,
        root="here",
        input=rainy,
        target=clean,
        halves=halves,
        group=None,
        input_bytes=1,
        target_bytes=1,
        input_hash=rainy,
        target_hash=clean,
    )


def inspected(tmp_path, *row, **options):
    work = InspectRows(
        Roots(project=tmp_path, local={"here": str(tmp_path)}), options.pop("max_pixels", 10**6)
    )
    listed = manifest_row("a", *row, **options)
    hashes = [path and file_hash(tmp_path / path) for path in (listed.input, listed.target)]
    ((found,),) = work([replace(listed, input_hash=hashes[0], target_hash=hashes[1])])
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git_lfs_pointer"),
        (b"no picture at all", "unreadable"),
        (b"", "unreadable"),
    ],
)
def test_a_file_that_is_no_picture_has_its_reason(tmp_path, content, expected):
    write_png(tmp_path / "clean.png", CLEAN)
    (tmp_path / "rainy.png").write_bytes(content)

    assert inspected(tmp_path, "rainy.png", "clean.png").problem == expected


def test_a_file_that_ends_early_is_truncated(tmp_path):
    write_png(tmp_path / "rainy.png", rain(CLEAN))
    Image.fromarray(CLEAN).save(tmp_path / "clean.jpg")
    whole = (tmp_path / "clean.jpg").read_bytes()
    (tmp_path / "clean.jpg").write_bytes(whole[: len(whole) // 2])

    assert inspected(tmp_path, "rainy.png", "clean.jpg").problem == "truncated"


def test_a_picture_with_too_many_pixels_is_not_decoded(tmp_path):
    write_png(tmp_path / "rainy.png", CLEAN)
    write_png(tmp_path / "clean.png", CLEAN)

    assert inspected(tmp_path, "rainy.png", "clean.png", max_pixels=59_999).problem == "too_large"


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_picture_of_two_halves_is_a_pair(tmp_path, side):
    halves = [CLEAN, rain(CLEAN)] if side == "left" else [rain(CLEAN), CLEAN]
    write_png(tmp_path / "both.png", np.concatenate(halves, axis=1))
    found = inspected(tmp_path, "both.png", halves=side)

    assert inspect("a", "RGB", rain(CLEAN), CLEAN) == found


def test_a_photo_is_measured_without_a_clean_picture(tmp_path):
    Image.fromarray(CLEAN).convert("L").save(tmp_path / "photo.png")
    found = inspected(tmp_path, "photo.png", role="real")

    assert (found.width, found.height, found.mode, found.peak) == (300, 200, "L", None)
    assert fault(found, PARAMS) is None

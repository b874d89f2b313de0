"""Each check finds its own fault and lets sound pairs pass."""

import io
import struct
import zlib
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage import data

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import ManifestRow
from unirain_core.config.sections import Alignment, VerifiedPairs
from unirain_core.distill.inspection import InspectRows, inspect
from unirain_core.distill.integrity import fault
from unirain_core.errors import ChangedInputError
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


def reencoded(image, format="JPEG", **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, **options)
    return np.asarray(Image.open(file).convert("RGB"))


def resampled(image, down, right):
    height, width = image.shape[:2]
    other = Image.fromarray(image).resize((width + right, height + down), Image.Resampling.BICUBIC)
    return np.asarray(other.resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(
    "copy",
    [
        *(partial(reencoded, quality=quality) for quality in (50, 75, 85, 95)),
        partial(reencoded, format="WEBP", quality=60),
        lambda image: reencoded(reencoded(image, quality=80), quality=60),
        lambda image: resampled(image, 0, 1),
        lambda image: resampled(image, -1, -1),
        lambda image: reencoded(resampled(image, 1, 1), quality=75),
        lambda image: (image[:, :-1] // 2 + image[:, 1:] // 2)[:, [*range(299), 298]],
    ],
)
@pytest.mark.parametrize("scene", [CLEAN, OTHER, rain(CLEAN)], ids=["face", "cup", "rain on both sides"])
def test_a_copy_that_was_encoded_or_resampled_again_is_no_pair(scene, copy):
    assert reason(copy(scene), scene) == "identical_pair"
    assert reason(scene, copy(scene)) == "identical_pair"


@pytest.mark.parametrize("quality", [None, 75])
def test_sparse_rain_stays_even_where_it_was_encoded_again(quality):
    sparse = CLEAN.copy()
    for row, column in ((20, 40), (90, 150), (140, 260)):  # three streaks: 0.1 % of the pixels
        for step in range(20):
            sparse[row + step, column - step // 6] = np.minimum(
                255, CLEAN[row + step, column - step // 6] + 80.0
            )
    rainy = sparse if quality is None else reencoded(sparse, quality=quality)

    assert reason(rainy, CLEAN) is None


def test_a_veil_without_streaks_is_no_copy():
    """Fog thickens with distance: no brightness of the whole picture explains it."""
    depth = np.linspace(0, 0.6, 200)[:, None, None]

    assert reason(to_uint8(CLEAN / 255 * (1 - depth) + 0.8 * depth), CLEAN) is None


def test_how_much_rain_a_pair_needs_is_a_parameter():
    assert reason(reencoded(CLEAN, quality=75), CLEAN, VerifiedPairs(least_rain=0.0)) is None
    assert reason(rain(CLEAN), CLEAN, VerifiedPairs(least_rain=1000.0)) == "identical_pair"


@pytest.mark.parametrize("size", [(128, 128), (70, 300), (96, 96)])
def test_rain_over_a_black_sky_is_not_called_another_scene(size):
    sky = np.random.default_rng(1).normal(12, 0.6, (*size, 3)).clip(0, 255).round().astype(np.uint8)
    canvas = np.zeros((*size, 3), np.uint8)
    canvas[:] = sky
    streaks = np.random.default_rng(2).random(size) > 0.97
    streaks = np.sum([np.roll(streaks, k, axis=0) for k in range(8)], axis=0) > 0
    rainy = np.where(streaks[..., None], np.minimum(255, canvas + 90.0), canvas).astype(np.uint8)
    found = inspect("a", "RGB", rainy, canvas)

    assert fault(found, PARAMS) is None


def test_a_dataset_may_have_its_own_bounds_of_alignment():
    params = VerifiedPairs(per_dataset={"hand-held": Alignment(max_offset=3)})
    found = inspect("a", "RGB", rain(CLEAN)[2:], CLEAN[:198])

    assert fault(found, params, "hand-held") is None
    for other in (fault(found, params, "tripod"), fault(found, PARAMS, "hand-held")):
        assert other is not None
        assert other.reason == "misaligned"


def test_a_datasets_own_peak_counts_before_the_common_one():
    found = inspect("a", "RGB", rain(CLEAN), CLEAN)
    strict = VerifiedPairs(per_dataset={"set": Alignment(aligned_peak=1.0)}, max_offset=5)

    assert fault(replace(found, offset=1), strict, "other") is None
    assert getattr(fault(replace(found, offset=1), strict, "set"), "reason", None) == "wrong_clean"


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


def inspection(tmp_path, max_pixels):
    roots = Roots(project=tmp_path, local={"here": str(tmp_path)})
    return InspectRows(max_pixels=max_pixels, roots=roots, algorithm="1")


def inspected(tmp_path, *row, **options):
    job = inspection(tmp_path, options.pop("max_pixels", 10**6))
    listed = manifest_row("a", *row, **options)
    hashes = [path and file_hash(tmp_path / path) for path in (listed.input, listed.target)]
    (found,) = job.compute([replace(listed, input_hash=hashes[0], target_hash=hashes[1])])
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


def test_an_exchanged_picture_is_never_inspected_under_the_listed_hash(tmp_path):
    write_png(tmp_path / "rainy.png", rain(CLEAN))
    write_png(tmp_path / "clean.png", CLEAN)
    listed = replace(
        manifest_row("a", "rainy.png", "clean.png"),
        input_hash=file_hash(tmp_path / "rainy.png"),
        target_hash=file_hash(tmp_path / "clean.png"),
    )
    write_png(tmp_path / "clean.png", OTHER)

    with pytest.raises(ChangedInputError, match=r"clean\.png has changed since it was listed"):
        inspection(tmp_path, 10**6).compute([listed])


def test_a_bomb_is_too_large_and_not_decoded(tmp_path):
    write_png(tmp_path / "clean.png", CLEAN)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 99_999_999, 1, 8, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    (tmp_path / "rainy.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))

    assert inspected(tmp_path, "rainy.png", "clean.png", max_pixels=10**9).problem == "too_large"


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (5, 3)])
def test_a_pair_of_a_few_pixels_is_too_small_and_its_work_does_not_crash(shape):
    clean = np.full((*shape, 3), 90, np.uint8)

    assert reason(clean + np.uint8(40), clean) == "too_small"

"""An item's pixels depend on the item and the params alone."""

import numpy as np
import pytest

from unirain_core.config.sections import SampleCorpus
from unirain_core.imaging.codec import UnreadableError, read_header, read_rgb, to_float
from unirain_core.imaging.colour import luma
from unirain_core.imaging.geometry import phase_correlation
from unirain_core.standins.rain.items import FAULTS, RAIN_TYPES
from unirain_core.standins.rain.paths import place
from unirain_core.standins.rain.plan import plan
from unirain_core.standins.rain.render import rendered, write

TINY = SampleCorpus(seed=5, height=96, width=144, pairs_per_type=6, real_per_type=3)
ITEMS = plan(TINY)


def faulty(fault):
    (item,) = (item for item in ITEMS if item.fault == fault)
    return item


def psnr(first, second):
    return -10 * np.log10(((to_float(first) - to_float(second)) ** 2).mean())


def offset(first, second):
    return phase_correlation(luma(to_float(first)), luma(to_float(second))).offset


def test_every_picture_has_the_size_of_the_params():
    for item in ITEMS:
        rainy, clean = rendered(item, TINY)

        assert (96, 144, 3) == rainy.shape
        assert (item.role == "real") == (clean is None)
        if clean is not None and item.fault != "size_mismatch":
            assert rainy.shape == clean.shape


def test_order_and_company_do_not_matter():
    alone = {item.rain: rendered(item, TINY) for item in ITEMS[::7]}
    for item in reversed(ITEMS[::7]):
        for picture, again in zip(alone[item.rain], rendered(item, TINY), strict=True):
            np.testing.assert_array_equal(picture, again)


def test_another_seed_gives_other_pictures():
    other = SampleCorpus(seed=6, height=96, width=144)

    assert (rendered(ITEMS[0], TINY)[0] != rendered(ITEMS[0], other)[0]).any()


@pytest.mark.parametrize("rain_type", RAIN_TYPES)
def test_good_rain_is_seen_and_lets_the_scene_be_seen(rain_type):
    config = SampleCorpus(seed=1)
    good = [
        i for i in plan(config) if i.rain_type == rain_type and not i.kind and not i.fault and i.path == "A"
    ]
    values = [psnr(*rendered(item, config)) for item in good[:6]]

    assert 16 < np.median(values) < 31


def test_planted_pairs_differ_from_their_clean_pictures():
    for item in ITEMS:
        if item.kind:
            rainy, clean = rendered(item, TINY)

            assert psnr(rainy, clean) < 40, item.kind


def test_a_duplicate_has_the_pixels_of_its_original():
    twin = faulty("duplicate")
    for picture, original in zip(rendered(twin, TINY), rendered(twin.original, TINY), strict=True):
        np.testing.assert_array_equal(picture, original)


def test_a_leak_has_the_clean_picture_of_a_test_pair_and_rain_of_its_own():
    leak = faulty("leaks_into_benchmark")
    (rainy, clean), (test_rainy, test_clean) = rendered(leak, TINY), rendered(leak.original, TINY)

    np.testing.assert_array_equal(test_clean, clean)
    assert (test_rainy != rainy).any()


def test_an_identical_pair_is_the_clean_picture_twice():
    rainy, clean = rendered(faulty("identical_pair"), TINY)

    np.testing.assert_array_equal(clean, rainy)


def test_a_misaligned_clean_picture_is_shifted():
    config = SampleCorpus(seed=7)
    (item,) = (item for item in plan(config) if item.fault == "misaligned")

    assert 3 <= offset(*rendered(item, config)) <= 9


def test_a_wrong_clean_picture_shows_another_photo():
    item = faulty("wrong_clean")

    assert item.other_view is not None
    assert item.view.photo != item.other_view.photo
    assert psnr(*rendered(item, TINY)) < 20


def test_a_size_mismatch_has_a_smaller_clean_picture():
    rainy, clean = rendered(faulty("size_mismatch"), TINY)

    assert (96, 144, 3) == rainy.shape
    assert clean is not None
    assert (88, 136, 3) == clean.shape


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for fault in FAULTS:
        write(faulty(fault), TINY, folder)
    return folder


def test_files_hold_the_rendered_pixels(folder):
    item = faulty("misaligned")
    for path, picture in zip((place(item).input, place(item).target), rendered(item, TINY), strict=True):
        np.testing.assert_array_equal(picture, read_rgb(folder / path))


def test_a_truncated_file_opens_and_cannot_be_read(folder):
    path = folder / place(faulty("truncated")).input

    with pytest.raises(UnreadableError) as caught:
        read_rgb(path)
    assert "truncated" == caught.value.reason


def test_a_pointer_stands_where_a_clean_picture_should(folder):
    with pytest.raises(UnreadableError) as caught:
        read_header(folder / place(faulty("git_lfs_pointer")).target)
    assert "git_lfs_pointer" == caught.value.reason


def test_an_orphan_has_no_clean_picture(folder):
    where = place(faulty("orphan"))

    assert (folder / where.input).is_file()
    assert not (folder / where.target).exists()

import numpy as np
import pytest

from unirain_core.standins.statistics import features
from unirain_core.standins.statistics.features import FAMILIES, Measurements, measure, measured_by


def picture(value, height=64, width=96):
    rng = np.random.default_rng(value)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def counted(monkeypatch):
    seen = []

    def counting(family, image):
        seen.append(image)
        return measured_by(family, image)

    monkeypatch.setattr(features, "measured_by", counting)
    return seen


def test_equal_pictures_are_measured_once(counted):
    kept = Measurements(capacity=4)
    first = kept.of(picture(1), "nss")

    assert first is kept.of(picture(1).copy(), "nss")
    assert first != kept.of(picture(1), "photometric")
    assert 2 == len(counted)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_by_itself_measures_what_it_measures_among_the_others(family):
    assert measure(picture(1)).of(family) == measured_by(family, picture(1))


def test_the_picture_used_longest_ago_is_forgotten_first(counted):
    kept = Measurements(capacity=2)
    for value in (1, 2, 1, 3, 1, 2):
        kept.of(picture(value), "nss")

    assert 4 == len(counted)  # 1, 2, 3, and 2 again


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((40, 40, 3), np.uint8),
        np.full((300, 200, 3), 255, np.uint8),
        np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (64, 1, 3)),
        picture(5, 700, 90),
    ],
    ids=["black", "white portrait", "ramp", "narrow noise"],
)
def test_every_statistic_of_every_picture_is_finite(image):
    measured = measure(image)

    for family in FAMILIES:
        assert all(np.isfinite(value) for value in measured.of(family).values())


def test_every_picture_has_the_same_statistics():
    dark, noisy = measure(np.zeros((256, 384, 3), np.uint8)), measure(picture(1))

    for family in FAMILIES:
        assert list(dark.of(family)) == list(noisy.of(family))


def test_no_statistic_has_the_name_of_another():
    measured = measure(picture(1))
    names = [name for family in FAMILIES for name in measured.of(family)]

    assert 59 + 75 + 36 == len(names) == len(set(names))

"""Each kind of low fidelity is what its name says."""

import numpy as np
import pytest

from unirain_core.standins.rain.compose import Scene, scene_of
from unirain_core.standins.rain.planted import DROP_KINDS, STREAK_KINDS, low_fidelity

GREY = np.full((96, 144, 3), 0.3, dtype=np.float32)
BY_DAY = Scene(clean=GREY, night=None)
CASES = [(kind, False) for kind in STREAK_KINDS] + [(kind, True) for kind in DROP_KINDS]


def pair(kind, *, drops, scene=BY_DAY, seed=0):
    return low_fidelity(kind, scene, np.random.default_rng(seed), drops=drops)


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize(("kind", "drops"), CASES)
def test_a_kind_changes_the_rainy_picture_and_stays_in_range(kind, drops, night):
    scene = scene_of(GREY, np.random.default_rng(1), night=night)
    rainy, clean = pair(kind, drops=drops, scene=scene)

    assert np.float32 == rainy.dtype
    assert (96, 144, 3) == rainy.shape == clean.shape
    assert rainy.min() >= 0
    assert rainy.max() <= 1
    assert (rainy != clean).any()


@pytest.mark.parametrize(("kind", "drops"), [("grey_discs", False), ("parallel", True), ("fog", True)])
def test_a_kind_of_the_other_family_is_refused(kind, drops):
    with pytest.raises(ValueError, match=kind):
        pair(kind, drops=drops)


def test_snow_and_flat_lines_are_of_one_brightness():
    for kind in ("snow", "flat_lines"):
        rainy, clean = pair(kind, drops=False)

        assert 1 == len(np.unique(rainy[rainy != clean]))


def test_stamped_drops_repeat_exactly():
    rainy, clean = pair("stamped", drops=True)
    touched = np.argwhere((rainy != clean).any(axis=2))
    top, left = touched.min(axis=0)
    first = rainy[top : top + 5, left : left + 6]
    windows = np.lib.stride_tricks.sliding_window_view(rainy, first.shape)

    assert (windows == first).all(axis=(3, 4, 5)).sum() > 8


def test_only_a_bad_background_touches_the_clean_side():
    for kind, drops in CASES:
        _, clean = pair(
            kind, drops=drops, seed=2
        )  # seed 2 overexposes: blowing up a flat grey would change nothing

        assert (kind == "bad_background") == bool((clean != GREY).any())

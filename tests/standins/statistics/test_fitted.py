import json
from importlib import resources

import numpy as np
import pytest

from unirain_core.standins.statistics.attributes import COVER, rain_shape
from unirain_core.standins.statistics.fitted import FILE, fitted, parse
from unirain_core.standins.statistics.frame import FEATURE_VERSION, frame_of
from unirain_core.standins.statistics.photometric import brightness

TEXT = resources.files("unirain_core.standins.statistics").joinpath(FILE).read_text("utf-8")


def test_the_shipped_rules_cover_every_statistic_that_they_are_given():
    frame = frame_of(np.random.default_rng(0).integers(0, 256, (256, 384, 3), dtype=np.uint8))

    assert set(brightness(frame)) >= set(fitted().rules.night.terms)
    assert set(rain_shape(frame)) == set(fitted().rules.streaks.terms)
    assert COVER in rain_shape(frame)


def test_the_shipped_file_says_what_it_was_fitted_to_and_how_well_it_did():
    content = json.loads(TEXT)

    assert FEATURE_VERSION == content["feature_version"]
    assert not set(content["fit_seeds"]) & set(content["test_seeds"])
    assert all(share >= 0.6 for share in content["figures"].values())


def test_a_file_of_other_statistics_is_refused():
    with pytest.raises(ValueError, match="fits statistics"):
        parse(json.dumps({**json.loads(TEXT), "feature_version": "another"}))


def test_another_fit_is_another_encoder():
    content = json.loads(TEXT)
    content["density"][0] += 0.001

    assert fitted().digest != parse(json.dumps(content)).digest

"""The catalogue is complete, and says what a person needs."""

import pytest

from unirain_core.sources import catalogue

CATALOGUE = catalogue.load()


def test_every_dataset_of_the_paper_has_an_entry():
    cited = [
        "gt-rain",
        "uav-rain1k",
        "hq-nightrain",
        "lhp-rain",
        "rain13k",
        "raindrop",
        "rainds-syn",
        "spa-data",
    ]
    cited += [
        "rainds-real",
        "video-waterdrop",
        "urir-8k",
        "rain200l",
        "rain200h",
        "gtav-nightrain",
        "rainrag",
    ]
    cited += ["realrain-1k-l", "realrain-1k-h", "weatherbench"]

    assert [] == [name for name in cited if name not in CATALOGUE.records]


@pytest.mark.parametrize("record", CATALOGUE.records.values(), ids=lambda r: r.id)
def test_an_entry_has_layouts_with_examples_and_known_words(record):
    assert record.layouts
    assert all(layout.examples for layout in record.layouts)
    assert record.origin in ("synthetic", "real", "mixed")
    assert set(record.role) <= {"train", "benchmark", "real_unpaired"}
    assert set(record.rain_types) <= set(CATALOGUE.shows)


@pytest.mark.parametrize("rain_type", ["drs", "drd", "nrs", "nrd"])
def test_a_type_without_pairs_has_a_download_that_fills_it(rain_type):
    fill = CATALOGUE.fills[rain_type]

    assert fill.smallest in fill.certain
    assert all(rain_type in CATALOGUE.records[name].rain_types for name in (*fill.certain, *fill.by_luma))
    assert str(CATALOGUE.records[fill.smallest].source_page) in CATALOGUE.advice(rain_type)


def test_a_type_of_ones_own_is_said_to_have_no_download():
    assert "no dataset of the catalogue shows it" == CATALOGUE.advice("hail")

"""A rain type that no labelled dataset of params shows is refused before anything is rendered or listed."""

from dataclasses import replace
from pathlib import Path

import pytest

from unirain_core.config.load import load_params
from unirain_core.config.sections import Dataset, RawDatasets
from unirain_core.errors import ConfigError
from unirain_core.sources import catalogue
from unirain_core.sources.supply import demand_supply

ROOT = Path(__file__).parents[2]


def pool(policy="drop", **datasets):
    return RawDatasets(mixture_policy=policy, datasets=datasets)


def dataset(layout, **more):
    return Dataset(layout=layout, root="here", **more)


@pytest.mark.parametrize("path", sorted(ROOT.glob("params*.yaml")), ids=lambda p: p.name)
def test_every_profile_supplies_its_rain_types(path):
    params = load_params(path)
    demand_supply(params.raw_datasets, params.rain_types)
    with pytest.raises(ConfigError, match=r"gives pairs of 'drx'.*; take it out of rain_types"):
        demand_supply(params.raw_datasets, (*params.rain_types, "drx"))


@pytest.mark.parametrize(
    ("given", "rain_types"),
    [
        (pool(a=dataset("rain200l")), ["drs"]),
        (pool(a=dataset("gt-rain")), ["drs", "nrs"]),  # the brightness of a scene decides
        (pool(a=dataset("rainds-real")), ["drs", "drd"]),
        (pool(a=dataset("paired")), ["anything"]),  # the tree does not say, so the listing will ask
        (pool(a=dataset("paired", rain_types=("fog",))), ["fog"]),
        (pool(), ["drs"]),  # an empty pool has its own message
    ],
)
def test_a_type_that_some_dataset_may_show_is_accepted(given, rain_types):
    demand_supply(given, rain_types)


@pytest.mark.parametrize(
    ("given", "rain_types", "missing"),
    [
        (pool(a=dataset("rain200l")), ["drs", "nrd"], "nrd"),
        (pool(a=dataset("rain200l", rain_types=("nrs",))), ["drs"], "drs"),
        (pool(a=dataset("photos")), ["drs"], "drs"),
        (pool(a=dataset("rain200l", role="real")), ["drs"], "drs"),
        (pool("exclude", a=dataset("paired", rain_types=("drs", "drd"))), ["drs"], "drs"),
        (pool("drop", a=dataset("paired", rain_types=("drs", "drd"))), ["drd", "drs"], "drs"),
    ],
)
def test_a_type_that_no_dataset_shows_is_named_with_what_to_download(given, rain_types, missing):
    with pytest.raises(ConfigError, match=rf"gives pairs of '{missing}'; .* the smallest useful download is"):
        demand_supply(given, rain_types)


def test_an_unknown_layout_is_named_before_anything_runs():
    with pytest.raises(
        ConfigError, match=r"datasets\.a\.layout: 'rain200x' is not in the catalogue; nearest: rain200"
    ):
        demand_supply(pool(a=dataset("rain200x")), ["drs"])


def test_a_type_that_only_a_word_of_a_folder_says_is_accepted(monkeypatch):
    entries = catalogue.load()
    record = entries.records["rain200l"]
    layouts = tuple(replace(layout, type_words=(("drops", ("drd",)),)) for layout in record.layouts)
    worded = replace(record, id="worded", layouts=layouts)
    more = replace(entries, records={**entries.records, "worded": worded})
    monkeypatch.setattr(catalogue, "load", lambda: more)

    demand_supply(pool(a=dataset("worded")), ["drs", "drd"])
    with pytest.raises(ConfigError, match="gives pairs of 'nrd'"):
        demand_supply(pool(a=dataset("worded")), ["nrd"])


def test_a_dataset_that_is_only_scored_gives_no_type_and_the_message_says_so():
    both = pool(a=dataset("rain200l", role="benchmark"), b=dataset("raindrop"))
    with pytest.raises(
        ConfigError, match=r"gives pairs of 'drs' \(a of role benchmark are only scored\); take it"
    ):
        demand_supply(both, ["drd", "drs"])
    demand_supply(pool(a=dataset("rainds-real", test_part="benchmark")), ["drs", "drd"])

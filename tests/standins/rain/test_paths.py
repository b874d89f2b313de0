"""The catalogue reads the corpus as it would read the downloads."""

import re

import pytest

from unirain_core.config.sections import SampleCorpus
from unirain_core.sources import catalogue
from unirain_core.sources.layouts import expand
from unirain_core.sources.listing import list_pairs
from unirain_core.sources.tree import Tree
from unirain_core.standins.rain.items import Item, View
from unirain_core.standins.rain.paths import DATASETS, place
from unirain_core.standins.rain.plan import plan

SCENE_RULES = {
    "rain200l": (r".*/norain-(\d+)\d{3}x2\.png", r"photo-\1"),
    "raindrop": (r".*/(\d+)\d{3}_rain\.png", r"photo-\1"),
    "gtav-nightrain": (r".*/(\d+)\d{3}_\d+\.png", r"photo-\1"),
    "hq-nightrain": (r".*/(\d+)\d{3}\.png", r"photo-\1"),
    "gt-rain": (r".*/scene_(\d+)/[^/]+", r"photo-\1"),
    "rainrag": (r".*/(\d+)\d{3}\.png", r"photo-\1"),
    "real": (r"(?:.*/)?(\d+)\d{3}\.png", r"photo-\1"),
}


@pytest.fixture(scope="module")
def items():
    return plan(SampleCorpus(seed=7))


def below(dataset, path):
    return path.removeprefix(f"{dataset}/")


@pytest.mark.parametrize("dataset", [name for name in DATASETS if name != "real"])
def test_the_catalogue_finds_every_pair_with_its_split_and_type(items, dataset, tmp_path):
    mine = [item for item in items if item.dataset == dataset]
    folders: dict[str, set[str]] = {}
    for item in mine:
        for path in (place(item).input, place(item).target or ""):
            folder, _, name = below(dataset, path).rpartition("/")
            folders.setdefault(folder, set()).add(name)
    tree = Tree(tmp_path, {folder: frozenset(names) for folder, names in folders.items()})

    listing = list_pairs(catalogue.load().records[dataset].layouts, tree)

    found = {item.path: (item.target and item.target.path, item.split) for item in listing.listed}
    said = {below(dataset, place(i).input): (below(dataset, place(i).target or ""), i.role) for i in mine}
    assert said == found
    types = {item.path: item.types for item in listing.listed}
    for item in mine:
        expected = ("luma:drs|nrs",) if dataset == "gt-rain" else (item.rain_type,)
        assert expected == types[below(dataset, place(item).input)]


def test_one_expression_for_each_dataset_recovers_the_photo(items):
    for item in items:
        for prefix in ("", f"{item.dataset}/"):
            path = prefix + below(item.dataset, place(item).input)

            assert f"photo-{item.photo}" == expand(SCENE_RULES[item.dataset], path)


def test_a_number_is_the_photo_and_a_running_number():
    view = View(photo=3, index=0)
    item = Item(dataset="rain200l", rain_type="drs", role="train", view=view, rain=0, running=12)

    assert "rain200l/rain_data_train_Light/rain/X2/norain-3012x2.png" == place(item).input
    assert "rain200l/rain_data_train_Light/norain/norain-3012.png" == place(item).target


def test_a_real_photo_does_not_say_its_type(items):
    names = [place(item).input for item in items if item.role == "real"]

    assert all(re.fullmatch(r"real/\d+\.png", name) for name in names)

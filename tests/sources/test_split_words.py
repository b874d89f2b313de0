"""A split is said by whole words of folder names: no name that merely contains such a word says anything."""

import pytest

from unirain_core.sources import catalogue
from unirain_core.sources.layouts import SPLIT_WORDS, spoken
from unirain_core.sources.listing import list_pairs
from unirain_core.sources.tree import walk

SILENT = ("NightRain", "Latest", "Reval", "Contest", "trainstation", "NIGHTRAIN", "attestation", "interval")
"""Folder names that contain a split word and say none."""

SAYING = ("LightRain_test", "Validation", "my-training", "NightRainDrop_Test", "train2018new", "testA")
"""Folder names that say a split."""

TYPE_NAMES = ("Dropbox", "tonight", "birthday", "chemistry", "streaker", "nightly", "Today", "grid")
"""Folder names that contain a word of a type rule and say no type."""

EXAMPLES = [
    pytest.param(record, layout, example, id=f"{record.id}:{example.input}")
    for record in catalogue.load().records.values()
    for layout in record.layouts
    for example in layout.examples
]


def plant(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return walk(root)


def put_into(path, position, folder):
    parts = path.split("/")
    return "/".join([*parts[:position], folder, *parts[position:]])


def located_with(layout, path, folders):
    """Every place of a folder name in a path at which the layout still takes the picture: (root, path below it)."""
    for folder in folders:
        for position in range(path.count("/") + 1):
            located = layout.locate(put_into(path, position, folder))
            if located:
                yield located


@pytest.mark.parametrize(("record", "layout", "example"), EXAMPLES)
def test_a_folder_that_only_contains_a_split_word_changes_no_split(record, layout, example):
    for root, below in located_with(layout, example.input, SILENT + TYPE_NAMES):
        moved = spoken(layout.split_words, root + "x")  # the folder that says it stands above the root now

        assert layout.split_of(below) in ({example.split, None} if moved else {example.split}), root + below


@pytest.mark.parametrize(("record", "layout", "example"), EXAMPLES)
def test_a_folder_that_only_contains_a_word_of_a_type_changes_no_type(record, layout, example):
    for root, below in located_with(layout, example.input, TYPE_NAMES):
        assert example.types == layout.types_of(below), root + below


@pytest.mark.parametrize(("record", "layout", "example"), EXAMPLES)
def test_a_folder_name_with_such_a_word_before_or_behind_it_says_the_same(record, layout, example):
    for name in SILENT:
        for decorate in (lambda part, name=name: f"{name}_{part}", lambda part, name=name: f"{part}_{name}"):
            for position, part in enumerate(example.input.split("/")[:-1]):
                parts = example.input.split("/")
                parts[position] = decorate(part)
                located = layout.locate("/".join(parts))
                if located and spoken(layout.split_words, f"{part}/x"):
                    assert example.split == layout.split_of(located[1]), (name, position)


@pytest.mark.parametrize(("record", "layout", "example"), EXAMPLES)
def test_the_folder_nearest_to_the_picture_decides(record, layout, example):
    located = layout.locate(example.input)
    own = located and spoken(layout.split_words, located[1])
    for folder in SAYING if own else ():
        below = layout.locate(f"{folder}/{example.input}")

        assert below
        assert example.split == layout.split_of(below[1]), folder


@pytest.mark.parametrize("above", ["", "NightRain/", "Latest/"])
def test_the_test_set_of_raindrop_clarity_is_a_test_set(tmp_path, above):
    folders = {"NightRainDrop_Test": ("test", ("nrd",)), "DayRainDrop_Test": ("test", ("drd",))}
    folders |= {"NightRainDrop_Train": ("train", ("nrd",)), "DayRainDrop_Train": ("train", ("drd",))}
    for folder in folders:
        plant(tmp_path, *(f"{above}{folder}/{side}/00001/00001.png" for side in ("Drop", "Clear")))
    listing = list_pairs(catalogue.load().records["raindrop-clarity"].layouts, walk(tmp_path))
    listed = {
        item.path.removeprefix(above).split("/")[0]: (item.split, item.types) for item in listing.listed
    }

    assert folders == listed


@pytest.mark.parametrize(
    ("dataset", "rainy", "clean", "split"),
    [
        ("rain200l", "LightRain_test/rain/X2/norain-1x2.png", "LightRain_test/norain/norain-1.png", "test"),
        ("rain200l", "NightRain/rain/X2/norain-1x2.png", "NightRain/norain/norain-1.png", None),
        ("rain1200", "NightRain/rain/1.jpg", "NightRain/gt/1.jpg", None),
        ("rain1200", "DID-MDN-test/1.jpg", None, "test"),
        ("raindrop", "NightRain/input/1_rain.png", "NightRain/gt/1_rain.png", None),
        (
            "raindrop",
            "Contest/raindrop_test_b/input/1_rain.png",
            "Contest/raindrop_test_b/gt/1_rain.png",
            "test",
        ),
        ("rainrag", "trainstation/drs/input/1.png", "trainstation/drs/target/1.png", None),
        (
            "rain1400",
            "Rain1400/training/rainy_image/9_1.jpg",
            "Rain1400/training/ground_truth/9.jpg",
            "train",
        ),
        ("rain13k", "Test1200/input/1.png", "Test1200/target/1.png", "test"),
        ("paired", "Rain100L_test/input/1.png", "Rain100L_test/target/1.png", "test"),
    ],
)
def test_a_tree_says_its_split_by_whole_words(tmp_path, dataset, rainy, clean, split):
    tree = plant(tmp_path, *filter(None, (rainy, clean)))
    (item,) = list_pairs(catalogue.load().records[dataset].layouts, tree).listed

    assert (rainy, clean, split) == (item.path, item.target and item.target.path, item.split)


@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("Dropbox/Real rain streak/1.jpg", ("luma:drs|nrs",)),
        ("chemistry/Real rain drop/1.jpg", ("luma:drd|nrd",)),
        ("Real_rain_mist/1.png", ("other:fog",)),
        ("streaker/RID/1.jpg", ("luma:drd|nrd",)),
        ("Dropbox/photos/1.jpg", ("luma:drs|nrs",)),
    ],
)
def test_a_tree_says_its_type_by_whole_words(path, types):
    (layout,) = catalogue.load().records["mpid-real"].layouts

    assert types == layout.types_of(path)


def test_a_name_that_says_two_splits_is_read_as_test():
    assert "test" == spoken(SPLIT_WORDS, "train_val_test/1.png")
    assert "train" == spoken(SPLIT_WORDS, "val_train/1.png")


@pytest.mark.parametrize("record", catalogue.load().records.values(), ids=lambda r: r.id)
def test_no_rule_of_the_catalogue_looks_for_a_split_word_in_the_middle_of_a_name(record):
    for layout in record.layouts:
        for pattern, _ in layout.split_rules:
            assert not any(word in pattern.lower() for word in ("train", "test", "val"))

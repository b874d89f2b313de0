"""Every example of the catalogue comes out as it stands there; the rule language keeps its promises."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unirain_core.sources import catalogue
from unirain_core.sources.layouts import expand, globs
from unirain_core.sources.listing import Listed, list_pairs
from unirain_core.sources.tree import Tree, walk

EXAMPLES = [
    pytest.param(record, layout, example, id=f"{record.id}:{example.input}")
    for record in catalogue.load().records.values()
    for layout in record.layouts
    for example in layout.examples
]

PAIRED = [p for p in EXAMPLES if getattr(p.values[2], "target", None)]


def target_of(item):
    """The clean file, where it is another than the rainy one."""
    return item.target and item.target.path


def plant(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")
    return walk(root)


def summary(items):
    return [(i.path, target_of(i), i.split, i.types) for i in items]


@pytest.mark.parametrize(("record", "layout", "example"), EXAMPLES)
def test_an_example_comes_out_as_it_stands(tmp_path, record, layout, example):
    tree = plant(tmp_path, *filter(None, (example.input, example.target)))
    wanted = [(example.input, example.target, example.split, example.types)]

    assert wanted == summary(list_pairs([layout], tree).listed)
    assert wanted == summary(list_pairs(record.layouts, tree).listed)


@pytest.mark.parametrize(("record", "layout", "example"), EXAMPLES)
def test_an_example_comes_out_below_any_folder(tmp_path, record, layout, example):
    above = "a/b/"
    tree = plant(tmp_path, *(above + p for p in (example.input, example.target) if p))
    (item,) = list_pairs([layout], tree).listed

    assert (above + example.input, example.types) == (item.path, item.types)
    assert (above + example.target if example.target else None) == target_of(item)


@pytest.mark.parametrize(("record", "layout", "example"), PAIRED)
def test_an_example_without_its_target_is_an_orphan_and_never_paired_by_order(
    tmp_path, record, layout, example
):
    folder = example.target.rpartition("/")[0]
    tree = plant(tmp_path, example.input, f"{folder}/another.png")
    listing = list_pairs([layout], tree)

    assert () == listing.listed
    assert (example.input, "orphan") in [(r.path, r.reason) for r in listing.refused]


def group(dataset, path):
    layouts = catalogue.load().records[dataset].layouts
    return next(k for layout in layouts if layout.locate(path) and (k := layout.group_of(path)))


def test_rainy_pictures_of_one_scene_share_a_group():
    assert "scene_1" == group("gt-rain", "GT-RAIN_train/scene_1/scene_1-Webcam-R-007.png")
    assert "900" == group("rain1400", "training/rainy_image/900_14.jpg")
    assert group("rainds-syn", "train/raindrop/rd-7.png") == group(
        "rainds-syn", "train/rainstreak/rain-7.png"
    )
    assert group("rainds-syn", "train/raindrop/rd-7.png") != group(
        "rainds-syn", "train/raindrop/pie-rd-7.png"
    )
    assert "set3-0012" == group("gtav-nightrain", "set3/Test/Rainy/0012.png")
    assert "set3-0012" == group("gtav-nightrain", "set3/Rainy/0012_03.png")


def test_letter_case_of_folders_and_suffixes_is_folded(tmp_path):
    tree = plant(tmp_path, "set1/train/rainy/0000_09.PNG", "set1/train/gt/0000.png")
    (item,) = list_pairs(catalogue.load().records["gtav-nightrain"].layouts, tree).listed

    assert ("set1/train/gt/0000.png", "train") == (target_of(item), item.split)


def test_the_first_candidate_that_exists_is_the_target(tmp_path):
    tree = plant(tmp_path, "s/s-R-007.png", "s/s-C-000.png", "s/s-C-007.png")
    (item,) = list_pairs(catalogue.load().records["gt-rain"].layouts, tree).listed

    assert "s/s-C-007.png" == target_of(item)


def test_a_pair_list_rules_where_it_speaks_and_names_what_it_leaves_out(tmp_path):
    plant(tmp_path, "real_world/1/1-2/1-2_0_0.png", "real_world/1/1-2/1-2_0_1.png")
    plant(tmp_path, "real_world_gt/1/odd.png", "real_world_gt/1/1_0_1.png")
    lines = "/real_world/1/1-2/1-2_0_0.png /real_world_gt/1/odd.png\nno pair\n"
    (tmp_path / "real_world.txt").write_text(lines)
    listing = list_pairs(catalogue.load().records["spa-data"].layouts, walk(tmp_path))

    assert ["real_world_gt/1/odd.png", "real_world_gt/1/1_0_1.png"] == [target_of(i) for i in listing.listed]


def test_what_is_no_picture_is_never_an_input(tmp_path):
    tree = plant(tmp_path, "input/readme.txt", "target/readme.txt", "input/1.png", "target/1.jpg")

    assert ["input/1.png"] == [
        i.path for i in list_pairs(catalogue.load().records["paired"].layouts, tree).listed
    ]


@given(
    st.permutations(["z/input/1.png", "z/target/1.png", "a/input/2.png", "a/target/2.png", "a/input/3.png"])
)
def test_a_listing_does_not_depend_on_the_order_of_the_file_system(paths):
    folders: dict[str, frozenset[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        folders[folder] = folders.get(folder, frozenset()) | {name}
    listing = list_pairs(catalogue.load().records["paired"].layouts, Tree(Path("/nowhere"), folders))

    assert ["a/input/2.png", "z/input/1.png"] == [i.path for i in listing.listed]
    assert ["a/input/3.png"] == [r.path for r in listing.refused]
    assert len(listing.listed) + len(listing.refused) == sum("input" in p for p in paths)


def test_a_glob_star_stays_within_one_name_and_two_stars_take_any_depth():
    assert globs(("a/*.png",)).fullmatch("a/b/1.png") is None
    assert [""] == [m["root"] for m in globs(("**/a/*",)).finditer("x/y/a/1.png")]
    assert ["x/"] == [m["root"] for m in globs(("a/**/*",)).finditer("x/a/1.png")]
    assert globs(("a.png",)).fullmatch("abpng") is None


def test_a_replacement_needs_the_whole_path():
    assert expand((r"a", "b"), "aa") is None
    assert expand((r"(x)?a", r"\1b"), "a") == "b"


def test_an_unpaired_layout_makes_photos(tmp_path):
    (item,) = list_pairs(catalogue.load().records["photos"].layouts, plant(tmp_path, "x/1.JPG")).listed

    assert isinstance(item, Listed)
    assert not item.is_paired

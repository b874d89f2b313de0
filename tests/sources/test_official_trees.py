"""Every entry of the catalogue on trees of its own form, with several pictures, and the traps that code can meet.

`test_layouts.py` holds each example by itself; here the trees hold what real downloads hold beside it.
"""

import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from unirain_core.artefacts.remote import Remote
from unirain_core.config.sections import Dataset, RawDatasets
from unirain_core.imaging.codec import LFS_POINTER
from unirain_core.sources import catalogue
from unirain_core.sources.admission import admit
from unirain_core.sources.file_contents import read
from unirain_core.sources.layouts import Halves, Unpaired
from unirain_core.sources.leftovers import clean_orphans
from unirain_core.sources.listing import list_pairs
from unirain_core.sources.tree import walk

CATALOGUE = catalogue.load()
LAYOUTS = [
    pytest.param(record, layout, id=f"{record.id}-{number}")
    for record in CATALOGUE.records.values()
    for number, layout in enumerate(record.layouts)
]
PARTNERED = [p for p in LAYOUTS if not isinstance(p.values[1].target, Halves | Unpaired)]  # type: ignore[union-attr]


def plant(root, *paths, content=b"x"):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def together(layout):
    """The examples that fit into one tree: scene 274 of SPA-Data is a file in one copy and a folder in another."""
    return [
        one
        for one in layout.examples
        if not any(e.input.startswith(f"{one.input}/") for e in layout.examples)
    ]


def seeds(layout):
    """The paths of these examples."""
    return {path for example in together(layout) for path in (example.input, example.target) if path}


def listed(record, root):
    return list_pairs(record.layouts, walk(root))


def summary(listing):
    return {(item.path, item.target and item.target.path, item.split, item.types) for item in listing.listed}


@pytest.mark.parametrize(("record", "layout"), LAYOUTS)
def test_all_examples_of_a_layout_stand_together_in_one_tree(tmp_path, record, layout):
    plant(tmp_path, *seeds(layout), "readme.txt", "__MACOSX/x.png", ".hidden/1.png", "Thumbs.db")
    wanted = {(e.input, e.target, e.split, e.types) for e in together(layout)}

    assert wanted == summary(listed(record, tmp_path))


@pytest.mark.parametrize(("record", "layout"), LAYOUTS)
def test_letter_case_of_folders_changes_nothing(tmp_path, record, layout):
    def other_case(path):
        folder, slash, name = path.rpartition("/")
        return folder.swapcase() + slash + name

    folders = [other_case(path) for path in seeds(layout)]
    plant(tmp_path, *folders)
    wanted = {other_case(e.input) for e in together(layout)}

    assert wanted == {item.path for item in listed(record, tmp_path).listed}


@pytest.mark.parametrize(("record", "layout"), PARTNERED)
def test_an_orphan_takes_nobodys_partner_and_a_lone_clean_picture_is_told(tmp_path, record, layout):
    example = layout.examples[0]
    stray = re.sub(r"\d+(?=\D*$)", "77777", example.input)  # the same name with another number
    plant(tmp_path, example.input, example.target, stray)
    listing = listed(record, tmp_path)
    taken = [item.target.path for item in listing.listed if item.path != example.input]

    assert example.input in {item.path for item in listing.listed}
    # where rainy pictures share a clean one, a new number may be one more of them; else it has no partner
    assert [] == taken or record.sharing == "many_to_one" or example.target in taken


@pytest.mark.parametrize(("record", "layout"), LAYOUTS)
def test_a_group_rule_gives_every_example_a_scene(record, layout):
    if layout.group_rule is None:
        return
    for example in layout.examples:
        _, below = layout.locate(example.input)
        assert layout.group_of(below), example.input


@pytest.mark.parametrize(("record", "layout"), LAYOUTS)
def test_every_example_enters_the_pool_or_is_of_another_weather(tmp_path, record, layout):
    listing = listed(record, plant(tmp_path, *seeds(layout)))
    dataset = Dataset(
        layout=record.id,
        root="r",
        rain_types=() if record.rain_types else ("drs",),
        role="train" if any(e.target and not e.split for e in layout.examples) else "",
    )
    if isinstance(layout.target, Unpaired):
        dataset = Dataset(layout=record.id, root="r")
    pool = RawDatasets(datasets={"d": dataset})
    admission = admit("d", listing, pool, rain_types=("drs", "drd", "nrs", "nrd"), shows=CATALOGUE.shows)

    assert len(together(layout)) == len(admission.entries) + len(admission.dropped)
    assert {"type_not_listed"} >= {row.reason for row in admission.dropped}
    assert all(str(row.other).startswith("other:") for row in admission.dropped)


@pytest.mark.parametrize("record", CATALOGUE.records.values(), ids=lambda r: r.id)
def test_patch_and_video_sets_have_a_quota_and_the_fields_are_filled(record):
    words = ("near-duplicate", "redundant", "patches", "video frames", "neighbouring frames")
    is_crowded = any(word in trap.lower() for trap in record.traps for word in words)

    assert not is_crowded or record.quota or record.role == ("benchmark",) or not record.citation
    assert record.traps
    assert set(record.official) <= {"train", "val", "test", "real"}
    assert all(number > 0 for numbers in record.official.values() for number in numbers)


def test_rainds_pairs_each_prefix_with_its_scene(tmp_path):
    record = CATALOGUE.records["rainds-syn"]
    names = (
        "raindrop/rd-7.png",
        "rainstreak/rain-7.png",
        "rainstreak_raindrop/rd-rain-7.png",
        "gt/norain-7.png",
    )
    numbered = ("raindrop/pie-rd-7.png", "rainstreak_raindrop/pie-rd-rain-7.png", "gt/pie-norain-7.png")
    plant(tmp_path, *(f"train/{name}" for name in (*names, *numbered)))
    partners = {item.path: (item.target.path, item.types) for item in listed(record, tmp_path).listed}

    assert {
        "train/raindrop/rd-7.png": ("train/gt/norain-7.png", ("drd",)),
        "train/rainstreak/rain-7.png": ("train/gt/norain-7.png", ("drs",)),
        "train/rainstreak_raindrop/rd-rain-7.png": ("train/gt/norain-7.png", ("drs", "drd")),
        "train/raindrop/pie-rd-7.png": ("train/gt/pie-norain-7.png", ("drd",)),
        "train/rainstreak_raindrop/pie-rd-rain-7.png": ("train/gt/pie-norain-7.png", ("drs", "drd")),
    } == partners


def test_the_stray_photo_of_rainds_real_is_an_orphan(tmp_path):
    plant(tmp_path, "test_set/rainstreak/2.png", "test_set/rainstreak/IMG_7435.png", "test_set/gt/2.png")
    listing = listed(CATALOGUE.records["rainds-real"], tmp_path)

    assert [("test_set/rainstreak/IMG_7435.png", "orphan")] == [(r.path, r.reason) for r in listing.refused]


def test_scene_274_of_spa_data_is_a_folder_where_the_list_names_a_file(tmp_path):
    inside = "real_world/274/274-14/274-14_0_3.png/rain_s208_resize-14_0_3.png"
    plant(tmp_path, inside, "real_world_gt/274/274_0_3.png")
    (tmp_path / "real_world.txt").write_text(
        "/real_world/274/274-14/274-14_0_3.png /real_world_gt/274/274_0_3.png\n"
    )
    listing = listed(CATALOGUE.records["spa-data"], tmp_path)

    assert [(inside, "real_world_gt/274/274_0_3.png", "274")] == [
        (item.path, item.target.path, item.group) for item in listing.listed
    ]


def test_gurutto_has_its_own_clean_frames_and_other_scenes_share_one(tmp_path):
    frames = [
        f"GT-RAIN_val/Gurutto_1-2/Gurutto_1-2-Webcam-{kind}-{n:03}.png" for kind in "RC" for n in range(3)
    ]
    shared = [f"GT-RAIN_val/other/other-Webcam-R-{n:03}.png" for n in range(3)]
    plant(tmp_path, *frames, *shared, "GT-RAIN_val/other/other-Webcam-C-000.png")
    uses = Counter(item.target.path for item in listed(CATALOGUE.records["gt-rain"], tmp_path).listed)

    assert [1, 1, 1, 3] == sorted(uses.values())


def test_the_masks_of_rainmix_are_no_pictures_of_gt_rain(tmp_path):
    plant(tmp_path, "GT-RAIN_train/s/s-R-001.png", "GT-RAIN_train/s/s-C-000.png", "masks/165-8.png")
    listing = listed(CATALOGUE.records["gt-rain"], tmp_path)

    assert 1 == len(listing.listed)
    assert () == listing.refused


def test_ten_rains_share_the_clean_picture_of_gtav(tmp_path):
    plant(tmp_path, *(f"set1/train/rainy/0000_{n:02}.png" for n in range(10)), "set1/train/gt/0000.png")
    listing = listed(CATALOGUE.records["gtav-nightrain"], tmp_path)

    assert {"set1/train/gt/0000.png": 10} == Counter(item.target.path for item in listing.listed)
    assert 1 == len({item.group for item in listing.listed})


def test_a_second_copy_of_test2800_has_no_partner_of_its_name(tmp_path):
    plant(tmp_path, "Test2800/input/926_10.jpg", "Test2800/input/926_10(1).jpg", "Test2800/target/926_10.jpg")
    listing = listed(CATALOGUE.records["rain13k"], tmp_path)

    assert ["Test2800/input/926_10.jpg"] == [item.path for item in listing.listed]
    assert ["Test2800/input/926_10(1).jpg"] == [row.path for row in listing.refused]


def test_a_rainy_picture_of_rain200_is_called_norain(tmp_path):
    plant(
        tmp_path, "rain_data_train_Heavy/rain/X2/norain-1x2.png", "rain_data_train_Heavy/norain/norain-1.png"
    )
    (item,) = listed(CATALOGUE.records["rain200h"], tmp_path).listed

    assert "rain_data_train_Heavy/norain/norain-1.png" == item.target.path


def test_clear_and_blur_of_raindrop_clarity_are_no_inputs_and_its_test_scenes_are_told(tmp_path):
    paths = [f"{day}RainDrop_Train/{kind}/{scene}/1.png" for day in ("Day", "Night")
             for kind in ("Drop", "Blur", "Clear") for scene in ("00007", "00060")]  # fmt: skip
    plant(tmp_path, *paths)
    official, challenge = (
        {item.path: item.split for item in listed(CATALOGUE.records[name], tmp_path).listed}
        for name in ("raindrop-clarity", "raindrop-clarity-ntire2026")
    )

    assert {
        "DayRainDrop_Train/Drop/00007/1.png": "test",
        "DayRainDrop_Train/Drop/00060/1.png": "train",
        "NightRainDrop_Train/Drop/00007/1.png": "train",
        "NightRainDrop_Train/Drop/00060/1.png": "test",
    } == official
    assert {"train"} == set(challenge.values())


def test_masks_and_the_copy_of_raindrop_in_the_waterdrop_download_are_not_scanned(tmp_path):
    inputs = ("train_vid/rainy_vid/0003/1.png", "train_vid/rainy_vid_blur/0003/1.png")
    others = (
        "train_vid/rainy_mask/0003/1.png",
        "train_img/train/data/0_rain.png",
        "train_img/train/gt/0_clean.png",
    )
    plant(tmp_path, *inputs, *others, "train_vid/clean_vid/0003/1.png")
    listing = listed(CATALOGUE.records["video-waterdrop"], tmp_path)

    assert list(inputs) == sorted(item.path for item in listing.listed)
    assert 1 == len({item.group for item in listing.listed})


def test_the_clean_half_of_rain800_is_left_and_of_rain1200_right(tmp_path):
    colours = np.zeros((4, 8, 3), dtype=np.uint8)
    colours[:, 4:] = 255
    for name, record, side in (
        ("rain800", "rain800", "left"), ("DID-MDN-training/Rain_Heavy/train2018new", "rain1200", "right")
    ):  # fmt: skip
        layout = next(one for one in CATALOGUE.records[record].layouts if isinstance(one.target, Halves))
        root = tmp_path / name.partition("/")[0]
        path = root / layout.examples[0].input
        path.parent.mkdir(parents=True)
        Image.fromarray(colours).save(path)
        (item,) = listed(CATALOGUE.records[record], root).listed
        assert side == item.clean.half
        assert side != item.rainy.half


def test_a_git_lfs_pointer_is_no_picture(tmp_path):
    plant(tmp_path, "1.jpg", content=LFS_POINTER + b".github.com/spec/v1\noid sha256:0\nsize 9\n")

    assert "git_lfs_pointer" == read(tmp_path / "1.jpg").content.problem


def test_pictures_of_a_lone_clean_folder_are_told(tmp_path):
    plant(tmp_path, "train/input/1.png", "train/target/1.png", "train/target/2.png")
    record = CATALOGUE.records["paired"]
    tree = walk(tmp_path)
    orphans = clean_orphans(record.layouts, tree, list_pairs(record.layouts, tree))

    assert [("train/target/2.png", "orphan_clean")] == [(entry.path, entry.reason) for entry in orphans]
    assert not isinstance(tree.root, Remote)

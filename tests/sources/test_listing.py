"""A rainy picture gets the partner that its rule names, or the true reason why it has none."""

import unicodedata

import pytest

from unirain_core.errors import MissingInputError
from unirain_core.imaging.codec import SUFFIXES
from unirain_core.sources import catalogue
from unirain_core.sources.listing import list_pairs
from unirain_core.sources.tree import walk


def plant(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def listing(root, layout="paired"):
    return list_pairs(catalogue.load().records[layout].layouts, walk(root))


def refusals(listing):
    return {entry.path: (entry.reason, entry.detail) for entry in listing.refused}


def test_two_partners_of_one_stem_are_ambiguous(tmp_path):
    plant(tmp_path, "input/1.webp", "target/1.jpg", "target/1.png", "input/2.webp", "target/2.png")
    found = listing(tmp_path)

    assert ["input/2.webp"] == [item.path for item in found.listed]
    assert {"input/1.webp": ("ambiguous_partner", "target/1.jpg and target/1.png")} == refusals(found)


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_rainy_picture_of_any_suffix_that_the_decoder_reads_is_listed(tmp_path, suffix):
    plant(tmp_path, f"input/1{suffix}", "target/1.png", f"input/2{suffix.upper()}", f"target/2{suffix}")

    assert [f"input/1{suffix}", f"input/2{suffix.upper()}"] == [i.path for i in listing(tmp_path).listed]


def test_a_partner_of_the_same_name_goes_before_one_of_the_same_stem(tmp_path):
    plant(tmp_path, "input/1.png", "target/1.jpg", "target/1.png")

    assert ["target/1.png"] == [item.target and item.target.path for item in listing(tmp_path).listed]


def test_a_partner_behind_a_link_out_of_the_root_is_no_orphan(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    plant(outside, "1.png")
    plant(root, "input/1.png", "input/2.png", "target/2.png")
    (root / "target/1.png").symlink_to(outside / "1.png")

    reason, detail = refusals(listing(root))["input/1.png"]
    assert "outside_root" == reason
    assert f"its clean partner target/1.png: the link leads to {outside}/1.png" == detail


def test_a_partner_in_a_linked_folder_out_of_the_root_is_no_orphan(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    plant(outside, "1.png")
    plant(root, "input/1.png")
    (root / "GT").symlink_to(outside)

    assert {"GT": "outside_root", "input/1.png": "outside_root"} == {
        path: reason for path, (reason, _) in refusals(listing(root)).items()
    }


def test_a_partner_behind_a_dangling_link_is_unreadable(tmp_path):
    plant(tmp_path, "input/1.jpg")
    (tmp_path / "target").mkdir()
    (tmp_path / "target/1.png").symlink_to("gone.png")

    assert "unreadable" == refusals(listing(tmp_path))["input/1.jpg"][0]


@pytest.mark.parametrize(
    ("rainy", "clean", "difference"),
    [
        ("input/Rain.png", "target/rain.png", "letter case"),
        (
            unicodedata.normalize("NFC", "input/é.png"),
            unicodedata.normalize("NFD", "target/é.png"),
            "Unicode form",
        ),
    ],
)
def test_an_orphan_is_told_of_a_clean_picture_that_is_nearly_called_like_its_partner(
    tmp_path, rainy, clean, difference
):
    plant(tmp_path, rainy, clean)

    reason, detail = refusals(listing(tmp_path))[rainy]
    assert "orphan" == reason
    assert detail.endswith(f"; {clean} differs from it in {difference} only: rename it")


def spa(root, lines):
    plant(root, "real_world/1/1-2/1-2_0_0.png", "real_world_gt/1/1_0_0.png", "real_world/2/odd.png")
    (root / "real_world.txt").write_text(lines, encoding="utf-8")
    return listing(root, "spa-data")


def test_an_orphan_whose_line_of_a_pair_list_names_no_file_says_which_line(tmp_path):
    found = spa(tmp_path, "\n/real_world/2/odd.png /disk9/gt/odd.png\n")

    reason, detail = refusals(found)["real_world/2/odd.png"]
    assert "orphan" == reason
    assert "line 2 of real_world.txt names disk9/gt/odd.png, which does not exist" in detail


def test_an_orphan_without_a_line_in_its_pair_list_says_so(tmp_path):
    assert "real_world.txt has no line for it" in refusals(spa(tmp_path, ""))["real_world/2/odd.png"][1]


def test_a_pair_list_of_another_machine_is_noted_with_its_first_wrong_line(tmp_path):
    lines = "/real_world/1/1-2/1-2_0_0.png /real_world_gt/1/1_0_0.png\n/home/x/a.png /home/x/b.png\n"

    assert (
        "1 of 2 lines of real_world.txt name a file that does not exist, first line 2: home/x/a.png",
    ) == spa(tmp_path, lines).notes


@pytest.mark.parametrize(
    "folder", ["/home/x/SPA", "C:\\data\\spa", "/real_world_data"], ids=["Linux", "Windows", "a like name"]
)
def test_a_pair_list_with_the_absolute_paths_of_another_machine_pairs_here(tmp_path, folder):
    slash = "\\" if "\\" in folder else "/"
    parts = ("real_world/2/odd.png", "real_world_gt/1/1_0_0.png")
    rainy, clean = (f"{folder}{slash}{part.replace('/', slash)}" for part in parts)
    found = spa(tmp_path, f"{folder}/gone/a.png {folder}/gone/b.png\n{rainy} {clean}\n")

    (odd,) = (item for item in found.listed if item.path == "real_world/2/odd.png")
    assert odd.clean is not None
    assert "real_world_gt/1/1_0_0.png" == odd.clean.path
    assert "1 of 2 lines of real_world.txt name a file that does not exist" in found.notes[0]


def test_the_mark_that_editors_on_windows_write_before_the_first_line_is_no_part_of_its_path(tmp_path):
    found = spa(tmp_path, "\ufeff/real_world/2/odd.png /real_world_gt/1/1_0_0.png\n")

    assert "real_world/2/odd.png" in [item.path for item in found.listed]
    assert () == found.notes


def test_a_pair_list_that_names_two_clean_pictures_for_one_rainy_one_decides_nothing(tmp_path):
    lines = "/real_world/2/odd.png /real_world_gt/1/1_0_0.png\n/real_world/2/odd.png /real_world_gt/2/2.png\n"
    plant(tmp_path, "real_world_gt/2/2.png")

    assert (
        "ambiguous_partner",
        "line 1 of real_world.txt names real_world_gt/1/1_0_0.png, and line 2 names real_world_gt/2/2.png",
    ) == refusals(spa(tmp_path, lines))["real_world/2/odd.png"]


def test_a_pair_list_may_name_a_pair_twice(tmp_path):
    line = "/real_world/2/odd.png /real_world_gt/1/1_0_0.png\n"

    assert "real_world/2/odd.png" in [item.path for item in spa(tmp_path, 2 * line).listed]


def test_a_pair_list_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    plant(tmp_path, "real_world/1/1-2/1-2_0_0.png", "real_world.txt")

    def refuse(*args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(MissingInputError, match=r"the pair list .*real_world.txt cannot be read"):
        listing(tmp_path, "spa-data")

"""A walk lists what a dataset means, and nothing outside its root."""

import os
import time
from pathlib import Path

import pytest

from unirain_core.sources.names import writable
from unirain_core.sources.tree import walk


def touch(path, content=b""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_dot_files_and_system_folders_are_skipped(tmp_path):
    for name in (".hidden.png", ".git/1.png", "__MACOSX/input/1.png", "input/Thumbs.db", "input/1.png"):
        touch(tmp_path / name)

    assert ["input/1.png"] == list(walk(tmp_path).files())


def test_a_link_out_of_the_root_is_refused_and_one_inside_is_followed(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(root / "clean/1.png")
    touch(outside / "2.png")
    (root / "target").symlink_to("clean")
    (root / "leak").symlink_to(outside)
    (root / "leak.png").symlink_to(outside / "2.png")
    tree = walk(root)

    assert ["clean/1.png", "target/1.png"] == list(tree.files())
    assert [("leak", "outside_root"), ("leak.png", "outside_root")] == [
        (r.path, r.reason) for r in tree.refused
    ]


def test_a_link_may_lead_anywhere_within_the_named_fence(tmp_path):
    touch(tmp_path / "store/1.png")
    (tmp_path / "set").mkdir()
    (tmp_path / "set/input").symlink_to(tmp_path / "store")

    assert ["input/1.png"] == list(walk(tmp_path / "set", [tmp_path]).files())


def test_a_root_that_is_a_link_itself_is_walked(tmp_path):
    touch(tmp_path / "real/input/1.png")
    (tmp_path / "link").symlink_to("real")

    assert ["input/1.png"] == list(walk(tmp_path / "link").files())


def test_a_dangling_link_is_refused_as_unreadable(tmp_path):
    (tmp_path / "1.png").symlink_to("gone.png")

    assert ["unreadable"] == [r.reason for r in walk(tmp_path).refused]


def test_a_link_to_a_folder_above_it_ends(tmp_path):
    touch(tmp_path / "a/1.png")
    (tmp_path / "a/up").symlink_to("..")

    assert ["a/1.png"] == list(walk(tmp_path).files())


def test_an_exact_folder_goes_before_one_of_another_case(tmp_path):
    touch(tmp_path / "GT/1.png")
    touch(tmp_path / "gt/1.png")
    touch(tmp_path / "GT/2.png")
    tree = walk(tmp_path)

    assert ("gt/1.png",) == tree.names.find("gt/1.png", any_suffix=False)
    assert ("GT/2.png",) == tree.names.find("gt/2.png", any_suffix=False)


def test_another_suffix_is_taken_only_when_asked(tmp_path):
    touch(tmp_path / "gt/1.JPG")
    tree = walk(tmp_path)

    assert () == tree.names.find("gt/1.png", any_suffix=False)
    assert ("gt/1.JPG",) == tree.names.find("gt/1.png", any_suffix=True)
    assert () == tree.names.find("gt/2.png", any_suffix=True)


def reasons(tree):
    return {entry.path: entry.reason for entry in tree.refused}


@pytest.mark.parametrize("name", ["line\nbreak.png", "tab\t.png", "bell\x07.png", "\udcff.png"])
def test_a_name_that_cannot_be_written_down_is_refused_as_such_and_not_as_an_orphan(tmp_path, name):
    touch(tmp_path / "input" / name)
    touch(tmp_path / "target" / name)
    tree = walk(tmp_path)

    assert [] == list(tree.files())
    assert {f"{side}/{writable(name)}": "unreadable_name" for side in ("input", "target")} == reasons(tree)


def test_a_file_in_a_folder_whose_name_cannot_be_written_down_is_refused_by_itself(tmp_path):
    touch(tmp_path / "a\nb/1.png")
    touch(tmp_path / "a\nb/notes.txt")
    tree = walk(tmp_path)

    assert {r"a\u000ab/1.png": "unreadable_name"} == reasons(tree)
    assert (r"a\u000ab/notes.txt",) == tree.skipped


def test_an_escaped_name_that_another_file_really_has_stays_distinct(tmp_path):
    touch(tmp_path / "a\n.png")
    touch(tmp_path / r"a\u000a.png")
    tree = walk(tmp_path)

    assert [r"a\u000a.png"] == list(tree.files())
    assert {r"/a\u000a.png": "unreadable_name"} == reasons(tree)


def test_hidden_files_and_those_of_a_system_are_counted(tmp_path):
    names = [".git/objects/1", ".hidden.png", "__MACOSX/input/1.png", "input/Thumbs.db"]
    for name in names:
        touch(tmp_path / name)

    assert names == sorted(walk(tmp_path).skipped)


def test_a_link_out_of_the_root_says_to_which_folder(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    touch(outside / "far/1.png")
    root.mkdir()
    (root / "gt").symlink_to(outside)
    (root / "1.png").symlink_to(outside / "far/1.png")

    assert {"gt": str(outside), "1.png": str(outside / "far")} == {
        entry.path: entry.leads_to for entry in walk(root).refused
    }


def test_a_link_may_lead_into_any_of_several_fences(tmp_path):
    for name in ("set", "store", "disk", "disk2"):
        touch(tmp_path / name / "1.png")
        (tmp_path / "set" / f"to {name}").symlink_to(tmp_path / name)
    tree = walk(tmp_path / "set", [tmp_path / "set", tmp_path / "disk"])

    assert ["1.png", "to disk/1.png"] == list(tree.files())
    assert ["to disk2", "to store"] == [e.path for e in tree.refused if e.reason == "outside_root"]


def test_a_link_to_itself_is_refused_as_unreadable(tmp_path):
    (tmp_path / "a.png").symlink_to("a.png")

    assert {"a.png": "unreadable"} == reasons(walk(tmp_path))


def test_one_folder_may_be_linked_from_several_places(tmp_path):
    touch(tmp_path / "gt/1.png")
    for part in ("heavy", "light"):
        touch(tmp_path / part / "input/1.png")
        (tmp_path / part / "target").symlink_to("../gt")
    tree = walk(tmp_path)

    assert {"heavy/target/1.png", "light/target/1.png"} <= set(tree.files())
    assert () == tree.refused


def test_folders_that_link_to_each_other_end_and_each_folder_is_listed_the_nearest_way(tmp_path):
    letters = "abcdefghijkl"
    for one in letters:
        touch(tmp_path / one / "1.png")
        for other in letters.replace(one, ""):
            (tmp_path / one / other).symlink_to(f"../{other}")
    started = time.monotonic()
    tree = walk(tmp_path)

    assert time.monotonic() - started < 120  # it ends: twelve folders have a billion paths
    assert {f"{one}/1.png" for one in letters} <= set(tree.files())
    assert {"linked_twice"} == {entry.reason for entry in tree.refused}
    assert 12 + 12 * 11 == len(list(tree.files()))  # each folder, and each of its links once


def test_a_dangling_link_is_unreadable_wherever_it_leads(tmp_path):
    (tmp_path / "1.png").symlink_to("/nowhere/at/all.png")

    assert [("unreadable", "the link leads to /nowhere/at/all.png", "")] == [
        (entry.reason, entry.detail, entry.leads_to) for entry in walk(tmp_path).refused
    ]


def test_a_hidden_folder_that_cannot_be_listed_is_skipped_and_another_is_refused(tmp_path, monkeypatch):
    for name in (".Trash-1000/1.png", "closed/1.png", "input/1.png"):
        touch(tmp_path / name)
    scandir = os.scandir

    def refuse(path):
        if Path(path).name in (".Trash-1000", "closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("unirain_core.sources.tree.os.scandir", refuse)
    tree = walk(tmp_path)

    assert ["input/1.png"] == list(tree.files())
    assert {"closed": "unreadable"} == reasons(tree)
    assert (".Trash-1000",) == tree.skipped

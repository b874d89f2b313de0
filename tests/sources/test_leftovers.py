"""No file vanishes: files = listed + used partners + refused + foreign, whatever the tree."""

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from unirain_core.sources import catalogue
from unirain_core.sources.leftovers import clean_orphans, foreign_files
from unirain_core.sources.listing import list_pairs
from unirain_core.sources.tree import walk

PARTS = [
    "input",
    "target",
    "gt",
    "GT",
    "rain",
    "norain",
    "train",
    "test",
    ".git",
    "__MACOSX",
    "a",
    "a\nb",
    "é",
]
NAMES = [
    "1.png",
    "1.jpg",
    "1.PNG",
    "norain-1.png",
    "rain-1.png",
    "readme.txt",
    ".1.png",
    "Thumbs.db",
    "1\n.png",
]
NAMES += ["é.png", "e\u0301.png", "\udcff.png", "1.jxl", "mask.gif"]
PATHS = st.builds(
    lambda folders, name: "/".join([*folders, name]),
    st.lists(st.sampled_from(PARTS), max_size=3),
    st.sampled_from(NAMES),
)
LAYOUTS = st.sampled_from(["paired", "photos", "rain100", "spa-data", "rain1200", "raindrop"])


def whole_listing(root, layout):
    layouts = catalogue.load().records[layout].layouts
    tree = walk(root)
    listing = list_pairs(layouts, tree)
    return tree, listing, clean_orphans(layouts, tree, listing)


@given(st.sets(PATHS, max_size=14), LAYOUTS)
def test_every_file_has_one_place(paths, layout):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        tree, listing, lone = whole_listing(root, layout)
        n_files = sum(len(files) for _, _, files in os.walk(root))

    inputs = {item.path for item in listing.listed}
    targets = {item.target.path for item in listing.listed if item.target}
    refused = [entry.path for entry in (*listing.refused, *lone)]
    foreign = foreign_files(tree, type(listing)(listing.listed, (*listing.refused, *lone)))

    assert len(refused) == len(set(refused))
    assert not (inputs | targets) & set(refused)
    assert n_files == len(inputs | targets) + len(refused) + foreign.n_files


def test_foreign_files_come_with_the_first_few_names(tmp_path):
    for path in ("input/1.png", "target/1.png", "mask/1.png", "readme.txt", ".git/x", "input/1.jxl"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    tree, listing, _ = whole_listing(tmp_path, "paired")
    foreign = foreign_files(tree, listing)

    assert (4, (".git/x", "input/1.jxl", "mask/1.png")) == (foreign.n_files, foreign.examples)


def test_clean_pictures_that_might_each_be_a_partner_are_ambiguous_and_no_orphans(tmp_path):
    for path in (
        "input/1.webp",
        "target/1.png",
        "target/1.jpg",
        "input/2.png",
        "target/2.png",
        "target/3.png",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    _, _, lone = whole_listing(tmp_path, "paired")

    assert {
        "target/1.jpg": "ambiguous_partner",
        "target/1.png": "ambiguous_partner",
        "target/3.png": "orphan_clean",
    } == {entry.path: entry.reason for entry in lone}

"""What no pair takes of a dataset's folder: clean pictures without a rainy one, and files that no layout knows."""

import re
from collections.abc import Sequence

from unirain_core.sources.inventory import Refused
from unirain_core.sources.layouts import Layout
from unirain_core.sources.listing import Foreign, Listing
from unirain_core.sources.tree import Tree

N_EXAMPLES = 3
"""Enough to recognise a kind of file by."""


def clean_orphans(layouts: Sequence[Layout], tree: Tree, listing: Listing) -> list[Refused]:
    """Clean pictures to which no rainy one belongs, or of which several might belong to one.

    A layout leads from the rainy picture to the clean one and not back. So what counts is a picture that
    stands in a folder of clean partners alone, or is named like a partner but for the digits.

    Args:
        layouts: those of one entry of the catalogue.
        tree: the dataset's.
        listing: what `list_pairs` found in the whole tree.
    """
    used = {tree.path_of(item.target) for item in listing.listed if item.target}
    homes = {_folder(path) for path in used} - {_folder(item.path) for item in listing.listed}
    shapes = {_shape(path) for path in used}
    claimed = {clean: entry.path for entry in listing.refused for clean in entry.claims}
    orphans = []
    for path in tree.pictures():
        if path in used or any(layout.locate(path) for layout in layouts):
            continue
        if path in claimed:
            orphans.append(Refused(path, "ambiguous_partner", f"of {claimed[path]}"))
        elif _folder(path) in homes or _shape(path) in shapes:
            orphans.append(Refused(path, "orphan_clean", "it stands among clean pictures"))
    return orphans


def foreign_files(tree: Tree, listing: Listing) -> Foreign:
    """The files of a tree that are neither listed, nor the partner of a listed one, nor refused."""
    accounted = {entry.path for entry in listing.refused}
    for item in listing.listed:
        accounted.add(item.path)
        if item.target:
            accounted.add(tree.path_of(item.target))
    foreign = [path for path in tree.files() if path not in accounted]
    foreign += tree.skipped
    return Foreign(len(foreign), tuple(sorted(foreign)[:N_EXAMPLES]))


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _shape(path: str) -> str:
    return re.sub(r"\d+", "0", path)

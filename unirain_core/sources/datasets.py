"""One dataset of params on this machine: its tree and what its layout finds there, or what a person must do."""

import difflib
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.remote import Place, Remote
from unirain_core.artefacts.roots import LOCAL, Roots
from unirain_core.config.sections import Dataset, RawDatasets
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.sources.catalogue import Catalogue, Record
from unirain_core.sources.layouts import Layout
from unirain_core.sources.leftovers import clean_orphans, foreign_files
from unirain_core.sources.listing import Listing, list_pairs
from unirain_core.sources.pair_rule import layouts_of
from unirain_core.sources.remote_tree import list_objects
from unirain_core.sources.tree import Tree, walk

FOLDERS = 3
"""Folders outside the root that a sentence names; beyond them, the one that holds them all."""

TRIED = 400
"""At most so many pictures of a tree are tried against every layout to find the nearest ones."""


def record_of(name: str, dataset: Dataset, catalogue: Catalogue) -> Record:
    """The catalogue's entry that a dataset of params names.

    Raises:
        ConfigError: there is no such entry.
    """
    if dataset.layout not in catalogue.records:
        near = difflib.get_close_matches(dataset.layout, catalogue.records, n=3, cutoff=0.4)
        raise ConfigError(
            f"raw_datasets.datasets.{name}.layout: '{dataset.layout}' is not in the catalogue; "
            f"nearest: {', '.join(near) or 'none'}; `unirain datasets` lists all"
        )
    return catalogue.records[dataset.layout]


def left_out(pool: RawDatasets, roots: Roots) -> dict[str, str]:
    """Names of the optional datasets whose root has no folder on this machine, each with a sentence on it."""
    return {
        name: (
            f"{name}: left out, because it is optional and root '{dataset.root}' has no folder here; to use it, add the line "
            f"`{dataset.root}: /folder/of/the/dataset` to {LOCAL}"
        )
        for name, dataset in sorted(pool.datasets.items())
        if dataset.optional and not roots.has(dataset.root)
    }


def find_pairs(name: str, dataset: Dataset, roots: Roots, catalogue: Catalogue) -> tuple[Tree, Listing]:
    """The dataset's tree and what its layout finds there, at least one picture.

    Raises:
        ConfigError: params names no entry of the catalogue, or a folder outside the root.
        MissingInputError: the folder is absent, holds no picture, or has another tree than the layout; or a store does
            not let this user in.
        OSError: the disk or the store does not answer.
    """
    record = record_of(name, dataset, catalogue)
    folder = dataset.folder.strip("/")
    tree = replace(
        _tree_of(name, dataset, roots, record), root_name=dataset.root, prefix=f"{folder}/" if folder else ""
    )
    links = tuple(_links(tree, dataset.root, roots))
    layouts = layouts_of(f"raw_datasets.datasets.{name}", dataset.pair_rule, record, tree)
    listing = list_pairs(layouts, tree)
    if not listing.listed:
        remedies = [*links, *listing.notes]
        raise MissingInputError(
            f"raw_datasets.datasets.{name}: {_problem(record, tree, listing)}; {'; '.join([*remedies, expected(record)])}; "
            f"{_nearest(tree, catalogue)}; correct layout or folder in params.yaml, or the line `{dataset.root}:` of {LOCAL}"
        )
    lone = clean_orphans(layouts, tree, listing)
    listing = replace(listing, refused=(*listing.refused, *lone), notes=(*links, *listing.notes))
    return tree, replace(listing, foreign=foreign_files(tree, listing))


def _links(tree: Tree, root: str, roots: Roots) -> Iterator[str]:
    """One sentence where links lead outside the root: how many, where to, and the line that allows it."""
    outside = Counter(entry.leads_to for entry in tree.refused if entry.leads_to)
    if outside:
        folders = _few(sorted(outside))
        n_links = outside.total()
        subject = "1 link leads" if n_links == 1 else f"{n_links} links lead"
        yield (
            f"{subject} outside the root, to {', '.join(folders)}; to allow it, write in {LOCAL}: "
            f"`{roots.line(root, folders)}`"
        )


def _few(folders: Sequence[str]) -> Sequence[str]:
    """A few folders that hold all the given ones, if there are such."""
    common = os.path.commonpath(folders)
    return folders if len(folders) <= FOLDERS or common == "/" else [common]


def nearest_layouts(tree: Tree, catalogue: Catalogue) -> list[tuple[str, float]]:
    """Entries of the catalogue that find partners in a tree, with the share of the pictures that pairs hold, best first.

    Of a tree in which every picture belongs to a pair half are rainy ones, or more where several rainy ones share a clean one. The
    clean ones are counted as those that are left, at most one for each rainy one.

    A picture that holds both sides needs no partner, so a layout of such pictures would seem right wherever its folders are
    called `train`: it is never among them.
    """
    pictures = list(tree.pictures())
    tried = pictures[:: max(1, math.ceil(len(pictures) / TRIED))]
    shares: list[tuple[str, float]] = []
    for record in catalogue.records.values():
        listed = list_pairs(record.layouts, tree, tried).listed
        n_partners = sum(item.target is not None for item in listed)
        if n_partners:
            n_clean = min(n_partners, len(tried) - n_partners)
            shares.append((record.id, (n_partners + n_clean) / len(tried)))
    return sorted(shares, key=lambda share: (-share[1], share[0]))


def expected(record: Record) -> str:
    """The trees that an entry's layouts expect, one example each, as a clause."""
    trees = "; or ".join(_tree(layout) for layout in record.layouts)
    return f"layout '{record.id}' expects, at any depth, {trees}"


def _tree(layout: Layout) -> str:
    example = layout.examples[0]
    return f"{example.input} beside {example.target}" if example.target else example.input


def _tree_of(name: str, dataset: Dataset, roots: Roots, record: Record) -> Tree:
    """Everything below the dataset's folder, on this machine or in a store."""
    try:
        root = roots.folder(dataset.root)
    except MissingInputError as error:
        page = f"; it is published at {record.source_page}" if record.source_page else ""
        raise MissingInputError(f"raw_datasets.datasets.{name}: {error}; {expected(record)}{page}") from None
    folder = root / dataset.folder
    outside = _outside(dataset.folder, root)
    if outside:
        raise ConfigError(
            f"raw_datasets.datasets.{name}.folder: '{dataset.folder}' leads out of the root '{dataset.root}' to "
            f"{outside}; name that folder in {LOCAL} by a line of its own, and use that name as `root`"
        )
    try:
        if isinstance(folder, Remote):
            return list_objects(folder)
        if folder.is_dir():
            return walk(folder, roots.fences(dataset.root))
    except FileNotFoundError:  # a bucket
        pass
    except PermissionError as error:
        if not isinstance(folder, Remote):
            raise
        raise MissingInputError(
            f"raw_datasets.datasets.{name}: {folder}: {error.strerror}; give credentials in the environment, for s3:// "
            f"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE; for a public bucket write `anon: true` "
            f"among the options of `{dataset.root}:` in {LOCAL}"
        ) from None
    raise MissingInputError(
        f"raw_datasets.datasets.{name}: {folder} does not exist; correct `folder` in params.yaml or the line "
        f"`{dataset.root}:` of {LOCAL}; {expected(record)}"
    )


def _outside(folder: str, root: Place) -> str:
    """Where a dataset's folder leads out of its root; nothing where it stays inside."""
    if isinstance(root, Remote):
        return str(root / folder) if ".." in folder.split("/") else ""
    place = (root / folder).resolve()
    return "" if place.is_relative_to(root.resolve()) else str(place)


def _problem(record: Record, tree: Tree, listing: Listing) -> str:
    by_walk = {entry.path for entry in tree.refused}
    lonely = [entry for entry in listing.refused if entry.path not in by_walk]
    if lonely:
        first = lonely[0]
        meaning = f"its partner would be {first.detail}"
        if first.reason != "orphan":
            meaning = f"{MEANINGS[first.reason]} ({first.detail})"
        return (
            f"{len(lonely)} rainy pictures below {tree.root} have no clean partner, "
            f"the first is {first.path}, {meaning}"
        )
    pictures = list(tree.pictures())
    if pictures:
        return f"{len(pictures)} pictures below {tree.root}, none where the layout looks (the first: {pictures[0]})"
    refused = Counter(r.reason for r in tree.refused)
    reasons = "; ".join(f"{n} x {reason}: {MEANINGS[reason]}" for reason, n in sorted(refused.items()))
    return f"no picture below {tree.root}" + (f" that may be used ({reasons})" if refused else "")


def _nearest(tree: Tree, catalogue: Catalogue) -> str:
    near = nearest_layouts(tree, catalogue)[:5]
    if not near:
        return "no layout of the catalogue finds pairs there (`paired` takes any input/ beside target/, `photos` any picture)"
    return "layouts that would match: " + ", ".join(
        f"{name} (pairs of {share:.0%} of the pictures)" for name, share in near
    )

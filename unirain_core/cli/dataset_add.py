"""`unirain datasets add PATH`: write the two lines that make a person's own folder a dataset of params."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from unirain_core.artefacts.roots import LOCAL, Roots
from unirain_core.artefacts.whole import rewrite
from unirain_core.cli.dataset_check import check_one
from unirain_core.cli.params import load_params
from unirain_core.config.edit import with_entry
from unirain_core.config.load import parse_yaml
from unirain_core.config.params import Params
from unirain_core.config.pipeline import PARAMS
from unirain_core.config.sections import DATASET_NAME, Dataset
from unirain_core.errors import ConfigError
from unirain_core.sources.catalogue import Catalogue
from unirain_core.sources.datasets import record_of
from unirain_core.sources.layouts import Unpaired
from unirain_core.sources.recognition import recognise
from unirain_core.sources.tree import walk

ROLES = ("train", "val", "test", "benchmark", "real")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The folder and the options of the command; an empty word: the option was not given."""

    path: Path
    rain_type: str = ""
    name: str = ""
    layout: str = ""
    clean: str = ""
    origin: str = ""
    role: str = ""
    quota: int | None = None


def add(root: Path, wish: Wish, known: Catalogue) -> None:
    """Recognise a folder, and write it into params.yaml and roots.local.yaml; after an error nothing is written.

    Args:
        root: of the project.
        wish: the folder, and what a person says of it.
        known: the catalogue.

    Raises:
        ConfigError: the folder is none, a name is taken, or it cannot be told what the pictures are.
        MissingInputError: the folder has another tree than the entry that was named.
    """
    params, roots = load_params(root), Roots.load(root)
    folder = wish.path.expanduser().resolve()
    name = _name(wish, folder)
    listed = params.raw_datasets.datasets.get(name)
    if listed is not None:
        _demand_that_only_its_folder_lacks(name, wish, params, roots)
    dataset = listed or _dataset(folder, name, wish, params, known)
    taken = roots.local.get(dataset.root, str(folder))
    if taken != str(folder):
        raise ConfigError(f"{LOCAL} has a root '{name}' already ({taken}); give another name with --name")
    pool = replace(params.raw_datasets, datasets={**params.raw_datasets.datasets, name: dataset})
    whole = replace(roots, local={**roots.local, dataset.root: str(folder)})
    check_one(name, replace(params, raw_datasets=pool), whole, known)  # before anything is written
    _write(root, name, dataset, is_new=listed is None, folder=None if dataset.root in roots.local else folder)


def _write(root: Path, name: str, dataset: Dataset, *, is_new: bool, folder: Path | None) -> None:
    """Write the two lines, each where it lacks.

    Args:
        root: of the project.
        name: of the dataset.
        dataset: its entry of params.
        is_new: whether params lack it.
        folder: of its root; None: roots.local.yaml has it.
    """
    entry, place = f"{_word(name)}: {_flow(dataset)}", json.dumps(str(folder), ensure_ascii=False)
    texts = {}
    if folder is not None:  # it stands first: without it the entry of params would lead nowhere
        texts[LOCAL] = with_entry(root / LOCAL, (), f"{_word(dataset.root)}: {place}")
    if is_new:
        texts[PARAMS] = with_entry(root / PARAMS, ("raw_datasets", "datasets"), entry)
    for file, text in texts.items():
        rewrite(root / file, text)
    if is_new:
        print(f"{PARAMS}: `{entry}` stands below raw_datasets.datasets; `dvc repro` uses it")
    else:
        print(f"{LOCAL}: '{dataset.root}' lies in {folder}; {PARAMS} named the dataset already")


def _name(wish: Wish, folder: Path) -> str:
    if re.match(r"[a-z0-9]+:/", str(wish.path)):  # a path has lost the second slash of a URL
        raise ConfigError(
            f"{wish.path} lies in an object store, and `add` looks into folders of this machine; write the dataset into "
            f"{PARAMS} and {LOCAL} yourself, as docs/cluster.md shows"
        )
    if not folder.is_dir():
        raise ConfigError(f"{folder} is no folder; give the folder that holds the pictures")
    name = wish.name or re.sub(r"[^A-Za-z0-9_-]+", "-", folder.name).strip("-_")
    if not DATASET_NAME.fullmatch(name) or name == "scene":
        raise ConfigError(
            f"'{name}' cannot name a dataset; give a name of letters, digits, `_` and `-` with --name"
        )
    return name


def _demand_that_only_its_folder_lacks(name: str, wish: Wish, params: Params, roots: Roots) -> None:
    """Let a dataset that params name get its folder, and nothing else."""
    listed = params.raw_datasets.datasets[name]
    has_folder = listed.root in (roots.local.keys() | params.sample_corpora.keys())
    if has_folder:
        raise ConfigError(f"raw_datasets.datasets has a '{name}' already; give another name with --name")
    says_more = wish.rain_type or wish.clean or wish.origin or wish.role or wish.quota is not None
    if says_more or wish.layout not in ("", listed.layout):
        raise ConfigError(
            f"raw_datasets.datasets has a '{name}' already, which lacks its folder alone; give the command with the "
            "folder and no option but --name"
        )


def _dataset(folder: Path, name: str, wish: Wish, params: Params, known: Catalogue) -> Dataset:
    """The entry of params."""
    if wish.clean not in ("", "left", "right"):
        raise ConfigError(f"--clean is left or right, found '{wish.clean}'")
    if wish.origin not in ("", "real", "synthetic"):
        raise ConfigError(f"--origin is real or synthetic, found '{wish.origin}'")
    if wish.role not in ("", *ROLES):
        raise ConfigError(f"--role is one of {', '.join(ROLES)}, found '{wish.role}'")
    if wish.rain_type and wish.rain_type not in params.rain_types:
        listed = ", ".join(params.rain_types)
        raise ConfigError(f"--rain-type: '{wish.rain_type}' is not among rain_types of {PARAMS} ({listed})")
    layout = wish.layout or recognise(walk(folder), known, wish.clean)
    rain_types = (wish.rain_type,) if wish.rain_type else ()
    dataset = Dataset(layout=layout, root=name, rain_types=rain_types, quota=wish.quota)
    record = record_of(name, dataset, known)
    holds_pairs = any(tree.target != Unpaired() for tree in record.layouts)
    if holds_pairs and wish.role != "real" and not record.rain_types and not rain_types:
        listed = ", ".join(params.rain_types)
        raise ConfigError(
            f"the tree cannot tell the rain type of its pairs; give it: --rain-type, one of {listed}"
        )
    if not holds_pairs and rain_types:
        raise ConfigError(
            f"{folder}: no picture has a clean partner, so these are photos, which have no rain type; to add them to the "
            "real-rain database, give the command without --rain-type"
        )
    match wish.origin:
        case "real" | "synthetic" as origin:
            dataset = replace(dataset, origin=origin)
    match wish.role:
        case "train" | "val" | "test" | "benchmark" | "real" as role:
            dataset = replace(dataset, role=role)
    return dataset


def _flow(dataset: Dataset) -> str:
    """A dataset as one line of YAML, without the keys that keep their default."""
    parts = [f"layout: {dataset.layout}", f"root: {_word(dataset.root)}"]
    if dataset.rain_types:
        parts.append(f"rain_types: [{', '.join(dataset.rain_types)}]")
    if dataset.origin:
        parts.append(f"origin: {dataset.origin}")
    if dataset.role:
        parts.append(f"role: {dataset.role}")
    if dataset.quota is not None:
        parts.append(f"quota: {dataset.quota}")
    return f"{{{', '.join(parts)}}}"


def _word(name: str) -> str:
    """A name as YAML reads it back.

    >>> _word("rain"), _word("null"), _word("2024")
    ('rain', '"null"', '"2024"')
    """
    return name if parse_yaml(Path(PARAMS), name) == name else json.dumps(name)

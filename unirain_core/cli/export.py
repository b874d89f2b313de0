"""`unirain export split NAME OUT`: a split of this project as a folder that others can train on."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from tqdm import tqdm

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import SplitRow, Vote
from unirain_core.cli.outs import demand_outside_of_outs
from unirain_core.cli.params import load_params
from unirain_core.cli.project import current_root
from unirain_core.config.params import Params
from unirain_core.config.sections import Dataset
from unirain_core.distill.export.card import NO_TERMS, Card, Source
from unirain_core.distill.export.export import export as export_split
from unirain_core.distill.export.forms import Form
from unirain_core.distill.export.pairs import dataset_of
from unirain_core.distill.stand_ins import note
from unirain_core.errors import ConfigError, MissingArtefactError, MissingInputError
from unirain_core.imaging.codec import file_hash
from unirain_core.sources import catalogue


def export(
    what: Annotated[Literal["split"], typer.Argument(help="The word `split`.")],
    name: Annotated[
        str, typer.Argument(help="Of the split: rainrag, val, test, unfiltered, or another in data/split.")
    ],
    out: Annotated[Path, typer.Argument(help="Folder to export into; new or empty.")],
    form: Annotated[
        Form, typer.Option(help="Folders for the released code, or shards for training elsewhere.")
    ] = "folders",
) -> None:
    """Write the pictures of a split into folders or shards, with a dataset card, terms and sources.

    Raises:
        ConfigError: there is no such split, something is in the folder already, it cannot be made, or a stage would remove it.
        MissingArtefactError: nothing has been split yet.
        MissingInputError: the split holds no pair.
        ChangedInputError: a picture is not the one that was listed.
    """
    root = current_root()
    demand_outside_of_outs(root, out)
    split = split_file(root, name)
    names = tables.columns(split, SplitRow, ["pair_id"])["pair_id"]
    if not len(names):
        raise MissingInputError(f"{split.relative_to(root)} holds no pair; name another split")
    params = load_params(root)
    card = Card(
        name=name,
        form=form,
        made_from=f"{split.relative_to(root).as_posix()} (SHA-256 {file_hash(split)}...)",
        notes=_notes(root),
        sources=sources(params, {dataset_of(pair_id) for pair_id in names}),
        counts=Counter(),
        n_small=0,
        date=datetime.now(tz=UTC).date().isoformat(),
    )
    with tqdm(total=len(names), desc=f"export {name}", unit="pair", disable=None) as bar:
        card = export_split(split, out, Roots.load(root), card, bar.update)
    print(
        f"{card.counts.total()} pairs exported into {out}; its README.md names the terms of {len(card.sources)} datasets"
    )


def split_file(root: Path, name: str) -> Path:
    """The table of a split: of a training split, else of a set that is held out.

    Raises:
        ConfigError: there is no such split.
        MissingArtefactError: nothing has been split yet.
    """
    folder = root / paths.SPLIT
    files = {file.stem: file for file in (*folder.glob("*.parquet"), *folder.glob("train/*.parquet"))}
    files.pop("pyramid", None)  # a table of the whole pool
    if not files:
        raise MissingArtefactError(paths.PYRAMID, "rainrag_split")
    if name not in files:
        near = difflib.get_close_matches(name, files, n=1)
        nearest = f"; nearest: {near[0]}" if near else ""
        raise ConfigError(
            f"split '{name}' is not one of {', '.join(sorted(files))}{nearest}; correct the name"
        )
    return files[name]


def sources(params: Params, datasets: Iterable[str]) -> dict[str, Source]:
    """What the catalogue knows of datasets, by their names in params."""
    known = catalogue.load().records
    told: dict[str, Source] = {}
    for name in sorted(datasets):
        dataset = params.raw_datasets.datasets.get(name)
        told[name] = _unknown(name) if dataset is None else _source(params, dataset, known)
    return told


def _unknown(name: str) -> Source:
    return Source(text=f"a dataset that params named '{name}' when it was listed", terms=NO_TERMS)


def _source(params: Params, dataset: Dataset, known: Mapping[str, catalogue.Record]) -> Source:
    record = known[dataset.layout]
    if dataset.root in params.sample_corpora:
        # its pictures are ours: neither terms nor fame of the dataset whose layout they borrow are theirs
        return Source(
            text=f"rain rendered by unirain over photographs (sample corpus '{dataset.root}', in the layout of {record.name})",
            terms=NO_TERMS,
        )
    page = record.source_page or "no public page found"
    citation = re.sub(r"^\[\d+\] ", "", record.citation or "")  # without its number in the paper
    return Source(text=f"{record.name} ({page})", terms=record.terms or NO_TERMS, citation=citation)


def _notes(root: Path) -> tuple[str, ...]:
    """Which judges have voted, and which of them were stand-ins."""
    votes = root / paths.VOTES / "votes.parquet"
    if not votes.exists():
        return ()
    judges = sorted(tables.columns(votes, Vote, ["judge"])["judge"].unique())
    return (f"judges of this project: {', '.join(judges)}", *note(judges))

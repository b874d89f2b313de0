"""`unirain export split`: which split, which terms, and that the project itself reads back what it wrote."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.cli.test_datasets import ROOT
from tests.distill.export.split_of_all_kinds import KINDS, write_split
from tests.stages.judged_pool import ballot
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, ManifestRow, SplitRow, Vote
from unirain_core.cli.export import export, split_file
from unirain_core.config.load import load_params
from unirain_core.config.sections import Dataset, RawDatasets
from unirain_core.distill.export.card import NO_TERMS
from unirain_core.errors import ConfigError, MissingArtefactError, MissingInputError
from unirain_core.sources import catalogue
from unirain_core.stages import raw_datasets

POOL = """  datasets:
    plain: {layout: gt-rain, root: here}
    my.set: {layout: paired, root: here, rain_types: [drs]}
    halved: {layout: raindrop, root: demo, folder: raindrop}
"""
OUT = Path("out")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / ".unirain"))
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("  datasets:\n"), text.index("\nverified_pairs:")
    (tmp_path / "params.yaml").write_text(text[:start] + POOL + text[end:], encoding="utf-8")
    write_split(tmp_path)
    return tmp_path


def terms():
    """Terms and source of each dataset in the list of pairs."""
    with (OUT / "pairs.csv").open(encoding="utf-8", newline="") as file:
        return {line["dataset"]: (line["terms"], line["source"]) for line in csv.DictReader(file)}


def test_the_project_reads_an_export_back_as_the_dataset_rainrag(project):
    export("split", "rainrag", OUT)
    (project / "roots.local.yaml").write_text("back: out\n")
    back = Dataset(layout="rainrag", root="back", role="train")
    raw_datasets.run(
        project,
        raw_datasets=RawDatasets(datasets={"back": back}),
        sample_corpora={},
        rain_types=load_params(project / "params.yaml").rain_types,
    )
    manifest = tables.read(project / "data/raw/manifest.parquet", ManifestRow)
    written = tables.read(project / "data/split/train/rainrag.parquet", SplitRow)

    assert Counter(row.rain_types for row in manifest) == Counter((row.rain_type,) for row in written)
    assert tables.read(project / "data/raw/dropped.parquet", Dropped) == []


def test_a_command_below_the_root_exports_beside_itself(project, monkeypatch):
    (project / "docs").mkdir()
    monkeypatch.chdir(project / "docs")
    export("split", "val", OUT)

    assert (project / "docs/out/pairs.csv").exists()


def test_exports_side_by_side_are_read_as_training_and_test_part(project):
    export("split", "rainrag", Path("back/Train"))
    export("split", "val", Path("back/Test"))
    (project / "roots.local.yaml").write_text("back: back\n")
    raw_datasets.run(
        project,
        raw_datasets=RawDatasets(datasets={"back": Dataset(layout="rainrag", root="back")}),
        sample_corpora={},
        rain_types=load_params(project / "params.yaml").rain_types,
    )
    manifest = tables.read(project / "data/raw/manifest.parquet", ManifestRow)

    assert Counter(row.role for row in manifest) == {"train": len(KINDS), "test": 2}


def test_each_pair_has_the_terms_and_the_source_of_its_dataset(project):
    export("split", "rainrag", OUT)
    gt_rain = catalogue.load().records["gt-rain"]
    told = terms()

    assert told["plain"] == ("research purposes only (README disclaimer)", f"GT-RAIN ({gt_rain.source_page})")
    assert told["my.set"] == (NO_TERMS, "Any tree of pairs (no public page found)")
    assert told["odd"] == (NO_TERMS, "a dataset that params named 'odd' when it was listed")
    assert told["halved"][0] == NO_TERMS
    assert told["halved"][1].startswith("rain rendered by unirain over photographs")


def test_the_card_names_the_sources_their_citations_and_the_stand_ins_that_judged(project):
    tables.write(project / "data/votes/votes.parquet", [ballot("plain/drs/1")], Vote)
    export("split", "rainrag", OUT)
    text = (OUT / "README.md").read_text()

    for part in (
        "- **plain**: GT-RAIN",
        "Terms: research purposes only",
        "Please cite Ba et al.",
        f"Terms: {NO_TERMS}.",
        "It was made from data/split/train/rainrag.parquet (SHA-256 ",
        "- judges of this project: statistics/nss",
        "stand-ins measured statistics where models would run: statistics/nss",
    ):
        assert part in text


def test_a_held_out_set_is_exported_by_its_name_and_in_each_form(project, capsys):
    for form in ("folders", "webdataset", "parquet"):
        export("split", "val", project / form, form)

    assert capsys.readouterr().out.count("2 pairs exported into") == 3
    assert {file.name for file in (project / "parquet").iterdir()} == {
        "README.md",
        "croissant.json",
        "pairs.csv",
        "part-00000.parquet",
    }


def test_an_unknown_split_is_answered_with_those_that_there_are(project):
    tables.write(project / "data/split/pyramid.parquet", [], SplitRow)
    with pytest.raises(
        ConfigError, match="split 'rainrig' is not one of rainrag, val; nearest: rainrag; correct the name"
    ):
        export("split", "rainrig", OUT)
    export("split", "rainrag", OUT)

    assert len(list(OUT.glob("*/input/*"))) == len(KINDS)


@pytest.mark.parametrize("name", ["../split/val", "train/rainrag", "pyramid", ""])
def test_a_name_is_no_path(project, name):
    with pytest.raises(ConfigError, match="is not one of"):
        split_file(project, name)


def test_before_the_split_the_stage_to_run_is_named(tmp_path):
    with pytest.raises(MissingArtefactError, match="run `dvc repro rainrag_split`"):
        split_file(tmp_path, "rainrag")


def test_a_split_without_a_pair_is_refused_and_another_is_taken(project):
    tables.write(project / "data/split/test.parquet", [], SplitRow)
    with pytest.raises(
        MissingInputError, match=r"data/split/test\.parquet holds no pair; name another split"
    ):
        export("split", "test", OUT)
    export("split", "val", OUT)

    assert len(list(OUT.glob("*/input/*"))) == 2

"""The Croissant description is valid to `mlcroissant`, which then reads the pairs and the pictures by it."""

import json

import pytest

from tests.distill.export.split_of_all_kinds import KINDS, write_split
from tests.distill.export.test_export import exported, listed

FORMS = ("folders", "webdataset", "parquet")


@pytest.fixture
def project(tmp_path):
    write_split(tmp_path)
    return tmp_path


@pytest.fixture
def mlcroissant():
    return pytest.importorskip("mlcroissant", reason="needs mlcroissant==1.1.1, which no extra installs")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS)
def test_mlcroissant_finds_neither_errors_nor_warnings(project, mlcroissant, form):
    dataset = mlcroissant.Dataset(jsonld=exported(project, form) / "croissant.json")
    issues = dataset.metadata.ctx.issues

    assert (set(), set()) == (set(issues.errors), set(issues.warnings))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS)
def test_mlcroissant_reads_every_pair(project, mlcroissant, form):
    out = exported(project, form)
    dataset = mlcroissant.Dataset(jsonld=out / "croissant.json")
    records = list(dataset.records("pairs"))
    read = [{name.removeprefix("pairs/"): value for name, value in record.items()} for record in records]

    assert [
        {name: int(v) if name in ("width", "height") else v.encode() for name, v in line.items()}
        for line in listed(out)
    ] == read


@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_reads_the_pictures_of_folders(project, mlcroissant):
    out = exported(project)
    dataset = mlcroissant.Dataset(jsonld=out / "croissant.json")
    sizes = []
    for record_set in dataset.metadata.record_sets:
        if record_set.uuid.startswith("pictures-"):
            for record in dataset.records(record_set.uuid):
                sizes.append(record[f"{record_set.uuid}/content"].size)

    assert len(sizes) == 2 * len(KINDS)


def test_a_description_names_each_file_with_its_hash(project):
    described = json.loads((exported(project, "webdataset") / "croissant.json").read_text())

    assert ["pairs.csv", "shard-00000.tar"] == [file["@id"] for file in described["distribution"]]
    assert all(len(file["sha256"]) == 64 for file in described["distribution"])

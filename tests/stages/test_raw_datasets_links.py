"""Links out of a dataset's root are named with the line that allows them, and the line works."""

import json
import re

import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, ManifestRow
from unirain_core.config.sections import Dataset, RainType, RawDatasets
from unirain_core.errors import MissingInputError
from unirain_core.stages.raw_datasets import run

MINE = Dataset(layout="paired", root="gopro", rain_types=("drs",))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Three pairs, of which two have their clean pictures on another disk."""
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    root = tmp_path / "project"
    plant(tmp_path / "data set", "input/1.png", "input/2.png", "input/3.png", "target/1.png")
    plant(tmp_path / "disk: 2", "gt/2.png", "gt/3.png")
    for name in ("2.png", "3.png"):
        (tmp_path / "data set/target" / name).symlink_to(tmp_path / "disk: 2/gt" / name)
    root.mkdir()
    (root / "roots.local.yaml").write_text("gopro: ../data set\n")
    return root


def plant(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())


def listed(project):
    pool = RawDatasets(datasets={"mine": MINE})
    run(project, raw_datasets=pool, sample_corpora={}, rain_types=(RainType("drs"),))
    manifest = tables.read(project / "data/raw/manifest.parquet", ManifestRow)
    dropped = tables.read(project / "data/raw/dropped.parquet", Dropped)
    return [row.pair_id for row in manifest], {row.pair_id: row.reason for row in dropped}


def note(project):
    (text,) = json.loads((project / "reports/raw_datasets.json").read_text())["notes"]
    return text


def remedy(text):
    """The line that a message tells to write."""
    (line,) = re.findall(r"write in roots\.local\.yaml: `(.*?)`", text)
    return line


def test_the_links_are_counted_with_their_folder_and_the_line_that_is_advised_allows_them(project):
    kept, dropped = listed(project)

    assert ["mine/input/1"] == kept
    assert {f"mine/{side}/{n}": "outside_root" for side in ("input", "target") for n in "23"} == dropped
    assert note(project).startswith(f"mine: 2 links lead outside the root, to {project.parent}/disk: 2/gt;")

    (project / "roots.local.yaml").write_text(remedy(note(project)) + "\n")

    assert (["mine/input/1", "mine/input/2", "mine/input/3"], {}) == listed(project)


def test_a_dataset_whose_partners_are_all_linked_away_is_refused_with_the_line_that_allows_them(project):
    (project.parent / "data set/input/1.png").unlink()
    match = r"2 rainy pictures .*reached by a link out of the dataset's root.*its clean partner target/2.png"
    with pytest.raises(MissingInputError, match=match) as refusal:
        listed(project)
    (project / "roots.local.yaml").write_text(remedy(str(refusal.value)) + "\n")

    assert ["mine/input/2", "mine/input/3"] == listed(project)[0]


def test_links_into_many_folders_are_allowed_by_the_one_that_holds_them(project):
    for n in range(5):
        plant(project.parent / f"disk: 2/part{n}", "x.png")
        (project.parent / f"data set/target/x{n}.png").symlink_to(project.parent / f"disk: 2/part{n}/x.png")
    listed(project)

    assert f"to {project.parent}/disk: 2; to allow it" in note(project)


def test_an_allowed_folder_that_is_gone_is_named(project):
    (project / "roots.local.yaml").write_text("gopro: {folder: ../data set, allow: [/nowhere/at/all]}\n")
    with pytest.raises(MissingInputError, match=r"roots\.local\.yaml: gopro: /nowhere/at/all does not exist"):
        listed(project)

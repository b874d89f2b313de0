"""No command writes for a person where DVC would remove it, and a place that cannot be used is refused before any work."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unirain_core.cli.ablate import ablate
from unirain_core.cli.derain import derain
from unirain_core.cli.export import export
from unirain_core.cli.outs import demand_outside_of_outs
from unirain_core.cli.review import review
from unirain_core.cli.sample_corpus import sample_corpus
from unirain_core.distill.export.place import whole_folder
from unirain_core.errors import ConfigError, MissingInputError

ROOT = Path(__file__).parents[2]

COMMANDS = {
    "export": lambda place: export("split", "val", place),
    "derain": lambda place: derain(Path("a.png"), place),
    "sample-corpus": sample_corpus,
    "contact-sheet": lambda place: sample_corpus(contact_sheet=place / "sheet.png"),
    "review": lambda place: review(labels_file=place / "mine.csv"),
    "ablate": lambda place: ablate("data", place),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for file in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / file, tmp_path)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_in_an_out_of_dvc_is_refused(project, command):
    with pytest.raises(ConfigError, match=r"lies in data/database, .* would remove it; name another place"):
        COMMANDS[command](Path("data/database/mine"))

    assert not (project / "data").exists()


@pytest.mark.parametrize(
    "place", ["data/database", "reports/vlm_votes.json", "data/sample_corpus/mine", "docs/../data/votes/x"]
)
def test_an_out_itself_and_the_folder_of_partitions_are_refused_and_another_place_is_taken(project, place):
    with pytest.raises(ConfigError, match="name another place"):
        demand_outside_of_outs(project, Path(place))
    demand_outside_of_outs(project, Path("exported"))
    demand_outside_of_outs(project, project.parent / "data/database")
    demand_outside_of_outs(None, Path(place))


@pytest.mark.parametrize("command", ["sample-corpus", "contact-sheet", "ablate"])
def test_a_folder_below_a_file_is_refused_with_the_remedy(project, command):
    with pytest.raises(ConfigError, match=r"a\.png.* cannot be made .*; name another folder"):
        COMMANDS[command](Path("a.png/below"))


@pytest.mark.parametrize("name", ["a.png/below", "x" * 300])
def test_an_export_into_a_folder_that_cannot_be_made_is_refused_and_another_is_taken(project, name):
    with (
        pytest.raises(ConfigError, match=r"cannot be made .*; name another folder"),
        whole_folder(Path(name)),
    ):
        pass
    with whole_folder(Path("mine/out")) as folder:
        (folder / "file").touch()

    assert (project / "mine/out/file").exists()


def test_a_folder_in_the_place_of_a_sheet_is_refused_and_another_name_is_taken(project):
    (project / "sheet.png").mkdir()
    with pytest.raises(ConfigError, match=r"sheet\.png is a folder.*give another name"):
        sample_corpus(contact_sheet=Path("sheet.png"))
    sample_corpus(contact_sheet=Path("other.png"), height=64, width=64)

    assert (project / "other.png").is_file()


def test_a_file_in_the_place_of_a_checkpoint_is_no_checkpoint(project):
    with pytest.raises(MissingInputError, match=r"params\.yaml holds no checkpoint; .* name another"):
        derain(Path("a.png"), Path("out"), "params.yaml")

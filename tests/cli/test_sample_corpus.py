"""The command: renders into an empty folder only, over any folder of photographs."""

import json
from typing import get_type_hints

import pytest
import typer
from annotated_types import Le
from PIL import Image
from typer.testing import CliRunner

from unirain_core.cli.sample_corpus import sample_corpus
from unirain_core.config.sections import SampleCorpus
from unirain_core.errors import ConfigError
from unirain_core.imaging.codec import read_header
from unirain_core.standins.rain.corpus import LEDGER


@pytest.fixture(autouse=True)
def _one_worker(monkeypatch):
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")


def test_a_corpus_is_rendered_over_a_folder_of_photographs(tmp_path, capsys):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        Image.effect_noise((150 + number, 120), 60).save(photos / f"{number}.png")
    output = tmp_path / "corpus"
    sample_corpus(output, photos=photos, pairs_per_type=2, real_per_type=1, height=64, width=96)
    ledger = json.loads((output / LEDGER).read_text())

    assert 4 * 2 + 4 * 1 + 9 == len(ledger)
    assert "21 pictures rendered" in capsys.readouterr().out
    assert all((output / entry["input"]).is_file() for entry in ledger)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("")

    with pytest.raises(ConfigError, match="not empty"):
        sample_corpus(tmp_path)
    assert ["thesis.tex"] == [f.name for f in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("option", "key", "largest"), [("--height", "height", 4096), ("--seed", "seed", 2**63 - 1)]
)
def test_what_params_would_refuse_is_wrong_use(option, key, largest):
    bounds = get_type_hints(SampleCorpus, include_extras=True)[key].__metadata__
    command = typer.Typer()
    command.command()(sample_corpus)
    answer = CliRunner().invoke(command, [option, str(largest + 1)])

    assert Le(largest) in bounds
    assert (answer.exit_code, option in answer.output) == (2, True)


def test_nothing_to_render_is_said():
    with pytest.raises(ConfigError, match="nothing to render"):
        sample_corpus()


def test_a_contact_sheet_is_a_png(tmp_path):
    sample_corpus(contact_sheet=tmp_path / "new" / "sheet.png", height=64, width=96)

    assert 1536 == read_header(tmp_path / "new" / "sheet.png").width
    with pytest.raises(ConfigError, match=r"ends in \.png"):
        sample_corpus(contact_sheet=tmp_path / "sheet.jpg")

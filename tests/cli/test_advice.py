"""The catalogue's advice is added where an error is shown."""

import pickle

import pytest

from unirain_core.cli import advice
from unirain_core.errors import ConfigError, EmptyTypeError, MissingArtefactError
from unirain_core.sources import catalogue


def test_an_empty_rain_type_is_answered_with_the_smallest_download():
    said = advice.message(EmptyTypeError("no pair of nrd", ["nrd"]))

    assert said.startswith("no pair of nrd. Data for it: nrd: the smallest useful download is hq-nightrain")


def test_two_empty_rain_types_are_each_answered():
    said = advice.message(EmptyTypeError("no pair", ["drs", "nrd"]))

    for rain_type in ("drs", "nrd"):
        assert catalogue.load().advice(rain_type) in said


def test_another_error_is_shown_as_it_is():
    assert "x: unexpected" == advice.message(ConfigError("x: unexpected"))


def test_outside_of_a_project_a_missing_file_sends_to_its_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    error = MissingArtefactError("data/split", "rainrag_split")
    assert (
        f"data/split does not exist, and {tmp_path} is in no project; run from the root of the project"
        == (advice.message(error))
    )
    (tmp_path / "params.yaml").touch()

    assert advice.message(error).endswith("run `dvc repro rainrag_split`")


def test_an_empty_type_travels_between_processes():
    copy = pickle.loads(pickle.dumps(EmptyTypeError("no pair of nrd", ["nrd"])))

    with pytest.raises(EmptyTypeError, match=r"^no pair of nrd$"):
        raise copy
    assert ("nrd",) == copy.rain_types

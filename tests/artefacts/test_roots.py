"""Names of roots become folders, and what is missing is said."""

import pytest

from unirain_core.artefacts.roots import Roots
from unirain_core.errors import ConfigError, MissingInputError


def test_a_sample_corpus_is_a_root(tmp_path):
    (tmp_path / "data/sample_corpus/demo").mkdir(parents=True)

    assert tmp_path / "data/sample_corpus/demo/a.png" == Roots.load(tmp_path).path("demo", "a.png")


def test_a_line_of_the_local_file_is_a_root(tmp_path):
    (tmp_path / "my pictures ü").mkdir()
    (tmp_path / "roots.local.yaml").write_text("mine: my pictures ü\n", encoding="utf-8")

    assert (tmp_path / "my pictures ü").resolve() == Roots.load(tmp_path).folder("mine")


def test_an_unknown_root_says_which_line_to_add(tmp_path):
    (tmp_path / "data/sample_corpus/demo").mkdir(parents=True)
    with pytest.raises(MissingInputError, match=r"known: demo.*add the line `gt-rain: "):
        Roots.load(tmp_path).folder("gt-rain")


def test_a_folder_that_is_gone_is_named(tmp_path):
    (tmp_path / "roots.local.yaml").write_text("mine: /nowhere/at/all\n")
    with pytest.raises(MissingInputError, match="/nowhere/at/all does not exist"):
        Roots.load(tmp_path).folder("mine")


def test_a_local_file_of_another_form_is_refused(tmp_path):
    (tmp_path / "roots.local.yaml").write_text("- a\n")
    with pytest.raises(ConfigError, match="name: /folder"):
        Roots.load(tmp_path)

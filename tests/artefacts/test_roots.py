"""Names of roots become folders, and what is missing is said."""

from pathlib import Path

import pytest

from unirain_core.artefacts.remote import Remote
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


def test_a_root_may_allow_folders_to_which_its_links_lead(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "roots.local.yaml").write_text("mine: {folder: pictures, allow: [disk]}\nplain: pictures\n")
    roots = Roots.load(tmp_path)

    assert (tmp_path / "pictures").resolve() == roots.folder("mine")
    assert ((tmp_path / "pictures").resolve(), (tmp_path / "disk").resolve()) == roots.fences("mine")
    assert ((tmp_path / "pictures").resolve(),) == roots.fences("plain")
    assert (tmp_path,) == roots.fences("demo")


@pytest.mark.parametrize(
    "line",
    ["{allow: [x]}", "{folder: x, alow: [y]}", "{folder: x, allow: y}", "{folder: 7}", "[x]", "''", "7"],
)
def test_a_line_of_another_form_is_refused_with_the_forms_that_are(tmp_path, line):
    (tmp_path / "roots.local.yaml").write_text(f"mine: {line}\n")
    with pytest.raises(ConfigError, match=r"found `mine: .*allow: \[/folder/to/which/links/may/lead\]"):
        Roots.load(tmp_path)


def test_a_root_may_be_a_url_with_options_for_fsspec(tmp_path):
    (tmp_path / "roots.local.yaml").write_text(
        "plain: s3://rain/pool\nmine: {folder: 's3://rain/x', options: {endpoint_url: 'http://host:9000', anon: true}}\n"
    )
    roots = Roots.load(tmp_path)
    mine = Remote("s3://rain/x", (("anon", True), ("endpoint_url", "http://host:9000")))

    assert (Remote("s3://rain/pool"), mine) == (roots.folder("plain"), roots.folder("mine"))
    assert mine / "a/1.png" == roots.path("mine", "a/1.png")
    assert () == roots.fences("mine"), "a store has no links"


@pytest.mark.parametrize(
    "line",
    [
        "{folder: 's3://rain/x', allow: [y]}",
        "{folder: 's3://rain/x', options: [secret]}",
        "{folder: 's3://rain/x', options: {client_kwargs: {secret: secret}}}",
        "{folder: x, options: {secret: secret}}",
    ],
)
def test_a_line_of_a_url_in_another_form_is_refused_and_its_values_are_not_shown(tmp_path, line):
    (tmp_path / "roots.local.yaml").write_text(f"mine: {line}\n")
    with pytest.raises(
        ConfigError, match=r"found `mine: a mapping of folder, .*options: \{endpoint_url"
    ) as error:
        Roots.load(tmp_path)

    assert "secret" not in str(error.value)


def test_the_options_of_a_url_are_never_shown():
    roots = Roots(Path(), {"mine": "s3://rain/x"}, options={"mine": (("secret", "hush"),)})

    assert "hush" not in repr(roots) + repr(roots.folder("mine"))


def test_the_advised_line_keeps_what_was_allowed_before(tmp_path):
    roots = Roots(tmp_path, {"mine": "pictures"}, {"mine": ("disk",)})

    assert 'mine: {folder: "pictures", allow: ["disk", "/else"]}' == roots.line("mine", ["/else"])


@pytest.mark.parametrize("name", ["..", ".", "", "../..", "demo/.."])
def test_a_path_is_no_name_of_a_root(tmp_path, name):
    (tmp_path / "data/sample_corpus/demo").mkdir(parents=True)
    with pytest.raises(MissingInputError, match="neither a sample corpus nor named"):
        Roots.load(tmp_path).folder(name)

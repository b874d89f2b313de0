"""Presentation makes nothing stale: a word in a page, a reason or a remark re-runs only what shows it."""

import json
import re
import sys

import pytest

from benchmarks.tiny_project import finished, run, tree
from tests.end_to_end.conftest import copy_of
from unirain_core.config.load import load_params

pytestmark = pytest.mark.slow
DVC = (sys.executable, "-m", "dvc")

EDITS = {
    "distill/gallery.html": ("<body", "<!-- a remark --><body"),
    "distill/trust/page.html": ("<body", "<!-- a remark --><body"),
    "artefacts/meanings.py": ("the file ends before the picture does", "the file is too short"),
    "sources/catalogue.yaml": ("name: ", "name: Our "),
    "stages/pictures.py": ("The rainy picture, what every method", "A rainy picture, what every method"),
    "evaluation/pictures.py": ("No picture to show.", "There is no picture to show."),
}
"""File of the package to (a text, another one that says the same)."""

ALWAYS = "raw_datasets"
"""Runs at every `dvc repro`, for it looks whether files have changed; its outs then tell what depends on it."""


@pytest.fixture(scope="module")
def project(reproduced, tmp_path_factory):
    return copy_of(reproduced, tmp_path_factory.mktemp("presentation"))


def own(folder, *command):
    """A DVC command with the project's own copy of the package, which the tests edit."""
    return run(folder, *DVC, *command, env={"PYTHONPATH": str(folder)}).stdout


def stale(folder):
    return set(json.loads(own(folder, "status", "--json"))) - {ALWAYS}


def edit(folder, name):
    file = folder / "unirain_core" / name
    old, new = EDITS[name]
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file, text


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        ("distill/gallery.html", {"gallery"}),
        ("distill/trust/page.html", {"judge_trust"}),
        ("artefacts/meanings.py", {"gallery"}),
        ("sources/catalogue.yaml", set()),
        ("stages/pictures.py", {"pictures"}),
        ("evaluation/pictures.py", {"pictures"}),
    ],
)
def test_a_word_makes_stale_only_what_shows_it(project, name, shows):
    file, text = edit(project, name)
    found = stale(project)
    file.write_text(text, encoding="utf-8")

    assert shows == found
    assert set() == stale(project)


def test_another_order_of_the_rain_types_concerns_only_what_uses_it(project):
    file = project / "params.yaml"
    text = file.read_text(encoding="utf-8")
    lines = re.sub(r"drs(.*?)drd", r"drd\1drs", text, count=1, flags=re.DOTALL)
    file.write_text(lines, encoding="utf-8")
    found = stale(project)
    file.write_text(text, encoding="utf-8")

    trainings = {f"trained_checkpoint@{name}" for name in load_params(file).variants}
    ordered = {"verified_pairs", "rainrag_split", "named_benchmarks", "benchmark_tables", "pictures"}
    assert trainings | ordered == found


def test_new_words_everywhere_rewrite_the_pages_and_no_other_byte(project):
    before, work, lock = tree(project / "data"), finished(project), (project / "dvc.lock").read_text()
    for name in EDITS:
        edit(project, name)
    said = own(project, "repro")
    after = tree(project / "data")
    gallery = (project / "data/pages/gallery/gallery.html").read_text(encoding="utf-8")
    pictures = (project / "data/pages/pictures/pictures.html").read_text(encoding="utf-8")

    assert {ALWAYS, "gallery", "judge_trust", "pictures"} == set(
        re.findall(r"^Running stage '([^']+)'", said, re.MULTILINE)
    )
    assert {"pages/gallery/gallery.html", "pages/pictures/pictures.html", "pages/trust/trust.html"} == {
        name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }
    assert work.items() <= finished(project).items()
    assert "<!-- a remark -->" in gallery
    assert "A rainy picture, what every method" in pictures
    assert lock != (project / "dvc.lock").read_text()

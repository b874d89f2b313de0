"""A page that a comment, a docstring or a page names is in the repository, or is written by the program."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
PAGE = re.compile(r"\b(?:docs|decisions)/[\w.-]+\.md\b")
DECISION = re.compile(r"\bdecisions? (\d{4})(?: and (\d{4}))?\b", re.IGNORECASE)
NOTES = re.compile(r"\(facts: \w+ \d")
SOURCES = [
    *(ROOT / "unirain_core").rglob("*.py"),
    *(ROOT / "unirain_assets").rglob("*.py"),
    *(ROOT / "benchmarks").rglob("*.py"),
    *ROOT.glob("params*.yaml"),
    *ROOT.glob("prompts/*.yaml"),
    ROOT / "unirain_core/sources/catalogue.yaml",
]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md"), *ROOT.glob("decisions/*.md")]
TEXTS = sorted(SOURCES + PAGES)


@pytest.mark.parametrize("path", sorted(PAGES), ids=lambda path: path.name)
def test_every_link_of_a_page_leads_to_a_file(path):
    links = LINK.findall(path.read_text(encoding="utf-8"))

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_page_that_is_named_exists():
    named = {(path, page) for path in TEXTS for page in PAGE.findall(path.read_text(encoding="utf-8"))}

    assert named
    assert [(path, page) for path, page in sorted(named) if not (ROOT / page).exists()] == []


def test_every_decision_that_is_named_exists():
    numbers = {path.name[:4] for path in ROOT.glob("decisions/*.md")}
    named = {
        (path.relative_to(ROOT), number)
        for path in TEXTS
        for pair in DECISION.findall(path.read_text(encoding="utf-8"))
        for number in pair
        if number
    }

    assert named
    assert [(path, number) for path, number in sorted(named) if number not in numbers] == []


def test_no_comment_points_to_notes_that_are_not_here():
    assert [path for path in TEXTS if NOTES.search(path.read_text(encoding="utf-8"))] == []

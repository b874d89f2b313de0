"""The paper is named by its title and its six authors, wherever it is named in full."""

from pathlib import Path

import pytest

from unirain_core.config.load import parse_yaml

ROOT = Path(__file__).parents[2]
TITLE = "UniRain: Unified Image Deraining with RAG-based Dataset Distillation and Multi-objective Reweighted Optimization"
AUTHORS = ["Qianfeng Yang", "Qiyuan Guan", "Xiang Chen", "Jiyu Jin", "Guiyue Jin", "Jiangxin Dong"]


@pytest.fixture(scope="module")
def citation():
    path = ROOT / "CITATION.cff"
    return parse_yaml(path, path.read_text(encoding="utf-8"))


def test_the_citation_file_has_the_keys_that_its_format_demands(citation):
    """Those of version 1.2.0; `cffconvert --validate` checks the rest."""
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert "1.2.0" == citation["cff-version"]
    assert all({"type", "title", "authors"} <= one.keys() for one in citation["references"])


def test_the_citation_file_names_the_paper_and_its_authors(citation):
    (paper,) = citation["references"]

    assert TITLE == paper["title"]
    assert AUTHORS == [f"{one['given-names']} {one['family-names']}" for one in paper["authors"]]
    assert ("CVPR" in paper["conference"]["name"], paper["year"]) == (True, 2026)


@pytest.mark.parametrize("name", ["README.md", "docs/paper.md"])
def test_pages_name_the_paper_and_its_authors(name):
    text = " ".join((ROOT / name).read_text(encoding="utf-8").split())

    assert TITLE in text
    assert f"{', '.join(AUTHORS[:-1])} and {AUTHORS[-1]}" in text


def test_the_version_that_is_cited_is_the_packages(citation):
    package = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert f'version = "{citation["version"]}"' in package

"""`unirain datasets` tells what there is, what a dataset expects, and what is missing."""

import shutil
from pathlib import Path

import pytest

from unirain_core.cli.datasets import datasets, entry
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.sources import catalogue

ROOT = Path(__file__).parents[2]
POOL = """  datasets:
    mine: {layout: paired, root: here, folder: mine, rain_types: [drs]}
    gone: {layout: raindrop, root: nowhere}
"""


def test_the_table_names_every_entry_and_fills_every_type(capsys):
    datasets()
    text = capsys.readouterr().out

    assert all(name in text for name in catalogue.load().records)
    assert all(f"\n{t}: " in text for t in ("drs", "drd", "nrs", "nrd"))


@pytest.mark.parametrize("record", catalogue.load().records.values(), ids=lambda r: r.id)
def test_an_entry_tells_layouts_traps_terms_and_where_to_download(record):
    text = "\n".join(entry(record))

    assert all(example.input in text for layout in record.layouts for example in layout.examples)
    assert text.count("\n  - ") == len(record.traps) + len(record.unverified)
    assert (record.terms or "no terms found").split()[0] in text
    assert (record.source_page or "no public page found").split()[0] in text


def test_an_unknown_id_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="nearest: rain200"):
        datasets("rain200")


@pytest.fixture
def project(tmp_path, monkeypatch):
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    start = text.index("  datasets:\n")
    end = text.index("\nverified_pairs:")
    (tmp_path / "params.yaml").write_text(text[:start] + POOL + text[end:], encoding="utf-8")
    (tmp_path / "roots.local.yaml").write_text("here: .\n")
    for path in ("mine/input/1.png", "mine/target/1.png", "mine/input/2.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_check_counts_what_is_there_and_names_what_is_not(project, capsys):
    with pytest.raises(MissingInputError, match=r"1 of 2 datasets cannot be used \(gone\).*drd, nrs, nrd"):
        datasets("check")
    text = " ".join(capsys.readouterr().out.split())

    assert "mine: layout paired; 1 rows; train drs 1; dropped: orphan 1" in text
    assert "gone: not usable: raw_datasets.datasets.gone: root 'nowhere'" in text
    assert "drs: 1 pairs" in text
    assert "nrd: no pair; the smallest useful download is hq-nightrain" in text


def test_a_check_tells_of_links_ambiguities_and_foreign_files(project, capsys):
    for path in ("mine/target/2.jpg", "mine/target/2.bmp", "mine/mask/1.png", "mine/readme.txt", "far/3.png"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).touch()
    (project / "roots.local.yaml").write_text("here: mine\n")
    (project / "mine/target/3.png").symlink_to(project / "far/3.png")
    text = (project / "params.yaml").read_text(encoding="utf-8")
    (project / "params.yaml").write_text(text.replace(", folder: mine", ""), encoding="utf-8")
    with pytest.raises(MissingInputError, match="cannot be used"):
        datasets("check")
    text = " ".join(capsys.readouterr().out.split())

    assert (
        f"- 1 link leads outside the root, to {project}/far; to allow it, write in roots.local.yaml:" in text
    )
    assert "keep one of them: first mine/input/2: target/2.bmp and target/2.jpg" in text
    assert "- 2 files are of no layout and stay unused: mask/1.png, readme.txt" in text


def test_a_check_opens_no_file_and_writes_none(project):
    before = sorted(project.rglob("*"))
    with pytest.raises(MissingInputError, match="cannot be used"):
        datasets("check")

    assert before == sorted(project.rglob("*"))
    shutil.rmtree(project)

"""The stage gallery writes one page from the records, and changes none of them."""

import json

import pytest

from tests.stages.judged_pool import PARAMS, REJECTED, TYPES, write_upstream
from unirain_core.artefacts import tables
from unirain_core.artefacts.meanings import MEANINGS
from unirain_core.artefacts.schemas import Dropped
from unirain_core.errors import MissingArtefactError
from unirain_core.stages import gallery, rainrag_split


@pytest.fixture
def project(tmp_path):
    write_upstream(tmp_path)
    rainrag_split.run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)
    return tmp_path


def files(root):
    return {f.relative_to(root).as_posix(): f.read_bytes() for f in root.rglob("*") if f.is_file()}


def test_the_page_shows_kept_rejected_dropped_and_real_pictures(project):
    gallery.run(project)
    html = (project / "data/pages/gallery/gallery.html").read_text()

    for text in (
        "set/nrd/5",
        REJECTED,
        "set/drs/torn",
        "real/1",
        "caption of set/nrd/5",
        "too dark",
        "stand-ins measured statistics where models would run: statistics/nss",
    ):
        assert text in html


def test_the_report_counts_the_cards_of_each_level(project):
    gallery.run(project)
    report = json.loads((project / "reports/gallery.json").read_text())

    assert {"pictures": 14, "shown": 14} == report["counts"]
    assert {"distilled": 11, "dropped": 1, "low_fidelity": 1, "real": 1} == report["levels"]


def test_a_pair_and_a_photo_without_a_triplet_are_shown_once_with_their_reason(tmp_path):
    write_upstream(tmp_path)
    lost = [Dropped(pair_id=name, dataset="d", reason="crashed", other="E") for name in (REJECTED, "real/1")]
    for folder, rows in (("triplets", lost[:1]), ("database", lost[1:]), ("votes", lost)):
        tables.write(tmp_path / f"data/{folder}/dropped.parquet", rows, Dropped)
    rainrag_split.run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)
    gallery.run(tmp_path)
    report = json.loads((tmp_path / "reports/gallery.json").read_text())

    assert {"distilled": 11, "dropped": 3} == report["levels"]
    assert MEANINGS["crashed"] in (tmp_path / "data/pages/gallery/gallery.html").read_text()


def test_a_large_pool_is_sampled(project, monkeypatch):
    monkeypatch.setattr(gallery, "MAX_CARDS", 4)
    gallery.run(project)
    report = json.loads((project / "reports/gallery.json").read_text())

    assert {"pictures": 14, "shown": 4} == report["counts"]


def test_the_page_leaves_every_record_as_it_was(project):
    before = files(project)
    gallery.run(project)
    gallery.run(project)
    after = files(project)
    new = ("data/pages/gallery/gallery.html", "reports/gallery.json", ".unirain/")

    assert before == {name: content for name, content in after.items() if not name.startswith(new)}


def test_before_the_split_the_stage_to_run_is_named(tmp_path):
    write_upstream(tmp_path)

    with pytest.raises(MissingArtefactError, match="run `dvc repro rainrag_split`"):
        gallery.run(tmp_path)

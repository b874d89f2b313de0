"""The page of Figure 6b has a line and a panel for each set, and UMAP only where a person asks for it."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.stages.judged_pool import PARAMS, TYPES, triplet, write_upstream
from unirain_core.artefacts import tables, triplets
from unirain_core.artefacts.schemas import SplitRow, TripletRow
from unirain_core.artefacts.triplets import EncodedRow
from unirain_core.config.sections import Coverage
from unirain_core.config.splits import MixedFull
from unirain_core.errors import MissingInputError
from unirain_core.stages import coverage, rainrag_split

SPLITS = {"mine": MixedFull(sources=())}


def encoded(name, vector):
    row = triplet(name)
    return EncodedRow(
        id=name, caption=row.caption, caption_form="f", text_vector=row.text_vector, encoder="e", input_hash="i",
        image_vector=np.array(vector, dtype=np.float32), picture=bytes(16),
    )  # fmt: skip


@pytest.fixture
def project(tmp_path):
    write_upstream(tmp_path)
    rainrag_split.run(tmp_path, rainrag_split=PARAMS, rain_types=TYPES)
    trained = tables.read(tmp_path / "data/split/train/rainrag.parquet", SplitRow)
    near, copy = trained[0], replace(trained[0], pair_id="other/copy")
    tables.write(tmp_path / "data/split/train/mine.parquet", [near, copy], SplitRow)
    names = {row.pair_id for row in trained}
    queries = [encoded(n, (0, 1) if n == near.pair_id else (1, 0)) for n in sorted(names)]
    triplets.write(tmp_path / "data/triplets", queries)
    triplets.write(tmp_path / "data/database", [encoded(f"real/{n}", (n / 10, 1)) for n in range(4)])
    return tmp_path


def run(project, **changes):
    coverage.run(project, coverage=replace(Coverage(neighbours=1), **changes), training_splits=SPLITS)
    page = (project / "data/pages/coverage/coverage.html").read_text()
    return page, json.loads((project / "reports/coverage.json").read_text())


def test_every_set_has_a_line_and_a_panel(project):
    page, report = run(project)
    figures = {line["set"]: line for line in report["by_set"]}
    n_trained = len(tables.read(project / "data/split/train/rainrag.parquet", SplitRow))

    assert (n_trained, 0) == (figures["rainrag"]["pictures"], figures["rainrag"]["without_vector"])
    assert (2, 1) == (figures["mine"]["pictures"], figures["mine"]["without_vector"]), "a copy is not encoded"
    assert 0.5 == figures["mine"]["coverage"], "photos 0 and 1 have it within a tenth"
    assert 2 == page.count("<figure>")
    assert "Naeem et al." in page
    assert "UMAP" not in page


def test_vectors_of_a_stand_in_are_called_so_on_the_page_and_in_the_report(project):
    page, report = run(project)
    assert "stand-ins" not in page

    for folder in ("data/triplets", "data/database"):
        rows = [
            encoded(name, (n, 1))
            for n, name in enumerate(
                tables.columns(project / folder / "triplets.parquet", TripletRow, ["id"])["id"]
            )
        ]
        triplets.write(
            project / folder,
            [replace(row, encoder="clip text; statistics/layout@1; grey-16") for row in rows],
        )
    page, report = run(project)

    words = "stand-ins measured statistics where models would run: statistics/layout@1"
    assert words in page
    assert [words] == report["notes"]


def test_a_second_run_writes_the_same_page(project):
    assert run(project) == run(project)


def test_one_photo_has_no_neighbourhood_and_the_page_says_so(project):
    triplets.write(project / "data/database", [encoded("real/1", (0, 1))])
    page, report = run(project)

    assert ([], 0) == (report["by_set"], report["neighbours"])
    assert "a neighbourhood needs at least two" in page


def test_umap_is_drawn_where_it_is_installed_and_asked_for(project, monkeypatch):
    class Umap:
        def __init__(self, **options):
            assert 0 == options["random_state"]

        def fit_transform(self, vectors):
            return vectors[:, :2] * 2

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Umap))
    page, _ = run(project, umap=True)

    assert "<h2>UMAP</h2>" in page
    assert 4 == page.count("<figure>")


def test_without_its_library_the_message_says_what_to_do_and_setting_the_param_helps(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)  # as if it were not installed
    with pytest.raises(MissingInputError, match=r"pip install umap-learn`, or set coverage\.umap to false"):
        run(project, umap=True)

    assert "<h2>Principal axes</h2>" in run(project, umap=False)[0]

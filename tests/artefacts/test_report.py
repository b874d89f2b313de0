"""Reports are deterministic, finite JSON."""

import json

import pytest

from unirain_core.artefacts import report
from unirain_core.artefacts.report import MadeWith, Report
from unirain_core.errors import MissingArtefactError, SchemaError


def test_figures_stand_at_the_top_level(tmp_path):
    path = tmp_path / "reports" / "x.json"
    report.write(path, Report(stage="x", counts={"kept": 2}, figures={"table1": {"a": {"psnr": 1 / 3}}}))

    assert {
        "stage": "x", "counts": {"kept": 2}, "reasons": {}, "notes": [], "table1": {"a": {"psnr": 0.333333}}
    } == report.read(path)  # fmt: skip


def test_a_figure_that_is_no_number_is_null(tmp_path):
    report.write(
        tmp_path / "x.json", Report(stage="x", counts={}, figures={"a": float("nan"), "b": float("inf")})
    )

    assert (None, None) == tuple(json.loads((tmp_path / "x.json").read_text())[k] for k in "ab")


def test_a_figure_never_hides_a_fixed_part(tmp_path):
    with pytest.raises(ValueError, match="counts"):
        report.write(tmp_path / "x.json", Report(stage="x", counts={}, figures={"counts": 1}))


def test_a_missing_report_names_its_stage(tmp_path):
    for path, stage in (
        ("reports/vlm_votes.json", "vlm_votes"),
        ("reports/trained_checkpoint/a.json", "trained_checkpoint"),
    ):
        with pytest.raises(MissingArtefactError, match=f"dvc repro {stage}"):
            report.read(tmp_path / path)


def test_a_broken_report_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(SchemaError, match="is no JSON"):
        report.read(tmp_path / "x.json")


def test_a_stamp_is_added_and_the_rest_stays(tmp_path):
    path = tmp_path / "x.json"
    report.write(path, Report(stage="x", counts={"kept": 2}, figures={"share": 1 / 3}))
    before = dict(report.read(path))
    report.stamp(path, MadeWith(code="c0de", params="9a9a", dirty=None))

    assert before | {"made_with": {"code": "c0de", "params": "9a9a", "dirty": None}} == report.read(path)
    report.stamp(path, MadeWith(code="c0de", params="9a9a", dirty=True))
    assert {"code": "c0de", "params": "9a9a", "dirty": True} == report.read(path)["made_with"]

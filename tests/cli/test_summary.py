"""What `unirain summary` prints is what the pipeline wrote."""

import json

import pytest

from tests.cli.test_verify import dvc, flip, project  # noqa: F401 (the fixture)
from unirain_core.artefacts import paths
from unirain_core.cli.summary import summary
from unirain_core.errors import ArtefactError

PIPELINE = """
stages:
  benchmark_tables:
    cmd: mkdir -p data/tables && echo '| method |' > data/tables/table1.md
    params: [parts]
    outs: [data/tables]
"""


def test_a_damaged_table_is_not_printed(project, capsys):  # noqa: F811
    (project / "dvc.yaml").write_text(PIPELINE)
    dvc(project, "repro", "-q")
    flip(project / "data/tables/table1.md")

    with pytest.raises(ArtefactError, match="run `dvc repro --force --single-item benchmark_tables`"):
        summary()
    assert "" == capsys.readouterr().out


CHAIN = """
stages:
  verified_pairs: {cmd: mkdir -p data && echo 1 > data/verified, params: [verified_pairs], outs: [data/verified]}
  vlm_votes: {cmd: cp data/verified data/votes, deps: [data/verified], outs: [data/votes]}
  benchmark_tables:
    cmd: mkdir -p data/tables && cp data/votes data/tables/table1.md
    deps: [data/votes]
    outs: [data/tables]
"""
PARAMS = "verified_pairs: {least_rain: 4.0, per_dataset: {}, few: 1e-4}\n"


@pytest.fixture
def finished(project):  # noqa: F811
    (project / "dvc.yaml").write_text(CHAIN)
    (project / "params.yaml").write_text(PARAMS)
    for stage in ("raw_datasets", "verified_pairs", "vlm_votes", "rainrag_split"):
        file = project / paths.report(stage)
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"stage": stage, "counts": {}, "reasons": {}, "notes": []}))
    dvc(project, "repro", "-q")
    return project


def first_line(capsys):
    summary()
    return capsys.readouterr().out.split("\n")[0]


def test_tables_that_are_older_than_a_step_before_them_are_told_of_until_dvc_repro(finished, capsys):
    fresh = first_line(capsys)
    (finished / "dvc.yaml").write_text(CHAIN.replace("echo 1", "echo 2"))
    dvc(finished, "repro", "-q", "verified_pairs")
    behind = first_line(capsys)
    dvc(finished, "repro", "-q")

    assert fresh == first_line(capsys) == "# Table 1"
    assert behind == (
        "older than their inputs or params: vlm_votes, benchmark_tables; `dvc repro` brings them up to date"
    )


def test_an_edit_of_params_is_told_of_with_all_that_it_reaches(finished, capsys):
    (finished / "params.yaml").write_text(PARAMS.replace("4.0", "5.0"))

    assert first_line(capsys).startswith(
        "older than their inputs or params: verified_pairs, vlm_votes, benchmark_tables; "
    )

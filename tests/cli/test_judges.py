import json

import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Vote
from unirain_core.cli.judges import judge_figures
from unirain_core.errors import MissingArtefactError, MissingInputError

JUDGES = ("a", "b", "c")


def entry(name, what, rain_type="drs"):
    return {"input": f"rain/{name}.png", "dataset": "rain", "rain_type": rain_type, "path": "A", "what": what}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = [
        entry("1", "good"),
        entry("2", "snow"),
        entry("3", "misaligned"),
        entry("4", "real"),
        entry("5", "good", "nrd"),
    ]
    (tmp_path / "data/sample_corpus/demo").mkdir(parents=True)
    (tmp_path / "data/sample_corpus/demo/planted.json").write_text(json.dumps(ledger))
    return tmp_path


def cast(project, votes):
    rows = [
        Vote(pair_id=f"rain/{name}", judge=judge, vote=vote, p_yes=0.5, mass=1.0, reply="", reason="", threshold=0.5, prompt_hash="")
        for name, said in votes.items()
        for judge, vote in zip(JUDGES, said, strict=True)
    ]  # fmt: skip
    tables.write(project / "data/votes/votes.parquet", rows, Vote)


def test_good_and_planted_pairs_are_compared_with_their_votes(project, capsys):
    cast(project, {"1": (True, True, False), "2": (False, True, False), "3": (True, True, True)})
    judge_figures()
    printed = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in printed if line}

    assert ["1/1", "1.00", "0", "1/1", "1.00", "0", "1.00", "1.00"] == rows["majority"]
    assert ["1/1", "1.00", "0", "0/1", "0.00", "1", "0.00", "0.00"] == rows["b"]
    assert "2 of 3 good and planted pairs were judged; the others were dropped before" == printed[-1]


def test_without_a_sample_corpus_nothing_is_known(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingInputError, match=r"planted\.json"):
        judge_figures()


def test_without_votes_the_stage_to_run_is_named(project):
    with pytest.raises(MissingArtefactError, match="vlm_votes"):
        judge_figures()

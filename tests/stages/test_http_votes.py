"""The stage with a judge behind a server that fails: each pair ends as one vote, or as one abstention with its reason."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.judge_endpoint import Endpoint
from tests.stages.voted_pool import PAIRS, project_in
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Vote
from unirain_core.config.models import HttpJudge
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill.judges import server
from unirain_core.stages import vlm_votes

FAR = JudgeName("far")


@pytest.fixture
def project(tmp_path, monkeypatch):
    return project_in(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def here(project, monkeypatch):
    (project / "prompts").mkdir()
    shutil.copy(Path(__file__).parents[2] / "prompts/rain.yaml", project / "prompts/rain.yaml")
    monkeypatch.setattr(server, "FIRST_PAUSE_S", 0.01)
    return project


def voted(here, monkeypatch, script, **changes):
    """The votes of one judge behind a server, and the stage's report."""
    model = HttpJudge(model="m", revision="1", address="JUDGE_URL", batch=1, tries=1, **changes)
    with Endpoint(script).running() as address:
        monkeypatch.setenv("JUDGE_URL", address)
        vlm_votes.run(here, judge_models={FAR: model}, vlm_votes=VlmVotes(judges=(FAR,)))
    votes = tables.read(here / "data/votes/votes.parquet", Vote)
    return votes, json.loads((here / "reports/vlm_votes.json").read_text())


def test_a_question_without_an_answer_is_an_abstention_with_its_reason_and_is_asked_again(here, monkeypatch):
    votes, report = voted(here, monkeypatch, lambda number, _: "500" if number == 2 else "answer")

    assert list(PAIRS) == [vote.pair_id for vote in votes]
    assert {(True, ""): 2, (None, "unanswered: status 500, 1 times"): 1} == Counter(
        (v.vote, v.reason) for v in votes
    )
    assert {"unanswered": 1} == report["reasons"]
    votes, report = voted(here, monkeypatch, lambda *_: "answer")
    assert [True] * 3 == [vote.vote for vote in votes]
    assert {} == report["reasons"]


def test_answers_without_probabilities_are_said_in_each_vote_and_counted_in_the_report(here, monkeypatch):
    votes, report = voted(
        here, monkeypatch, lambda number, _: "no_logprobs" if number > 1 else "answer", logprobs="optional"
    )

    expected = {(True, 0.75, ""): 1, (False, 0.0, "the server gave no logprobs"): 2}
    assert expected == Counter((vote.vote, round(vote.p_yes, 6), vote.reason) for vote in votes)
    assert "far: 2 answers came without logprobs; a plain yes or no counts as p_yes 1 or 0" in report["notes"]


def test_a_report_says_nothing_of_probabilities_that_are_there(here, monkeypatch):
    _, report = voted(here, monkeypatch, lambda *_: "answer")

    assert not any("logprobs" in note for note in report["notes"])

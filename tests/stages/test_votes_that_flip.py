"""With `flips_abstain` a judge is asked twice, and a vote that depends on the order of the references is none."""

import json
from dataclasses import dataclass, replace
from functools import partial

import pytest

from tests.stages.voted_pool import PAIRS, project_in
from unirain_core.artefacts import tables
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Vote
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill.ballots import vote_job
from unirain_core.distill.costs import Cost
from unirain_core.distill.judges.judge import Response, Unanswered
from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import read_rgb
from unirain_core.stages import forecast, vlm_votes
from unirain_core.stages.vote_questions import Hearing


@pytest.fixture
def project(tmp_path, monkeypatch):
    return project_in(tmp_path, monkeypatch)


@dataclass(frozen=True)
class Scripted:
    """A judge that says yes where the first reference is darker than the second, but on one query always."""

    name: str
    steady: float
    prompt: str = ""
    version: str = "1"
    device: Device = "cpu"
    batch: int = 4

    def judge(self, questions):
        answers = []
        for question in questions:
            first, second = (float(picture.mean()) for picture in question.references[:2])
            is_yes = first < second or float(question.query.mean()) == self.steady
            answers.append(Response(p_yes=0.9 if is_yes else 0.1, mass=1.0, reply="", reason=""))
        return answers


def test_with_flips_abstain_a_judge_whose_vote_depends_on_the_order_of_the_references_abstains(project):
    steady = float(read_rgb(project / "pictures/b.png").mean())
    roots = Roots.load(project)
    make = partial(Scripted, "scripted", steady)
    jobs = [vote_job(JudgeName("scripted"), make, roots, "1")]
    params = VlmVotes(judges=(JudgeName("scripted"),), flips_abstain=True)
    vlm_votes.decide(project, jobs, params)
    votes = tables.read(project / "data/votes/votes.parquet", Vote)
    said = json.loads((project / "reports/vlm_votes.json").read_text())["counts"]

    assert [True, None, None] == [vote.vote for vote in votes]
    assert ["", "unstable", "unstable"] == [vote.reason.partition(":")[0] for vote in votes]
    assert (2, 2, 1) == (said["unstable"], said["abstentions"], said["kept"])


def test_the_forecast_counts_both_questions_about_each_pair_where_flips_abstain(project, monkeypatch):
    told = []
    monkeypatch.setattr(forecast, "tell", lambda stage, costs, n_items, together: told.append(n_items))
    jobs = [vote_job(JudgeName("scripted"), partial(Scripted, "scripted", -1.0), Roots.load(project), "1")]
    for flips_abstain in (False, True):
        params = VlmVotes(judges=(JudgeName("scripted"),), flips_abstain=flips_abstain)
        vlm_votes.decide(project, jobs, params)

    assert [3, 6] == told


TEN = Cost(flops=10.0, weight_bytes=0.0, batch_bytes=0.0)


@dataclass(frozen=True)
class Priced(Scripted):
    """A scripted judge whose operations are counted."""

    cost: Cost = TEN


def test_with_flips_abstain_the_report_counts_both_questions_that_the_early_stop_spares(project):
    names = tuple(map(JudgeName, "abc"))
    jobs = [vote_job(name, partial(Priced, name, -1.0), Roots.load(project), "1") for name in names]
    params = VlmVotes(judges=names, flips_abstain=True, early_stop=True, ask_all_share=0.0)
    vlm_votes.decide(project, jobs, params)
    said = json.loads((project / "reports/vlm_votes.json").read_text())
    votes = tables.read(project / "data/votes/votes.parquet", Vote)
    spared = 2 * (3 * len(PAIRS) - len(votes))

    assert (0, 18) < (spared, 18)
    assert (spared, 10.0 * spared) == (said["counts"]["questions_saved"], said["flops_saved"])
    assert 18 == sum(line["asked"] + line["saved"] for line in said["questions"])
    assert any(note.startswith(f"the early stop spared {spared} of 18 questions") for note in said["notes"])


@dataclass(frozen=True)
class Deaf(Scripted):
    """A judge that gives no answer where the first reference is not darker than the second."""

    def judge(self, questions):
        answers = super().judge(questions)
        return [answer if answer.p_yes > 0.5 else Unanswered("it is down") for answer in answers]


@dataclass(frozen=True)
class Alone(Scripted):
    """A judge that needs no references, and always says yes."""

    def judge(self, questions):
        return [Response(p_yes=0.9, mass=1.0, reply="", reason="") for _ in questions]


def test_a_reversed_question_that_failed_is_not_unstable(project):
    jobs = [vote_job(JudgeName("deaf"), partial(Deaf, "deaf", -1.0), Roots.load(project), "1")]
    vlm_votes.decide(project, jobs, VlmVotes(judges=(JudgeName("deaf"),), flips_abstain=True))
    votes = tables.read(project / "data/votes/votes.parquet", Vote)
    said = json.loads((project / "reports/vlm_votes.json").read_text())

    assert [None] * 3 == [vote.vote for vote in votes]
    assert {"unanswered"} == {vote.reason.partition(":")[0] for vote in votes}
    assert (0, 3) == (said["counts"]["unstable"], said["counts"]["abstentions"])
    assert {"unanswered": 3} == said["reasons"]


@dataclass(frozen=True)
class Down(Scripted):
    """A judge that gives no answer at all about the first query."""

    def judge(self, questions):
        answers = super().judge(questions)
        is_down = [float(question.query.mean()) == self.steady for question in questions]
        return [
            Unanswered("it is down") if down else replace(answer, p_yes=0.9)
            for answer, down in zip(answers, is_down, strict=True)
        ]


def test_two_questions_about_a_pair_that_both_failed_are_one_abstention_in_the_report(project):
    steady = float(read_rgb(project / "pictures/b.png").mean())
    jobs = [vote_job(JudgeName("down"), partial(Down, "down", steady), Roots.load(project), "1")]
    vlm_votes.decide(project, jobs, VlmVotes(judges=(JudgeName("down"),), flips_abstain=True))
    votes = tables.read(project / "data/votes/votes.parquet", Vote)
    said = json.loads((project / "reports/vlm_votes.json").read_text())

    assert [None, True, True] == [vote.vote for vote in votes]
    assert {"unanswered": 1} == said["reasons"]


def test_without_references_there_is_one_order_so_each_question_is_asked_once(project):
    alone = Hearing(is_alone=True, out="data/alone", report="reports/alone.json")
    jobs = [vote_job(JudgeName("alone"), partial(Alone, "alone", -1.0), Roots.load(project), "1")]
    vlm_votes.decide(project, jobs, VlmVotes(judges=(JudgeName("alone"),), flips_abstain=True), alone)
    counts = json.loads((project / "reports/alone.json").read_text())["counts"]

    assert (3, 3) == (counts["pairs"], counts["kept"])
    assert "unstable" not in counts


def test_without_flips_abstain_each_question_is_asked_once_and_no_vote_is_unstable(project):
    jobs = [vote_job(JudgeName("scripted"), partial(Scripted, "scripted", -1.0), Roots.load(project), "1")]
    vlm_votes.decide(project, jobs, VlmVotes(judges=(JudgeName("scripted"),)))
    votes = tables.read(project / "data/votes/votes.parquet", Vote)

    assert None not in [vote.vote for vote in votes]
    assert "unstable" not in json.loads((project / "reports/vlm_votes.json").read_text())["counts"]

"""The stage asks one judge after the other: what is kept of their answers, and who is not asked with early stop."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.stages.voted_pool import JUDGES, PAIRS, project_in, refer, run
from unirain_core.artefacts import tables
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill.ballots import Answer
from unirain_core.distill.labels import Label, append
from unirain_core.engine import rows
from unirain_core.engine.collect import collect
from unirain_core.engine.store import WorkStore
from unirain_core.errors import GateError, SchemaError
from unirain_core.stages import vlm_votes, vote_tables


@pytest.fixture
def project(tmp_path, monkeypatch):
    return project_in(tmp_path, monkeypatch)


@pytest.fixture
def jobs(monkeypatch):
    """What is asked of the engine, and when."""
    seen = []

    def noted(job, batches, store, total):
        seen.append((job, "begins"))
        yield from rows.stream(job, batches, store, total=total)
        seen.append((job, "ends"))

    monkeypatch.setattr(vlm_votes, "stream", noted)
    return seen


def test_each_judge_is_asked_by_a_job_of_its_own_and_one_ends_before_the_next_begins(project, jobs):
    run(project)

    assert [(judge, moment) for judge in JUDGES.judges for moment in ("begins", "ends")] == [
        (job.judge, moment) for job, moment in jobs
    ]
    assert all(job.batch >= 1 and job.device == "cpu" for job, _ in jobs)


def test_what_is_stored_of_an_answer_is_no_vote_and_no_threshold(project):
    run(project)
    shards = [pq.read_schema(file).names for file in (project / "home/shards/vlm_votes").iterdir()]

    assert shards
    assert {("pair_id", "judge", "p_yes", "mass", "reply", "reason", "prompt_hash", "row_key")} == set(
        map(tuple, shards)
    )


def test_the_work_of_all_judges_is_kept_when_the_store_is_cleaned(project):
    store = WorkStore.at(project, "vlm_votes")
    store.begin()
    run(project)
    store.end()
    before = sorted(store.shards.iterdir())
    collect(store.home)

    assert before == sorted(store.shards.iterdir())


def test_the_answers_wait_in_a_folder_that_is_gone_afterwards_however_the_stage_ends(project):
    run(project)
    assert {"votes.parquet", "photos.parquet", "verdicts.parquet", "dropped.parquet"} == listing(project)

    refer(project, {"one/b": "xy"})
    with pytest.raises(SchemaError, match="has no references"):
        run(project)
    assert ".answers" not in listing(project)


def listing(project):
    return {path.name for path in (project / "data/votes").iterdir()}


def test_a_judge_that_says_nothing_on_any_photo_is_named(tmp_path):
    write_answers(tmp_path / "a", "a", 3, mass=0.4)
    params = VlmVotes(judges=(JudgeName("a"),), accept_share=0.9)

    with pytest.raises(GateError, match="a abstained on every photo of the real-rain database"):
        vlm_votes._threshold(JudgeName("a"), tmp_path / "a", params)


def write_answers(file, judge, n_rows, mass=1.0):
    rows = [
        Answer(pair_id=f"{n}", judge=judge, p_yes=n / n_rows, mass=mass, reply="", reason="", prompt_hash="")
        for n in range(n_rows)
    ]
    tables.write(file, rows, Answer)


def test_the_votes_on_a_pair_follow_each_other_however_many_pieces_there_are(tmp_path):
    many = max(tables.GROUP_ROWS, vote_tables.AT_ONCE) + 2
    for judge in "ab":
        write_answers(tmp_path / judge, judge, many)
    files, everyone = [tmp_path / judge for judge in "ab"], np.ones(many, dtype=np.bool_)
    pieces = list(vote_tables.votes_on_pairs(files, [everyone] * 2, {"a": 0.5, "b": 2.0}))
    rows = [row for piece in pieces for row in piece.select("pair_id", "judge", "vote").rows()]

    assert len(pieces) > 1
    assert [(f"{n}", judge, judge == "a" and n / many >= 0.5) for n in range(many) for judge in "ab"] == rows


def test_with_early_stop_a_judge_that_is_not_asked_has_no_row_and_the_verdicts_are_the_same(project):
    votes, verdicts = run(project)
    early, same = run(project, replace(JUDGES, early_stop=True, ask_all_share=0.0))
    said = json.loads((project / "reports/vlm_votes.json").read_text())["counts"]

    assert [(v.pair_id, v.verdict) for v in verdicts] == [(v.pair_id, v.verdict) for v in same]
    assert {(v.pair_id, v.judge, v.vote) for v in early} <= {(v.pair_id, v.judge, v.vote) for v in votes}
    assert [v.calls for v in same] == [sum(v.pair_id == row.pair_id for v in early) for row in same]
    assert (len(early), 9 - len(early)) == (said["votes"], said["questions_saved"])
    assert len(early) < 9


def test_of_stand_ins_the_report_says_that_their_operations_are_not_counted(project):
    run(project, replace(JUDGES, early_stop=True, ask_all_share=0.0))
    report = json.loads((project / "reports/vlm_votes.json").read_text())
    spared = report["counts"]["questions_saved"]
    (note,) = [note for note in report["notes"] if "early stop" in note]

    assert note == (
        f"the early stop spared {spared} of 9 questions; operations are not counted of {JUDGES.judges[2]} "
        "(stand-in, or behind an endpoint)"
    )
    assert 0.0 == report["flops_saved"]
    assert {None} == {line["flops_a_question"] for line in report["questions"]}


def test_one_judge_works_as_three_do(project):
    votes, verdicts = run(project, VlmVotes(judges=JUDGES.judges[:1]))

    assert list(PAIRS) == [v.pair_id for v in votes]
    assert [v.vote for v in votes] == [v.verdict for v in verdicts]


@pytest.mark.parametrize(("names", "problem"), [("ab", "an odd number"), ("aab", "each must be another one")])
def test_judges_that_cannot_decide_are_refused(names, problem):
    with pytest.raises(ValueError, match=problem):
        VlmVotes(judges=tuple(map(JudgeName, names)))


def test_about_labelled_pairs_every_judge_is_asked_even_with_early_stop(project):
    early = replace(JUDGES, early_stop=True, ask_all_share=0.0)
    votes, verdicts = run(project, early)
    settled = [v.pair_id for v in verdicts if v.calls < 3]
    append(project / "labels/ann.csv", Label(settled[0], "ann", True, ""))
    more, same = run(project, early)

    assert [(v.pair_id, v.verdict, v.calls) for v in verdicts] == [
        (v.pair_id, v.verdict, v.calls) for v in same
    ]
    assert {settled[0]} == {v.pair_id for v in more} - {p for p in PAIRS if asked(votes, p) == asked(more, p)}
    assert 3 == asked(more, settled[0])


def asked(votes, pair_id):
    return sum(vote.pair_id == pair_id for vote in votes)


def test_with_early_stop_agreement_is_that_of_pairs_asked_of_all_whatever_was_said(project):
    """Where the last judge was asked since the others disagreed, they never agree."""
    run(project, replace(JUDGES, early_stop=True, ask_all_share=1.0))
    whole = json.loads((project / "reports/vlm_votes.json").read_text())["agreement"]
    run(project, replace(JUDGES, early_stop=False))

    assert whole == json.loads((project / "reports/vlm_votes.json").read_text())["agreement"]
    run(project, replace(JUDGES, early_stop=True, ask_all_share=0.0))
    nobody = json.loads((project / "reports/vlm_votes.json").read_text())["agreement"]
    assert {0.0} == {line["agreement"] for line in nobody}

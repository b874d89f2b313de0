"""A miniature of `benchmarks.judge_requests`: every kind of failure, and no question lost or doubled."""

import polars as pl
import pytest

from benchmarks.judge_requests import SHARES, asked


@pytest.mark.slow
def test_each_question_ends_as_one_vote_or_as_one_abstention_with_its_reason_and_none_twice():
    outcome = asked(150, seed=0)
    answers = outcome.answers
    silent = answers.filter(pl.col("vote").is_null())

    assert {*SHARES, "answer"} == set(outcome.deeds)
    assert [f"pair/{number}" for number in range(150)] == answers["pair_id"].to_list()
    assert 0 < len(silent) < 30
    assert silent["reason"].str.starts_with("unanswered: ").all()
    assert {True} == set(answers["vote"].drop_nulls())
    assert 0 == outcome.answered_twice

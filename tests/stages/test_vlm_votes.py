"""The stage: one vote for each pair and judge, one verdict for each pair; only what changed is asked again."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from tests.stages.voted_pool import JUDGES, PAIRS, listed, photo, project_in, refer, run
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto, Vote
from unirain_core.errors import GateError, SchemaError
from unirain_core.stages.votes_report import reliability_figures


@pytest.fixture
def project(tmp_path, monkeypatch):
    return project_in(tmp_path, monkeypatch)


def test_every_pair_has_one_vote_of_each_judge_and_one_verdict_that_follows_from_them(project):
    votes, verdicts = run(project)
    of_pair = {p: [v.vote for v in votes if v.pair_id == p] for p in PAIRS}

    assert [(p, j) for p in PAIRS for j in JUDGES.judges] == [(v.pair_id, v.judge) for v in votes]
    assert list(PAIRS) == [v.pair_id for v in verdicts]
    assert [2 * of_pair[v.pair_id].count(True) > 3 for v in verdicts] == [v.verdict for v in verdicts]


def test_every_count_of_the_report_can_be_traced_to_rows(project):
    votes, verdicts = run(project)
    said = json.loads((project / "reports/vlm_votes.json").read_text())
    kept = sum(v.verdict for v in verdicts)
    accepted = Counter(v.judge for v in votes if v.vote)

    assert {
        "pairs": 3,
        "kept": kept,
        "rejected": 3 - kept,
        "votes": 9,
        "questions_saved": 0,
        "abstentions": 0,
    } == said["counts"]
    assert ["drs", "nrd"] == [line["name"] for line in said["by_type"]]
    assert ["one", "two"] == [line["name"] for line in said["by_dataset"]]
    assert 3 == sum(line["pairs"] for line in said["by_type"])
    assert kept == sum(line["kept"] for line in said["by_dataset"])
    assert dict(accepted) == {line["judge"]: line["yes"] for line in said["by_judge"] if line["yes"]}
    assert [
        "stand-ins measured statistics where models would run: "
        "statistics/directional, statistics/nss, statistics/photometric"
    ] == said["notes"]


def test_a_changed_reference_costs_only_the_votes_that_it_touches(project):
    first, _ = run(project)
    for name in ("b", "a"):  # asking about these again would fail
        (project / f"pictures/{name}.png").unlink()
    refer(project, {"one/b": "xy", "one/a": "xy", "two/c": "zy"})
    second, _ = run(project)

    assert first[:6] == second[:6]
    assert first[6:] != second[6:]


def test_a_pair_that_was_never_given_references_stops_the_stage(project):
    refer(project, {"one/b": "xy", "one/a": "xy"})

    with pytest.raises(SchemaError, match="two/c has no references"):
        run(project)


def test_a_pair_without_a_triplet_is_not_asked_about_and_stays_dropped(project):
    refer(project, {"one/b": "xy", "one/a": "xy"})
    gone = Dropped(pair_id="two/c", dataset="two", reason="out_of_memory", other=None)
    tables.write(project / "data/triplets/dropped.parquet", [gone], Dropped)
    votes, verdicts = run(project)

    assert {"one/b", "one/a"} == {v.pair_id for v in votes}
    assert ["one/b", "one/a"] == [v.pair_id for v in verdicts]
    assert [gone] == tables.read(project / "data/votes/dropped.parquet", Dropped)


def test_a_picture_that_cannot_be_read_makes_abstentions_and_the_rest_is_voted_on(project):
    (project / "pictures/c.png").write_bytes(b"no picture")
    rows = tables.read(project / "data/verified/pairs.parquet", Pair)
    rows[2] = listed(project, rows[2])
    tables.write(project / "data/verified/pairs.parquet", rows, Pair)
    votes, verdicts = run(project)

    assert [None] * 3 == [v.vote for v in votes if v.pair_id == "two/c"]
    assert all(v.reason.startswith("unreadable: c.png") for v in votes if v.pair_id == "two/c")
    assert None not in [v.vote for v in votes if v.pair_id != "two/c"]
    assert (3, False) == (verdicts[2].abstained, verdicts[2].verdict)


def test_the_report_says_how_far_the_stand_ins_can_be_trusted_and_where_that_was_measured(project):
    run(project)
    said = json.loads((project / "reports/vlm_votes.json").read_text())

    assert "seeds 12, 13, 14; the fit saw seeds 101" in said["reliability_measured_on"]
    assert {line["judge"] for line in said["reliability"]} == {
        "directional",
        "nss",
        "photometric",
        "majority",
    }
    for line in said["reliability"]:
        rejected = line["caught"] + line["good"] - line["kept"]
        assert line["precision"] == pytest.approx(line["caught"] / rejected, abs=1e-6)
        assert line["recall"] == pytest.approx(line["caught"] / line["planted"], abs=1e-6)


@pytest.mark.parametrize(
    ("judges", "told"),
    [
        (("internvl", "qwen", "statistics/nss"), {"nss"}),
        (("internvl", "qwen", "minicpm"), set()),
        (JUDGES.judges, {"directional", "nss", "photometric", "majority"}),
    ],
)
def test_only_the_stand_ins_that_voted_are_told_of(judges, told):
    """The majority that was measured is of three stand-ins."""
    said = json.loads(json.dumps(reliability_figures(judges)))

    assert told == {line["judge"] for line in said.get("reliability", [])}


@pytest.mark.parametrize(("share", "accepted"), [(0.3, 1), (0.34, 2), (2 / 3, 2), (1.0, 3)])
def test_thresholds_follow_the_photos_of_which_a_share_is_accepted(project, share, accepted):
    votes, _ = run(project, replace(JUDGES, accept_share=share))
    on_photos = tables.read(project / "data/votes/photos.parquet", Vote)

    for judge in JUDGES.judges:
        own = [vote for vote in on_photos if vote.judge == judge]
        assert ["real/x", "real/y", "real/z"] == [vote.pair_id for vote in own]
        assert accepted == sum(vote.vote is True for vote in own)
        assert {vote.threshold for vote in own} == {v.threshold for v in votes if v.judge == judge}
    assert all(vote.vote == (vote.p_yes >= vote.threshold) for vote in votes)


def test_without_a_share_no_photo_is_asked_about_and_half_decides(project):
    votes, _ = run(project)

    assert {0.5} == {vote.threshold for vote in votes}
    assert [] == tables.read(project / "data/votes/photos.parquet", Vote)


def test_thresholds_can_change_without_asking_again(project):
    first, _ = run(project, replace(JUDGES, accept_share=1.0))
    for picture in (project / "pictures").iterdir():
        picture.unlink()
    second, _ = run(project)

    assert [vote.p_yes for vote in first] == [vote.p_yes for vote in second]


@pytest.mark.parametrize(("names", "count"), [("x", "one"), ("", "no")])
def test_a_database_of_one_photo_or_none_cannot_set_thresholds(project, names, count):
    photos = [listed(project, photo(name)) for name in names]
    tables.write(project / "data/verified/real.parquet", photos, RealPhoto)
    refer(project, dict.fromkeys(PAIRS, names))

    with pytest.raises(
        GateError, match=f"accept_share: no threshold can follow a real-rain database of {count} photo"
    ):
        run(project, replace(JUDGES, accept_share=0.9))


@pytest.mark.parametrize("cure", ["add photos", "remove accept_share"])
def test_a_database_of_one_photo_is_enough_with_more_photos_or_without_a_share(project, cure):
    params = replace(JUDGES, accept_share=0.9)
    photos = tables.read(project / "data/verified/real.parquet", RealPhoto)
    tables.write(project / "data/verified/real.parquet", photos[:1], RealPhoto)
    refer(project, dict.fromkeys(PAIRS, "x"))
    with pytest.raises(GateError, match=r"add photos .*or remove accept_share"):
        run(project, params)
    if cure == "add photos":
        tables.write(project / "data/verified/real.parquet", photos, RealPhoto)
    else:
        params = replace(params, accept_share=None)

    assert len(run(project, params)[1]) == len(PAIRS)

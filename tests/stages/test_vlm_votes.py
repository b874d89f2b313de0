"""The stage: one vote for each pair and judge, one verdict for each pair; only what changed is asked again."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow.parquet as pq
import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto, Reference, Verdict, Vote
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill.ballots import Answer, vote_job
from unirain_core.distill.costs import Cost
from unirain_core.distill.judges.judge import Response, Unanswered
from unirain_core.distill.labels import Label, append
from unirain_core.engine import rows
from unirain_core.engine.collect import collect
from unirain_core.engine.pools import Device
from unirain_core.engine.store import WorkStore
from unirain_core.errors import GateError, SchemaError
from unirain_core.imaging.codec import file_hash, read_rgb, write_png
from unirain_core.stages import forecast, vlm_votes, vote_tables
from unirain_core.stages.vote_questions import Hearing
from unirain_core.stages.votes_report import reliability_figures

JUDGES = VlmVotes(
    judges=(
        JudgeName("statistics/photometric"),
        JudgeName("statistics/directional"),
        JudgeName("statistics/nss"),
    )
)
PAIRS = {"one/b": "drs", "one/a": "nrd", "two/c": "drs"}
PHOTOS = ("x", "y", "z")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    fill(tmp_path)
    return tmp_path


def fill(tmp_path):
    """Write what the stage reads: three pairs and three photos of noise, with references."""
    (tmp_path / "roots.local.yaml").write_text("here: pictures\n")
    (tmp_path / "pictures").mkdir()
    for seed, name in enumerate([*(p[-1] for p in PAIRS), *PHOTOS]):
        image = np.random.default_rng(seed).integers(0, 256, (96, 128, 3), dtype=np.uint8)
        write_png(tmp_path / f"pictures/{name}.png", image)
    pairs, photos = [pair(*p) for p in PAIRS.items()], [photo(name) for name in PHOTOS]
    tables.write(tmp_path / "data/verified/pairs.parquet", [listed(tmp_path, row) for row in pairs], Pair)
    tables.write(
        tmp_path / "data/verified/real.parquet", [listed(tmp_path, row) for row in photos], RealPhoto
    )
    for folder in ("triplets", "database"):
        tables.write(tmp_path / f"data/{folder}/dropped.parquet", [], Dropped)
    refer(tmp_path, dict.fromkeys(PAIRS, "xy"))
    refer(tmp_path, {"real/x": "yz", "real/y": "zx", "real/z": "xy"}, "photos")


def listed(project, row):
    """The row with the hash of its picture."""
    return replace(row, input_hash=file_hash(project / "pictures" / row.input))


def pair(pair_id, rain_type):
    return Pair(
        pair_id=pair_id, dataset=pair_id[:3], rain_type=rain_type, origin="synthetic", role="train", root="here",
        input=f"{pair_id[-1]}.png", target="missing.png", halves=None, scene_id="s", width=128, height=96,
        mode="RGB", clean_hash=b"", input_hash=f"hash of {pair_id}", target_hash="t",
    )  # fmt: skip


def photo(name):
    return RealPhoto(
        photo_id=f"real/{name}", dataset="real", root="here", input=f"{name}.png", width=128, height=96,
        mode="RGB", input_hash=f"hash of {name}",
    )  # fmt: skip


def refer(project, names, file="references"):
    rows = [
        Reference(pair_id=p, rank=rank, reference_id=f"real/{name}", s_txt=0.0, s_vis=0.0, s_perc=0.0)
        for p, photos in names.items()
        for rank, name in enumerate(photos)
    ]
    tables.write(project / f"data/references/{file}.parquet", rows, Reference)


def run(project, judges=JUDGES):
    vlm_votes.run(project, judge_models={}, vlm_votes=judges)
    votes = tables.read(project / "data/votes/votes.parquet", Vote)
    return votes, tables.read(project / "data/votes/verdicts.parquet", Verdict)


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


@pytest.fixture
def jobs(monkeypatch):
    """What is asked of the engine, and when."""
    seen = []

    def noted(job, batches, store):
        seen.append((job, "begins"))
        yield from rows.stream(job, batches, store)
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


def test_with_early_stop_agreement_is_that_of_pairs_asked_of_all_whatever_was_said(project):
    """Where the last judge was asked since the others disagreed, they never agree."""
    run(project, replace(JUDGES, early_stop=True, ask_all_share=1.0))
    whole = json.loads((project / "reports/vlm_votes.json").read_text())["agreement"]
    run(project, replace(JUDGES, early_stop=False))

    assert whole == json.loads((project / "reports/vlm_votes.json").read_text())["agreement"]
    run(project, replace(JUDGES, early_stop=True, ask_all_share=0.0))
    nobody = json.loads((project / "reports/vlm_votes.json").read_text())["agreement"]
    assert {0.0} == {line["agreement"] for line in nobody}

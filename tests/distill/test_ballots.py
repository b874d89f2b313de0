import pickle
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import inf, nan
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from unirain_core.artefacts import tables
from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.config.sections import JudgeName
from unirain_core.distill.ballots import Answer, answers_of, ballots, blind_ballots, vote_job
from unirain_core.distill.judges.judge import Question, Response, prompt_hash
from unirain_core.distill.judging import with_votes
from unirain_core.distill.rainy import Rainy
from unirain_core.engine.jobs import Failed, Finished
from unirain_core.engine.pools import Device
from unirain_core.errors import SchemaError
from unirain_core.imaging import codec, pairs
from unirain_core.imaging.codec import file_hash, read_rgb, write_png
from unirain_core.stages.judges import JudgeChoice, make_judge

NSS, PHOTOMETRIC = JudgeName("statistics/nss"), JudgeName("statistics/photometric")
PHOTOS = {f"real/{name}": Picture("pool", f"{name}.png", None, f"hash of {name}") for name in "xyz"}


def rainy(name, content="q"):
    return Rainy(f"set/{name}", "set", "drs", Picture("pool", f"{name}.png", None, content))


def references(*rows):
    """S(q) as a table of (query, rank, photo)."""
    names = ("pair_id", "rank", "reference_id")
    listed = [(f"set/{query}", rank, f"real/{photo}") for query, rank, photo in rows]
    return [pa.table(dict(zip(names, zip(*listed, strict=True), strict=True)))]


OF_A = references(("a", 1, "x"), ("a", 0, "y"))


def only(asked, photos=PHOTOS, ranked=OF_A):
    ((ballot,),) = ballots([[asked]], photos, ranked)
    return ballot


NOWHERE = Roots(Path("nowhere"))


def job(judge=NSS, roots=NOWHERE):
    return vote_job(judge, partial(make_judge, JudgeChoice(judge, None, None)), roots, "1")


def test_a_ballot_holds_the_picture_and_its_references_best_first():
    ballot = only(rainy("a"))

    assert ["y.png", "x.png"] == [r.path for r in ballot.references]
    assert ("set", "set/a") == job().place(ballot)
    assert rainy("a").picture == ballot.query


def test_ballots_come_in_the_batches_and_the_order_of_what_is_asked_about():
    ranked = references(("c", 0, "x"), ("a", 0, "y"), ("a", 1, "z"), ("b", 0, "z"))
    drawn = list(ballots([[rainy("c"), rainy("a")], [rainy("b")]], PHOTOS, ranked))

    assert [["set/c", "set/a"], ["set/b"]] == [[b.id for b in batch] for batch in drawn]
    assert [1, 2, 1] == [len(b.references) for batch in drawn for b in batch]


def test_references_of_one_picture_may_be_parted_by_the_batches_of_their_table():
    (whole,) = OF_A

    assert only(rainy("a")) == only(rainy("a"), ranked=[whole[:1], whole[1:]])


@pytest.mark.parametrize("ranked", [OF_A, []], ids=["another's", "none"])
def test_a_picture_without_references_is_refused(ranked):
    with pytest.raises(SchemaError, match="set/b has no references"):
        only(rainy("b"), ranked=ranked)


def test_a_reference_that_is_no_verified_photo_is_refused():
    with pytest.raises(SchemaError, match=r"set/a has unverified references \['real/y'\]"):
        only(rainy("a"), photos={"real/x": PHOTOS["real/x"]})


def test_the_key_changes_with_judge_prompt_picture_and_order_of_references():
    ballot, nss = only(rainy("a")), job()
    keys = {
        nss.key(ballot),
        job(PHOTOMETRIC).key(ballot),
        replace(nss, prompt_hash="other").key(ballot),
        nss.key(replace(ballot, query=replace(ballot.query, content_hash="other"))),
        nss.key(replace(ballot, references=ballot.references[::-1])),
        nss.key(replace(ballot, query=replace(ballot.query, half="left"))),
    }

    assert 6 == len(keys)


def test_a_new_photo_leaves_the_keys_of_pairs_that_do_not_refer_to_it():
    few = {name: PHOTOS[name] for name in ("real/x", "real/y")}

    assert job().key(only(rainy("a"), photos=few)) == job().key(only(rainy("a")))


def test_where_files_lie_is_no_part_of_the_key():
    ballot = only(rainy("a"))

    assert job().key(ballot) == job().key(replace(ballot, query=replace(ballot.query, root="elsewhere")))


@pytest.fixture
def pool(tmp_path):
    """Pictures a, b, x, y of a folder, and what the ballots of a and b say of them."""
    for seed, name in enumerate("abxy"):
        image = np.random.default_rng(seed).integers(0, 256, (64, 96, 3), dtype=np.uint8)
        write_png(tmp_path / f"{name}.png", image)
    hashes = {name: file_hash(tmp_path / f"{name}.png") for name in "abxy"}
    photos = {f"real/{name}": Picture("pool", f"{name}.png", None, hashes[name]) for name in "xy"}
    ranked = references(("a", 1, "x"), ("a", 0, "y"), ("b", 0, "x"), ("b", 1, "y"))
    (drawn,) = ballots([[rainy(name, hashes[name]) for name in "ab"]], photos, ranked)
    return Roots(tmp_path, {"pool": "."}), drawn


def test_the_work_gives_each_ballot_the_judges_answer_and_travels_to_workers(pool, tmp_path):
    roots, drawn = pool
    answers = pickle.loads(pickle.dumps(job(roots=roots))).compute(drawn)
    a, b, x, y = (read_rgb(tmp_path / f"{name}.png") for name in "abxy")
    responses = make_judge(JudgeChoice(NSS, None, None)).judge([Question(a, [y, x]), Question(b, [x, y])])

    assert ["set/a", "set/b"] == [answer.pair_id for answer in answers]
    for answer, response in zip(answers, responses, strict=True):
        assert asdict(response).items() <= asdict(answer).items()
        assert (NSS, prompt_hash(make_judge(JudgeChoice(NSS, None, None)))) == (
            answer.judge,
            answer.prompt_hash,
        )


@dataclass(frozen=True)
class Counting:
    """A judge that notes how many questions it is asked at once."""

    calls: list[int]
    name: str = "counting"
    prompt: str = "Yes or no?"
    version: str = "1"
    device: Device = "gpu"
    batch: int = 5

    def judge(self, questions):
        self.calls.append(len(questions))
        return [Response(p_yes=0.5, mass=1.0, reply="yes", reason="") for _ in questions]


def test_a_batch_is_one_question_to_the_judge_and_one_reading_of_each_picture(pool, monkeypatch):
    roots, drawn = pool
    files: list[str] = []
    judge, read = Counting([]), codec.read_rgb

    def reading(place, listed):
        files.append(place.name)
        return read(place, listed)

    monkeypatch.setattr(pairs, "read_rgb", reading)
    vote_job(JudgeName("counting"), lambda: judge, roots, "1").compute(drawn)

    assert [2] == judge.calls
    assert ["a.png", "b.png", "x.png", "y.png"] == sorted(files)


def test_the_job_needs_what_its_judge_needs():
    judge = Counting([])
    its_job = vote_job(JudgeName("counting"), lambda: judge, NOWHERE, "1")

    assert ("gpu", 5, prompt_hash(judge)) == (its_job.device, its_job.batch, its_job.prompt_hash)


@dataclass(frozen=True)
class Saying(Counting):
    """A judge that gives one answer to everything."""

    p_yes: float = 0.5
    mass: float = 1.0

    def judge(self, questions):
        return [Response(p_yes=self.p_yes, mass=self.mass, reply="?", reason="") for _ in questions]


@pytest.mark.parametrize(("p_yes", "mass"), [(nan, 0.0), (nan, 1.0), (0.9, nan), (inf, 1.0)])
def test_an_answer_that_is_no_number_is_an_abstention_with_its_reason(pool, p_yes, mass):
    roots, drawn = pool
    judge = Saying([], p_yes=p_yes, mass=mass)
    answers = vote_job(JudgeName("saying"), lambda: judge, roots, "1").compute(drawn)
    votes = with_votes(pl.DataFrame([asdict(answer) for answer in answers]), {"saying": 0.5})

    assert [None, None] == votes["vote"].to_list()
    assert (True, True) == votes.select(pl.col("p_yes", "mass").is_finite().all()).row(0)
    assert all(answer.reason.startswith(f"no number: p_yes {p_yes}, mass {mass}") for answer in answers)


def window(results, failures, n_rows):
    rows = [only(rainy("a"))] * n_rows
    table = pa.table(
        {f.name: [getattr(r, f.name) for r in results] for f in tables.arrow_schema(Answer)},
        schema=tables.arrow_schema(Answer),
    )
    return Finished(rows, table, failures, Answer)


def answer(reply):
    return Answer(
        pair_id="set/a",
        judge=NSS,
        p_yes=0.9,
        mass=1.0,
        reply=reply,
        reason="",
        prompt_hash=prompt_hash(make_judge(JudgeChoice(NSS, None, None))),
    )


def test_a_question_that_cannot_be_asked_is_an_abstention_with_its_reason_in_its_place():
    died = Failed("crashed", "the worker died")
    answers = answers_of(window([answer("first"), answer("third")], {1: died, 3: died}, 4), job())
    votes = with_votes(answers, {NSS: 0.0})

    assert ["first", "", "third", ""] == answers["reply"].to_list()
    assert ["", "crashed: the worker died"] == answers["reason"].to_list()[:2]
    assert [True, None, True, None] == votes["vote"].to_list()
    assert 1 == answers["prompt_hash"].n_unique()


def test_a_window_in_which_no_question_could_be_asked_holds_abstentions_alone():
    answers = answers_of(window([], {0: Failed("unreadable", "a.png")}, 1), job())

    assert [("set/a", 0.5, 0.0, "unreadable: a.png")] == answers.select(
        "pair_id", "p_yes", "mass", "reason"
    ).rows()


def test_blind_references_are_drawn_by_seed_and_id_and_never_show_the_picture_itself():
    asked = [rainy(f"{n}") for n in range(40)]
    photos = {f"real/{n}": Picture("pool", f"{n}.png", None, f"hash of {n}") for n in range(6)}

    def drawn(seed, rows=asked, count=3):
        ((ballots_of_all),) = blind_ballots([rows], photos, count=count, seed=seed)
        return {ballot.id: [picture.path for picture in ballot.references] for ballot in ballots_of_all}

    first = drawn(0)
    assert first == drawn(0)
    assert first != drawn(1)
    assert first["set/7"] == drawn(0, asked[7:8])["set/7"], "whatever else is asked"
    assert {3} == {len(set(paths)) for paths in first.values()}
    assert {f"{n}.png" for n in range(6)} == {path for paths in first.values() for path in paths}
    itself = Rainy("real/2", "real", None, photos["real/2"])
    assert all("2.png" not in drawn(seed, [itself])["real/2"] for seed in range(20))
    assert 5 == len(drawn(0, [itself], count=9)["real/2"]), "as many as there are"

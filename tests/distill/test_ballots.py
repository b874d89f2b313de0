import pickle
from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest

from unirain_core.artefacts.roots import Roots
from unirain_core.artefacts.schemas import Pair, RealPhoto, Reference
from unirain_core.config.sections import JudgeName
from unirain_core.distill.ballots import CastVotes, ballots_of, votes_of
from unirain_core.distill.calibration import decided
from unirain_core.distill.judging import judge_pair
from unirain_core.engine.jobs import Failed
from unirain_core.errors import SchemaError
from unirain_core.imaging.codec import file_hash, read_rgb, write_png
from unirain_core.stages.judges import make_judge

JUDGES: dict[JudgeName, str] = {
    name: make_judge(name).prompt_hash for name in ("statistics/nss", "statistics/directional")
}


def pair(name, content="q"):
    return Pair(
        pair_id=f"set/{name}", dataset="set", rain_type="drs", origin="synthetic", role="train", root="pool",
        input=f"{name}.png", target=f"{name}_clean.png", halves=None, scene_id="s", width=96, height=64,
        mode="RGB", clean_hash=b"", input_hash=content, target_hash="t",
    )  # fmt: skip


def photo(name):
    return RealPhoto(
        photo_id=f"real/{name}", dataset="real", root="pool", input=f"{name}.png", width=96, height=64,
        mode="RGB", input_hash=f"hash of {name}",
    )  # fmt: skip


def reference(rank, name, query="a"):
    return Reference(
        pair_id=f"set/{query}", rank=rank, reference_id=f"real/{name}", s_txt=0.0, s_vis=0.0, s_perc=0.0
    )


PHOTOS = [photo("x"), photo("y")]
REFERENCES = [reference(1, "x"), reference(0, "y")]


def test_every_pair_is_put_to_every_judge_with_its_references_best_first():
    ballots = ballots_of([pair("a")], PHOTOS, REFERENCES, JUDGES)

    assert list(JUDGES) == [b.judge for b in ballots]
    assert ["y.png", "x.png"] == [r.input for r in ballots[0].references]
    assert ("set", "set/a") == ballots[0].place


def test_the_clean_side_stands_on_no_ballot():
    assert "clean" not in repr(ballots_of([pair("a")], PHOTOS, REFERENCES, JUDGES))


def test_a_pair_without_references_and_an_unknown_reference_are_refused():
    with pytest.raises(SchemaError, match="set/b has no references"):
        ballots_of([pair("b")], PHOTOS, REFERENCES, JUDGES)
    with pytest.raises(SchemaError, match="unverified references"):
        ballots_of([pair("a")], PHOTOS[:1], REFERENCES, JUDGES)


def test_the_key_changes_with_judge_weights_picture_and_order_of_references():
    ballot = ballots_of([pair("a")], PHOTOS, REFERENCES, JUDGES)[0]
    others = [
        ballot,
        replace(ballot, judge="statistics/directional"),
        replace(ballot, prompt_hash="other"),
        replace(ballot, query=replace(ballot.query, input_hash="other")),
        replace(ballot, references=ballot.references[::-1]),
        replace(ballot, query=replace(ballot.query, halves="left")),
    ]

    assert 6 == len({b.key for b in others})


def test_a_new_photo_leaves_the_keys_of_pairs_that_do_not_refer_to_it():
    before = ballots_of([pair("a")], PHOTOS, REFERENCES, JUDGES)
    after = ballots_of([pair("a")], [*PHOTOS, photo("z")], REFERENCES, JUDGES)

    assert [b.key for b in before] == [b.key for b in after]


def test_where_files_lie_is_no_part_of_the_key():
    ballot = ballots_of([pair("a")], PHOTOS, REFERENCES, JUDGES)[0]

    assert ballot.key == replace(ballot, query=replace(ballot.query, root="elsewhere")).key


def test_the_work_gives_each_ballot_the_vote_of_its_judge_and_travels_to_workers(tmp_path):
    for seed, name in enumerate("axy"):
        image = np.random.default_rng(seed).integers(0, 256, (64, 96, 3), dtype=np.uint8)
        write_png(tmp_path / f"{name}.png", image)
    hashes = {name: file_hash(tmp_path / f"{name}.png") for name in "axy"}
    photos = [replace(photo(name), input_hash=hashes[name]) for name in "xy"]
    ballots = ballots_of([pair("a", hashes["a"])], photos, REFERENCES, JUDGES)
    job = pickle.loads(
        pickle.dumps(CastVotes(make_judge=make_judge, roots=Roots(tmp_path, {"pool": "."}), algorithm="1"))
    )
    votes = job.compute(ballots)
    query, y, x = (read_rgb(tmp_path / f"{name}.png") for name in "ayx")
    answer = judge_pair(make_judge("statistics/nss"), query, [y, x])

    assert list(JUDGES) == [v.judge for v in votes]
    assert answer.vote is votes[0].vote
    assert answer.response.p_yes == votes[0].p_yes
    assert answer.response.reason == votes[0].reason
    assert make_judge("statistics/nss").prompt_hash == votes[0].prompt_hash


def test_a_question_that_cannot_be_asked_is_an_abstention_with_its_reason():
    ballots = ballots_of([pair("a")], PHOTOS, REFERENCES, JUDGES)
    votes = votes_of(ballots, [Failed("crashed", "the worker died")] * len(ballots))

    assert list(JUDGES) == [v.judge for v in votes]
    assert {(None, 0.5, 0.0, "crashed: the worker died")} == {
        (v.vote, v.p_yes, v.mass, v.reason) for v in votes
    }
    low = decided(pl.DataFrame([asdict(v) for v in votes]), dict.fromkeys(JUDGES, 0.1))
    assert [None] * len(votes) == low["vote"].to_list()

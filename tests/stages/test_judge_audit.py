"""The audit finds exactly the sensitivities that are planted in scripted judges."""

import json
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from tests.engine.in_process import InProcess
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Dropped, Pair, RealPhoto, Reference, Vote
from unirain_core.cli import audit as cli
from unirain_core.config.models import HttpJudge, InternVl, JudgeModel, Llava
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill import labels
from unirain_core.distill.audit.aims import (
    BATCH,
    CHECKS,
    ENGINE,
    NO_QUERY,
    NO_REFERENCES,
    ORDER,
    OTHER_TYPE,
    PARAPHRASE,
    PRECISION,
    SWAPPED,
)
from unirain_core.distill.judges.judge import Response
from unirain_core.distill.labels import Label
from unirain_core.engine.pools import Device
from unirain_core.engine.rows import stream
from unirain_core.errors import MissingArtefactError, MissingInputError
from unirain_core.imaging.codec import file_hash, write_png
from unirain_core.stages import audit_sample, judge_audit, judge_probes
from unirain_core.stages.judge_probes import stand_in

N = 10
PHOTOS = {"drs": (30, 20, 10), "nrd": (60, 50, 40)}
"""Grey levels of the references of each type, best first."""


@dataclass(frozen=True)
class Scripted:
    """Knows which queries are good (the first six), as long as the references are of the query's type.

    Some queries' votes turn over where the first reference is not the brightest, some where two are asked at once.
    """

    order: frozenset[int] = frozenset()
    pairs: frozenset[int] = frozenset()
    name: str = "scripted"
    prompt: str = ""
    device: Device = "cpu"
    batch: int = 1

    @property
    def version(self):
        return f"{sorted(self.order)} {sorted(self.pairs)}"

    def judge(self, questions):
        return [
            Response(p_yes=self._p_yes(q, len(questions)), mass=1.0, reply="", reason="") for q in questions
        ]

    def _p_yes(self, question, n_asked):
        query = int(question.query.max()) - 100
        shown = [int(reference.max()) for reference in question.references]
        if query < 0:  # blacked out
            return 0.4
        if max(shown) not in (0, 60 if query % 2 else 30):
            return 0.1
        is_yes = query < 6
        is_yes ^= query in self.order and shown[0] != max(shown)
        is_yes ^= query in self.pairs and n_asked == 2
        return 0.9 if is_yes else 0.1


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Ten pairs of two rain types, and three photos of each; person ann knows the first six to be good."""
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(judge_audit, "stream", partial(stream, engine=InProcess()))
    (tmp_path / "roots.local.yaml").write_text("here: pictures\n")
    (tmp_path / "pictures").mkdir()
    names = {f"set/{n}": "nrd" if n % 2 else "drs" for n in range(N)}
    levels = {f"{n}": 100 + n for n in range(N)} | {f"p{v}": v for t in PHOTOS.values() for v in t}
    for name, level in levels.items():
        write_png(tmp_path / f"pictures/{name}.png", np.full((8, 8, 3), level, np.uint8))
    common: dict[str, Any] = {"root": "here", "width": 8, "height": 8, "mode": "RGB"}
    pairs = [
        Pair(
            pair_id=name, dataset="set", rain_type=rain_type, origin="synthetic", role="train", halves=None, scene_id="s",
            input=f"{name[4:]}.png", target="-", clean_hash=b"", target_hash="t",
            input_hash=file_hash(tmp_path / f"pictures/{name[4:]}.png"), **common,
        )
        for name, rain_type in names.items()
    ]  # fmt: skip
    photos = [
        RealPhoto(
            photo_id=f"real/p{v}", dataset="real", input=f"p{v}.png",
            input_hash=file_hash(tmp_path / f"pictures/p{v}.png"), **common,
        )
        for levels in PHOTOS.values() for v in levels
    ]  # fmt: skip
    references = [
        Reference(pair_id=name, rank=rank, reference_id=f"real/p{v}", s_txt=0.0, s_vis=0.0, s_perc=0.0)
        for name, rain_type in names.items()
        for rank, v in enumerate(PHOTOS[rain_type])
    ]
    for file, rows, row_class in (
        ("verified/pairs", pairs, Pair),
        ("verified/real", photos, RealPhoto),
        ("references/references", references, Reference),
        ("votes/dropped", [], Dropped),
    ):
        tables.write(tmp_path / f"data/{file}.parquet", rows, row_class)
    for n, name in enumerate(names):
        labels.append(tmp_path / "labels/ann.csv", Label(name, "ann", n < 6, "" if n < 6 else "snow"))
    return tmp_path


def candidate(**planted):
    return stand_in(JudgeName("scripted"), partial(Scripted, **planted), 0.5)


def audited(project, one, n_pairs=N):
    lines = judge_audit.audit(project, [one], audit_sample.draw(project, n_pairs, 0))
    return {line.check: line for line in lines if line.judge == one.name}


def flips(line):
    return line.flips.successes, line.flips.trials


def test_a_planted_sensitivity_to_the_order_is_found_exactly(project):
    """Of the five other orders four begin with another reference: three queries flip in each of these."""
    told = audited(project, candidate(order=frozenset({0, 3, 7})))

    assert (3 * 4, N * 5) == flips(told[ORDER])
    assert (0.24, "missed") == (told[ORDER].value, told[ORDER].outcome)
    assert told[ORDER].worst in ("2 1 3", "2 3 1", "3 1 2", "3 2 1")
    assert {(0, N)} == {flips(told[check]) for check in (BATCH, ENGINE)}


def test_a_steady_judge_meets_its_aims_and_what_cannot_be_asked_says_why(project):
    told = audited(project, candidate())

    assert ["met", "not measured", "not measured", "met", "met", "not measured", "met", "no aim", "met"] == [
        told[check].outcome for check in CHECKS
    ]
    assert "it is not asked in words" == told[PARAPHRASE].reason


def test_a_planted_sensitivity_to_the_batch_is_found_exactly(project):
    told = audited(project, candidate(pairs=frozenset({1, 2})))

    assert ((2, N), 0.2, "missed") == (flips(told[BATCH]), told[BATCH].value, told[BATCH].outcome)
    assert (0, N * 5) == flips(told[ORDER])


def test_a_judge_that_sees_no_query_and_knows_nothing_without_it_ranks_by_chance(project):
    told = audited(project, candidate())

    assert (0.5, "met", 0.4) == (told[NO_QUERY].auroc, told[NO_QUERY].outcome, told[NO_QUERY].accuracy)


def test_wrong_references_cost_what_the_judge_knew_by_the_right_ones(project):
    """With references of the other type it accepts nothing: the six good pairs are lost. Black ones tell it nothing."""
    told = audited(project, candidate())

    assert (0.4, pytest.approx(0.6)) == (told[OTHER_TYPE].accuracy, told[OTHER_TYPE].value)
    assert (0.0, 1.0) == (told[NO_REFERENCES].value, told[NO_REFERENCES].accuracy)


def test_variants_of_a_judge_are_compared_with_it(project):
    one = replace(
        candidate(),
        variants={
            PARAPHRASE: {"1": partial(Scripted), "2": partial(Scripted, order=frozenset({5}))},
            SWAPPED: {"no or yes": partial(Upside)},
        },
        reasons={},
    )
    told = audited(project, one)

    assert (0, 2 * N) == flips(told[PARAPHRASE])  # the order stays as it is
    assert ((N, N), "no aim") == (flips(told[SWAPPED]), told[SWAPPED].outcome)


@dataclass(frozen=True)
class Upside(Scripted):
    """Says the contrary."""

    version = "upside"

    def _p_yes(self, question, n_asked):
        return 1 - Scripted._p_yes(self, question, n_asked)


def test_the_report_holds_every_figure_beside_its_aim(project):
    audited(project, candidate(order=frozenset({0})))
    said = json.loads((project / "reports/judge_audit.json").read_text())
    of_order = next(line for line in said["checks"] if line["check"] == "order of references")

    assert {"pairs": N, "of_known_quality": N} == said["counts"]
    assert 2 * len(CHECKS) == len(said["checks"])
    assert ("<= 2.0 %", "missed", 4, 50, 0.08) == tuple(
        of_order[key] for key in ("aim", "outcome", "flips", "asked", "value")
    )


def test_the_sample_is_seeded_and_of_pairs_of_known_quality_where_both_kinds_are_known(project):
    draws = [audit_sample.draw(project, 6, seed) for seed in (0, 0, 1)]
    ids = [[ballot.id for ballot in draw.asked] for draw in draws]

    assert ids[0] == ids[1] != ids[2]
    assert [len(i) for i in ids] == [6, 6, 6]
    assert np.asarray(draws[0].truth).tolist() == [int(i[4:]) < 6 for i in ids[0]]


def test_without_labels_all_pairs_may_be_drawn_and_only_flips_are_measured(project):
    (project / "labels/ann.csv").unlink()
    told = audited(project, candidate(order=frozenset({0})))

    assert 4 == told[ORDER].flips.successes
    assert ("not measured", "no pair of known quality, of which both kinds are needed") == (
        told[OTHER_TYPE].outcome,
        told[OTHER_TYPE].reason,
    )


def test_without_a_pair_there_is_nothing_to_ask(project):
    tables.write(project / "data/verified/pairs.parquet", [], Pair)

    with pytest.raises(MissingInputError, match=r"reports/verified_pairs\.json says what became"):
        audit_sample.draw(project, 3, 0)


def test_what_was_asked_once_is_not_asked_again(project, monkeypatch):
    first = audited(project, candidate(order=frozenset({0})))
    monkeypatch.setattr(
        judge_audit._Asker, "say_here", lambda self, asked: self.say(self.candidate.make, asked)[0]
    )
    monkeypatch.setattr(Scripted, "judge", None)

    assert first == audited(project, candidate(order=frozenset({0})))


@dataclass(frozen=True)
class Crashing(Scripted):
    """Cannot answer about one query."""

    device: Device = "gpu"  # then it is asked by the engine alone, which notes a crash

    def judge(self, questions):
        if any(int(question.query.max()) == 100 for question in questions):
            raise RuntimeError("a defect")
        return super().judge(questions)


def test_the_warning_of_a_crash_names_the_command_that_asks_again(project, caplog):
    audited(project, stand_in(JudgeName("scripted"), Crashing, 0.5))
    (command,) = set(re.findall("`(.*)` tries them again", caplog.text))
    app = typer.Typer()
    app.command()(cli.audit)
    options = CliRunner().invoke(app, ["--help"]).output

    assert command == f"unirain audit judges --pairs {N} --seed 0"
    assert "--pairs" in options
    assert "--seed" in options


MODELS: dict[str, JudgeModel] = {
    "mine": InternVl(weights="w", revision="abc"),
    "served": HttpJudge(model="m", revision="abc", address="A"),
    "same": InternVl(weights="w", revision="abc", precision="int8"),
    "other": Llava(weights="l", revision="def"),
}


def test_another_engine_is_another_kind_of_judge_with_the_same_revision():
    assert ["served"] == judge_probes.twins("mine", MODELS)
    assert ["mine", "same"] == judge_probes.twins("served", MODELS)
    assert [] == judge_probes.twins("other", MODELS)


def test_two_models_without_a_pinned_revision_are_not_one_model_in_two_engines():
    unpinned: dict[str, JudgeModel] = {
        "internvl": InternVl(weights="w", revision="unpinned"),
        "llava": Llava(weights="l", revision="unpinned"),
    }

    assert [] == judge_probes.twins("internvl", unpinned)


NSS = VlmVotes(judges=(JudgeName("statistics/nss"),), accept_share=0.9)


def voted(judge, threshold):
    return Vote(
        pair_id="set/0", judge=judge, vote=True, p_yes=0.5, threshold=threshold, mass=1.0, reply="", reason="",
        prompt_hash="",
    )  # fmt: skip


def write_votes(project, votes, photos=()):
    tables.write(project / "data/votes/votes.parquet", votes, Vote)
    tables.write(project / "data/votes/photos.parquet", list(photos), Vote)


def test_a_judge_has_the_threshold_of_its_votes_or_of_those_on_photos(project):
    write_votes(project, [voted("statistics/nss", 0.3)])
    assert [0.3] == [one.threshold for one in judge_probes.candidates(project, NSS, {})]

    write_votes(project, [], [voted("statistics/nss", 0.2)])
    assert [0.2] == [one.threshold for one in judge_probes.candidates(project, NSS, {})]


def test_a_judge_that_has_not_voted_has_no_threshold_unless_half_decides(project):
    write_votes(project, [voted("statistics/directional", 0.3)])
    half = replace(NSS, accept_share=None)

    assert [0.5] == [one.threshold for one in judge_probes.candidates(project, half, {})]
    with pytest.raises(MissingArtefactError, match=r"votes of statistics/nss .*dvc repro vlm_votes"):
        judge_probes.candidates(project, NSS, {})


def test_a_stand_in_has_no_words_and_one_precision():
    assert {PARAPHRASE, SWAPPED, PRECISION} == candidate().reasons.keys()

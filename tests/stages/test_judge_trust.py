"""The stage judge_trust measures the judges on labelled pairs, and says whose labels these are."""

import json

import pytest

from tests.stages.judged_pool import FACTS, REJECTED, write_upstream
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import Pair, Vote
from unirain_core.config.sections import JudgeName, JudgeTrust, VlmVotes
from unirain_core.distill import labels
from unirain_core.distill.labels import Label
from unirain_core.errors import ConfigError, MissingArtefactError
from unirain_core.stages import judge_trust

VOTES = VlmVotes(judges=(JudgeName("statistics/nss"),))


@pytest.fixture
def project(tmp_path):
    write_upstream(tmp_path)
    return tmp_path


def run(project, votes=VOTES):
    judge_trust.run(project, judge_trust=JudgeTrust(), vlm_votes=votes)
    html = (project / "data/pages/trust/trust.html").read_text(encoding="utf-8")
    return json.loads((project / "reports/judge_trust.json").read_text(encoding="utf-8")), html


def say(project, name, reliable, fault="", person="ann"):
    labels.append(project / "labels" / f"{person}.csv", Label(name, person, reliable, fault))


def write_ledger(project, whats, corpus="here"):
    rows = [
        {"input": f"{name}.png", "dataset": "set", "rain_type": "drs", "path": "A", "what": what}
        for name, what in whats.items()
    ]
    path = project / f"data/sample_corpus/{corpus}/planted.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(rows))


def test_peoples_labels_are_the_truth(project):
    """The judge rejects REJECTED alone, and accepts the two other faulty pairs."""
    for name, _, _ in FACTS[:5]:
        say(project, name, True)
    say(project, REJECTED, False, "snow")
    say(project, FACTS[5][0], False, "snow")
    say(project, FACTS[6][0], False)
    said, html = run(project)
    (whole,) = (line for line in said["quality"] if line["by"] == "all" and line["judge"] != "majority")

    assert {"pairs": 7, "good": 4, "faulty": 3} == said["counts"]
    assert (1, 1, 1, 3) == tuple(
        whole[k] for k in ("precision_count", "precision_of", "recall_count", "recall_of")
    )
    assert {"snow", "unnamed"} == {line["group"] for line in said["quality"] if line["by"] == "fault"}
    assert {"drs", "nrd"} == {line["group"] for line in said["quality"] if line["by"] == "rain type"}
    assert "Labels by ann: 7 (4 yes, 3 no, 0 unsure)" in html
    assert "planted" not in html


def test_a_sample_corpus_knows_its_own_pairs_by_their_paths_and_is_named(project):
    """Faults of integrity and real photos are no labels; a ledger of another corpus says nothing of these pairs."""
    write_ledger(
        project, {REJECTED: "grey_discs", FACTS[1][0]: "good", FACTS[2][0]: "duplicate", "real/1": "real"}
    )
    write_ledger(project, {FACTS[3][0]: "good"}, "elsewhere")
    said, html = run(project)

    assert {"pairs": 2, "good": 1, "faulty": 1} == said["counts"]
    assert [{"person": "planted", "yes": 1, "no": 1, "unsure": 0}] == said["people"]
    assert "the labels of &#x27;planted&#x27; are those of a rendered sample corpus" in html
    assert "stand-ins measured statistics where models would run: statistics/nss" in html


def test_with_early_stop_only_pairs_are_measured_about_which_everybody_was_asked_whatever_was_said(project):
    """All votes are there, but only the labelled pair's are there for sure: the others' depend on what was said."""
    write_ledger(project, {name: "good" for name, _, _ in FACTS})
    say(project, FACTS[1][0], True)
    said, _ = run(project, VlmVotes(judges=VOTES.judges, early_stop=True, ask_all_share=0.0))

    assert (1, 11) == (said["counts"]["pairs"], said["left_out"]["not asked of every judge"])
    assert 1 == sum(line["accepted_of"] for line in said["acceptance"] if line["judge"] != "majority")
    assert 12 == sum(line["accepted_of"] for line in said["acceptance"] if line["judge"] == "majority")


def test_a_labelled_pair_that_lacks_a_vote_is_left_out_and_so_is_one_that_is_not_in_the_pool(project):
    say(project, FACTS[1][0], True)
    say(project, FACTS[2][0], True)
    say(project, "gone/1", True)
    votes = tables.read(project / "data/votes/votes.parquet", Vote)
    tables.write(project / "data/votes/votes.parquet", [v for v in votes if v.pair_id != FACTS[2][0]], Vote)
    said, html = run(project)

    assert 1 == said["counts"]["pairs"]
    assert {
        "disputed by people, or all are unsure": 0,
        "not asked of every judge": 1,
        "no verified pair": 1,
    } == said["left_out"]
    assert "Labelled pairs that are left out: not asked of every judge: 1; no verified pair: 1." in html


def test_without_labels_the_page_says_how_to_get_some(project):
    said, html = run(project)

    assert 0 == said["counts"]["pairs"]
    assert "label some with `unirain review`" in html
    assert "Acceptance by dataset" in html


def test_a_malformed_label_stops_the_stage_with_file_and_line(project):
    say(project, FACTS[1][0], True)
    with (project / "labels/ann.csv").open("a") as file:
        file.write("set/1,ann,perhaps,\n")

    with pytest.raises(ConfigError, match=r"ann\.csv: line 3"):
        run(project)


def test_without_votes_the_stage_to_run_is_named(project):
    (project / "data/votes/votes.parquet").unlink()

    with pytest.raises(MissingArtefactError, match="vlm_votes"):
        run(project)


def test_equal_inputs_give_equal_bytes(project):
    say(project, FACTS[1][0], True)
    say(project, REJECTED, False, "snow")

    assert run(project) == run(project)


def test_the_ledger_finds_a_pair_whatever_its_dataset_is_called(project):
    rows = tables.read(project / "data/verified/pairs.parquet", Pair)
    write_ledger(project, {rows[0].input.removesuffix(".png"): "good"})

    assert 1 == run(project)[0]["counts"]["pairs"]

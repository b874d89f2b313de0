"""Section 3.1 as the paper has it, on a tiny model of every real architecture, offline: captions, vectors, references, votes.

And a model that is swapped costs exactly what depends on it.
"""

import contextlib
import json
import re
import shutil
import socket
from collections import Counter

import polars as pl
import pytest
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
pytest.importorskip("sentencepiece")
from tests.end_to_end.tiny_chain import (  # noqa: E402
    JUDGES,
    N_PAIRS,
    N_PHOTOS,
    STAGES,
    Counted,
    edit,
    make_models,
    make_project,
)
from unirain_core.artefacts import tables  # noqa: E402
from unirain_core.artefacts.schemas import SplitRow, Verdict, Vote  # noqa: E402
from unirain_core.cli import run as cli_run  # noqa: E402
from unirain_core.engine import machine, rows  # noqa: E402
from unirain_core.engine.machine import Machine  # noqa: E402


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """One process, no network, and weights of our own."""
    home = tmp_path_factory.mktemp("models")
    make_models(home)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as a worker has them
    with threadpool_limits(1), pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRAIN_MODELS", str(home))
        patch.setenv("UNIRAIN_WORKERS", "1")
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.delenv("UNIRAIN_HOME", raising=False)
        patch.setattr(rows, "make_engine", Counted)
        patch.setattr(cli_run, "tie_to_parent", lambda: None)
        patch.setattr(cli_run, "end_on_signals", lambda: None)
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(
            machine, "measured", lambda: Machine(memory_bytes=10**10, gpus=(), gpu_bytes=0, flops_per_s=1e10)
        )
        yield
    torch.set_num_threads(threads)


def _refuse(*_):
    raise AssertionError("this test is offline")


@pytest.fixture(scope="module")
def finished(settings, tmp_path_factory):
    """The project after all stages, how many rows were computed, and what a person was told."""
    root = tmp_path_factory.mktemp("chain") / "project"
    make_project(root)
    with pytest.MonkeyPatch.context() as patch:
        told = []
        patch.setattr(
            "unirain_core.stages.forecast.logger.info", lambda text, *words: told.append(text % words)
        )
        computed = repro(root, STAGES)
    return root, computed, told


@pytest.fixture
def project(finished, tmp_path):
    """A copy that a test may change, work store included."""
    return shutil.copytree(finished[0], tmp_path / "project")


def repro(root, stages=STAGES[:-1]):
    """Run stages as `dvc repro` does; returns the rows that were computed, by stage, those of votes by judge.

    The split is left out where random judges may accept too few pairs for it.
    """
    Counted.computed.clear()
    with contextlib.chdir(root):
        for stage in stages:
            cli_run.run(stage)
    computed = Counted.computed
    names = ("real_rain_database", "query_triplets", *JUDGES, "internvl2", "statistics/nss")
    return {name: computed[name] for name in names if computed[name]}


def votes_of(root):
    return tables.read(root / "data/votes/votes.parquet", Vote)


def report_of(root, stage="vlm_votes"):
    return json.loads((root / f"reports/{stage}.json").read_text())


def test_every_photo_and_pair_has_its_caption_and_vectors_and_the_form_that_ran_is_recorded(finished):
    root, computed, _ = finished
    database = pl.read_parquet(root / "data/database/triplets.parquet")
    queries = pl.read_parquet(root / "data/triplets/triplets.parquet")

    assert (N_PHOTOS, N_PAIRS) == (len(database), len(queries))
    assert (N_PHOTOS, N_PAIRS) == (computed["real_rain_database"], computed["query_triplets"])
    for table in (database, queries):
        assert [16] * len(table) == table["text_vector"].list.len().to_list()
        assert [16] * len(table) == table["image_vector"].list.len().to_list()
        assert table["caption"].n_unique() > 1
    (plain,), (rewritten,) = set(database["caption_form"]), set(queries["caption_form"])
    assert re.fullmatch(r"blip blip \w{12}", plain)
    assert re.fullmatch(
        rf"{plain} \+ 3 keyphrases by open_clip text tiny clip \w{{12}} \+ qwen \w{{12}}", rewritten
    )
    assert rewritten == report_of(root, "query_triplets")["captioner"]
    assert [] == report_of(root, "query_triplets")["notes"]


def test_each_vote_carries_judge_key_p_yes_mass_and_reply(finished):
    votes = votes_of(finished[0])

    assert set(JUDGES) == {vote.judge for vote in votes}
    assert 3 == len({vote.prompt_hash for vote in votes})
    for vote in votes:
        assert 0 <= vote.p_yes <= 1
        assert 0 < vote.mass <= 1
        assert vote.reply
        assert 32 == len(vote.prompt_hash)
        assert vote.vote == (None if vote.mass < 0.5 else vote.p_yes >= vote.threshold)


def test_the_report_tells_calls_and_operations_that_the_early_stop_saved(finished):
    root, computed, _ = finished
    report, votes = report_of(root), votes_of(root)
    spared = 3 * N_PAIRS - len(votes)
    lines = {line["judge"]: line for line in report["questions"]}

    assert 0 < spared < N_PAIRS
    assert (len(votes), spared) == (report["counts"]["votes"], report["counts"]["questions_saved"])
    assert {judge: line["asked"] for judge, line in lines.items()} == {
        judge: computed[judge] - N_PHOTOS for judge in JUDGES
    }
    assert spared == lines["llava"]["saved"]
    assert 0 < lines["llava"]["flops_a_question"] * spared == report["flops_saved"]
    operations = f"{report['flops_saved']:.3g}"
    assert [
        f"the early stop spared {spared} of {3 * N_PAIRS} questions, which are {operations} operations"
    ] == report["notes"]


def test_the_split_is_drawn_from_the_pairs_that_the_majority_accepts(finished):
    root = finished[0]
    accepted = {v.pair_id for v in tables.read(root / "data/votes/verdicts.parquet", Verdict) if v.verdict}
    drawn = {
        row.pair_id
        for name in ("train/rainrag", "val", "test")
        for row in tables.read(root / f"data/split/{name}.parquet", SplitRow)
    }

    assert 0 < len(accepted) < N_PAIRS
    assert drawn <= accepted


def test_before_models_run_their_memory_and_the_hours_are_told(finished):
    told = finished[2]

    for name in ("captioner", "text encoder", "image encoder", *JUDGES):
        assert any(re.search(rf": {name}: .* of weights and about .* for a batch", line) for line in told), (
            name
        )
    assert 3 == sum("which is an assumption" in line for line in told)
    assert 3 == sum("this machine has 10 GB of memory; no GPU" in line for line in told)


def test_the_same_again_computes_nothing(project):
    assert {} == repro(project)


def test_another_judge_is_asked_by_itself_and_the_others_answers_stay(project):
    before = {(v.pair_id, v.judge): v for v in votes_of(project)}
    open_before = {v.pair_id for v in before.values() if v.judge == "llava"}

    def swap(params):
        params["vlm_votes"]["judges"][1] = "internvl2"

    edit(project, swap)
    computed = repro(project)
    votes = {(v.pair_id, v.judge): v for v in votes_of(project)}
    open_now = {pair_id for pair_id, judge in votes if judge == "llava"}

    assert N_PHOTOS + N_PAIRS == computed.pop("internvl2")
    # the third judge answers only about pairs that the other two left open this time, and not before
    assert len(open_now - open_before) == computed.pop("llava", 0)
    assert {} == computed
    for key in votes.keys() & before.keys():
        assert votes[key] == before[key]


def test_where_everybody_is_asked_another_judge_costs_its_own_questions_alone(project):
    def ask_all(params):
        params["vlm_votes"]["early_stop"] = False

    def swap(params):
        params["vlm_votes"]["judges"][1] = "internvl2"

    early = {v.pair_id: v.verdict for v in tables.read(project / "data/votes/verdicts.parquet", Verdict)}
    spared = report_of(project)["counts"]["questions_saved"]
    edit(project, ask_all)
    assert {"llava": spared} == repro(project)
    assert early == {
        v.pair_id: v.verdict for v in tables.read(project / "data/votes/verdicts.parquet", Verdict)
    }
    edit(project, swap)
    assert {"internvl2": N_PHOTOS + N_PAIRS} == repro(project)
    assert 3 * N_PAIRS == len(votes_of(project))


def test_another_order_of_the_judges_asks_only_what_was_spared_before(project):
    def turn(params):
        params["vlm_votes"]["judges"] = list(JUDGES[::-1])

    before = {v.pair_id: v.verdict for v in tables.read(project / "data/votes/verdicts.parquet", Verdict)}
    edit(project, turn)
    computed = repro(project)

    assert {"llava"} == computed.keys()  # every other answer was there
    assert before == {
        v.pair_id: v.verdict for v in tables.read(project / "data/votes/verdicts.parquet", Verdict)
    }


@pytest.mark.parametrize("key", ["captioner", "image_encoder"])
def test_another_encoder_costs_its_triplets_and_the_questions_whose_references_changed(key, project):
    before = references(project)

    def swap(params):
        params["encoders"][key] = {"captioner": "blip2", "image_encoder": "clip2"}[key]

    edit(project, swap)
    computed = repro(project)
    after = references(project)
    moved = sum(before[query] != after[query] for query in before)

    assert N_PHOTOS == computed.pop("real_rain_database")
    assert N_PAIRS == computed.pop("query_triplets")
    assert moved == computed.pop("mobilevlm", 0) == computed.pop("internvl", 0)
    assert computed.pop("llava", 0) <= moved
    assert {} == computed


def references(root):
    files = [root / f"data/references/{name}.parquet" for name in ("references", "photos")]
    table = pl.concat([pl.read_parquet(file) for file in files]).sort("pair_id", "rank")
    return dict(table.group_by("pair_id", maintain_order=True).agg("reference_id").iter_rows())


@pytest.mark.parametrize(
    ("form", "recorded"),
    [
        ("plain", r"blip blip \w{12}"),
        ("keyphrases", r"blip blip \w{12} \+ 3 keyphrases by open_clip text tiny clip \w{12}"),
    ],
)
def test_another_form_of_the_query_captions_is_recorded_and_leaves_the_photos_alone(form, recorded, project):
    def change(params):
        params["query_captions"] |= {"form": form, "phrases": 3, "rewriter": None}

    edit(project, change)
    computed = repro(project)
    (in_table,) = set(pl.read_parquet(project / "data/triplets/triplets.parquet")["caption_form"])

    assert N_PAIRS == computed["query_triplets"]
    assert "real_rain_database" not in computed
    assert re.fullmatch(recorded, in_table)
    assert in_table == report_of(project, "query_triplets")["captioner"]


def test_a_changed_question_asks_all_judges_anew_and_nothing_else(project):
    file = project / "prompts/rain.yaml"
    file.write_text(file.read_text().replace("Look at the rain alone", "Look only at the rain", 1))
    computed = repro(project)

    assert 2 * [N_PHOTOS + N_PAIRS] == [computed.pop("mobilevlm"), computed.pop("internvl")]
    assert N_PHOTOS <= computed.pop("llava") <= N_PHOTOS + N_PAIRS
    assert {} == computed


@pytest.mark.parametrize("what", ["batch", "a comment", "the question without references"])
def test_what_no_answer_depends_on_costs_nothing(what, project):
    def other_batch(params):
        for models in (params["judge_models"], params["encoder_models"]):
            for model in models.values():
                model["batch"] += 1

    file = project / "prompts/rain.yaml"
    match what:
        case "batch":
            edit(project, other_batch)
        case "a comment":
            file.write_text(f"# another word\n{file.read_text()}")
        case _:
            text = file.read_text()
            file.write_text(
                text.replace("does the rain in the query look like real rain?", "is it real?").replace(
                    "Does the rain in the query look like real rain? Answer", "Is it real? Answer"
                )
            )
            assert text != file.read_text()

    assert {} == repro(project)


@pytest.mark.parametrize(
    "judges", [["llava"], ["mobilevlm", "internvl", "llava", "internvl2", "statistics/nss"]]
)
def test_one_judge_and_five_decide_as_three_do(judges, project):
    def name(params):
        params["vlm_votes"]["judges"] = judges

    edit(project, name)
    repro(project)
    votes, verdicts = votes_of(project), tables.read(project / "data/votes/verdicts.parquet", Verdict)
    yes = Counter(vote.pair_id for vote in votes if vote.vote)

    assert N_PAIRS == len(verdicts)
    assert [2 * yes[v.pair_id] > len(judges) for v in verdicts] == [v.verdict for v in verdicts]
    asked = Counter(vote.pair_id for vote in votes)
    assert all(len(judges) // 2 < n <= len(judges) for n in asked.values())
    assert len(judges) * N_PAIRS - len(votes) == report_of(project)["counts"]["questions_saved"]

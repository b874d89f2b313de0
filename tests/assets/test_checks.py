import math
from pathlib import Path

import pytest

from unirain_assets import checks
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import (
    Dropped,
    HistoryRow,
    ManifestRow,
    Pair,
    RealPhoto,
    Reference,
    Score,
    SplitRow,
    Verdict,
)
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import Step

TYPES = {"rain_types": ["drs", "nrd"]}


def answers(root, stage, key=None, *, is_behind=False, **params):
    step = Step(stage=stage, key=key, command="", deps=(), params={**TYPES, **params}, outs=())
    results = checks.results(root, step, is_behind=is_behind)
    return {r.check_name: (r.passed, r.description) for r in results}


def figures(root, stage, key=None, **params):
    """The numbers of all checks of a step."""
    step = Step(stage=stage, key=key, command="", deps=(), params={**TYPES, **params}, outs=())
    found: dict[str, object] = {}
    for result in checks.results(root, step, is_behind=False):
        found |= {name: value.value for name, value in result.metadata.items()}
    return found


def manifest(pair_id):
    return ManifestRow(
        pair_id=pair_id, dataset="d", rain_types=("drs",), origin="synthetic", role="train", root="r", input="i",
        target="t", halves=None, group=None, input_bytes=1, target_bytes=1, input_hash="h", target_hash="h",
    )  # fmt: skip


def pair(pair_id):
    return Pair(
        pair_id=pair_id, dataset="d", rain_type="drs", origin="synthetic", role="train", root="r", input="i",
        target="t", halves=None, scene_id="s", width=1, height=1, mode="RGB", clean_hash=b"", input_hash="h",
        target_hash="h",
    )  # fmt: skip


def in_split(rain_type, scene):
    return SplitRow(
        pair_id=f"{rain_type}/{scene}", rain_type=rain_type, scene_id=scene, root="r", input="i", target="t",
        halves=None, input_hash="h", target_hash="h",
    )  # fmt: skip


def history(**values):
    row = {
        "step": 1, "rain_type": "drs", "train_loss": 1.0, "val_loss": None, "slope": None, "tbs": None, "tss": None, "af": None,
        "weight": 1.0, "lr": 0.1, "psnr": None, "ssim": None,
    }  # fmt: skip
    return HistoryRow(**{**row, **values})


def score(pair_id, **values):
    row = {
        "method": "m", "benchmark": "test", "pair_id": pair_id, "rain_type": "drs", "metric": "psnr",
        "value": 30.0, "protocol": "p", "data_hash": "h",
    }  # fmt: skip
    return Score(**{**row, **values})


@pytest.fixture
def root(tmp_path):
    """Two listed rows: one verified pair, one dropped."""
    dropped = Dropped(pair_id="b", dataset="d", reason="truncated", other=None)
    tables.write(tmp_path / "data/raw/manifest.parquet", [manifest("a"), manifest("b")], ManifestRow)
    tables.write(tmp_path / "data/verified/pairs.parquet", [pair("a")], Pair)
    tables.write(tmp_path / "data/verified/real.parquet", [], RealPhoto)
    tables.write(tmp_path / "data/verified/dropped.parquet", [dropped], Dropped)
    for folder in ("triplets", "votes"):
        tables.write(tmp_path / f"data/{folder}/dropped.parquet", [], Dropped)
    return tmp_path


def write_splits(root, **scenes):
    """`scenes` of each split; every one with both types unless it says otherwise."""
    for name in ("train/rainrag", "val", "test", "unfiltered"):
        short = name.rpartition("/")[0] or name
        rows = [
            in_split(t, s) for s in scenes.get(short, [short]) for t in scenes.get("types", ("drs", "nrd"))
        ]
        tables.write(root / f"data/split/{name}.parquet", rows, SplitRow)


def write_scores(root, folder, key, *rows, dropped=()):
    tables.write(root / f"data/scores/{folder}/{key}/scores.parquet", list(rows), Score)
    lost = [Dropped(pair_id=name, dataset="set", reason="crashed", other=None) for name in dropped]
    tables.write(root / f"data/scores/{folder}/{key}/dropped.parquet", lost, Dropped)


def test_every_check_stands_for_a_stage_and_blocks():
    steps = [Step(stage=s, key="k", command="", deps=(), params={}, outs=()) for s in checks.CHECKS]
    declared = [spec for step in steps for spec in checks.specs(step)]

    assert {("k",)} == {tuple(spec.asset_key.path[1:]) for spec in declared}
    assert all(spec.blocking and str(spec.description).endswith("?") for spec in declared)


def test_a_stage_without_checks_has_none(root):
    assert answers(root, "sample_corpus") == {}


def test_an_absent_artefact_is_a_no_with_the_command_that_mends_it(tmp_path):
    passed, said = answers(tmp_path, "raw_datasets")["pool_is_filled"]

    assert not passed
    assert "run `dvc repro raw_datasets`" in said


def test_an_empty_pool_is_told(root):
    tables.write(root / "data/raw/manifest.parquet", [], ManifestRow)

    assert answers(root, "raw_datasets")["pool_is_filled"] == (
        False, "no dataset of params.yaml holds a pair: the pool is empty",
    )  # fmt: skip


def test_conserved_rows_pass(root):
    assert answers(root, "verified_pairs")["rows_are_conserved"][0]


def test_a_lost_row_is_counted(root):
    tables.write(root / "data/verified/pairs.parquet", [], Pair)

    assert answers(root, "verified_pairs")["rows_are_conserved"] == (
        False, "2 rows were listed, but 0 pairs, 0 photos and 1 dropped rows came out",
    )  # fmt: skip


def test_a_pair_without_reference_is_named(root):
    tables.write(root / "data/references/references.parquet", [], Reference)

    assert answers(root, "retrieved_references")["pairs_have_references"] == (
        False, "1 of 1 pairs have no reference, the first is a",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "check", "folder"),
    [
        ("retrieved_references", "pairs_have_references", "triplets"),
        ("vlm_votes", "pairs_have_verdicts", "votes"),
    ],
)
def test_a_pair_that_was_dropped_with_a_reason_is_not_missed(root, stage, check, folder):
    tables.write(root / "data/references/references.parquet", [], Reference)
    tables.write(root / "data/votes/verdicts.parquet", [], Verdict)
    lost = Dropped(pair_id="a", dataset="d", reason="crashed", other="E")
    tables.write(root / f"data/{folder}/dropped.parquet", [lost], Dropped)

    assert answers(root, stage)[check][0]


def test_a_pair_with_verdict_passes(root):
    verdict = Verdict(pair_id="a", yes=2, no=1, abstained=0, verdict=True, calls=3)
    tables.write(root / "data/votes/verdicts.parquet", [verdict], Verdict)

    assert answers(root, "vlm_votes")["pairs_have_verdicts"][0]


@pytest.mark.parametrize(
    ("stage", "key"),
    [
        ("verified_pairs", None),
        ("retrieved_references", None),
        ("vlm_votes", None),
        ("training_split", "mixed"),
        ("benchmark_tables", None),
    ],
)
def test_old_rows_are_not_held_against_new_inputs(tmp_path, stage, key):
    said = answers(tmp_path, stage, key, is_behind=True)

    assert set(said.values()) == {(True, checks.BEHIND)}
    assert checks.BEHIND.startswith("not asked, for the step or one before it is older than its inputs")


def test_a_fault_of_a_step_s_own_rows_is_told_though_its_inputs_are_newer(root):
    write_splits(root, train=["a", "b"], test=["b", "c"])
    tables.write(root / "data/checkpoints/ours/history.parquet", [], HistoryRow)

    assert not answers(root, "rainrag_split", is_behind=True)["splits_share_no_scene"][0]
    assert not answers(root, "trained_checkpoint", "ours", is_behind=True)["history_is_finite"][0]


def test_splits_apart_pass(root):
    write_splits(root)

    assert all(passed for passed, _ in answers(root, "rainrag_split").values())


def test_a_type_without_pairs_is_named_for_every_split_that_needs_it(root):
    write_splits(root, types=("drs",))
    passed, said = answers(root, "rainrag_split")["types_have_pairs"]

    assert not passed
    assert said.startswith("train/rainrag has no nrd; val has no nrd; test has no nrd: add a dataset")


def test_a_named_training_split_is_held_against_the_held_out_ones(root):
    write_splits(root)
    tables.write(
        root / "data/split/train/mixed.parquet", [in_split("drs", "m"), in_split("nrd", "val")], SplitRow
    )

    assert answers(root, "training_split", "mixed") == {
        "types_have_pairs": (True, "Can every rain type be trained on? Yes."),
        "splits_share_no_scene": (False, "train/mixed and val share 1 scenes, the first is val"),
    }


def test_a_shared_scene_is_named(root):
    write_splits(root, train=["a", "b"], test=["b", "c"])

    assert answers(root, "rainrag_split")["splits_share_no_scene"] == (
        False, "train/rainrag and test share 1 scenes, the first is b",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([history()], None),
        ([], "the history is empty"),
        ([history(val_loss=math.inf)], "step 1, drs: a value is not finite"),
        ([history(weight=0.25), history(weight=0.5)], "step 1: the weights sum to 0.750000 instead of 1"),
    ],
)
def test_a_history_is_finite_and_its_weights_sum_to_one(root, rows, said):
    tables.write(root / "data/checkpoints/ours/history.parquet", rows, HistoryRow)
    passed, found = answers(root, "trained_checkpoint", "ours")["history_is_finite"]

    assert passed == (said is None)
    assert passed or found == said


@pytest.mark.parametrize(
    ("stage", "folder"), [("benchmark_scores", "benchmark"), ("baseline_scores", "baseline")]
)
def test_a_score_that_is_no_number_is_named(root, stage, folder):
    write_scores(root, folder, "m", score("a"), score("b", value=math.nan))

    assert answers(root, stage, "m")["scores_are_numbers"] == (
        False, "1 pictures have no number for a score, the first is b",
    )  # fmt: skip


def test_an_infinite_psnr_is_a_number(root):
    write_scores(root, "baseline", "m", score("a", value=math.inf))

    assert answers(root, "baseline_scores", "m")["scores_are_numbers"][0]


def test_a_pair_that_one_method_could_not_be_scored_on_stops_nothing(root):
    write_scores(root, "benchmark", "ours", score("a"), score("b"))
    write_scores(root, "baseline", "input", score("a"), dropped=["b"])
    found = answers(root, "benchmark_tables", variants={"ours": {}}, methods={"input": {}})

    assert found["methods_are_comparable"][0]


@pytest.mark.parametrize(("others", "passed"), [("ab", True), ("a", False)])
def test_methods_are_comparable_where_they_saw_the_same_pictures(root, others, passed):
    write_scores(root, "benchmark", "ours", score("a"), score("b"))
    write_scores(root, "baseline", "input", *(score(name) for name in others))
    found = answers(root, "benchmark_tables", variants={"ours": {}}, methods={"input": {}})

    assert found["methods_are_comparable"][0] == passed


def test_a_check_of_the_data_shows_the_numbers_that_it_looked_at(root):
    write_splits(root, train=["a", "b"], test=["b", "c"])
    tables.write(root / "data/references/references.parquet", [], Reference)
    split = figures(root, "rainrag_split")

    assert figures(root, "raw_datasets") == {"listed": 2}
    assert figures(root, "verified_pairs") == {"listed": 2, "pairs": 1, "photos": 0, "dropped": 1}
    assert figures(root, "retrieved_references") == {"pairs": 1, "no reference": 1}
    assert (split["train/rainrag: drs"], split["test: scenes"], split["shared"]) == (2, 2, 1)


def test_a_check_of_a_history_shows_its_length_and_its_extreme_weights(root):
    rows = [history(weight=0.25), history(weight=0.75), history(step=9)]
    tables.write(root / "data/checkpoints/ours/history.parquet", rows, HistoryRow)

    assert figures(root, "trained_checkpoint", "ours") == {
        "rows": 3, "last step": 9, "smallest weight": 0.25, "largest weight": 1.0,
    }  # fmt: skip


def test_a_check_of_scores_shows_how_many_pictures_and_the_mean_of_the_finite_ones(root):
    scores = [score("a", value=20.0), score("b", value=30.0), score("c", value=math.inf)]
    write_scores(root, "baseline", "input", *scores, score("a", metric="ssim", value=0.5), dropped=["d"])
    compared = figures(root, "benchmark_tables", variants={}, methods={"input": {}})

    assert figures(root, "baseline_scores", "input") == {
        "pictures": 3, "without a number": 0, "mean psnr": 25.0, "mean ssim": 0.5,
    }  # fmt: skip
    assert compared == {"input": 3, "left out": 1}


def test_a_check_of_an_absent_artefact_shows_no_figure(root):
    assert figures(root, "trained_checkpoint", "none") == {}


def test_checks_are_of_stages_that_exist():
    stages = read_yaml(Path(__file__).parents[2] / "dvc.yaml")["stages"]  # type: ignore[index]  # also a foreach over nothing

    assert set(checks.CHECKS) <= set(stages)

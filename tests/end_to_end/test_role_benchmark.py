"""Pairs of role `benchmark` go through the whole chain: they are verified and scored, and nothing else happens to them."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from ruamel.yaml import YAML
from skimage import data

from benchmarks.tiny_project import ROOT
from tests.end_to_end.conftest import rained
from unirain_assets import checks
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import (
    Dropped,
    ManifestRow,
    Pair,
    PyramidRow,
    RealPhoto,
    Score,
    SplitRow,
    TripletRow,
    Verdict,
    Vote,
)
from unirain_core.cli.explain import story
from unirain_core.config.load import load_params
from unirain_core.config.pipeline import Step
from unirain_core.errors import EmptyTypeError
from unirain_core.imaging.codec import write_png

FEW = {"per_type": 1, "per_scene": 1, "max_share": 1.0}
OURS = ["p0", "p1", "p2", "p3", "p4", "p5", "copy0", "place7"]
THEIRS = ["a0", "place8"]
COPY, NEIGHBOUR = "mine/input/copy0", "mine/input/place7"
CHAIN = (
    "raw_datasets", "verified_pairs", "real_rain_database", "query_triplets", "retrieved_references", "vlm_votes",
    "rainrag_split", "named_benchmarks",
)  # fmt: skip
SETS = ("train/rainrag", "train/everything", "val", "test", "unfiltered")


def crops():
    """Pieces of photographs that share nothing."""
    for photo in (data.astronaut(), data.coffee()):
        for top in range(0, photo.shape[0] - 95, 96):
            for left in range(0, photo.shape[1] - 127, 128):
                yield np.ascontiguousarray(photo[top : top + 96, left : left + 128])


def render(root):
    """Write ours, theirs and photos: one of ours shows a clean picture of theirs, and another one stands in a scene of theirs."""
    pieces = crops()
    cleans: dict[str, np.ndarray] = {}
    for folder, names in (("theirs", THEIRS), ("mine", OURS)):
        for seed, name in enumerate(names):
            clean = cleans["a0"] if name == "copy0" else next(pieces)
            cleans[name] = clean
            save(root / f"pool/{folder}/input/{name}.png", rained(clean, seed))
            save(root / f"pool/{folder}/target/{name}.png", clean)
    for number in range(3):
        save(root / f"pool/sky/{number}.png", rained(next(pieces), 90 + number))
    (root / "roots.local.yaml").write_text("here: pool\n")


def save(file, picture):
    file.parent.mkdir(parents=True, exist_ok=True)
    write_png(file, picture)


def dataset(folder, **facts):
    return {"layout": "paired", "root": "here", "folder": folder, "rain_types": ["drs"], **facts}


def small_params(root, role="benchmark"):
    yaml = YAML()
    params = yaml.load(ROOT / "params.yaml")
    rule = [r".*/(place)\d\.png", r"\1"]
    params["rain_types"] = ["drs"]
    params["sample_corpora"] = {}
    params["raw_datasets"]["datasets"] = {
        "mine": dataset("mine", role="train", scene_rule=rule),
        "theirs": dataset("theirs", role=role, scene_rule=rule),
        "sky": {"layout": "photos", "root": "here", "folder": "sky"},
    }
    params["vector_store"]["engine"] = "memory"
    params["vlm_votes"]["accept_share"] = 1.0
    params["encoders"]["structure_side"] = 32
    params["verified_pairs"]["min_side"] = 64
    params["retrieved_references"] |= {"keep_semantic": 3, "keep_visual": 2, "keep_structural": 1}
    params["rainrag_split"] |= {"unfiltered": FEW, "test": FEW, "val": FEW}
    params["training_splits"] = {"everything": {"kind": "mixed_full", "sources": []}}
    params["benchmarks"] = {"published": {"sources": ["theirs"], "paths": ""}}
    yaml.dump(params, root / "params.yaml")
    return load_params(root / "params.yaml")


def run(root, params, stage, **partition):
    module = import_module(f"unirain_core.stages.{stage}")
    module.run(root, **{name: getattr(params, name) for name in module.PARAMS}, **partition)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The whole chain has run once; tests read its tables."""
    root = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIRAIN_WORKERS", "1")
        patch.setenv("UNIRAIN_HOME", str(root / "home"))
        render(root)
        params = small_params(root)
        for stage in CHAIN:
            run(root, params, stage)
        run(root, params, "training_split", partition="everything")
        run(root, params, "baseline_scores", partition="input")
    return root


def ids(root, table, row_class, name="pair_id"):
    return {getattr(row, name) for row in tables.read(root / f"data/{table}.parquet", row_class)}


def set_of(root, name):
    return ids(root, f"split/{name}", SplitRow)


SCORED = {f"theirs/input/{name}" for name in THEIRS}
JUDGED = {f"mine/input/{name}" for name in OURS} - {COPY}


@pytest.mark.slow
def test_no_judge_is_asked_about_such_pairs_and_no_draw_holds_one(project):
    assert SCORED | JUDGED == ids(project, "verified/pairs", Pair)
    assert ids(project, "triplets/triplets", TripletRow, "id") == JUDGED
    assert ids(project, "votes/votes", Vote) == ids(project, "votes/verdicts", Verdict) == JUDGED
    assert not any(set_of(project, name) & SCORED for name in SETS)
    assert all(set_of(project, name) for name in SETS)


@pytest.mark.slow
def test_a_training_copy_of_such_a_pair_is_dropped_as_a_leak(project):
    (leak,) = tables.read(project / "data/verified/dropped.parquet", Dropped)

    assert (COPY, "leaks_into_benchmark", "theirs/input/a0") == (leak.pair_id, leak.reason, leak.other)


@pytest.mark.slow
def test_no_pair_of_its_scene_trains_or_validates(project):
    scenes = {row.pair_id: row.scene_id for row in tables.read(project / "data/verified/pairs.parquet", Pair)}

    place = {
        row.pair_id: row.split for row in tables.read(project / "data/split/pyramid.parquet", PyramidRow)
    }

    assert scenes[NEIGHBOUR] == scenes["theirs/input/place8"]
    assert place[NEIGHBOUR] == "held_out", (
        "it was accepted, and no draw took it, so its scene alone keeps it from training"
    )
    assert not any(
        NEIGHBOUR in set_of(project, name) for name in ("train/rainrag", "train/everything", "val")
    )


@pytest.mark.slow
def test_the_named_benchmark_scores_all_of_them(project):
    scores = tables.read(project / "data/scores/baseline/input/scores.parquet", Score)

    assert ids(project, "benchmarks/published", SplitRow) == SCORED
    assert {row.pair_id for row in scores if row.benchmark == "published"} == SCORED


@pytest.mark.slow
def test_each_of_them_is_accounted_for_with_a_reason(project):
    unasked = {
        row.pair_id: row.reason for row in tables.read(project / "data/votes/dropped.parquet", Dropped)
    }
    listed = ids(project, "raw/manifest", ManifestRow)
    photos = ids(project, "verified/real", RealPhoto, "photo_id")

    assert dict.fromkeys(SCORED, "benchmark_only") == unasked
    assert listed == photos | {COPY} | ids(project, "split/pyramid", PyramidRow) | SCORED
    assert "  dropped    benchmark_only: its role is benchmark" in "\n".join(story(min(SCORED), project))
    lines = (project / "data/split/composition.csv").read_text().splitlines()
    assert "benchmarks (only scored),,,2,,,0," in lines
    assert lines[1].startswith("mine,drs,synthetic,8,1,")


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["verified_pairs", "retrieved_references", "vlm_votes", "rainrag_split"])
def test_the_checks_of_the_interface_pass_with_such_pairs(project, stage):
    step = Step(stage=stage, key=None, command="", deps=(), params={"rain_types": ["drs"]}, outs=())
    answers = checks.results(project, step, is_behind=False)

    assert answers
    assert all(answer.passed for answer in answers), [answer.description for answer in answers]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setenv("UNIRAIN_WORKERS", "1")
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path / "home"))
    render(tmp_path)
    return tmp_path


def test_what_integrity_keeps_and_drops_is_the_same_as_for_role_test(tree):
    outcomes = []
    for role in ("test", "benchmark"):
        for stage in CHAIN[:2]:
            run(tree, small_params(tree, role), stage)
        pairs = tables.read(tree / "data/verified/pairs.parquet", Pair)
        outcomes.append(
            (
                [replace(row, role="") for row in pairs],
                tables.read(tree / "data/verified/dropped.parquet", Dropped),
            )
        )

    assert outcomes[0] == outcomes[1]


def test_a_rain_type_of_such_pairs_alone_is_empty_and_the_message_says_so(tree):
    params = small_params(tree)
    pool = params.raw_datasets
    alone = {name: entry for name, entry in pool.datasets.items() if name != "mine"}
    params = replace(params, raw_datasets=replace(pool, datasets=alone))
    run(tree, params, "raw_datasets")

    with pytest.raises(EmptyTypeError, match="but 2 of role benchmark, which are only scored; add a dataset"):
        run(tree, params, "verified_pairs")

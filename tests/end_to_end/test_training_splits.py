"""Adding a set to train on makes nothing else stale; a training depends on its own split and on val alone."""

import json
import re
import sys

import pytest
from ruamel.yaml import YAML

from benchmarks.tiny_project import ROOT, run
from tests.end_to_end.conftest import copy_of

SPLITS = {
    "mixed": {"kind": "mixed", "sources": [], "seed": 0},
    "mixed_full": {"kind": "mixed_full", "sources": []},
    "no_generation": {"kind": "no_generation", "sources": [], "score": "s_perc", "seed": 0},
    "no_retrieval": {"kind": "no_retrieval", "sources": [], "seed": 0},
    "official": {"kind": "rainrag_official", "sources": ["rainrag"]},
}
TRAINED = {"split": "mixed", "network": "small", "strategy": "uniform", "seed": 0}
RUNNING = re.compile(r"^Running stage '(.+)'", re.MULTILINE)
ALWAYS = {"raw_datasets"}

pytestmark = pytest.mark.slow


def dvc(project, *arguments):
    return run(project, sys.executable, "-m", "dvc", *arguments, env={"PYTHONPATH": str(ROOT)}).stdout


def stale(project):
    return set(json.loads(dvc(project, "status", "--json"))) - ALWAYS


def ran(project, *targets):
    return set(RUNNING.findall(dvc(project, "repro", *targets))) - ALWAYS


def edit(project, change):
    yaml = YAML()
    params = yaml.load(project / "params.yaml")
    change(params)
    yaml.dump(params, project / "params.yaml")


def test_a_further_split_makes_only_itself_and_what_is_trained_on_it(reproduced, tmp_path):
    project = copy_of(reproduced, tmp_path)
    new = {f"training_split@{name}" for name in SPLITS}
    edit(
        project,
        lambda params: params.update(
            training_splits=SPLITS | {"official": {**SPLITS["official"], "sources": ["rainrag"]}}
        ),
    )

    assert new == stale(project), "the trainings that there are stay as they are"
    assert new - {"training_split@official"} == ran(project, *sorted(new - {"training_split@official"}))
    edit(project, lambda params: params["variants"].update(ours=TRAINED))
    of_variant = {"trained_checkpoint@ours", "benchmark_scores@ours"}
    edit(project, lambda params: params["training_splits"].pop("official"))
    assert {*of_variant, "benchmark_tables", "pictures"} == stale(project)
    assert {*of_variant, "benchmark_tables", "pictures"} == ran(project)

    edit(project, lambda params: params["training_splits"]["mixed"].update(seed=1))
    ran(project, "training_split@mixed")
    assert {"trained_checkpoint@ours"} == stale(project)
    dvc(project, "repro")

    edit(project, lambda params: params.update(benchmarks={"drops": {"sources": ["raindrop"], "paths": ""}}))
    scoring = {
        "benchmark_scores@unirain",
        "benchmark_scores@uniform",
        "benchmark_scores@ours",
        "baseline_scores@input",
    }
    assert {"named_benchmarks", *scoring, "benchmark_tables"} == stale(project)
    ran_last = ran(project)
    assert not any(step.startswith("trained_checkpoint") for step in ran_last)
    assert "| method | drops | average |" in (project / "data/tables/table2.md").read_text()

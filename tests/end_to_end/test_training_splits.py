"""Adding a set to train on makes nothing else stale; a training depends on its own split and on val alone."""

import json
import re
import sys

import pytest
from ruamel.yaml import YAML

from benchmarks.tiny_project import ROOT, run
from tests.end_to_end.conftest import copy_of
from unirain_core.config.load import load_params

SPLITS = {
    "mixed": {"kind": "mixed", "sources": [], "seed": 0},
    "no_retrieval": {"kind": "no_retrieval", "sources": [], "seed": 0},
}
TRAINED = {"split": "mixed", "network": "small", "strategy": "uniform", "seed": 0}
RUNNING = re.compile(r"^Running stage '(.+)'", re.MULTILINE)
ALWAYS = {"raw_datasets"}
PAGES = {"coverage", "curves", "gallery", "pictures"}
"""No stage reads them."""

pytestmark = pytest.mark.slow


def dvc(project, *arguments):
    return run(project, sys.executable, "-m", "dvc", *arguments, env={"PYTHONPATH": str(ROOT)}).stdout


def stale(project):
    return set(json.loads(dvc(project, "status", "--json"))) - ALWAYS - PAGES


def ran(project, *targets):
    return set(RUNNING.findall(dvc(project, "repro", *targets))) - ALWAYS


def edit(project, change):
    yaml = YAML()
    params = yaml.load(project / "params.yaml")
    change(params)
    yaml.dump(params, project / "params.yaml")


def test_a_further_split_makes_only_itself_and_what_is_trained_on_it(reproduced, tmp_path):
    project = copy_of(reproduced, tmp_path)
    edit(project, lambda params: params.update(training_splits=SPLITS))
    new = {f"training_split@{name}" for name in SPLITS}
    assert new == stale(project), "the trainings that there are stay as they are"

    edit(project, lambda params: params["variants"].update(ours=TRAINED))
    new |= {"trained_checkpoint@ours", "benchmark_scores@ours", "benchmark_tables"}
    assert new == stale(project)

    edit(project, lambda params: params.update(benchmarks={"drops": {"sources": ["raindrop"], "paths": ""}}))
    new |= {f"benchmark_scores@{name}" for name in load_params(project / "params.yaml").variants}
    new |= {"baseline_scores@input", "named_benchmarks"}
    assert new == stale(project)
    assert new == ran(project, "benchmark_tables", *sorted(new))
    assert "| method | drops | average |" in (project / "data/tables/table2.md").read_text()

    edit(project, lambda params: params["training_splits"]["mixed"].update(seed=1))
    assert {"training_split@mixed"} == ran(project, "training_split@mixed")
    assert {"trained_checkpoint@ours"} == stale(project), "its own split, and no other training"

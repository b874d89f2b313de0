"""dvc.lock tells the truth: what is edited while a stage runs never enters it, and damaged inputs are seen."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from benchmarks.tiny_project import finished, run, state
from tests.end_to_end.conftest import copy_of
from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import read_pipeline

pytestmark = pytest.mark.slow
DVC = (sys.executable, "-m", "dvc")
EDIT_POINT = Path(__file__).with_name("edit_point")
ROOT = Path(__file__).parents[2]
PIPELINE = read_pipeline(ROOT, read_yaml(ROOT / "params.yaml"))
"""The shipped one; the tiny project has the same steps."""
ADDRESSES = (
    "sample_corpus@demo", "raw_datasets", "query_triplets", "vlm_votes", "trained_checkpoint@reweighted",
    "benchmark_scores@uniform", "benchmark_tables", "gallery",
)  # fmt: skip
"""A step of every form: of a foreach, always run, of the engine, of judges, with params of its item, without params."""


@pytest.fixture(scope="module")
def project(reproduced, tmp_path_factory):
    return copy_of(reproduced, tmp_path_factory.mktemp("locks"))


def environment():
    """The stages run this tree's code, whichever tree the interpreter has installed."""
    return {"PYTHONPATH": f"{EDIT_POINT}:{ROOT}"}


def repro(project, address, **options):
    command = (*DVC, "repro", "--single-item", "--force", address)
    return run(project, *command, check=False, env=environment() | options)


def said(answer):
    return " ".join(answer.stderr.split())


def step_of(address):
    return next(step for step in PIPELINE.steps if step.address == address)


def another_param(project, step, edits):
    """Give another value to one of the step's params; returns its key, or nothing for a page without params."""
    key = next((key for key in step.params if key not in ("rain_types", "profile")), "")
    if not key:
        return key
    yaml = YAML()
    params = yaml.load(project / "params.yaml")
    section = params
    for name in key.split("."):
        holder, section = section, section[name]
    if not section:  # an empty mapping is replaced whole
        holder[name] = "edited"
        yaml.dump(params, edits / "params.yaml")
        return key
    while isinstance(section[(leaf := next(iter(section)))], dict):
        section, key = section[leaf], f"{key}.{leaf}"
    section[leaf] = "edited"
    yaml.dump(params, edits / "params.yaml")
    return f"{key}.{leaf}"


def another_file(project, deps, edits):
    """Give one more byte to a file of the deps; returns its path."""
    files = [
        file
        for dep in deps
        for file in ([project / dep] if (project / dep).is_file() else (project / dep).rglob("*"))
    ]
    file = max(f for f in files if f.is_file() and f.name != ".gitignore" and "__pycache__" not in f.parts)
    path = file.relative_to(project)
    (edits / path).parent.mkdir(parents=True)
    (edits / path).write_bytes(file.read_bytes() + b"\n")
    return str(path)


@pytest.mark.parametrize("address", ADDRESSES)
def test_edits_while_a_stage_runs_end_it_by_name_and_write_no_lock(project, tmp_path, address):
    step, edits = step_of(address), tmp_path / "edits"
    edits.mkdir()
    code = [dep for dep in step.deps if dep.startswith("unirain_core/")]
    data = [dep for dep in step.deps if dep not in code]
    key = another_param(project, step, edits)
    files = [another_file(project, deps, edits) for deps in (code, data) if deps]
    originals = {path: (project / path).read_bytes() for path in ("params.yaml", *files)}
    before, lock, done = state(project), (project / "dvc.lock").read_bytes(), finished(project)
    answer = repro(project, address, EDIT=str(edits))
    after = (project / "dvc.lock").read_bytes()
    for path, content in originals.items():
        (project / path).write_bytes(content)

    assert not edits.exists(), "the edit was made"
    assert answer.returncode != 0
    assert f"while stage '{address}' ran, these have changed: {key}" in said(answer)
    assert not key or f"{key} from " in said(answer)
    assert all(f"{path} (has other content)" in said(answer) for path in files)
    assert "run the same command again" in said(answer)
    assert lock == after
    again = repro(project, address)

    assert again.returncode == 0, again.stderr
    assert before == state(project)
    assert done.items() <= finished(project).items()


def flip_unseen(file):
    """Flip the last bit of a file and leave its size, its time stamp and its inode as they were."""
    stamp = file.stat()
    with file.open("r+b") as handle:
        handle.seek(-1, os.SEEK_END)
        last = handle.read(1)[0]
        handle.seek(-1, os.SEEK_END)
        handle.write(bytes([last ^ 1]))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


@pytest.mark.parametrize(
    ("address", "damaged"),
    [
        ("raw_datasets", "data/sample_corpus/demo"),
        ("real_rain_database", "data/verified/real.parquet"),
        ("benchmark_tables", "data/scores/benchmark/uniform/scores.parquet"),
        ("benchmark_scores@reweighted", "data/checkpoints/reweighted"),
    ],
)
def test_damage_that_dvc_does_not_see_is_seen_and_the_message_heals_it(project, address, damaged):
    before = state(project)
    place = project / damaged
    file = place if place.is_file() else max(f for f in place.rglob("*") if f.is_file())
    flip_unseen(file)
    answer = repro(project, address)
    remedy = said(answer).partition("Run `")[2].partition("`")[0]

    assert answer.returncode != 0
    assert (
        f"these files differ from their hashes in dvc.lock: {file.relative_to(project)} (of stage '"
        in said(answer)
    )
    assert remedy.startswith("dvc repro --force --single-item ")
    run(project, sys.executable, "-m", *remedy.split(), env=environment())
    again = repro(project, address)

    assert again.returncode == 0, again.stderr
    assert before == state(project)


def test_reports_carry_what_their_stages_were_made_with(project):
    reports = [json.loads((project / step.report).read_bytes()) for step in PIPELINE.steps]

    assert all({"code", "params", "dirty"} == report["made_with"].keys() for report in reports)
    assert len(reports) == len(
        {report["made_with"]["params"] + report["made_with"]["code"] for report in reports}
    )


def test_a_copy_with_other_code_is_refused_until_its_own_code_runs(project, tmp_path):
    """As DVC's copies for queued experiments are, when the original has been edited in between."""
    copy = tmp_path / "project"
    shutil.copytree(project, copy, symlinks=True)
    with (copy / "unirain_core/stages/raw_datasets.py").open("a") as file:
        file.write("\n# as it was when the experiment was queued\n")
    answer = repro(copy, "raw_datasets")
    assert answer.returncode != 0
    assert "unirain_core/stages/raw_datasets.py of this project differs from it" in said(answer)

    again = repro(copy, "raw_datasets", PYTHONPATH=".")
    assert again.returncode == 0, again.stderr


def test_an_experiment_sets_a_seed_as_typed_and_a_dataset_s_role_with_a_plus(project, tmp_path):
    copy = tmp_path / "project"
    shutil.copytree(project, copy, symlinks=True)
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@localhost")
    run(copy, *git, "add", "-A")
    run(copy, *git, "commit", "-qm", "all")
    seed, role = "rainrag_split.seed=31", "+raw_datasets.datasets.gt-rain.role=train"
    run(copy, *DVC, "exp", "run", "--single-item", "-S", seed, "-S", role, "raw_datasets", env=environment())
    params: Any = read_yaml(copy / "params.yaml")

    assert 31 == params["rainrag_split"]["seed"]
    assert "train" == params["raw_datasets"]["datasets"]["gt-rain"]["role"]

"""The whole pipeline in a small project: what runs again, what does not, and what a kill costs."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from benchmarks.crash import kill_stages
from benchmarks.tiny_project import finished, orphans, run, state, tiny_project
from tests.end_to_end.conftest import copy_of, outs

pytestmark = pytest.mark.slow
DVC = (sys.executable, "-m", "dvc")
UNIRAIN = (sys.executable, "-m", "unirain_core.cli.main")
KILLED_STAGES = ("sample_corpus@demo", "query_triplets", "retrieved_references", "trained_checkpoint@uniform")
"""They pass all named points."""
N_SHARDS = 40
"""Of sixty that the stages up to the split write."""


@pytest.fixture(scope="module")
def project(reproduced, tmp_path_factory):
    return copy_of(reproduced, tmp_path_factory.mktemp("whole"))


def stages_that_ran(output):
    return re.findall(r"^Running stage '([^']+)'", output, flags=re.MULTILINE)


def locked(project):
    """Each stage that dvc.lock knows, with its hashes."""
    stages = YAML(typ="safe").load(project / "dvc.lock")["stages"]
    return {name: json.dumps(entry) for name, entry in stages.items()}


def test_a_second_run_lists_the_files_and_changes_nothing(project):
    before = (project / "dvc.lock").read_bytes()
    again = run(project, *DVC, "repro")

    assert ["raw_datasets"] == stages_that_ran(again.stdout)
    assert before == (project / "dvc.lock").read_bytes()


def test_metrics_hold_the_averages_of_table_1(project):
    shown = json.loads(run(project, *DVC, "metrics", "show", "--json").stdout)
    table = json.loads((project / "reports/benchmark_tables.json").read_text())["table1"]
    files = shown[""]["data"]

    for method in ("input", "reweighted", "uniform"):
        figures = files[f"data/tables/metrics/{method}.json"]["data"]
        assert figures["psnr"] == pytest.approx(table[method]["average"]["psnr"], abs=0.01)


def test_one_changed_value_reruns_only_what_depends_on_it(project):
    params = project / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("pictures: {per_type: 1}", "pictures: {per_type: 2}"))
    changed = run(project, *DVC, "repro")
    params.write_text(text)
    run(project, *DVC, "repro")

    assert {"raw_datasets", "pictures"} == set(stages_that_ran(changed.stdout))


def test_a_clone_with_the_data_pulled_is_complete(reproduced, tmp_path):
    project = copy_of(reproduced, tmp_path)  # of its own: after a commit, reports say that nothing is dirty
    run(project, *DVC, "remote", "add", "--force", "--default", "store", str(tmp_path / "store"))
    run(project, *DVC, "push", "-q")
    run(project, "git", "add", "-A")
    run(project, "git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "all")
    run(tmp_path, "git", "clone", "-q", str(project), "clone")
    run(tmp_path / "clone", *DVC, "pull", "-q")
    status = run(tmp_path / "clone", *DVC, "status").stdout

    assert "raw_datasets:\n\talways changed" == status.strip()


def test_dvc_killed_in_the_middle_goes_on_to_equal_bytes(project, tmp_path):
    """Kill -9 of DVC when the n-th shard of the distillation appears, n seeded; then the same command."""
    copy = tiny_project(tmp_path / "project")
    shutil.copy(project / "params.yaml", copy)
    command = [*DVC, "repro", "rainrag_split"]
    wanted = int(np.random.default_rng(0).integers(1, N_SHARDS))
    process = subprocess.Popen(
        command, cwd=copy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    while process.poll() is None and len(finished(copy)) < wanted:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for _ in range(100):
        if not orphans(copy):
            break
        time.sleep(0.1)
    before = finished(copy)
    run(copy, *command)

    assert [] == orphans(copy)
    assert len(before) >= wanted
    assert before.items() <= finished(copy).items()
    assert outs(copy).items() <= outs(project).items()
    assert locked(copy).items() <= locked(project).items()


@pytest.mark.parametrize(
    ("file", "share", "command"),
    [
        ("dvc.lock", 0.0, "prepare"),
        ("dvc.lock", 0.5, "run baseline_scores --partition input"),
        ("dvc.lock", 0.9, "sync"),
        (".dvc/tmp/rwlock", 0.0, "prepare"),
        (".dvc/tmp/rwlock", 0.5, "run baseline_scores --partition input"),
    ],
)
def test_a_file_that_dvc_left_half_written_is_healed_to_equal_bytes(project, file, share, command):
    """Bare DVC dies of it; each of our commands heals it, and the same command of DVC goes on."""
    reference, again = state(project), [*DVC, "repro", "--force", "--single-item", "rainrag_split"]
    whole = (project / file).read_bytes()
    (project / file).write_bytes(whole[: int(share * len(whole))])
    alone = run(project, *again, check=False)
    said = run(project, *UNIRAIN, *command.split(), check=False).stderr
    run(project, *again)
    run(project, *DVC, "repro")  # the copy of dvc.lock may be one stage old

    assert alone.returncode != 0
    assert f"{file} was half written by a DVC that was killed" in " ".join(said.split())
    assert reference == state(project)


def test_without_a_copy_of_the_lock_everything_is_made_again_from_finished_work(project):
    reference, before = state(project), finished(project)
    (project / "dvc.lock").write_bytes(b"")
    (project / ".dvc/tmp/dvc.lock.last").unlink(missing_ok=True)
    run(project, *UNIRAIN, "prepare")
    run(project, *DVC, "repro")

    assert reference == state(project)
    assert before.items() <= finished(project).items()


def environment():
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}


def test_six_seeded_kills_lose_nothing(reproduced, tmp_path, capsys):
    """The first ones stand between DVC's emptying of a file and its writing; `make crash-test` kills all stages."""
    code = kill_stages(copy_of(reproduced, tmp_path), list(KILLED_STAGES), wanted=6, seed=0)
    said = capsys.readouterr().out

    assert code == 0, said
    assert "6 of 6 kills" in said

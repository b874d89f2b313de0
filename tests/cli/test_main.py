"""The command line answers every mistake with one paragraph and its exit code."""

import errno
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from unirain_core.cli.main import _of_the_system
from unirain_core.config.lock import read_lock
from unirain_core.config.sections import SampleCorpus
from unirain_core.errors import ConfigError
from unirain_core.standins.rain.corpus import write_ledger
from unirain_core.standins.rain.paths import place
from unirain_core.standins.rain.photos import SHIPPED
from unirain_core.standins.rain.plan import plan
from unirain_core.standins.rain.render import write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def unirain(project, *arguments):
    command = [sys.executable, "-m", "unirain_core.cli.main", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "no_such_stage"], "stage 'no_such_stage' does not exist; the stages are sample_corpus"),
        (["run", "rainrag_splt"], "nearest: 'rainrag_split'"),
        (["run", "trained_checkpoint"], "params.yaml names reweighted, "),
        (["run", "trained_checkpoint", "--partition", "nobody"], "(found 'nobody')"),
        (["run", "trained_checkpoint", "--partition", "unifrm"], "(found 'unifrm'; nearest: 'uniform')"),
        (["run", "verified_pairs", "--partition", "demo"], "has no partitions"),
        (["no-such-command"], "No such command"),
        (["sumary"], "Did you mean 'summary'"),
        (["run"], "Missing argument"),
    ],
)
def test_wrong_use_exits_with_2(project, arguments, message):
    answer = unirain(project, *arguments)

    assert 2 == answer.returncode
    assert message in " ".join(answer.stderr.split())


def test_wrong_params_exit_with_2(project):
    with (project / "params.yaml").open("a") as file:
        file.write("odd: 1\n")
    answer = unirain(project, "run", "verified_pairs")

    assert 2 == answer.returncode
    assert "odd: unexpected" in answer.stderr


@pytest.mark.parametrize(
    "arguments", [("run", "raw_datasets"), ("run", "sample_corpus", "--partition", "demo")]
)
def test_a_rain_type_that_no_dataset_gives_exits_with_2_before_anything_is_made(project, arguments):
    file = project / "params.yaml"
    file.write_text(file.read_text().replace("rain_types: [drs,", "rain_types: [drx,", 1))
    answer = unirain(project, *arguments)

    assert 2 == answer.returncode
    assert "no dataset of raw_datasets.datasets gives pairs of 'drx'" in " ".join(answer.stderr.split())
    assert not (project / "data").exists()


def test_prepare_refuses_params_that_cannot_work_and_gives_lines_to_copy(project):
    (project / "dvc.yaml").touch()
    (project / ".dvc").mkdir()
    file = project / "params.yaml"
    file.write_text(file.read_text().replace("  weight_decay: 1e-4\n  gradient_clip: 1.0\n", ""))
    answer = unirain(project, "prepare")

    assert 2 == answer.returncode
    assert "\nAdd under training:\n  weight_decay: 0.0001\n  gradient_clip: 1.0\n" in answer.stderr


def test_a_stage_without_its_input_exits_with_1_and_names_what_to_run(project):
    answer = unirain(project, "run", "verified_pairs")

    assert 1 == answer.returncode
    assert "dvc repro raw_datasets" in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.stderr


def test_the_traceback_is_in_the_log_and_on_the_screen_with_debug(project):
    answer = unirain(project, "run", "verified_pairs", "--debug")

    assert "Traceback" in answer.stderr
    assert "MissingArtefactError" in (project / ".unirain/errors.log").read_text()


def test_a_current_folder_that_is_gone_is_told_in_one_line(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    program = f"import os, runpy; os.rmdir({str(gone)!r}); runpy.run_module('unirain_core.cli.main', run_name='__main__')"
    answer = subprocess.run(
        [sys.executable, "-c", program, "summary"], cwd=gone, capture_output=True, text=True, check=False
    )

    assert answer.returncode == 1
    assert answer.stderr.splitlines() == ["unirain: a file: No such file or directory"]


def test_a_stage_that_runs_already_is_not_run_twice(project):
    program = (
        "import pathlib, sys\nfrom unirain_core.engine.life import lock\n"
        "with lock(pathlib.Path('.unirain/locks/verified_pairs.lock'), 'x'): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout
        holder.stdout.readline()
        answer = unirain(project, "run", "verified_pairs")
        holder.kill()

    assert 1 == answer.returncode
    assert f"runs already (process {holder.pid})" in " ".join(answer.stderr.split())


@pytest.mark.parametrize("command", ["gc", "summary", "prepare", "run verified_pairs"])
def test_every_command_puts_right_what_a_killed_dvc_left_half_written(project, command):
    (project / ".dvc/tmp").mkdir(parents=True)
    (project / ".dvc/tmp/rwlock").touch()
    (project / "dvc.lock").touch()
    answer = " ".join(unirain(project, *command.split()).stderr.split())

    assert "unirain: dvc.lock was half written by a DVC that was killed" in answer
    assert "unirain: .dvc/tmp/rwlock was half written by a DVC that was killed" in answer
    assert not (project / "dvc.lock").exists()
    assert not (project / ".dvc/tmp/rwlock").exists()


MARKS = "schema: '2.0'\nstages:\n<<<<<<< HEAD\n  a:\n=======\n  b:\n>>>>>>> other\n"


@pytest.mark.parametrize("command", ["gc", "track", "verify", "run verified_pairs"])
def test_a_dvc_lock_with_the_marks_of_a_merge_is_named_with_its_remedy(project, command):
    (project / ".dvc").mkdir()
    (project / "dvc.lock").write_text(MARKS)
    shutil.copy(ROOT / "dvc.yaml", project)
    answer = " ".join(unirain(project, *command.split()).stderr.split())

    assert "dvc.lock holds the marks of a merge conflict" in answer
    assert "run `git checkout --ours dvc.lock`, then `dvc repro`" in answer
    assert "while parsing" not in answer
    assert MARKS == (project / "dvc.lock").read_text()


def test_a_reader_of_dvc_lock_names_the_marks_of_a_merge_rather_than_a_line_of_yaml(tmp_path):
    (tmp_path / "dvc.lock").write_text(MARKS)
    with pytest.raises(ConfigError, match=r"merge conflict.*run `git checkout --ours dvc\.lock`"):
        read_lock(tmp_path)


def test_a_full_disk_is_told_with_the_file_even_where_a_whole_folder_is_copied():
    full = os.strerror(errno.ENOSPC)
    copied = shutil.Error([("a", "out/a", f"[Errno 28] {full}"), ("b", "out/b", "other")])

    assert _of_the_system(copied).startswith(f"out/a: [Errno 28] {full}; nothing half done was left")
    assert _of_the_system(OSError(errno.ENOSPC, full, "b.txt")).startswith(
        f"b.txt: {full}; nothing half done"
    )


def test_a_disk_that_is_full_while_a_ledger_is_written_is_told_with_its_name(tmp_path):
    """/dev/full takes nothing, as a full disk does."""
    partial = hashlib.sha256(b"planted.json").hexdigest()[:16]
    (tmp_path / f".{partial}.partial").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as raised:
        write_ledger(tmp_path, [])

    assert raised.value.filename == str(tmp_path / "planted.json")


def test_a_disk_that_is_full_while_a_picture_is_rendered_is_told_with_its_name(tmp_path):
    config = SampleCorpus(seed=1, pairs_per_type=2, planted_share=0.0, height=64, width=64, real_per_type=1)
    item = plan(config, SHIPPED)[0]
    picture = tmp_path / place(item).input
    picture.parent.mkdir(parents=True)
    picture.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as raised:
        write(item, config, tmp_path)

    assert raised.value.filename == str(picture)

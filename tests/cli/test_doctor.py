"""`unirain doctor` names everything that lacks or is broken, each with a remedy that mends it."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.artefacts.lock_files import WHOLE
from tests.laws.test_extras import command
from unirain_core.cli.checkup import machine, services
from unirain_core.cli.checkup.finding import State
from unirain_core.cli.checkup.locks import locks
from unirain_core.cli.doctor import doctor
from unirain_core.config.load import load_params
from unirain_core.engine.machine import Machine
from unirain_core.errors import UniRainError

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:1"
HTTP_JUDGE = (
    "{kind: http, model: m, revision: '1', address: JUDGE_URL, key: '', batch: 16, timeout_s: 60.0, "
    "tries: 6, per_minute: 0, logprobs: required, prompt_check: required}"
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of the sample, whose environment names nothing."""
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    for name in ("MLFLOW_TRACKING_URI", "UNIRAIN_HOME", "UNIRAIN_STORE", "UNIRAIN_ENGINE", "DVC_STAGE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def unirain(project, *arguments):
    words = [sys.executable, "-m", "unirain_core.cli.main", *arguments]
    return subprocess.run(words, cwd=project, capture_output=True, text=True, check=False)


def said(answer):
    return " ".join(answer.stdout.split())


@pytest.fixture
def doctors_words(monkeypatch, capsys):
    """Runs the command in a folder of this process; returns its exit code and what it printed. The machine is not measured."""
    own = Machine(memory_bytes=8 * 10**9, gpus=(), gpu_bytes=0, flops_per_s=1.0)
    monkeypatch.setattr("unirain_core.engine.machine.measured", lambda: own)

    def run(folder):
        monkeypatch.chdir(folder)
        code, last = 0, ""
        try:
            doctor()
        except UniRainError as error:
            code, last = error.exit_code, str(error)
        return code, " ".join(f"{capsys.readouterr().out} {last}".split())

    return run


@contextmanager
def server(port=0):
    """Something that answers every request with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", port), Handler) as answering:
        thread = threading.Thread(target=answering.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{answering.server_port}"
        answering.shutdown()
        thread.join()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_sound_project_ends_with_0_and_every_part_is_told(project):
    answer = unirain(project, "doctor")

    assert (0, "") == (answer.returncode, answer.stderr)
    for part in ("Installed", "Devices", "Data, weights and models", "Servers", "Locks", "Disks"):
        assert part in answer.stdout.splitlines()
    told = said(answer)
    assert f"{len(os.sched_getaffinity(0))} processor cores for this process" in told
    assert "dataset: demo (which the stage sample_corpus will render)" in told
    assert "GB free on the disk of the project" in told
    assert "nothing lacks, and nothing is broken" in told


def test_a_project_is_found_from_a_folder_below_and_none_is_needed(project, tmp_path_factory, doctors_words):
    (project / "data/raw").mkdir(parents=True)
    _, below = doctors_words(project / "data/raw")
    code, outside = doctors_words(tmp_path_factory.mktemp("outside"))

    assert f"ok {project}, params.yaml is sound" in below
    assert 0 == code
    assert "is in no project, so that is all there is to check" in outside
    assert "Locks" not in outside


def test_what_the_papers_profile_needs_is_told_with_its_remedy_and_ends_with_3(
    project, monkeypatch, doctors_words
):
    shutil.copy(ROOT / "params.paper.yaml", project / "params.yaml")
    monkeypatch.delenv("UNIRAIN_MODELS", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(project / "cache"))
    monkeypatch.setenv("UNIRAIN_QDRANT_URL", NOWHERE)
    (project / "models/Qwen/Qwen2.5-7B-Instruct").mkdir(parents=True)
    monkeypatch.setenv("UNIRAIN_MODELS", str(project / "models"))
    code, told = doctors_words(project)

    assert 3 == code
    assert "ok weights: Qwen/Qwen2.5-7B-Instruct" in told
    assert "lacking weights mtgv/MobileVLM-3B (revision" in told
    assert "run `hf download mtgv/MobileVLM-3B --revision" in told
    assert "add the line `gt-rain: /folder/of/the/dataset` to roots.local.yaml" in told
    assert "note urir-8k: left out, because it is optional" in told
    assert f"no Qdrant server answers at {NOWHERE}" in told
    assert "lacking: 22, broken: 0; the lines above say what to do" in told


def test_it_runs_where_only_the_hard_dependencies_are_installed_and_names_each_extra(project):
    _, ended = command(project, "doctor")
    told = " ".join(ended.stdout.split())

    assert ended.returncode == 3, ended.stderr
    assert "lacking extra pipeline is not whole, it lacks accelerate, dvc, mlflow, polars, pyarrow" in told
    assert "run `pip install 'unirain[pipeline]'`" in told
    assert "lacking extra sample is not whole" in told
    assert (
        "note extra ui is not whole, it lacks dagster, dagster_webserver, and nothing here asks for it; "
        "run `pip install 'unirain[ui]'`"
    ) in told
    assert "Disks" in told
    assert "Traceback" not in ended.stderr


def test_an_extra_that_the_environment_asks_for_must_be_supplied(project, monkeypatch):
    monkeypatch.setenv("UNIRAIN_ENGINE", "ray")
    monkeypatch.setenv("UNIRAIN_STORE", "s3://bucket/folder")
    _, ended = command(project, "doctor", extras="pipeline,sample")
    told = " ".join(ended.stdout.split())

    assert "lacking extra ray is not whole" in told
    assert "lacking extra s3 is not whole" in told
    assert "note extra models is not whole" in told


def test_wrong_params_are_told_and_the_rest_is_checked_all_the_same(project, doctors_words):
    with (project / "params.yaml").open("a") as file:
        file.write("odd: 1\n")
    code, told = doctors_words(project)

    assert 1 == code
    assert "broken params.yaml: odd: unexpected" in told
    assert "no stage runs" in told


def test_a_wrong_line_of_roots_is_told_and_the_rest_is_checked_all_the_same(project, doctors_words):
    (project / "roots.local.yaml").write_text("demo: [1]\n")
    code, told = doctors_words(project)

    assert 1 == code
    assert "broken roots.local.yaml: " in told
    assert "no stage runs" in told


def test_a_torch_that_does_not_load_is_told_and_the_command_shows_why(project, monkeypatch):
    (project / "shadow").mkdir()
    (project / "shadow/torch.py").write_text("raise ImportError('libcudart is gone')\n")
    monkeypatch.setenv("PYTHONPATH", f"{project / 'shadow'}:{ROOT}")
    answer = unirain(project, "doctor")

    assert 1 == answer.returncode
    assert "torch does not load; run `python -c 'import torch'` to see why" in said(answer)
    shown = subprocess.run(
        [sys.executable, "-c", "import torch"], capture_output=True, text=True, check=False
    )
    assert "libcudart is gone" in shown.stderr


def test_gpus_are_told_by_name_with_the_memory_of_the_smallest(monkeypatch):
    own = Machine(memory_bytes=8 * 10**9, gpus=("Big", "Small"), gpu_bytes=6 * 10**9, flops_per_s=1.0)
    monkeypatch.setattr("unirain_core.engine.machine.measured", lambda: own)
    words = [finding.words for finding in machine.devices()]

    assert words[1:] == [
        "8.0 GB of memory",
        "GPU 0: Big",
        "GPU 1: Small",
        "6.0 GB of memory on the smallest GPU",
    ]


def test_a_driver_that_torch_does_not_use_is_told(monkeypatch, tmp_path):
    own = Machine(memory_bytes=8 * 10**9, gpus=(), gpu_bytes=0, flops_per_s=1.0)
    monkeypatch.setattr("unirain_core.engine.machine.measured", lambda: own)
    monkeypatch.setattr(machine, "NVIDIA", tmp_path / "version")
    assert 3 == len(list(machine.devices()))
    (tmp_path / "version").touch()

    assert "this torch does not use it" in list(machine.devices())[-1].words


def test_a_nearly_full_disk_is_told_until_there_is_room(project, monkeypatch):
    free = {"bytes": machine.LEAST_FREE - 1}
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**12, 0, free["bytes"]))
    (finding,) = machine.disks(project)
    free["bytes"] += 1
    (after,) = machine.disks(project)

    assert State.BROKEN == finding.state
    assert "only 1.0 GB free on the disk of the project, the work store, DVC's cache" in finding.words
    assert State.FINE == after.state


def test_each_disk_has_a_line_and_a_cache_elsewhere_counts(project, tmp_path_factory, monkeypatch):
    subprocess.run(
        [sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet", "--force"], cwd=project, check=True
    )
    elsewhere = "/dev/shm/unirain-doctor-cache"
    subprocess.run([sys.executable, "-m", "dvc", "config", "cache.dir", elsewhere], cwd=project, check=True)
    monkeypatch.setenv("UNIRAIN_HOME", str(tmp_path_factory.mktemp("home") / "not/yet"))
    words = [finding.words for finding in machine.disks(project)]

    assert "the disk of the project, the work store (" in words[0]
    assert "the disk of DVC's cache (/dev/shm)" in words[1]


@pytest.mark.parametrize("torn", ["", WHOLE[:300]])
def test_a_half_dvc_lock_is_put_right_and_told(project, torn, doctors_words):
    (project / "dvc.lock").write_text(torn)
    (project / ".dvc/tmp/rwlock").touch()
    code, told = doctors_words(project)

    assert 0 == code
    assert "note dvc.lock was half written by a DVC that was killed" in told
    assert "note .dvc/tmp/rwlock was half written" in told
    assert "dvc.lock and DVC's rwlock are whole" in doctors_words(project)[1]


def test_the_marks_of_a_merge_are_broken_with_the_remedy_and_the_rest_is_checked(project, doctors_words):
    marks = WHOLE.replace("    cmd:", "<<<<<<< HEAD\n    cmd:", 1).replace(
        "    deps:", ">>>>>>> b\n    deps:", 1
    )
    (project / "dvc.lock").write_text(marks)
    code, told = doctors_words(project)

    assert 1 == code
    assert "broken dvc.lock holds the marks of a merge conflict" in told
    assert "run `git checkout --ours dvc.lock`, then `dvc repro`" in told
    assert "no stage runs" in told


def write_rwlock(project, pid, noted):
    who = {"pid": pid, "cmd": noted}
    content = {"write": {str(project / "out"): who}, "read": {str(project / "in"): [who]}}
    (project / ".dvc/tmp/rwlock").write_text(json.dumps(content))


def await_command(process, word):
    """A process that has just started still bears the name of its parent."""
    while word not in Path(f"/proc/{process.pid}/cmdline").read_text():
        time.sleep(0.01)


def test_a_running_holder_of_dvcs_rwlock_is_told_and_one_that_is_gone_needs_nobody(project):
    program = [sys.executable, "-c", "import sys; sys.stdin.read()", "repro"]
    with subprocess.Popen(program, stdin=subprocess.PIPE) as holder:
        await_command(holder, "sys.stdin.read()")
        write_rwlock(project, holder.pid, "-c repro")
        running = [f for f in locks(project, project / "home") if str(holder.pid) in f.words]
        assert holder.stdin
        holder.stdin.close()
        holder.wait()
        gone = [f for f in locks(project, project / "home") if str(holder.pid) in f.words]

    assert [State.NOTE] == [f.state for f in running] == [f.state for f in gone]
    assert "rwlock has 2 files and folders of process" in running[0].words
    assert running[0].words.endswith("which is running")
    assert gone[0].words.endswith("which is gone; the next DVC that needs them frees them")


@pytest.mark.parametrize(
    "garbage", ['{"write": {"x": 3}}', '{"read": {"x": [{"pid": "?"}]}}', '{"write": {"x": {}}}']
)
def test_an_rwlock_that_dvc_cannot_read_is_removed(project, garbage):
    (project / ".dvc/tmp/rwlock").write_text(garbage)
    (finding,) = [f for f in locks(project, project / "home") if f.state is State.BROKEN]
    (project / ".dvc/tmp/rwlock").unlink()

    assert finding.words.endswith("never writes; remove .dvc/tmp/rwlock while no DVC is at work here")
    assert State.BROKEN not in [f.state for f in locks(project, project / "home")]


def test_a_living_dvc_beside_a_half_file_is_told_and_the_stages_are_checked_all_the_same(project):
    (project / ".dvc/tmp/rwlock").touch()
    program = [sys.executable, "-c", "import sys; sys.stdin.read()", "dvc"]
    with subprocess.Popen(program, cwd=project, stdin=subprocess.PIPE) as living:
        await_command(living, "sys.stdin.read()")
        told = list(locks(project, project / "home"))
        assert living.stdin
        living.stdin.close()

    assert [State.BROKEN, State.FINE] == [finding.state for finding in told]
    assert f"another DVC is at work here (process {living.pid}: " in told[0].words
    assert "wait for it to end, then run `unirain prepare`" in told[0].words


def test_odd_things_among_the_lock_files_stop_nobody(project):
    (project / "home/locks/folder.lock").mkdir(parents=True)
    (project / "home/locks/odd.lock").write_bytes(b"\xff\0" * 9)

    assert {State.FINE} == {f.state for f in locks(project, project / "home")}


PIPELINE = "stages:\n  out:\n    cmd: echo a > out\n    outs: [out]\n"


def test_a_number_that_another_program_got_stops_dvc_until_the_rwlock_is_removed(tmp_path):
    def dvc(*arguments):
        words = [sys.executable, "-m", "dvc", *arguments]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)

    dvc("init", "--no-scm")
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    with subprocess.Popen(["sleep", "60"]) as other:
        await_command(other, "sleep")
        write_rwlock(tmp_path, other.pid, "/bin/dvc repro")
        (finding,) = [f for f in locks(tmp_path, tmp_path / "home") if f.state is State.BROKEN]
        refused = dvc("repro")
        (tmp_path / ".dvc/tmp/rwlock").unlink()
        ended = dvc("repro")
        other.kill()

    assert "that process is now `sleep 60`" in finding.words
    assert finding.words.endswith("remove .dvc/tmp/rwlock while no DVC is at work here")
    assert "is busy" in refused.stderr
    assert 0 == ended.returncode


def test_the_holder_of_a_stage_and_of_dvcs_lock_are_told(project):
    home = project / "home"
    program = (
        "import pathlib, sys\nfrom unirain_core.engine.life import lock\n"
        f"with lock(pathlib.Path({str(home)!r}, 'locks/verified_pairs.lock'), 'x', pathlib.Path('/p')):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder, (project / ".dvc/tmp/lock").open("w") as dvc:
        assert holder.stdout
        holder.stdout.readline()
        dvc.write(f" {os.getpid()}\n")
        dvc.flush()
        fcntl.flock(dvc, fcntl.LOCK_EX)
        words = [f.words for f in locks(project, home)]
        holder.kill()

    assert any(w.startswith(f"'verified_pairs' runs: process {holder.pid} (`") for w in words)
    assert any(w.endswith("verified_pairs.lock for the project in /p") for w in words)
    assert any(w.startswith(f"DVC is at work: process {os.getpid()} (`") for w in words)
    assert any(
        f.words.startswith("no stage runs; nobody holds one of the 1 lock files")
        for f in locks(project, home)
    )


def test_an_mlflow_that_does_not_answer_is_started_or_its_variable_unset(project, monkeypatch):
    params = load_params(project / "params.yaml")
    port = free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:secret@127.0.0.1:{port}")
    (silent,) = services.servers(project, params)
    with server(port):
        (answering,) = services.servers(project, params)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    (own,) = services.servers(project, params)

    assert State.LACKING == silent.state
    assert f"MLflow does not answer at http://127.0.0.1:{port} (" in silent.words
    assert "start it, or unset MLFLOW_TRACKING_URI to use the project's own file" in silent.words
    assert "secret" not in silent.words
    assert (State.FINE, f"MLflow answers at http://127.0.0.1:{port}") == (answering.state, answering.words)
    assert State.FINE == own.state


def test_a_judge_is_started_or_its_address_corrected(project, monkeypatch):
    file = project / "params.yaml"
    text = file.read_text().replace("judge_models: {} ", f"judge_models: {{far: {HTTP_JUDGE}}} ", 1)
    first = "[statistics/directional, statistics/nss, statistics/photometric]"
    file.write_text(text.replace(first, "[far]", 1))
    params = load_params(file)
    port = free_port()

    def judge(address):
        monkeypatch.setenv("JUDGE_URL", address)
        return list(services.servers(project, params))[-1]

    silent = judge(f"http://127.0.0.1:{port}/v1")
    with server(port) as address:
        started = judge(f"http://127.0.0.1:{port}/v1")
        corrected = judge(address)

    assert State.LACKING == silent.state
    assert silent.words.startswith(f"judge 'far': no server answers at http://127.0.0.1:{port}/v1 (")
    assert silent.words.endswith("start it, or correct the address in JUDGE_URL")
    assert [State.FINE, State.FINE] == [started.state, corrected.state]
    assert State.LACKING == judge("no address at all").state


@pytest.mark.slow
def test_a_damaged_store_of_mlflow_is_put_aside_by_prepare_and_filled_by_track(project):
    (project / ".mlflow").mkdir()
    (project / ".mlflow/mlflow.db").write_bytes(b"SQLite format 3\0" + b"\7" * 5000)
    subprocess.run(
        [sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet", "--force"], cwd=project, check=True
    )
    answer = unirain(project, "doctor")
    assert 1 == answer.returncode
    assert "is damaged: run `unirain prepare`, which puts it aside, then `unirain track`" in said(answer)

    assert 0 == unirain(project, "prepare").returncode
    assert 0 == unirain(project, "track").returncode
    assert 0 == unirain(project, "doctor").returncode

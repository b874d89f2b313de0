import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from unirain_core.cli import ui
from unirain_core.cli.servers import LOOPBACK, free_port
from unirain_core.errors import ConfigError

PIPELINE = """\
stages:
  listing: {cmd: "true", outs: [data/raw], meta: {group: corpus}}
  votes: {cmd: "true", deps: [data/raw], outs: [data/votes]}
"""
COMMAND = typer.Typer()
COMMAND.command()(ui.ui)
PROGRAM = "import typer; from unirain_core.cli.ui import ui; typer.run(ui)"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text("{}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "unirain_assets.definitions"\n')
    for name in ("DAGSTER_HOME", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_port_in_use_is_passed_over():
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(port) > port


def test_both_interfaces_asked_for_at_one_port_get_two(project):
    port = free_port(24000)
    dagster, mlflow = ui._servers(project, port, port)

    assert dagster.url == f"http://127.0.0.1:{port}"
    assert mlflow.url != dagster.url


def test_ports_end_with_the_last_one(monkeypatch):
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        last = taken.getsockname()[1]
        monkeypatch.setattr("unirain_core.cli.servers.LAST_PORT", last)

        with pytest.raises(
            ConfigError, match=rf"ports {last} to {last} are all in use; name another first port"
        ):
            free_port(last)


@pytest.mark.parametrize("port", ["0", "70000"])
def test_a_port_that_there_is_not_is_wrong_use(project, port):
    answer = CliRunner().invoke(COMMAND, ["--dagster-port", port])

    assert answer.exit_code == 2
    assert "--dagster-port" in answer.output


@pytest.mark.parametrize("command", [ui.ui, ui.sync])
def test_a_folder_without_pipeline_is_refused(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=r"holds no dvc\.yaml; run from the root of the project"):
        command()


def test_sync_makes_the_home_of_dagster_with_its_settings(project):
    ui.sync()

    assert "telemetry" in (project / ".dagster/dagster.yaml").read_text()
    assert (project / ".dagster/history").is_dir()


def test_sync_hands_on_the_exit_code_of_a_mistake(project):
    (project / "dvc.yaml").write_text("stages: []\n")
    (project / "dvc.lock").write_text("schema: '2.0'\nstages: {listing: {cmd: list}}\n")

    with pytest.raises(SystemExit) as raised:
        ui.sync()

    assert raised.value.code == ConfigError.exit_code


def test_settings_of_a_person_are_left_alone(project):
    (project / ".dagster").mkdir()
    (project / ".dagster/dagster.yaml").write_text("# mine\n")
    ui.sync()

    assert (project / ".dagster/dagster.yaml").read_text() == "# mine\n"


def asked(url, query):
    content = json.dumps({"query": query}).encode()
    request = urllib.request.Request(url + "/graphql", content, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


def in_project(project):
    """Commands of the living processes whose folder is the project."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.name != str(os.getpid()) and (process / "cwd").readlink() == project:
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:  # it has ended, or is another person's
            continue
    return [command for command in found if "pytest" not in command and command]


@pytest.mark.slow
def test_both_interfaces_answer_and_nothing_is_left_when_they_are_stopped(project):
    ports = [str(free_port(first)) for first in (23000, 25000)]
    command = [sys.executable, "-c", PROGRAM, "--dagster-port", ports[0], "--mlflow-port", ports[1]]
    said = project / "said"
    with said.open("w") as output:
        started = subprocess.Popen(command, cwd=project, stdout=output, start_new_session=True)
    deadline = time.monotonic() + 300
    while said.read_text().count("is ready") < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    nodes = asked(f"http://127.0.0.1:{ports[0]}", "{assetNodes{assetKey{path}}}")["assetNodes"]
    os.kill(started.pid, signal.SIGINT)
    code = started.wait(60)
    deadline = time.monotonic() + 10
    while in_project(project) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert sorted(node["assetKey"]["path"][0] for node in nodes) == ["listing", "votes"]
    assert (code, in_project(project)) == (0, [])

import json
import os
import re
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

from unirain_core.cli import interfaces, ui
from unirain_core.cli.servers import LOOPBACK, free_port
from unirain_core.engine.life import is_held, lock
from unirain_core.errors import ConfigError

REPO = Path(__file__).parents[2]
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


def test_interfaces_asked_for_at_one_port_get_one_each(project):
    port = free_port(24000)
    dagster, *others = interfaces.servers(project, dagster_port=port, mlflow_port=port, pages_port=port)

    assert dagster.url == f"http://127.0.0.1:{port}"
    assert 3 == len({dagster.url, *(other.url for other in others)})


def test_the_address_of_dagster_opens_every_group(project):
    (project / "dvc.yaml").write_text(PIPELINE.replace("votes: {", "votes: {meta: {group: judging}, "))
    dagster = interfaces.servers(project, dagster_port=24100, mlflow_port=24200, pages_port=24300)[0]

    assert dagster.page("http://here") == (
        "http://here/asset-groups?expanded=global@global:corpus,global@global:judging"
    )


def test_the_address_of_dagster_is_said_though_params_cannot_be_read(project):
    (project / "params.yaml").write_text("variants: {")
    dagster = interfaces.servers(project, dagster_port=24100, mlflow_port=24200, pages_port=24300)[0]

    assert dagster.page("http://here") == "http://here/asset-groups"


def test_a_second_command_says_where_the_first_is_open_and_starts_nothing(project, monkeypatch, capsys):
    home = project / ".dagster"
    home.mkdir()
    (home / "ui.addresses").write_text("Dagster http://127.0.0.1:3000/asset-groups\n")
    monkeypatch.setattr(interfaces, "servers", lambda *_, **__: pytest.fail("it started a server"))
    with lock(home / "ui.lock", "`unirain ui`"):
        ui.ui()

    assert capsys.readouterr().out == "already open at\nDagster http://127.0.0.1:3000/asset-groups\n"
    assert not is_held(home / "ui.lock")


def test_a_second_command_leads_to_the_view_of_mlflow_as_the_first_did(project, monkeypatch, capsys):
    home = project / ".dagster"
    home.mkdir()
    (home / "ui.addresses").write_text("Dagster http://127.0.0.1:3000\nMLflow  http://127.0.0.1:5000\n")
    monkeypatch.setattr("unirain_core.tracking.view.page", lambda server: f"{server}/#/experiments/1/runs")
    with lock(home / "ui.lock", "`unirain ui`"):
        ui.ui()

    assert capsys.readouterr().out.splitlines()[1:] == [
        "Dagster http://127.0.0.1:3000", "MLflow  http://127.0.0.1:5000/#/experiments/1/runs",
    ]  # fmt: skip


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


class Opened:
    """`unirain ui` of a test, and what it says."""

    def __init__(self, project):
        self.said = project / "said"
        self.port = str(free_port(23000))
        ports = ["--dagster-port", self.port, "--mlflow-port", str(free_port(25000)), "--pages-port", "28000"]
        with self.said.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *ports],
                cwd=project, env=os.environ | {"PYTHONPATH": str(REPO)}, stdout=output, start_new_session=True,
            )  # fmt: skip
        until(lambda: self.said.read_text().count("is ready") == 3)

    def stop(self):
        os.kill(self.process.pid, signal.SIGINT)
        return self.process.wait(90)


def typed(root, *command):
    """As a person types it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "DVC_NO_ANALYTICS": "1"}
    subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, timeout=120)


def until(condition):
    deadline = time.monotonic() + 300
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.2)


@pytest.mark.slow
def test_the_interfaces_answer_and_nothing_is_left_when_they_are_stopped(project):
    opened = Opened(project)
    (project / "data/pages/gallery").mkdir()
    (project / "data/pages/gallery/gallery.html").write_text("drawn")
    page = next(line.split()[-1] for line in opened.said.read_text().splitlines() if "Pages is ready" in line)
    with urllib.request.urlopen(f"{page}gallery/gallery.html", timeout=60) as answer:
        gallery = answer.read()
    nodes = asked(f"http://127.0.0.1:{opened.port}", "{assetNodes{assetKey{path}}}")["assetNodes"]
    code = opened.stop()
    deadline = time.monotonic() + 10
    while in_project(project) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert gallery == b"drawn"
    assert sorted(node["assetKey"]["path"][0] for node in nodes) == ["listing", "votes"]
    assert (code, in_project(project)) == (0, [])
    assert opened.said.read_text().endswith("\nstopped\n")


LAUNCH = """mutation {launchPipelineExecution(executionParams: {
  mode: "default", runConfigData: "{}", executionMetadata: {tags: []},
  selector: {repositoryLocationName: "unirain_assets.definitions", repositoryName: "__repository__",
             pipelineName: "everything"}
}) {__typename}}"""


def last_status(opened):
    query = "{runsOrError(limit: 1) {... on Runs {results {status}}}}"
    return asked(f"http://127.0.0.1:{opened.port}", query)["runsOrError"]["results"][0]["status"]


@pytest.mark.slow
def test_a_stop_says_how_many_runs_ended_or_wait_and_both_go_on_as_it_says(project):
    typed(project, "git", "init", "--quiet")
    typed(project, "dvc", "init", "--quiet")
    work = "touch begun; while [ -e wait ]; do sleep 0.1; done; mkdir -p data; echo done > data/raw"
    votes = "cp data/raw data/votes"
    (project / "dvc.yaml").write_text(
        PIPELINE.replace('cmd: "true"', f'cmd: "{work}"', 1).replace('cmd: "true"', f'cmd: "{votes}"')
    )
    (project / "wait").touch()
    opened = Opened(project)
    url = f"http://127.0.0.1:{opened.port}"
    asked(url, LAUNCH)
    until((project / "begun").exists)
    asked(url, LAUNCH)
    until(lambda: interfaces.unfinished_runs(url) == interfaces.Runs(at_work=1, waiting=1))
    code = opened.stop()
    (project / "wait").unlink()
    *_, ended, queued = opened.said.read_text().splitlines()
    typed(project, *re.findall(r"`(dvc repro)`", ended)[0].split())
    after = Opened(project)
    until(lambda: last_status(after) == "SUCCESS")
    asked(f"http://127.0.0.1:{after.port}", LAUNCH)
    until(lambda: last_status(after) != "SUCCESS")
    until(lambda: last_status(after) == "SUCCESS")
    after.stop()

    assert ended.startswith("1 run was ended with it. Finished work is kept: ")
    assert queued == "1 run waits in Dagster's queue; it begins when `unirain ui` is opened again"
    assert (code, (project / "data/votes").read_text()) == (0, "done\n")

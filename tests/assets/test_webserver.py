"""Dagster as a person opens it: what the buttons of its pages send to a real server, and what comes of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from unirain_core.cli.servers import free_port

pytestmark = pytest.mark.slow
REPO = Path(__file__).parents[2]
PATIENCE = 180.0
"""Seconds after which the test gives up; what it waits for takes a few."""

NODES = """{assetNodes {
  assetKey {path} jobNames isMaterializable partitionDefinition {name} staleStatus
  repository {name location {name}}
  metadataEntries {label ... on MarkdownMetadataEntry {mdStr}}
}}"""
LAUNCH = """mutation($executionParams: ExecutionParams!) {
  launchPipelineExecution(executionParams: $executionParams) {__typename ... on LaunchRunSuccess {run {id}}}
}"""
RUN = """query($id: ID!) {runOrError(runId: $id) {... on Run {
  status stepStats {stepKey status} assetMaterializations {assetKey {path}}
}}}"""


class Server:
    """A `dagster dev` of the test's own."""

    def __init__(self, project, home):
        self.project = project
        self.url = f"http://127.0.0.1:{free_port(26500)}"
        home.mkdir()
        shutil.copy(REPO / "unirain_assets/dagster.yaml", home)
        own = {
            "DAGSTER_HOME": str(home),
            "UNIRAIN_DAGSTER_URL": self.url,
            "PYTHONPATH": str(REPO),
            "DO_NOT_TRACK": "1",
        }
        port = self.url.rpartition(":")[2]
        module = ["-m", "dagster", "dev", "-m", "unirain_assets.definitions"]
        with (home / "log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *module, "--host", "127.0.0.1", "--port", port],
                cwd=project, env=os.environ | own, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def ask(self, query, **variables):
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def nodes(self):
        return {"/".join(n["assetKey"]["path"]): n for n in self.ask(NODES)["assetNodes"]}

    def end(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(20)
            except ProcessLookupError:
                return
            except subprocess.TimeoutExpired:
                continue


def until(condition):
    """The first answer that is not empty."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if answer := condition():
                return answer
        except OSError:  # the server starts
            pass
        time.sleep(0.5)
    raise TimeoutError


@pytest.fixture(scope="module")
def server(finished_template, tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    opened = Server(Path(shutil.copytree(finished_template, root / "toy")), root / "home")
    try:
        until(opened.nodes)
        yield opened
    finally:
        opened.end()


def what_the_button_sends(nodes):
    """As LaunchAssetExecutionButton does: one run, where all assets share a job and none asks for a partition."""
    first, *others = nodes.values()
    jobs = [name for name in first["jobNames"] if all(name in other["jobNames"] for other in others)]
    return {
        "mode": "default",
        "executionMetadata": {"tags": []},
        "runConfigData": "{}",
        "selector": {
            "repositoryLocationName": first["repository"]["location"]["name"],
            "repositoryName": first["repository"]["name"],
            "pipelineName": jobs[0],
            "assetSelection": [node["assetKey"] for node in nodes.values()],
            "assetCheckSelection": [],
        },
    }


def test_materialize_all_makes_every_asset_in_one_run(server):
    nodes = server.nodes()
    asked = [name for name, node in nodes.items() if node["partitionDefinition"]]
    answer = server.ask(LAUNCH, executionParams=what_the_button_sends(nodes))
    run = answer["launchPipelineExecution"]["run"]["id"]

    def ended():
        state = server.ask(RUN, id=run)["runOrError"]
        return state if state["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None

    state = until(ended)
    made = ["/".join(event["assetKey"]["path"]) for event in state["assetMaterializations"]]

    assert [] == asked, "the page asks for a partition, and other assets are left out"
    assert {
        "listing",
        "votes",
        "train/ours",
        "train/uniform",
        "scores/ours",
        "scores/uniform",
        "table",
    } == set(nodes)
    assert ("SUCCESS", sorted(nodes)) == (state["status"], sorted(made))
    assert {"SUCCESS"} == {step["status"] for step in state["stepStats"]}


def test_an_edit_of_params_shows_without_a_person_s_doing(server):
    path = server.project / "params.yaml"
    path.write_text(path.read_text().replace("lr: 1", "lr: 7"))

    def seen():
        nodes = server.nodes()
        return nodes if "STALE" in {node["staleStatus"] for node in nodes.values()} else None

    nodes = until(seen)
    shown = {entry["label"]: entry.get("mdStr") for entry in nodes["train/ours"]["metadataEntries"]}

    assert {"train/ours", "table"} == {name for name, node in nodes.items() if node["staleStatus"] == "STALE"}
    assert "| params | variants.ours.lr | 1 | 7 |" in shown["changed since the last run"]

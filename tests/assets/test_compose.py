import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from unirain_core.config.load import read_yaml

REPO = Path(__file__).parents[2]
COMPOSE: Any = read_yaml(REPO / "docker-compose.yml")
WORKSPACE: Any = read_yaml(REPO / "docker/workspace.yaml")
SERVICES = COMPOSE["services"]


def test_every_door_of_the_project_has_a_service():
    assert set(SERVICES) == {"qdrant", "mlflow", "code", "web", "daemon"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_reachable_from_this_machine_alone(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reaps_what_its_processes_leave_behind(name):
    assert SERVICES[name]["init"] is True


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_has_a_default(name):
    variables = SERVICES[name].get("environment", {})

    assert not [v for v in variables if re.search("PASSWORD|SECRET|TOKEN|API_KEY", v)]


def test_qdrant_has_the_minor_version_of_its_client():
    pinned = (REPO / "constraints.txt").read_text()
    client = re.findall(r"^qdrant-client==(\d+\.\d+)", pinned, re.MULTILINE)

    assert SERVICES["qdrant"]["image"].startswith(f"qdrant/qdrant:v{client[0]}.")


def test_everything_of_ours_is_one_image_built_here():
    images = {s["image"]: s.get("build") for name, s in SERVICES.items() if name != "qdrant"}

    assert images == {"unirain": {"context": ".", "dockerfile": "docker/Dockerfile"}}


def test_what_must_last_lies_in_declared_volumes():
    mounted = {v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])}

    assert {name for name in mounted if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_mounted_files_exist():
    mounted = {v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])}

    assert all((REPO / name).exists() for name in mounted if name.startswith("."))


def test_one_container_alone_runs_dvc():
    assert [name for name, s in SERVICES.items() if ".:/project" in s.get("volumes", [])] == ["code"]


def test_the_workspace_names_the_code_location():
    server = WORKSPACE["load_from"][0]["grpc_server"]

    assert f"--port={server['port']}" in SERVICES[server["host"]]["command"]


def test_docker_accepts_the_file():
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.skip("docker-compose is not on this machine")

    subprocess.run([compose, "--file", REPO / "docker-compose.yml", "config", "--quiet"], check=True)

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from unirain_core.config.load import read_yaml

REPO = Path(__file__).parents[2]
COMPOSE: Any = read_yaml(REPO / "docker-compose.yml")
WORKSPACE: Any = read_yaml(REPO / "docker/workspace.yaml")
SERVICES = COMPOSE["services"]


def test_every_door_of_the_project_has_a_service():
    assert set(SERVICES) == {"qdrant", "mlflow", "code", "code-gpu", "web", "daemon"}


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
    ours = [service for name, service in SERVICES.items() if name != "qdrant"]
    builds = [(s["image"], s["build"]["context"], s["build"]["dockerfile"]) for s in ours]

    assert {("unirain", ".", "docker/Dockerfile")} == set(builds)


def test_what_must_last_lies_in_declared_volumes():
    mounted = {v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])}

    assert {name for name in mounted if not name.startswith((".", "$"))} == set(COMPOSE["volumes"])


def test_mounted_files_exist():
    mounted = {v.partition(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])}

    assert all((REPO / name).exists() for name in mounted if name.startswith("."))


def test_one_container_alone_runs_dvc_with_each_profile():
    of_project = {n: s["profiles"] for n, s in SERVICES.items() if ".:/project" in s.get("volumes", [])}

    assert of_project == {"code": ["cpu"], "code-gpu": ["gpu"]}
    assert [name for name, s in SERVICES.items() if "profiles" in s] == list(of_project)


def test_the_workspace_names_the_code_location():
    server = WORKSPACE["load_from"][0]["grpc_server"]

    assert f"--port={server['port']}" in SERVICES[server["host"]]["command"]
    assert [server["host"]] == SERVICES["code-gpu"]["networks"]["default"]["aliases"]
    for name in ("web", "daemon"):
        assert f"--host={server['host']} --port={server['port']}; do" in SERVICES[name]["command"][-1]


def test_gpus_are_reserved_behind_a_profile_alone():
    reserving = {
        name: s["deploy"]["resources"]["reservations"] for name, s in SERVICES.items() if "deploy" in s
    }

    assert list(reserving) == ["code-gpu"]
    assert reserving["code-gpu"]["devices"] == [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]
    but = {"profiles", "networks", "deploy"}
    assert {k: v for k, v in SERVICES["code-gpu"].items() if k not in but} == {
        k: v for k, v in SERVICES["code"].items() if k not in but
    }


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check(name):
    assert "CMD" == SERVICES[name]["healthcheck"]["test"][0]


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False), (None, False)])
def test_the_check_of_qdrant_needs_bash_alone_and_follows_the_answer(status, is_healthy):
    class Qdrant(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Qdrant) as server:
        thread = threading.Thread(target=server.serve_forever)
        if status is None:
            server.server_close()
        else:
            thread.start()
        command = [word.replace("6333", str(server.server_port)) for word in check("qdrant")]
        ended = subprocess.run(command, capture_output=True, check=False, timeout=30)
        if status is not None:
            server.shutdown()
            thread.join()

    assert is_healthy == (ended.returncode == 0)


def check(name):
    return SERVICES[name]["healthcheck"]["test"][1:]


def test_the_programs_of_the_other_checks_are_in_the_image():
    for words in (
        ["dagster", "api", "grpc-health-check", "--help"],
        ["dagster-daemon", "liveness-check", "--help"],
    ):
        assert any(words[:2] == check(name)[:2] for name in ("code", "daemon"))
        program = Path(sys.executable).with_name(words[0])
        subprocess.run([program, *words[1:]], check=True, capture_output=True)
    for name in ("mlflow", "web"):
        assert check(name)[:2] == ["python", "-c"]
        compile(check(name)[2], name, "exec")


def test_datasets_cache_and_weights_are_mounted_by_one_setting_at_the_same_path():
    for name in ("code", "code-gpu"):
        (outside,) = [v for v in SERVICES[name]["volumes"] if "UNIRAIN_OUTSIDE" in v]
        source, target = re.findall(r"\$\{UNIRAIN_OUTSIDE:-([^}]+)\}", outside)
        assert (source, target) == ("./data", "/project/data")  # without it, what is there anyway
        given = SERVICES[name]["environment"]
        assert [given["UNIRAIN_MODELS"], given["HF_HUB_CACHE"]] == [None, None]  # as in the shell


DOCKERFILE = (REPO / "docker/Dockerfile").read_text(encoding="utf-8")
ENVIRONMENT = dict(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=(\S+)", DOCKERFILE, re.MULTILINE))
"""What the image sets."""


@pytest.mark.parametrize("name", [None, "USER"])
def test_dvc_runs_as_a_user_without_a_passwd_entry_since_the_image_names_one(name):
    """The name is all that it lacks: without the variable the command fails."""
    setpriv = shutil.which("setpriv")
    if setpriv is None or os.geteuid() != 0:
        pytest.skip("it takes setpriv and root to become such a user")
    # they let the user read our Python, which may belong to root; a name they give it not
    rights = "+dac_read_search,+dac_override"
    user = [
        "--reuid=12345",
        "--regid=12345",
        "--clear-groups",
        f"--inh-caps={rights}",
        f"--ambient-caps={rights}",
    ]
    dvc = [str(Path(sys.executable).with_name("dvc"))]
    environment = {"PATH": os.environ["PATH"], **ENVIRONMENT}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*dvc, "init", "--no-scm", "--quiet"], cwd=folder, check=True, env=environment)
        (Path(folder) / "dvc.yaml").write_text("stages:\n  out:\n    cmd: echo a > out\n    outs: [out]\n")
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, 12345, 12345)
        words = [f"{key}={value}" for key, value in environment.items() if key != name]
        command = ["env", "-i", *words, setpriv, *user, *dvc, "status"]
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    if name is None:
        assert (0, True) == (ended.returncode, "deleted:" in ended.stdout), ended.stderr
    else:
        assert "uid not found: 12345" in ended.stderr


def test_everything_that_is_installed_is_pinned_to_what_the_tests_run_with():
    installs = re.findall(r"pip install (.+)", DOCKERFILE)
    base = re.findall(r"^FROM python:(\d+\.\d+)\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    pins = (REPO / "constraints.txt").read_text(encoding="utf-8")

    assert installs
    assert all("--constraint constraints.txt" in line for line in installs)
    assert base == [".".join(platform.python_version_tuple()[:2])]
    for client in ("mlflow", "dagster", "dagster-webserver", "dvc", "qdrant-client"):
        assert f"\n{client}=={version(client)}\n" in f"\n{pins}", client


def test_the_context_of_a_build_is_what_the_image_copies():
    """With and without BuildKit, which alone would read a file beside the Dockerfile."""
    lines = (REPO / ".dockerignore").read_text(encoding="utf-8").split()
    copied = {
        name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    }

    assert lines[0] == "*"
    assert copied == {line[1:] for line in lines if line.startswith("!")}
    assert not list((REPO / "docker").glob("*.dockerignore"))


@pytest.mark.parametrize(("profile", "code"), [("", "code"), ("gpu", "code-gpu")])
def test_docker_accepts_the_file_and_its_profiles_start_one_form_of_code(profile, code):
    compose = shutil.which("docker-compose")
    if compose is None:
        pytest.skip("docker-compose is not on this machine")
    environment = {**os.environ, **({"COMPOSE_PROFILES": profile} if profile else {})}
    subprocess.run(
        [compose, "--file", REPO / "docker-compose.yml", "config", "--quiet"], check=True, env=environment
    )

    (default,) = re.findall(r"^COMPOSE_PROFILES=(\w+)$", (REPO / ".env").read_text(), re.MULTILINE)
    started = {
        name
        for name, s in SERVICES.items()
        if (profile or default) in s.get("profiles", [profile or default])
    }
    assert {"qdrant", "mlflow", "web", "daemon", code} == started

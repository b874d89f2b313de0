"""`unirain track` and passwords: none in output, logs or files."""

import subprocess
import sys
import urllib.parse

import pytest

from tests.tracking.conftest import START
from unirain_core.cli.track import track
from unirain_core.errors import without_password
from unirain_core.tracking.journal import Journal

PASSWORD = "very:se/cr@t"
URLS = [
    f"http://me:{urllib.parse.quote(PASSWORD, safe='')}@127.0.0.1:9",
    "http://me:secret@127.0.0.1:9/base",
    "https://token-secret@127.0.0.1:9",
    "postgresql://me:secret@127.0.0.1:9/mlflow",
    "http://me:sec/ret@127.0.0.1:9",
    "odd://me:secret@host",
    "http://me:secret@[::1",
]


@pytest.mark.parametrize("url", URLS)
def test_no_password_reaches_output_logs_or_files(tmp_path, monkeypatch, url):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", url)
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    (tmp_path / "dvc.yaml").touch()  # a project, so that the failure is logged in it
    Journal.begin(tmp_path / ".unirain/runs/gated", START)
    command = [sys.executable, "-m", "unirain_core.cli.main", "track", "--debug"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    said = answer.stdout + answer.stderr + "".join(f.read_text(errors="replace") for f in files)

    assert answer.returncode == 3
    assert "did not take" in answer.stderr
    assert ".unirain/errors.log" in {str(file.relative_to(tmp_path)) for file in files}
    for secret in ("secret", "sec/ret", "se%2Fcr%40t"):
        assert secret not in said


def test_a_project_without_trainings_is_told_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").touch()
    track()

    assert capsys.readouterr().out == "no training has a journal yet: there is nothing to send\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:5000/a@b is up", "http://127.0.0.1:5000/a@b is up"),
        ("sqlite:////home/me@work/mlflow.db", "sqlite:////home/me@work/mlflow.db"),
        ("models:/UniRain@champion", "models:/UniRain@champion"),
        ("two: http://a:b@x and https://c:d@y/z", "two: http://x and https://y/z"),
        ("'http://a:b@x', me@home", "'http://x', me@home"),
    ],
)
def test_only_passwords_are_taken_out_of_a_text(text, expected):
    assert without_password(text) == expected

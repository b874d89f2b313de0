"""DVC itself goes on with the files that were put right, and writes equal bytes."""

import os
import re
import subprocess
import sys

import pytest

from unirain_core.artefacts import dvc_files
from unirain_core.artefacts.dvc_files import heal
from unirain_core.artefacts.torn import RWLOCK

DVC_YAML = """\
stages:
  first:
    cmd: exec python stage.py first
    outs: [data/first, report_first: {cache: false}]
  second:
    cmd: exec python stage.py second
    deps: [data/first]
    outs: [data/second, report_second: {cache: false}]
"""


STAGE = """\
import os, sys
from pathlib import Path
from unirain_core.artefacts.dvc_files import heal
heal(Path.cwd())
Path("data").mkdir(exist_ok=True)
Path("data", sys.argv[1]).write_text(sys.argv[1] * 100)
Path("report_" + sys.argv[1]).write_text("done")
"""


def dvc(root, *arguments):
    environment = {k: v for k, v in os.environ.items() if k != "DVC_STAGE"}
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"  # noqa: PTH120
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=root,
        env=environment | {"PATH": path, "DVC_NO_ANALYTICS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """A DVC project of two stages that have run."""
    root = tmp_path_factory.mktemp("real")
    (root / "dvc.yaml").write_text(DVC_YAML)
    (root / "stage.py").write_text(STAGE)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    assert dvc(root, "init", "--quiet").returncode == 0
    done = dvc(root, "repro")
    assert done.returncode == 0, done.stderr
    return root


@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_after_healing_dvc_writes_equal_bytes(real, monkeypatch, share, copy):
    """DVC alone stops at the torn file; healed, it writes the same bytes, with the copy and without."""
    monkeypatch.delenv("DVC_STAGE", raising=False)
    lock = (real / "dvc.lock").read_bytes()
    if not copy:
        (real / dvc_files.LAST).unlink(missing_ok=True)
    (real / "dvc.lock").write_bytes(lock[: int(share * len(lock))])
    alone = dvc(real, "repro", "--force", "first").returncode
    notes = heal(real)
    again = dvc(real, "repro")

    assert alone != 0
    assert len(notes) == 1
    assert again.returncode == 0, again.stderr
    assert (real / "dvc.lock").read_bytes() == lock


def test_the_copy_lacks_only_the_step_whose_write_was_torn(real, monkeypatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    lock = (real / "dvc.lock").read_bytes()
    dvc(real, "repro", "--force")
    (real / "dvc.lock").write_bytes(b"")
    heal(real)
    again = dvc(real, "repro")

    assert re.findall(r"Running stage '(\w+)'", again.stdout) in ([], ["second"])
    assert (real / "dvc.lock").read_bytes() == lock


def test_a_torn_rwlock_stops_dvc_until_it_is_healed(real, monkeypatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    (real / RWLOCK).write_text("")
    alone = dvc(real, "repro", "--force", "second").returncode
    heal(real)

    assert alone != 0
    assert dvc(real, "repro", "--force", "second").returncode == 0

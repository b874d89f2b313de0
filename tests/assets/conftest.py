"""A toy project with the shape of the real one: real git, real DVC, stages of a few lines."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PARAMS = """\
variants:
  ours: {lr: 1}
  uniform: {lr: 2}
methods: {}
listing: {suffix: txt}
table: {digits: 3}
"""

PIPELINE = """\
stages:
  listing:
    desc: list what there is
    meta: {group: corpus, kinds: [python]}
    cmd: exec python toy/stage.py listing
    always_changed: true
    deps: [toy]
    params: [listing]
    outs: [data/raw, reports/listing.json: {cache: false}]
  votes:
    cmd: exec python toy/stage.py votes
    deps: [data/raw, toy]
    outs: [data/votes, reports/votes.json: {cache: false}]
  train:
    foreach: ${variants}
    do:
      meta: {group: training, kinds: [pytorch]}
      cmd: exec python toy/stage.py train ${key} ${item.lr}
      deps: [data/votes, toy]
      params: ["variants.${key}"]
      outs: ["data/train/${key}", "reports/train/${key}.json": {cache: false}]
  scores:
    foreach: ${variants}
    do:
      cmd: exec python toy/stage.py scores ${key}
      deps: ["data/train/${key}", toy]
      outs: ["data/scores/${key}", "reports/scores/${key}.json": {cache: false}]
  baseline:
    foreach: ${methods}
    do:
      cmd: exec python toy/stage.py baseline ${key}
      outs: ["data/baseline/${key}"]
  table:
    cmd: exec python toy/stage.py table
    deps: [data/scores, toy]
    params: [table, variants]
    outs: [data/table, reports/table.json: {cache: false}]
"""

STAGE = """\
import ctypes, json, os, signal, sys, time
from pathlib import Path

ctypes.CDLL(None).prctl(1, signal.SIGTERM)
READS = {"votes": "raw", "train": "votes", "scores": "train", "table": "scores"}
name, key, *rest = [*sys.argv[1:], ""]
Path("pid").write_text(str(os.getpid()))
while Path("wait").exists():
    time.sleep(0.05)
if Path("fail").exists():
    sys.exit("no picture can be read")
source = Path("data", READS[name]) if name in READS else Path("photos")
source = source / key if name == "scores" else source
seen = sorted(f.read_text() for f in source.rglob("*.txt"))
out = Path("data", "raw" if name == "listing" else name, key)
out.mkdir(parents=True, exist_ok=True)
(out / "rows.txt").write_text("+".join([*seen, *rest]))
report = Path("reports", name, key + ".json") if key else Path("reports", name + ".json")
report.parent.mkdir(parents=True, exist_ok=True)
report.write_text(json.dumps({"stage": name, "counts": {"rows": len(seen)}, "reasons": {}, "notes": []}))
"""


def environment():
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "DVC_NO_ANALYTICS": "1"}


def typed(root, *command):
    """What a person types; returns what is printed."""
    return subprocess.run(
        command, cwd=root, env=environment(), check=True, capture_output=True, text=True, timeout=120
    ).stdout


@pytest.fixture(scope="session")
def shell():
    return typed


@pytest.fixture(scope="session")
def toy_template(tmp_path_factory):
    root = tmp_path_factory.mktemp("toy")
    (root / "toy").mkdir()
    (root / "photos").mkdir()
    (root / "toy/stage.py").write_text(STAGE)
    (root / "photos/a.txt").write_text("a")
    (root / "dvc.yaml").write_text(PIPELINE)
    (root / "params.yaml").write_text(PARAMS)
    typed(root, "git", "init", "--quiet")
    typed(root, "dvc", "init", "--quiet")
    (root / ".dvcignore").write_text("__pycache__/\n")
    (root / ".gitignore").write_text("/data\n/reports\n")
    return root


@pytest.fixture(scope="session")
def finished_template(toy_template, tmp_path_factory):
    root = tmp_path_factory.mktemp("finished") / "toy"
    shutil.copytree(toy_template, root)
    typed(root, "dvc", "repro")
    return root


@pytest.fixture
def toy(toy_template, tmp_path):
    """A project in which nothing has run."""
    return Path(shutil.copytree(toy_template, tmp_path / "toy"))


@pytest.fixture
def finished(finished_template, tmp_path):
    """A project in which `dvc repro` has run in a shell."""
    return Path(shutil.copytree(finished_template, tmp_path / "toy"))

"""`unirain verify` names what is damaged, though its size and time stamps are the old ones, and what heals it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from unirain_core.cli.verify import verify
from unirain_core.engine.shared import place
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ArtefactError

PIPELINE = """
stages:
  parts:
    foreach: ${parts}
    do:
      cmd: mkdir -p data/parts/${key} && echo ${key} > data/parts/${key}/a.txt && echo 1 > data/parts/${key}/b.txt
      params: ["parts.${key}"]
      outs: ["data/parts/${key}"]
  whole:
    cmd: cat data/parts/*/a.txt > whole.txt
    deps: [data/parts]
    outs: [whole.txt]
"""


def dvc(root, *command):
    subprocess.run([sys.executable, "-m", "dvc", *command], cwd=root, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path, monkeypatch):
    for name in ("UNIRAIN_HOME", "UNIRAIN_STORE", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "params.yaml").write_text("parts: {one: {n: 1}, two: {n: 2}}\n")
    dvc(tmp_path, "init", "--no-scm", "-q")
    dvc(tmp_path, "repro", "-q")
    return tmp_path


def flip(path):
    """Another byte under the old time stamps."""
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def said(capsys):
    with pytest.raises(ArtefactError, match="damaged; the lines above name what heals each"):
        verify()
    return capsys.readouterr().out


def test_a_whole_project_is_found_whole(project, capsys):
    verify()

    assert "are what was written" in capsys.readouterr().out


def test_a_flipped_out_is_named_and_its_remedy_heals_it(project, capsys):
    flip(project / "data/parts/two/a.txt")
    line = said(capsys)
    dvc(project, "repro", "--force", "--single-item", "parts@two")

    assert "data/parts/two/a.txt differs from its hash in dvc.lock" in line
    assert "run `dvc repro --force --single-item parts@two`" in line
    assert "two\n" == (project / "data/parts/two/a.txt").read_text()
    verify()


def test_an_out_that_no_stage_reads_is_looked_at_too(project, capsys):
    flip(project / "whole.txt")

    assert "whole.txt differs from its hash in dvc.lock: run `dvc repro --force --single-item whole`" in said(
        capsys
    )


@pytest.mark.parametrize("suffix", ["", ".dir"])
def test_a_flipped_object_of_dvcs_cache_is_removed_and_its_remedy_puts_it_back(project, capsys, suffix):
    objects = sorted((project / ".dvc/cache/files/md5").glob("??/*"))
    chosen = [path for path in objects if path.suffix == suffix]
    content = {path: path.read_bytes() for path in chosen}
    for path in chosen:
        flip(path)
    lines = said(capsys)
    dvc(project, "repro", "--force")

    assert len(chosen) == lines.count("is removed from DVC's cache")
    assert "run `dvc repro --force --single-item" in lines
    assert content == {path: path.read_bytes() for path in chosen}
    verify()


def test_a_cache_that_a_team_shares_outside_of_the_project_is_verified_too(project, capsys):
    shared = project.with_name(f"{project.name}-shared")
    shutil.move(project / ".dvc/cache", shared)
    dvc(project, "config", "cache.dir", str(shared))
    verify()
    chosen = next(shared.glob("files/md5/??/*.dir"))
    flip(chosen)
    line = said(capsys)

    assert f"{chosen} was damaged and is removed from DVC's cache" in line
    assert not chosen.exists()


def write_x(folder: Path) -> None:
    (folder / "x").write_text("content")


def test_damaged_work_of_the_store_is_named(project, capsys):
    store = WorkStore.at(project, "parts")
    folder = store.folder("k", write_x)
    (folder / "x").write_text("kontent")
    (store.shards / "1-abc.0123.parquet").write_bytes(b"no shard")
    lines = said(capsys)

    assert 2 == lines.count("was damaged and is removed")
    assert [] == list(store.shards.iterdir())
    verify()


@pytest.mark.parametrize("url", ["s3://rain/work", "share"])
def test_damaged_work_of_a_shared_store_is_named_and_removed(project, capsys, monkeypatch, url, request):
    if url.startswith("s3"):
        request.getfixturevalue("store")
    (project / "share").mkdir()
    monkeypatch.setenv("UNIRAIN_STORE", url)
    store = WorkStore.at(project, "parts")
    store.folder("k", write_x)
    store.record_use(["k"])
    verify()
    folder = place(store.url) / "shards/parts"
    (name,) = folder.files()
    (folder / name).put((folder / name).read_bytes()[:-1])
    (folder / "1-abc.0123.parquet").put(b"no shard")
    (folder / ".0123.partial").put(b"another machine writes it")
    lines = said(capsys)

    assert 2 == lines.count("was damaged and is removed")
    assert f"{folder / name} was damaged and is removed: the next run that needs it does it again" in lines
    assert [".0123.partial"] == list(folder.files())
    verify()

"""What a killed DVC left half written is put right; a living DVC is left alone."""

import fcntl
import json
import os
import re
import subprocess
import sys
import threading
import time

import pytest

from unirain_core.artefacts import dvc_files
from unirain_core.artefacts.dvc_files import heal, is_whole_lock
from unirain_core.artefacts.torn import RWLOCK, is_whole_rwlock
from unirain_core.config.load import read_yaml
from unirain_core.errors import ArtefactError, BusyError

ENTRY = """\
  {name}:
    cmd: exec unirain run {name}
    deps:
    - path: data/raw
      hash: md5
      md5: 0123456789abcdef0123456789abcdef.dir
      size: 1200
      nfiles: 3
    params:
      params.yaml:
        rain_types:
        - drs
        - drd
    outs:
    - path: data/{name}
      hash: md5
      md5: fedcba9876543210fedcba9876543210.dir
      size: 4400
      nfiles: 12
    - path: reports/{name}.json
      hash: md5
      md5: 00112233445566778899aabbccddeeff
      size: 77
"""
WHOLE = "schema: '2.0'\nstages:\n" + ENTRY.format(name="votes") + ENTRY.format(name="split")
FREE = json.dumps({"write": {}, "read": {}})


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    (tmp_path / "dvc.lock").write_text(WHOLE)
    return tmp_path


def steps(root):
    content = read_yaml(root / "dvc.lock")
    assert isinstance(content, dict)
    return content["stages"]


def test_a_whole_lock_is_left_alone_and_kept(root):
    assert heal(root) == []
    assert (root / "dvc.lock").read_text() == WHOLE
    assert (root / dvc_files.LAST).read_text() == WHOLE


@pytest.mark.parametrize("length", [0, 5, 14, 300, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_torn_lock_comes_back_as_it_was_and_the_half_is_kept_aside(root, length):
    heal(root)
    (root / "dvc.lock").write_text(WHOLE[:length])

    (note,) = heal(root)

    assert (root / "dvc.lock").read_text() == WHOLE
    assert (root / dvc_files.TORN).read_text() == WHOLE[:length]
    assert "It is again as it was before that write" in note
    assert heal(root) == []


@pytest.mark.parametrize("copy", [None, "", WHOLE[:400]])
def test_a_torn_lock_without_a_sound_copy_is_put_aside(root, copy):
    if copy is not None:
        (root / dvc_files.LAST).write_text(copy)
    (root / "dvc.lock").write_text("schema: '2.0'\nstages:\n  votes:\n    cmd: x\n")

    (note,) = heal(root)

    assert not (root / "dvc.lock").exists()
    assert "It is removed" in note
    assert heal(root) == []


def test_no_prefix_of_a_lock_passes_with_half_an_item(root):
    """What passes holds whole items alone: an entry or an out that is absent is made again by DVC."""
    entries = steps(root)
    passed = []
    for length in range(len(WHOLE)):
        (root / "dvc.lock").write_text(WHOLE[:length])
        if is_whole_lock(root):
            passed.append(length)
            for name, entry in steps(root).items():
                outs = entry["outs"]
                assert entry | {"outs": entries[name]["outs"]} == entries[name]
                assert outs == entries[name]["outs"][: len(outs)]

    assert len(passed) == 3, "after the first out, after the first entry, after the third out"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\n", b"[]\n", b"\0" * 4096, b"a: [\n", b"schema: '2.0'\nstages:\n"]
)
def test_garbage_is_no_whole_lock(root, content):
    (root / "dvc.lock").write_bytes(content)

    assert not is_whole_lock(root)
    assert len(heal(root)) == 1
    assert not (root / "dvc.lock").exists()


def test_a_project_without_a_lock_has_nothing_to_heal(root):
    (root / "dvc.lock").unlink()

    assert heal(root) == []
    assert not (root / "dvc.lock").exists()


def test_a_folder_without_dvc_is_left_alone(tmp_path):
    (tmp_path / "dvc.lock").touch()

    assert heal(tmp_path) == []
    assert [f.name for f in tmp_path.iterdir()] == ["dvc.lock"]


def test_the_marks_of_a_merge_are_named_and_nothing_is_lost(root):
    heal(root)
    marked = WHOLE.replace(
        "size: 77\n", "<<<<<<< HEAD\n      size: 77\n=======\n      size: 78\n>>>>>>> other\n"
    )
    (root / "dvc.lock").write_text(marked)

    (note,) = heal(root)

    assert "run `git checkout --ours dvc.lock`, then `dvc repro`" in note
    assert (root / "dvc.lock").read_text() == marked


@pytest.mark.parametrize("content", ["", FREE[:9], "[]", '{"write": 3}', "\0\0\0"])
def test_a_torn_rwlock_is_removed(root, content):
    (root / RWLOCK).write_text(content)

    (note,) = heal(root)

    assert not (root / RWLOCK).exists()
    assert "rwlock was half written" in note


def test_every_prefix_of_an_rwlock_is_torn(root):
    content = json.dumps(
        {"write": {"data": {"pid": 7, "cmd": "dvc repro"}}, "read": {"a": [{"pid": 7, "cmd": "x"}]}}
    )
    for length in range(len(content)):
        (root / RWLOCK).write_text(content[:length])
        assert not is_whole_rwlock(root), content[:length]

    (root / RWLOCK).write_text(content)
    assert is_whole_rwlock(root)


def test_a_stage_that_dvc_started_touches_neither_file_but_keeps_a_copy(root, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "votes")
    (root / RWLOCK).touch()

    assert heal(root) == []
    assert (root / dvc_files.LAST).read_text() == WHOLE
    assert (root / RWLOCK).read_bytes() == b""


def test_a_stage_that_dvc_started_with_half_a_lock_ends_and_names_the_remedy(root, monkeypatch):
    """DVC reads a lock that was cut within a number, and would write the wrong number for good."""
    heal(root)
    monkeypatch.setenv("DVC_STAGE", "votes")
    (root / "dvc.lock").write_text(WHOLE[: WHOLE.rindex("12") + 1])
    with pytest.raises(ArtefactError, match=r"dvc\.lock was half written .* run `unirain prepare`"):
        heal(root)
    assert (root / dvc_files.LAST).read_text() == WHOLE, "a torn one is never kept"

    monkeypatch.delenv("DVC_STAGE")
    assert len(heal(root)) == 1
    assert (root / "dvc.lock").read_text() == WHOLE


@pytest.mark.parametrize("file", ["dvc.lock", RWLOCK])
def test_a_dvc_that_is_writing_is_waited_for(root, file):
    """The writer holds DVC's own lock: what it writes is not torn."""
    content = {"dvc.lock": WHOLE}.get(file, FREE)
    path = root / file
    guard = (root / dvc_files.GUARDS[path.relative_to(root)]).open("a")
    fcntl.flock(guard, fcntl.LOCK_EX)
    path.write_text(content[:10])
    timer = threading.Timer(0.5, path.write_text, [content])
    timer.start()
    begin = time.monotonic()
    notes = heal(root)
    timer.join()
    guard.close()

    assert notes == []
    assert time.monotonic() - begin >= 0.4
    assert path.read_text() == content


def test_a_guard_that_stays_held_names_the_wait_and_the_command(root, monkeypatch):
    monkeypatch.setattr(dvc_files, "_PATIENCE", 0.2)
    (root / "dvc.lock").write_text("schema")
    with (root / ".dvc/tmp/lock").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match=r"dvc\.lock is half written .* then run `unirain prepare`"):
            heal(root)

    assert (root / "dvc.lock").read_text() == "schema"
    assert len(heal(root)) == 1


def test_a_torn_rwlock_stays_while_a_dvc_lives_in_the_project(root):
    (root / RWLOCK).touch()
    (root / "dvc").write_text("import sys; print('up', flush=True); sys.stdin.read()")
    other = subprocess.Popen(
        [sys.executable, "dvc", "repro"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout
        other.stdout.readline()
        with pytest.raises(BusyError, match=rf"process {other.pid}: .*wait for it to end.*`unirain prepare`"):
            heal(root)
        other.kill()
    assert (root / RWLOCK).exists()

    assert len(heal(root)) == 1
    assert not (root / RWLOCK).exists()


def test_a_disk_that_takes_no_copy_stops_nothing(root):
    (root / dvc_files.LAST).mkdir()

    assert heal(root) == []


def test_two_stages_that_begin_at_once_keep_one_whole_copy(root, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "votes")
    threads = [threading.Thread(target=heal, args=[root]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (root / dvc_files.LAST).read_text() == WHOLE


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


NOTIFY = "  notify:\n    cmd: echo done\n    deps:\n    - path: data/x\n      hash: md5\n      md5: 00112233445566778899aabbccddeeff\n      size: 1\n"


@pytest.mark.parametrize(("declared", "is_whole"), [("", True), (", outs: [data/y]", False)])
def test_a_last_entry_without_outs_is_whole_where_its_stage_has_none(root, declared, is_whole):
    (root / "dvc.yaml").write_text(f"stages: {{notify: {{cmd: echo done, deps: [data/x]{declared}}}}}\n")
    (root / "dvc.lock").write_text(WHOLE + NOTIFY)

    assert is_whole == is_whole_lock(root)


def test_an_entry_without_outs_before_the_last_one_is_whole(root):
    (root / "dvc.lock").write_text("schema: '2.0'\nstages:\n" + NOTIFY + ENTRY.format(name="votes"))

    assert is_whole_lock(root)

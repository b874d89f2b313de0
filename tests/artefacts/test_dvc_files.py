"""What a killed DVC left half written is put right; a living DVC is left alone."""

import fcntl
import json
import subprocess
import sys
import threading
import time

import pytest

from tests.artefacts.lock_files import WHOLE
from unirain_core.artefacts import dvc_files
from unirain_core.artefacts.dvc_files import heal, is_whole_lock
from unirain_core.artefacts.torn import RWLOCK
from unirain_core.errors import ArtefactError, BusyError

FREE = json.dumps({"write": {}, "read": {}})


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

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unirain_assets import assets
from unirain_assets.executor import Dvc, StageError, holders
from unirain_assets.versions import Project
from unirain_core.errors import BusyError

REPO = Path(__file__).parents[2]
PATIENCE = 30.0


def silent(_line):
    pass


def until(condition):
    """Wait for something that happens soon."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def stage_pid(root):
    until(lambda: (root / "pid").exists() and (root / "pid").read_text())
    return int((root / "pid").read_text())


@pytest.fixture
def waiting(toy):
    """A project whose stages begin and then wait."""
    (toy / "wait").touch()
    yield toy
    (toy / "wait").unlink(missing_ok=True)


@pytest.fixture(params=["/bin/sh", "/bin/bash"])
def other(waiting, request, monkeypatch):
    """Another process that runs the first stage."""
    monkeypatch.setenv("SHELL", request.param)  # dash stays in between where bash becomes the command
    program = f"from unirain_assets.executor import Dvc; Dvc(root={str(waiting)!r}).repro('listing', print)"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=REPO, stdout=subprocess.DEVNULL)
    stage_pid(waiting)
    yield process
    process.kill()
    process.wait()


def test_a_first_run_runs_and_a_second_finds_nothing_to_do(toy):
    dvc = Dvc(root=str(toy))
    dvc.repro("listing", silent)

    outcomes = [dvc.repro("votes", silent) for _ in range(2)]

    assert outcomes == ["ran", "fresh"]


def test_force_runs_what_has_not_changed(finished):
    assert Dvc(root=str(finished)).repro("votes", silent, force=True) == "ran"


def test_one_step_runs_without_its_upstream(finished):
    lines: list[str] = []
    Dvc(root=str(finished)).repro("train@ours", lines.append, force=True)

    assert lines == ["Running stage 'train@ours':"]


def test_the_log_of_a_run_shows_what_the_stage_says_while_it_runs(finished):
    said = ["votes: begins", "votes: 50 % (1 of 2 rows), about 3 min left"]
    path = finished / "toy/stage.py"
    path.write_text(
        path.read_text() + "".join(f"print({line!r}, file=sys.stderr)\n" for line in [*said, "a word"])
    )
    lines: list[str] = []
    Dvc(root=str(finished)).repro("votes", lines.append)

    assert lines == ["Running stage 'votes':", *said]


def test_a_failure_ends_with_the_last_lines_of_the_stage(toy):
    (toy / "fail").touch()

    with pytest.raises(StageError, match=r"(?s)listing: .* ended with code .*no picture can be read"):
        Dvc(root=str(toy)).repro("listing", silent)


def test_a_busy_project_names_who_holds_it(waiting, other):
    with pytest.raises(BusyError, match=r"listing waits for .*process \d+: .*repro"):
        Dvc(root=str(waiting)).repro("listing", silent)


def test_an_interrupt_ends_dvc_and_stage_and_leaves_no_lock(waiting):
    def interrupt(_line):
        stage_pid(waiting)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Dvc(root=str(waiting)).repro("listing", interrupt)

    assert not is_alive(stage_pid(waiting))
    assert holders(waiting) == []


def test_nothing_outlives_a_killed_run(waiting, other):
    stage = stage_pid(waiting)
    dvc = int(Path(f"/proc/{stage}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(other.pid, signal.SIGKILL)

    until(lambda: not is_alive(stage) and not is_alive(dvc))


def test_no_one_holds_a_project_at_rest(finished):
    assert holders(finished) == []


@pytest.mark.parametrize("file", ["dvc.lock", ".dvc/tmp/rwlock"])
@pytest.mark.parametrize("length", [0, 40])
def test_what_a_killed_dvc_left_half_written_is_put_right_first(finished, file, length):
    """Kinds of a kill between truncate and write: nothing, or the first bytes."""
    dvc, lines = Dvc(root=str(finished)), list[str]()
    lock = (finished / "dvc.lock").read_bytes()
    dvc.repro("votes", silent)  # keeps a copy of the lock
    torn = {"dvc.lock": lock, ".dvc/tmp/rwlock": b'{"write": {"data/votes": {"pid": 1, "cmd": "dvc repro"}}}'}
    (finished / file).write_bytes(torn[file][:length])

    assert dvc.repro("votes", lines.append, force=True) == "ran"
    assert f"{file} was half written by a DVC that was killed" in lines[0]
    assert (finished / "dvc.lock").read_bytes() == lock


@pytest.mark.parametrize(
    ("content", "is_healed"),
    [
        ("", True),
        ("schema: '2.0'\nstages:\n  votes:\n    cmd: x\n", True),
        ("<<<<<<< HEAD\n=======\n", False),
    ],
)
def test_all_assets_are_shown_whatever_stands_in_dvc_lock(finished, caplog, content, is_healed):
    lock, project = (finished / "dvc.lock").read_bytes(), Project.load(finished)
    expected = [asset.key for asset in assets.build(project)]  # keeps a copy of the lock
    (finished / "dvc.lock").write_text(content)

    assert expected == [asset.key for asset in assets.build(project)]
    assert ((finished / "dvc.lock").read_bytes() == lock) is is_healed
    assert ("was half written" if is_healed else "marks of a merge conflict") in caplog.text

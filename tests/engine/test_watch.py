"""Processes end when the one that started the watch is gone, also where a pid names nobody."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from unirain_core.engine import watch


@pytest.fixture
def sleeper():
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def nobody():
    """A pid that no process bears."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_is_watched_lives_as_long_as_the_pipe_and_no_longer(sleeper):
    command = [sys.executable, "-I", str(Path(watch.__file__)), str(nobody()), str(sleeper.pid)]
    watching = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert watching.stdin is not None
    with pytest.raises(subprocess.TimeoutExpired):
        watching.wait(1)
    assert sleeper.poll() is None

    watching.stdin.close()  # as the kernel does when the starter is killed
    assert 0 == watching.wait(30)
    assert -9 == sleeper.wait(30)


def test_a_stranger_that_bears_the_pid_by_now_is_spared(sleeper):
    gone = psutil.Process(sleeper.pid)
    gone._ident = (sleeper.pid, gone.create_time() - 100)  # of a process that began before the sleeper
    watch.end([gone])
    assert sleeper.poll() is None

    watch.end([psutil.Process(sleeper.pid)])
    assert -9 == sleeper.wait(30)

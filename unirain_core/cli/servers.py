"""Web servers as processes of this command: a free port, the start, a watch over them, and their end."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unirain_core.errors import ConfigError, UniRainError

LOOPBACK = "127.0.0.1"
LAST_PORT = 65535
_PORTS_TRIED = 50
_GRACE = 15.0
"""Seconds that a server has to end by itself."""
STOP = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
"""Signals by which a person, a session or a terminal ends the command; it must block them before it watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One of the two web interfaces."""

    name: str
    url: str
    health: str
    """Path that answers once the server is up."""
    page: Callable[[str], str]
    """From the server's address to the one to open first."""
    arguments: Sequence[str]
    """Of Python."""
    log: Path


def free_port(first: int, but: Container[int] = ()) -> int:
    """The first port from `first` on that nothing on this machine listens at.

    Args:
        first: 1 to LAST_PORT.
        but: ports that are promised to servers which do not listen yet.

    Raises:
        ConfigError: there is none nearby.
    """
    last = min(first + _PORTS_TRIED - 1, LAST_PORT)
    for port in range(first, last + 1):
        if port in but:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ConfigError(f"ports {first} to {last} are all in use; name another first port")


def start(server: Server, root: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a server in a group of its own; the launcher ties its life to ours, should we be killed."""
    server.log.parent.mkdir(parents=True, exist_ok=True)
    launcher = [sys.executable, "-m", "unirain_assets.launcher", str(os.getpid())]
    with server.log.open("wb") as log:
        return subprocess.Popen(
            [*launcher, *server.arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def watch(running: Mapping[Server, subprocess.Popen[bytes]]) -> None:
    """Wait until a person stops the command; say of each server when it answers.

    Raises:
        UniRainError: a server ended by itself.
    """
    silent = list(running)
    while signal.sigtimedwait(STOP, 1.0) is None:
        for server, process in running.items():
            if process.poll() is not None:
                raise UniRainError(f"{server.name} ended by itself; its log is {server.log}")
        for server in [s for s in silent if _answers(s)]:
            print(f"{server.name} is ready: {server.page(server.url)}", flush=True)
            silent.remove(server)


def _answers(server: Server) -> bool:
    try:
        with urllib.request.urlopen(server.url + server.health, timeout=1.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a server and all that it started to end, then make them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE
        try:
            os.killpg(process.pid, number)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)  # raises once nobody is left
                time.sleep(0.1)
        except ProcessLookupError:
            return

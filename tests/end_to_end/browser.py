"""A headless Chromium that tests steer, through the W3C WebDriver protocol of chromedriver."""

import base64
import json
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # a container's root has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_ALT = "\ue00a"
PATIENCE = 180.0
"""Seconds until something that never comes is a failure; two busy cores are slow."""


def is_installed() -> bool:
    """Whether this machine has Chromium and its driver."""
    return all(shutil.which(name) for name in ("chromium", "chromedriver"))


@dataclass(frozen=True, slots=True)
class Browser:
    """One window of one session."""

    session: str
    """Address of the session."""

    def open(self, address: str) -> None:
        """Go to an address and wait until it has loaded."""
        _call(f"{self.session}/url", {"url": address})

    def run(self, script: str, *arguments: object) -> Any:
        """Value that the body of a JavaScript function returns, given `arguments`."""
        return _call(f"{self.session}/execute/sync", {"script": script, "args": arguments})

    def wait(self, script: str, *arguments: object) -> Any:
        """The first true value of a script that is run again and again.

        Raises:
            TimeoutError: it stays false; the message holds the text of the page.
        """
        deadline = time.monotonic() + PATIENCE
        while not (value := self.run(script, *arguments)):
            if time.monotonic() > deadline:
                text = self.run("return document.body.innerText")
                raise TimeoutError(f"{script} stayed false; the page says: {text[:2000]}")
            time.sleep(0.2)
        return value

    def click(self, selector: str) -> None:
        """Click in the middle of the first element of a CSS selector, as a mouse does."""
        _call(f"{self._element(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Type into the first element of a CSS selector."""
        _call(f"{self._element(selector)}/value", {"text": text})

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        self._keys(("keyDown", key), ("keyUp", key))

    def press_alt(self, letter: str) -> None:
        """Press a letter while Alt is held."""
        self._keys(("keyDown", _ALT), ("keyDown", letter), ("keyUp", letter), ("keyUp", _ALT))

    def _keys(self, *keys: tuple[str, str]) -> None:
        actions = [{"type": kind, "value": key} for kind, key in keys]
        _call(f"{self.session}/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def _element(self, selector: str) -> str:
        found = _call(f"{self.session}/element", {"using": "css selector", "value": selector})
        (element,) = found.values()
        return f"{self.session}/element/{element}"

    def screenshot(self, file: Path) -> None:
        """Write what the window shows as PNG."""
        file.write_bytes(base64.b64decode(_call(f"{self.session}/screenshot")))


@contextmanager
def browser(profile: Path, *, width: int = 1400, height: int = 900, dark: bool = False) -> Iterator[Browser]:
    """A browser with a profile of its own, closed at the end.

    Args:
        profile: an empty folder for it.
        width: of the window, CSS pixels.
        height: of the window, CSS pixels.
        dark: whether pages see a person who prefers the dark scheme.
    """
    flags = [*_FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"]
    flags += ["--blink-settings=preferredColorScheme=0"] if dark else []
    options = {"binary": shutil.which("chromium"), "args": flags}
    port = _free_port()
    driver = subprocess.Popen(
        ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/status")
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
        session = _call(f"http://127.0.0.1:{port}/session", wanted)["sessionId"]
        address = f"http://127.0.0.1:{port}/session/{session}"
        try:
            yield Browser(address)
        finally:
            _call(address, method="DELETE")
    finally:
        driver.send_signal(signal.SIGTERM)
        driver.wait(30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            _call(address)
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def _call(address: str, content: object = None, method: str | None = None) -> Any:
    """Value of the driver's answer; a GET without content, else a POST, unless a method is named."""
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(json.load(error)["value"]["message"]) from error

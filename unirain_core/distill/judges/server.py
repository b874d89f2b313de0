"""Requests to a server that speaks as OpenAI's does: retries with growing pauses, time-outs, and a limit per minute."""

import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from unirain_core.config.models import HttpJudge
from unirain_core.distill.judges.judge import Unanswered
from unirain_core.errors import ConfigError, MissingInputError

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
"""Seconds before the second try, and the longest pause; each pause is twice the one before."""
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Status codes that may change when the same request is sent again."""
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    text: str
    retry_after: str
    """Its header of that name."""


class Server:
    """The endpoint of one judge."""

    def __init__(self, judge: str, model: HttpJudge) -> None:
        """Nothing is sent yet.

        Args:
            judge: its name in params.
            model: its section.

        Raises:
            MissingInputError: no address or key is set.
            ConfigError: the key holds what no header can.
        """
        self._judge, self._model = judge, model
        self._pace = _Pace(model.per_minute)
        self._key = _key(model)
        self._client = httpx.Client(
            base_url=_variable(model.address, "the address of the judge's server").rstrip("/"),
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            timeout=model.timeout_s,
            limits=httpx.Limits(max_connections=model.batch),
        )

    def asked(self, path: str, body: Mapping[str, Any]) -> Reply | Unanswered:
        """The server's answer, after as many tries as params allow; else the reason why there is none.

        Raises:
            ConfigError: the server refuses the request with a status that another try would not change.
        """
        pause_s, wanted_s, problem = FIRST_PAUSE_S, 0.0, ""
        for attempt in range(self._model.tries):
            if attempt:
                time.sleep(max(pause_s, wanted_s))
                pause_s, wanted_s = min(2 * pause_s, LONGEST_PAUSE_S), 0.0
            self._pace.wait()
            try:
                reply = self._posted(path, body)
            except httpx.TimeoutException:
                problem = f"no answer within {self._model.timeout_s:g} s"
            except httpx.RequestError as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                if reply.status in _SUCCESS:
                    return reply
                problem = f"status {reply.status}"
                if reply.status not in _AGAIN:
                    raise ConfigError(
                        f"judge '{self._judge}': the server at {self._model.address} refuses questions ({problem}: "
                        f"{self.shortened(reply.text)}); correct its section in params.yaml, or the server's options"
                    )
                wanted_s = _wanted_s(reply.retry_after)
        return Unanswered(f"{problem}, {self._model.tries} times")

    def prompt(self, messages: list[dict[str, Any]]) -> str:
        """The prompt that the server makes of a question, as llama.cpp or vLLM show it.

        Raises:
            ConfigError: the server does not show it.
        """
        root = str(self._client.base_url).rstrip("/").removesuffix("/v1")
        asked = {"model": self._model.model, "messages": messages, "add_generation_prompt": True}
        try:
            shown = self._posted(f"{root}/apply-template", asked)
            if shown.status in _SUCCESS:
                return str(json.loads(shown.text)["prompt"])
            tokens = json.loads(self._posted(f"{root}/tokenize", asked).text)["tokens"]
            text = self._posted(f"{root}/detokenize", {"model": self._model.model, "tokens": tokens})
            return str(json.loads(text.text)["prompt"])
        except (httpx.RequestError, ValueError, KeyError, TypeError):
            raise ConfigError(
                f"judge '{self._judge}': the server at {self._model.address} does not show the prompt that it makes of a "
                "question; look at its chat template yourself, and set prompt_check: skipped"
            ) from None

    def shortened(self, text: str) -> str:
        """A server's words for a message, without the key: some servers repeat it."""
        words = " ".join(text.split())
        if self._key:
            words = words.replace(self._key, "(key)")
        return words if len(words) <= 160 else f"{words[:160]} ..."

    def _posted(self, path: str, body: Mapping[str, Any]) -> Reply:
        """Send one request.

        The time-out counts from the start, so a server that sends a byte now and then cannot hold us for ever.

        Raises:
            httpx.RequestError: there is no whole answer in time.
        """
        end = time.monotonic() + self._model.timeout_s
        content = bytearray()
        with self._client.stream("POST", path, json=body) as response:
            for piece in response.iter_bytes():
                content += piece
                if time.monotonic() > end:
                    raise httpx.ReadTimeout("the answer did not end")
        text = content.decode(errors="replace")
        return Reply(response.status_code, text, response.headers.get("retry-after", ""))


class _Pace:
    """Spreads requests over each minute."""

    def __init__(self, per_minute: int) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._next, self._lock = 0.0, threading.Lock()

    def wait(self) -> None:
        """Wait for the next free moment."""
        if not self._gap:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._gap
        time.sleep(turn - now)


def _variable(name: str, meaning: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise MissingInputError(f"the environment variable {name} is not set: it holds {meaning}")
    return value


def _key(model: HttpJudge) -> str:
    """The access key; empty where none is sent."""
    if not model.key:
        return ""
    key = _variable(model.key, "the access key of the judge")
    if not (key.isascii() and key.isprintable()):
        raise ConfigError(
            f"the environment variable {model.key} holds more than a key; set it to the key alone"
        )
    return key


def _wanted_s(retry_after: str) -> float:
    """Seconds that the server wants us to wait; 0 where it gives no number."""
    return min(float(retry_after), LONGEST_PAUSE_S) if retry_after.replace(".", "", 1).isdecimal() else 0.0

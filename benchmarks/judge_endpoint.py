"""A server that speaks as OpenAI's does, and does whatever a script says with each request."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import log
from typing import Any

KEPT, MOVED = "kept", "moved"
"""Whether the template leaves pictures where they stand."""
Script = Callable[[int, str], str]
"""What to do with a request, by its number and the name of its question."""


class Endpoint:
    """What the server does, and what it was asked."""

    def __init__(
        self,
        script: Script,
        template: str = KEPT,
        slow_s: float = 0.6,
        model: str = "",
        *,
        shows_tokens: bool = False,
    ) -> None:
        """A script's words are those of `_Handler._answered`; any other one: a proper answer.

        Args:
            script: what to do with each request.
            template: KEPT or MOVED.
            slow_s: how long a slow answer takes.
            model: the only one that it serves; empty: any.
            shows_tokens: whether the prompt is shown as vLLM does, by its tokens, and not as llama.cpp does, as text.
        """
        self.script, self.template, self.slow_s = script, template, slow_s
        self.model, self.shows_tokens = model, shows_tokens
        self.n_requests = 0
        self.answered: Counter[str] = Counter()
        """How often each question got an answer that counts."""
        self.deeds: Counter[str] = Counter()
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.lock = threading.Lock()

    @contextmanager
    def running(self, port: int = 0) -> Iterator[str]:
        """Its address."""
        server = _Server(("127.0.0.1", port), lambda *a: _Handler(self, *a))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.is_gone = True
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    is_gone = False
    """Whether connections that are still open are hung up as well."""

    def handle_error(self, *_: object) -> None:
        """Say nothing where a client hung up."""


def scores(yes: float, no: float) -> dict[str, object]:
    """The answer of a model that says yes and no with these probabilities."""
    top = [{"token": "Yes", "logprob": log(yes)}, {"token": " no", "logprob": log(no)}]
    return {
        "choices": [
            {"message": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "top_logprobs": top}]}}
        ]
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, endpoint: Endpoint, *arguments: Any) -> None:  # noqa: ANN401 (the library's own)
        self.endpoint = endpoint
        super().__init__(*arguments)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer as the script says."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if isinstance(self.server, _Server) and self.server.is_gone:
            self._hang_up()
        elif self.path.endswith("/chat/completions"):
            self._complete(body)
        else:
            self._show(json.loads(body))

    def _show(self, asked: Mapping[str, Any]) -> None:
        """The prompt of a question; as tokens, its letters."""
        match self.path, self.endpoint.shows_tokens:
            case "/apply-template", False:
                self._send(200, {"prompt": _rendered(asked["messages"], self.endpoint.template)})
            case "/tokenize", True:
                text = _rendered(asked["messages"], self.endpoint.template)
                self._send(200, {"tokens": [ord(letter) for letter in text]})
            case "/detokenize", True:
                self._send(200, {"prompt": "".join(map(chr, asked["tokens"]))})
            case _:
                self._send(404, {})

    def _complete(self, body: bytes) -> None:
        endpoint, question = self.endpoint, sha256(body).hexdigest()
        with endpoint.lock:
            number = endpoint.n_requests
            endpoint.n_requests += 1
            endpoint.headers.append(dict(self.headers))
            endpoint.times.append(time.monotonic())
        is_other = endpoint.model not in ("", json.loads(body)["model"])
        deed = "refuse" if is_other else endpoint.script(number, question)
        with endpoint.lock:
            endpoint.deeds[deed] += 1
        self._answered(deed, question)

    def _answered(self, deed: str, question: str) -> None:
        match deed:
            case "drop":
                self._hang_up()
            case "cut":
                self._begin(200, 500)
                self.wfile.write(b'{"choices": [')
                self._hang_up()
            case "drip":
                self._begin(200, 500)
                for _ in range(8):
                    self.wfile.write(b" ")
                    time.sleep(self.endpoint.slow_s / 4)
                self._hang_up()
            case "slow":
                time.sleep(self.endpoint.slow_s)
                self._send(200, scores(0.6, 0.2))
            case "nonsense":
                self._send(200, {"choices": []})
            case "page":
                self._send(200, "<html>Welcome</html>", is_json=False)
            case "no_logprobs":
                self._counted(question)
                self._send(200, {"choices": [{"message": {"content": "No."}}]})
            case "refuse":
                told = f"no such model; you sent {self.headers.get('Authorization')}"
                self._send(400, {"error": told})
            case "429":
                self._send(429, {}, {"Retry-After": "0.1"})
            case "500":
                self._send(500, {})
            case _:
                self._counted(question)
                self._send(200, scores(0.6, 0.2))

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def _counted(self, question: str) -> None:
        with self.endpoint.lock:
            self.endpoint.answered[question] += 1

    def _begin(self, status: int, length: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(
        self, status: int, content: object, headers: Mapping[str, str] | None = None, *, is_json: bool = True
    ) -> None:
        text = (json.dumps(content) if is_json else str(content)).encode()
        self._begin(status, len(text), headers)
        self.wfile.write(text)


def _rendered(messages: list[dict[str, list[dict[str, str]]]], template: str) -> str:
    content = messages[0]["content"]
    if template == MOVED:
        content = sorted(content, key=lambda item: item["type"] == "text")
    return "".join(item["text"] if item["type"] == "text" else "<image>" for item in content)

"""A server that speaks as OpenAI's does, and does whatever a script says with each request."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEPT, MOVED = "kept", "moved"
"""Whether the template leaves pictures where they stand."""


class Endpoint:
    """What the server does, and what it was asked."""

    def __init__(
        self, script: Callable[[int], str], template: str = KEPT, slow_s: float = 0.6, model: str = ""
    ) -> None:
        self.script, self.template, self.slow_s = script, template, slow_s
        self.model = model
        """The only model that it serves; empty: any."""
        self.n_requests = 0
        self.answered: Counter[str] = Counter()
        """Question (hash of its body) to how often it got an answer that counts."""
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.lock = threading.Lock()

    @contextmanager
    def running(self, port: int = 0):
        """Its address."""
        server = ThreadingHTTPServer(("127.0.0.1", port), lambda *a: _Handler(self, *a))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            server.server_close()


def scores(yes: float, no: float) -> dict[str, object]:
    """The answer of a model that says yes and no with these probabilities."""
    from math import log

    top = [{"token": "Yes", "logprob": log(yes)}, {"token": " no", "logprob": log(no)}]
    return {
        "choices": [
            {"message": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "top_logprobs": top}]}}
        ]
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, endpoint: Endpoint, *arguments: object) -> None:
        self.endpoint = endpoint
        super().__init__(*arguments)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Answer as the script says."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/chat/completions"):
            self._complete(body)
        elif self.path == "/apply-template":
            self._send(200, {"prompt": _rendered(json.loads(body)["messages"], self.endpoint.template)})
        else:
            self._send(404, {})

    def _complete(self, body: bytes) -> None:
        endpoint = self.endpoint
        with endpoint.lock:
            number = endpoint.n_requests
            endpoint.n_requests += 1
            endpoint.headers.append(dict(self.headers))
            endpoint.times.append(time.monotonic())
        is_other = endpoint.model not in ("", json.loads(body)["model"])
        match "refuse" if is_other else endpoint.script(number):
            case "drop":
                self.close_connection = True
                self.connection.close()
            case "slow":
                time.sleep(endpoint.slow_s)
                self._send(200, scores(0.6, 0.2))
            case "nonsense":
                self._send(200, {"choices": []})
            case "no_logprobs":
                self._counted(body)
                self._send(200, {"choices": [{"message": {"content": "No."}}]})
            case "refuse":
                self._send(400, {"error": "no such model"})
            case "429":
                self._send(429, {}, {"Retry-After": "0.1"})
            case "500":
                self._send(500, {})
            case _:
                self._counted(body)
                self._send(200, scores(0.6, 0.2))

    def _counted(self, body: bytes) -> None:
        with self.endpoint.lock:
            self.endpoint.answered[sha256(body).hexdigest()] += 1

    def _send(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


def _rendered(messages: list[dict[str, list[dict[str, str]]]], template: str) -> str:
    content = messages[0]["content"]
    if template == MOVED:
        content = sorted(content, key=lambda item: item["type"] == "text")
    return "".join(item["text"] if item["type"] == "text" else "<image>" for item in content)

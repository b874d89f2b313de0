"""An MLflow server that answers wrongly at moments of a seeded plan; between them it is a real one.

python faulty_server.py STORE      prints its port; GET /faults?rate=0.4&seed=3 sets the plan
"""

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import numpy as np
from werkzeug.serving import WSGIRequestHandler, make_server

Application = Callable[..., Iterable[bytes]]

ODD_JSON: tuple[dict[str, object], ...] = (
    {"experiment": {"experiment_id": [1, 2]}},
    {"run": {"info": {"run_id": {"a": 1}, "status": 7}}},
    {"run": {"info": None, "data": "x"}},
    {"runs": "none", "experiments": 3},
    {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": ["?"]},
    {"error_code": 17},
    {"model_version": {"version": "x"}, "registered_model": []},
    {},
)
BODIES = (
    b"",
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"experiment": {"experiment_id": "1", "na',
    b"\xff\xfe\x00\x9f not UTF-8",
    b"[1, 2, 3]",
    b"null",
    b'"text"',
    b"[" * 50_000,
    b'{"x": "' + b"y" * 20_000_000 + b'"}',
    *(json.dumps(content).encode() for content in ODD_JSON),
)
STATUSES = (200, 200, 200, 200, 204, 301, 302, 307, 400, 401, 403, 404, 404, 409, 413, 429, 500, 502, 503)


class Faults:
    """Middleware: passes a request on, or answers it wrongly, before or after the real server has carried it out."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._rate, self._rng, self._wrong_answers = 0.0, np.random.default_rng(0), 0
        self._statuses: tuple[int, ...] = STATUSES
        self._bodies: tuple[bytes, ...] = BODIES

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/faults":
            return self._set(dict(urllib.parse.parse_qsl(environ["QUERY_STRING"])), start_response)
        if self._rng.random() >= self._rate:
            return self._application(environ, start_response)
        self._wrong_answers += 1
        if self._rng.random() < 0.3:  # the request is carried out, its answer is lost
            list(self._application(environ, lambda *_: None))
        if self._rng.random() < 0.03:
            time.sleep(2.5)  # longer than the client waits
        return self._garbage(start_response)

    def _set(self, plan, start_response):
        self._rate = float(plan["rate"])
        self._rng = np.random.default_rng(int(plan.get("seed", 0)))
        self._statuses = (int(plan["status"]),) if "status" in plan else STATUSES
        self._bodies = (BODIES[int(plan["body"])],) if "body" in plan else BODIES
        start_response("200 OK", [])
        return [str(self._wrong_answers).encode()]

    def _garbage(self, start_response):
        status = HTTPStatus(self._statuses[self._rng.integers(len(self._statuses))])
        body = self._bodies[self._rng.integers(len(self._bodies))]
        headers = [("Content-Type", ("application/json", "text/html")[self._rng.integers(2)])]
        if status in (301, 302, 307):
            headers.append(("Location", ("/", "http://127.0.0.1:9/", "::", "ftp://x")[self._rng.integers(4)]))
        if self._rng.random() < 0.1:
            headers.append(("Content-Length", str(len(body) + 7)))  # the connection ends in the middle
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]


class Quiet(WSGIRequestHandler):
    def log(self, *_, **__):
        pass


def serve(store: Path) -> None:
    """Answer until killed."""
    os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{store / '.mlflow/mlflow.db'}"
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = "mlflow-artifacts:/"
    os.environ["_MLFLOW_SERVER_ARTIFACT_DESTINATION"] = str(store / "served")
    os.environ["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
    from mlflow.server import app

    server = make_server("127.0.0.1", 0, Faults(app.wsgi_app), threaded=True, request_handler=Quiet)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


class FaultyServer:
    """The server of another process."""

    def __init__(self, address: str) -> None:
        self.address = address

    def plan(self, rate: float, **facts: int) -> int:
        """Set what goes wrong from now on; returns how many answers were wrong so far."""
        query = urllib.parse.urlencode({"rate": rate, **facts})
        with urllib.request.urlopen(f"{self.address}/faults?{query}", timeout=60) as answer:
            return int(answer.read())


@contextmanager
def faulty_server(store: Path):
    """A server over a store of its own, in a process of its own, since MLflow's settings are global."""
    command = [sys.executable, __file__, str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        yield FaultyServer(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))

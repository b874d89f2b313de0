"""Whatever tracking answers from the start on, a training gives the same bytes and its journal is whole."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.stages.test_trained_checkpoint import ARGUMENTS, files, rows_of
from unirain_core.artefacts import tables
from unirain_core.artefacts.schemas import SplitRow
from unirain_core.stages import trained_checkpoint
from unirain_core.tracking import journal


@pytest.fixture
def answers():
    """A server that gives one answer to everything; its address, and the answer to set."""

    class Handler(BaseHTTPRequestHandler):
        content = b""

        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(Handler.content)

        do_POST = do_GET  # noqa: N815 (the base class looks for this name)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", Handler
        server.shutdown()


def trained(root, monkeypatch, address):
    """Train in a project of its own; what came of it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    pictures = root / "pictures"
    pictures.mkdir(parents=True)
    (root / "roots.local.yaml").write_text(f"toy: {pictures}\n")
    for split, path in (("train", "train/rainrag"), ("val", "val")):
        tables.write(root / f"data/split/{path}.parquet", rows_of(pictures, split), SplitRow)
    trained_checkpoint.run(root, **ARGUMENTS)
    events = journal.read(root / ".unirain/runs/ours")
    return files(root / "data/checkpoints/ours"), [(event.kind, event.step) for event in events]


@pytest.mark.slow
def test_odd_answers_change_neither_the_bytes_nor_the_journal(answers, tmp_path, monkeypatch):
    for name in ("UNIRAIN_HOME", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    address, handler = answers
    expected = trained(tmp_path / "silent", monkeypatch, "http://127.0.0.1:9")
    odd = (b'{"experiment": {"experiment_id": [1, 2]}}', b"<html>", b'{"experiment": {"experiment_id": "1"}}')
    for number, content in enumerate(odd):
        handler.content = content

        assert trained(tmp_path / str(number), monkeypatch, address) == expected

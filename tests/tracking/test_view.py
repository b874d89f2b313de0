import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest

from unirain_core.tracking import view


@pytest.fixture
def given():
    """What a server at `given.address` answers every question with."""
    answer = SimpleNamespace(status=200, content={})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer.status)
            self.end_headers()
            self.wfile.write(json.dumps(answer.content).encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        answer.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever).start()
        yield answer
        server.shutdown()


def test_every_rain_type_has_a_column_and_the_mean_orders_the_table():
    shown = json.loads(view.tags(["drs", "fog"])[view.TAG])

    assert "metrics.`best/val/psnr/fog`" in shown["selectedColumns"]
    assert (shown["orderByKey"], shown["orderByAsc"]) == ("metrics.`best/val/psnr/mean`", False)


def test_the_page_of_an_experiment_with_variants_is_their_table(given):
    given.content = {"experiment": {"experiment_id": "7", "tags": [{"key": view.TAG, "value": "{}"}]}}

    assert view.page(given.address) == (
        f"{given.address}/#/experiments/7/runs?workflowType=machine_learning&viewStateShareKey=variants"
    )


@pytest.mark.parametrize(("status", "content"), [(404, {}), (200, {"experiment": {"experiment_id": "7"}})])
def test_the_page_of_a_server_without_variants_is_the_server(given, status, content):
    given.status, given.content = status, content

    assert view.page(given.address) == given.address


def test_the_page_of_a_server_that_is_down_is_the_server():
    assert view.page("http://127.0.0.1:9") == "http://127.0.0.1:9"


@pytest.mark.parametrize("content", [[1], None, "x", {"experiment": 3}, {"experiment": {"tags": [{}]}}])
def test_the_page_of_a_server_that_answers_something_else_is_the_server(given, content):
    given.content = content

    assert view.page(given.address) == given.address

"""The request that has a web server load the definitions anew."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from unirain_assets import reload
from unirain_core.cli.servers import free_port


@pytest.fixture
def server():
    """A web server that notes what it is asked."""
    asked = []

    class Notes(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            asked.append((self.path, json.loads(self.rfile.read(length))))

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Notes) as opened:
        answering = threading.Thread(target=opened.handle_request)
        answering.start()
        yield f"http://127.0.0.1:{opened.server_port}", asked, answering
        opened.socket.close()


def test_the_code_location_is_named_to_the_server(server, monkeypatch):
    url, asked, answering = server
    monkeypatch.setenv(reload.VARIABLE, url)
    taken = reload.ask("unirain")
    answering.join(30)
    ((path, body),) = asked

    assert taken
    assert (path, body["variables"]) == ("/graphql", {"name": "unirain"})
    assert "reloadRepositoryLocation(repositoryLocationName: $name)" in body["query"]


@pytest.mark.parametrize("address", ["", "nonsense", "https://somewhere", "http://"])
def test_without_an_address_of_a_server_nobody_is_asked(monkeypatch, address):
    monkeypatch.setenv(reload.VARIABLE, address)

    assert not reload.ask("unirain")


def test_a_server_that_does_not_listen_takes_nothing(monkeypatch):
    monkeypatch.setenv(reload.VARIABLE, f"http://127.0.0.1:{free_port(27500)}")

    assert not reload.ask("unirain")

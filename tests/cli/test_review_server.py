"""What the server of `unirain review` gives away, and to whom."""

import ctypes
import io
import json
import os
import socket
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from tests.cli.reviewed_pool import rained, scene, write_pool
from unirain_core.artefacts.roots import Roots
from unirain_core.cli.review_server import PAGE, Session, serve
from unirain_core.distill import labels
from unirain_core.distill.labels import Label
from unirain_core.distill.review import subjects


class Client:
    """Asks a running server."""

    def __init__(self, port):
        self.port = port

    def ask(self, path, *, content=None, **headers):
        """Status and body of an answer."""
        kind = {} if content is None else {"Content-Type": "application/json"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", content, kind | named)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def ask_raw(self, path, host):
        """First line of the answer to a request that a browser would not send."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return connection.makefile().readline()

    def picture(self, pair, side):
        status, content = self.ask("/picture?" + urllib.parse.urlencode({"pair": pair, "side": side}))
        return np.asarray(Image.open(io.BytesIO(content))) if status == 200 else status

    def answer(self, pair, reliable, fault=""):
        content = json.dumps({"pair_id": pair, "reliable": reliable, "fault": fault}).encode()
        return self.ask("/label", content=content)

    def session(self):
        return json.loads(self.ask("/session")[1])


@contextmanager
def served(root, sample, person="ann"):
    session = Session(person=person, sample=sample, roots=Roots.load(root), file=root / "labels.csv")
    server = serve(session, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Client(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def project(tmp_path):
    write_pool(tmp_path)
    return tmp_path


@pytest.fixture
def sample(project):
    return subjects(project, 9, 0)


@pytest.fixture
def client(project, sample):
    with served(project, sample) as asked:
        yield asked


def number_of(pair):
    """The scene of a pair, whose id `write_pool` ends with it."""
    return int(pair.rpartition("/")[2])


def test_each_picture_of_the_sample_is_served_with_all_its_pixels(client, sample):
    for name in sample:  # among them halves of one file
        clean = scene(number_of(name))

        np.testing.assert_array_equal(client.picture(name, "clean"), clean)
        np.testing.assert_array_equal(client.picture(name, "rainy"), rained(clean, number_of(name)))
    np.testing.assert_array_equal(client.picture(name, "0"), rained(scene(22), 2))


def test_only_pairs_of_the_sample_are_served(project, client, sample):
    others = set(subjects(project, 99, 0)) - set(sample)

    assert len(others) == 7
    for name in (*others, "real/0", "", "halved", "here"):
        assert client.picture(name, "rainy") == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../labels.csv",
        "/picture/../../labels.csv",
        "/picture?pair=../labels.csv&side=rainy",
        "/picture?pair=%2e%2e%2flabels.csv&side=rainy",
        "/picture?pair=PAIR&side=../../roots.local.yaml",
        "/picture?pair=PAIR%2f..%2f..%2froots.local.yaml&side=rainy",
        "/picture?pair=PAIR&side=99",
        "/picture?pair=PAIR",
        "/picture",
        "//etc/passwd",
        "/review.html",
        "/label",
    ],
)
def test_a_path_leads_nowhere_else(client, sample, path):
    status, content = client.ask(path.replace("PAIR", urllib.parse.quote(next(iter(sample)))))

    assert (status, content) == (404, b"there is no such page or picture")


@pytest.mark.parametrize(("path", "host", "status"), [("http://[::", "localhost", 404), ("/", "[::", 403)])
def test_a_malformed_address_is_answered(client, path, host, status):
    assert client.ask_raw(path, host).startswith(f"HTTP/1.1 {status} ")
    assert client.ask("/")[0] == 200


def test_the_server_listens_on_this_machine_alone(project, sample):
    session = Session(person="ann", sample=sample, roots=Roots.load(project), file=project / "labels.csv")
    with serve(session, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_another_site_cannot_ask_by_a_name_that_leads_here(client, sample):
    assert client.ask("/session", Host="evil.example:8600")[0] == 403
    assert client.ask("/session", Host=f"localhost:{client.port}")[0] == 200


def test_another_site_cannot_send_a_form(project, client, sample):
    content = json.dumps({"pair_id": next(iter(sample)), "reliable": "yes", "fault": ""}).encode()

    assert client.ask("/label", content=content, Content_Type="text/plain")[0] == 404
    assert not (project / "labels.csv").exists()


def test_an_answer_is_in_the_file_when_it_is_confirmed(project, client, sample):
    first, second, *_ = sample

    assert client.answer(first, "no", "drawn")[0] == 200
    assert client.answer(second, "unsure")[0] == 200
    assert labels.read(project / "labels.csv") == [
        Label(first, "ann", False, "drawn"),
        Label(second, "ann", None, ""),
    ]


@pytest.mark.parametrize(
    ("pair", "reliable", "fault"),
    [("other/1", "yes", ""), (None, "perhaps", ""), (None, "no", "ugly"), (None, "yes", "drawn")],
)
def test_what_is_no_answer_is_refused_and_not_written(project, client, sample, pair, reliable, fault):
    assert client.answer(pair or next(iter(sample)), reliable, fault)[0] == 400
    assert not (project / "labels.csv").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pair_id": 1}', b"\xff", b" " * (1 << 17), b"[" * 50_000]
)
def test_nonsense_is_refused_and_the_server_goes_on(client, sample, content):
    assert client.ask("/label", content=content)[0] == 400
    assert client.answer(next(iter(sample)), "yes")[0] == 200


def test_a_person_sees_their_own_answers_alone(project, sample):
    first, second, *_ = sample
    labels.append(project / "labels.csv", Label(first, "bob", True, ""))
    labels.append(project / "labels.csv", Label("gone/1", "ann", True, ""))
    labels.append(project / "labels.csv", Label(second, "ann", False, "other"))
    with served(project, sample) as client:
        assert client.session()["answers"] == {second: {"reliable": "no", "fault": "other"}}
        assert [pair["pair_id"] for pair in client.session()["pairs"]] == list(sample)


def test_a_picture_that_has_changed_is_refused_with_its_reason(project, client, sample):
    name = next(name for name in sample if name.startswith("plain"))
    (project / f"{name}-rain.png").write_bytes(b"another")
    status, content = client.ask("/picture?" + urllib.parse.urlencode({"pair": name, "side": "rainy"}))

    assert status == 500
    assert b"has changed since it was listed" in content


class Watch:
    """The kernel's list of the files that somebody opens in a folder (inotify)."""

    OPENED = 0x20

    def __init__(self, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self.handle = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self.handle, os.fsencode(folder), self.OPENED) >= 0

    def is_opened(self):
        try:
            return len(os.read(self.handle, 4096)) > 0
        except BlockingIOError:
            return False


def test_the_server_is_blind_to_votes(project):
    """Neither a vote nor a verdict is in what it serves, and it never opens their files."""
    votes = project / "data/votes"
    votes.mkdir()
    for name in ("votes", "verdicts"):
        (votes / f"{name}.parquet").write_bytes(b"p_yes of statistics/nss: verdict true")
    watch = Watch(votes)
    sample = subjects(project, 9, 0)
    with served(project, sample) as client:
        spoken = client.ask("/")[1] + client.ask("/session")[1]
        for name in sample:
            for side in ("rainy", "clean", "0"):
                client.picture(name, side)
            client.answer(name, "yes")
        spoken += client.ask("/session")[1]
    was_opened = watch.is_opened()
    (votes / "votes.parquet").read_bytes()

    assert not was_opened
    assert watch.is_opened()  # by this test alone: the watch does see
    for word in (b"p_yes", b"verdict", b"vote", b"judge", b"statistics/", b"accepted", b"distilled"):
        assert word not in spoken.lower()


def test_the_page_needs_no_other_file():
    text = PAGE.read_text(encoding="utf-8")

    for address in ("http://", "https://", "src=", "<link", "import "):
        assert address not in text


def test_two_sessions_write_into_one_file_at_the_same_time(project, sample):
    def label_all(person):
        with served(project, sample, person) as client:
            for name in sample:
                assert client.answer(name, "yes")[0] == 200

    people = [threading.Thread(target=label_all, args=(person,)) for person in ("ann", "bob", "eve")]
    for thread in people:
        thread.start()
    for thread in people:
        thread.join()

    assert len(labels.read(project / "labels.csv")) == 3 * len(sample)

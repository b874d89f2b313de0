"""The web server of `unirain review`: one page, the pictures of one sample of pairs, and one person's answers.

It listens on this machine alone. A picture is named by a pair of the sample and a side of it, never by a path.
"""

import io
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from unirain_core.artefacts.picture import Picture
from unirain_core.artefacts.roots import Roots
from unirain_core.distill import labels
from unirain_core.distill.labels import ANSWERS, WORDS, Label
from unirain_core.distill.review import FAULTS, Subject
from unirain_core.errors import UniRainError
from unirain_core.imaging.codec import write_png
from unirain_core.imaging.pairs import read

PAGE = Path(__file__).with_name("review.html")

_HOSTS = frozenset({"127.0.0.1", "localhost"})
"""Names by which a page may ask. Another site whose name leads to this machine could read the pictures otherwise."""

_MAX_ANSWER = 1 << 16
"""Bytes of a posted answer at most; a pair_id is no longer than a path."""

_POLICY = "default-src 'none'; img-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What one person labels, and where the labels go."""

    person: str
    sample: Mapping[str, Subject]
    """By pair_id, in the order in which they are asked."""
    roots: Roots
    file: Path
    """The labels of all persons."""

    def answers(self) -> dict[str, dict[str, str]]:
        """What this person has said of the pairs of the sample, as the file says now."""
        return {
            label.pair_id: {"reliable": WORDS[label.reliable], "fault": label.fault}
            for label in labels.read_if_any(self.file)
            if label.person == self.person and label.pair_id in self.sample
        }

    def content(self) -> bytes:
        """What the page must know, as JSON. It names no dataset, since a person would judge by its name."""
        pairs = []
        for name, subject in self.sample.items():
            pair = subject.pair
            size = {"width": pair.width, "height": pair.height, "references": len(subject.references)}
            pairs.append({"pair_id": name, "rain_type": pair.rain_type, **size})
        faults = [{"word": word, "meaning": meaning} for word, meaning in FAULTS.items()]
        content = {"person": self.person, "faults": faults, "pairs": pairs, "answers": self.answers()}
        return json.dumps(content).encode()

    def picture(self, query: str) -> Picture | None:
        """The picture that `pair=ID&side=SIDE` names; None: it belongs to no pair of the sample."""
        fields = parse_qs(query)
        subject = self.sample.get(fields.get("pair", [""])[0])
        if subject is None:
            return None
        sides = {"rainy": subject.pair.rainy, "clean": subject.pair.clean}
        for rank, photo in enumerate(subject.references):
            sides[str(rank)] = photo.rainy
        return sides.get(fields.get("side", [""])[0])

    def label(self, content: bytes) -> Label:
        """The label that a posted answer means.

        Raises:
            ValueError: it is none, or is about a pair that is not in the sample.
        """
        match json.loads(content):
            case {"pair_id": str() as name, "reliable": str() as word, "fault": str() as fault}:
                if name not in self.sample:
                    raise ValueError("the pair is not in this sample: reload the page")
                if word not in ANSWERS or (fault and fault not in FAULTS):
                    raise ValueError(f"no answer: {word!r} with fault {fault!r}")
                return Label(name, self.person, ANSWERS[word], fault)
            case _:
                raise ValueError("an answer has pair_id, reliable and fault")


def serve(session: Session, port: int) -> ThreadingHTTPServer:
    """A server on this machine's loopback address that has its port but does not answer yet.

    Args:
        session: whose sample and labels.
        port: 0: any free one.
    """
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, session))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, session: Session, *connection: object) -> None:
        self._session = session  # first, since the base class answers the request before it returns
        super().__init__(*connection)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer the page, what it must know, or a picture."""
        if not self._is_asked_by_its_page():
            return
        address = _parsed(self.path)
        try:
            if address.path == "/":
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", PAGE.read_bytes())
            elif address.path == "/session":
                self._send(HTTPStatus.OK, "application/json", self._session.content())
            elif address.path == "/picture" and (picture := self._session.picture(address.query)):
                self._send(HTTPStatus.OK, "image/png", _png(picture, self._session.roots))
            else:
                self._say(HTTPStatus.NOT_FOUND, "there is no such page or picture")
        except (UniRainError, OSError) as error:
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))

    def do_POST(self) -> None:
        """Take an answer and write it down before it is confirmed."""
        if not self._is_asked_by_its_page():
            return
        # a page of another site may send a form, but no JSON
        if self.headers.get_content_type() != "application/json" or self.path != "/label":
            self._say(HTTPStatus.NOT_FOUND, "answers are posted to /label as JSON")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > _MAX_ANSWER:
            self._say(HTTPStatus.BAD_REQUEST, "this is no answer")
            return
        try:
            label = self._session.label(self.rfile.read(int(length)))
            labels.append(self._session.file, label)
        except (ValueError, RecursionError) as error:  # the latter of JSON that is nested too deep
            self._say(HTTPStatus.BAD_REQUEST, str(error))
        except OSError as error:
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, f"{self._session.file}: {error.strerror}")
        else:
            self._send(HTTPStatus.OK, "application/json", b"{}")

    def log_message(self, format: str, *args: object) -> None:
        """Keep requests out of the terminal."""
        logger.debug(format, *args)

    def _is_asked_by_its_page(self) -> bool:
        host = _parsed(f"//{self.headers.get('Host', '')}").hostname
        if host in _HOSTS:
            return True
        self._say(HTTPStatus.FORBIDDEN, "this page is served to this machine alone")
        return False

    def _say(self, status: HTTPStatus, what: str) -> None:
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("%s", what)
        self.close_connection = True  # the body of the request may still be unread
        self._send(status, "text/plain; charset=utf-8", what.encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        with suppress(ConnectionError):  # the person has gone on to another pair
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Security-Policy", _POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(content)


def _parsed(address: str) -> SplitResult:
    """The parts of an address, all of them empty where it is malformed."""
    with suppress(ValueError):
        return urlsplit(address)
    return urlsplit("")


def _png(picture: Picture, roots: Roots) -> bytes:
    """A picture at its full size, as the judges see it: upright, RGB, the half of a file that it is."""
    content = io.BytesIO()
    write_png(content, read(picture, roots))
    return content.getvalue()

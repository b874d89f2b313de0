"""The web server of the pages that the pipeline writes: an index, and the files (`python -m unirain_core.cli.pages FOLDER PORT`)."""

import html
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from unirain_core.cli.servers import LOOPBACK


@dataclass(frozen=True, slots=True)
class Page:
    """A line of the index."""

    title: str
    shows: str
    stage: str
    """That writes it."""


INDEX = {
    "pictures/pictures.html": Page("Restored pictures", "rainy, restored by each method, clean", "pictures"),
    "gallery/gallery.html": Page(
        "RainRAG gallery", "every pair and photo with its references, votes and reasons", "gallery"
    ),
    "trust/trust.html": Page(
        "Can the judges be trusted?", "the judges on pairs whose quality is known", "judge_trust"
    ),
    "coverage/coverage.html": Page(
        "Coverage of the real photos", "how far each set to train on covers them (Figure 6b)", "coverage"
    ),
    "leakage/leakage.md": Page(
        "Leakage", "which scenes stand in several sets, and in a benchmark's", "leakage_report"
    ),
    "curves/psnr.csv": Page(
        "Curves of the trainings",
        "the numbers of one curve, which dvc plots show draws with all others",
        "curves",
    ),
}
"""Path in the folder of pages to its line."""

_TEXT = "text/plain; charset=utf-8"
_STYLE = "body { font: 16px/1.7 system-ui, sans-serif; margin: 40px; color-scheme: light dark }"


def index(folder: Path) -> str:
    """The page that leads to all others; of an absent one it says how it is made."""
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>unirain: pages</title>',
            f"<style>{_STYLE}</style></head>\n<body><h1>Pages of this project</h1>\n<ul>",
            *_lines(folder),
            "</ul></body></html>\n",
        ]
    )


def _lines(folder: Path) -> Iterator[str]:
    for path, page in INDEX.items():
        title, shows = html.escape(page.title), html.escape(page.shows)
        if (folder / path).is_file():
            yield f'<li><a href="{path}">{title}</a>: {shows}</li>'
        else:
            yield f"<li>{title}: {shows} (not there yet: <code>dvc repro {page.stage}</code> makes it)</li>"


def serve(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server on this machine's loopback address that has its port but does not answer yet.

    Args:
        folder: of the pages.
        port: 0: any free one.
    """
    return ThreadingHTTPServer((LOOPBACK, port), partial(_Handler, directory=str(folder)))


class _Handler(SimpleHTTPRequestHandler):
    def guess_type(self, path: object) -> str:
        """Let a browser show text instead of saving it."""
        return _TEXT if str(path).endswith((".md", ".csv")) else super().guess_type(str(path))

    def list_directory(self, path: object) -> BytesIO | None:
        """Answer the index in place of the folder of pages, and nothing in place of another."""
        if Path(str(path)) != Path(self.directory):
            self.send_error(HTTPStatus.NOT_FOUND, "the address without a path leads to all pages")
            return None
        content = index(Path(self.directory)).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return BytesIO(content)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()

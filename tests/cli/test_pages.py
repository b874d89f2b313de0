"""What the server of the pages answers: an index of them, and each of them as a browser shows it."""

import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from unirain_core.cli.pages import INDEX, serve
from unirain_core.config.load import read_yaml


@pytest.fixture
def ask(tmp_path):
    """Type and text of the answer to a path."""
    for name in ("gallery/gallery.html", "leakage/leakage.md", "curves/psnr.csv"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("über", encoding="utf-8")
    server = serve(tmp_path, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(path):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_address[1]}{path}", timeout=60) as read:
            return read.headers["Content-Type"], read.read().decode("utf-8")

    yield answer
    server.shutdown()
    server.server_close()


def test_the_index_has_a_line_for_each_page_and_says_of_an_absent_one_how_it_is_made(ask):
    kind, text = ask("/")
    lines = [line for line in text.splitlines() if line.startswith("<li>")]

    assert kind == "text/html; charset=utf-8"
    assert len(lines) == len(INDEX)
    assert '<a href="gallery/gallery.html">RainRAG gallery</a>: every pair' in text
    assert '<a href="leakage/leakage.md">' in text
    assert "trust.html" not in text
    assert "<code>dvc repro judge_trust</code> makes it" in text


@pytest.mark.parametrize("path", ["/leakage/leakage.md", "/curves/psnr.csv"])
def test_text_is_shown_and_not_downloaded(ask, path):
    assert ask(path) == ("text/plain; charset=utf-8", "über")


def test_a_page_is_served_and_no_folder_is_listed(ask):
    assert ask("/gallery/gallery.html") == ("text/html", "über")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask("/gallery/")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask("/../test_pages.py")


def test_the_index_names_every_stage_of_the_group_pages_with_its_own_out():
    stages = read_yaml(Path(__file__).parents[2] / "dvc.yaml")["stages"]  # type: ignore[index]
    pages = {
        name: body["outs"][0] for name, body in stages.items() if body.get("meta", {}).get("group") == "pages"
    }

    assert {page.stage: f"data/pages/{Path(path).parent}" for path, page in INDEX.items()} == pages

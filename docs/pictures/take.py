"""Takes the pictures of this folder that show a page; run in a project whose pipeline has run, beside `unirain ui`.

PYTHONPATH=. python docs/pictures/take.py ADDRESS http://127.0.0.1:5000

ADDRESS is that of Dagster, as `unirain ui` prints it when Dagster is ready, with all groups open.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.end_to_end.browser import Browser, browser
from unirain_core.artefacts import paths
from unirain_core.tracking import view

HERE = Path(__file__).parent
SETTLED = 4.0
"""Seconds after which nothing on a page moves any more."""
ASSISTANT = "[data-component-id='mlflow.assistant.chat_panel.close']"


def gallery(window: Browser) -> None:
    """The first rejected pairs."""
    window.open((Path(paths.GALLERY) / "gallery.html").absolute().as_uri())
    window.click("[data-level=low_fidelity]")


def dagster(window: Browser, address: str) -> None:
    """The graph of all assets."""
    window.open(address)
    window.wait("return document.querySelector('[aria-label^=panel_show]')")
    time.sleep(SETTLED)
    window.run(
        "[...document.querySelectorAll('a, button')].find(b => /Hide nav/.test(b.textContent)).click()"
    )


def mlflow(window: Browser, server: str) -> None:
    """The table of variants."""
    window.open(view.page(server))
    window.wait("return document.querySelector(arguments[0])", ASSISTANT)
    window.click(ASSISTANT)
    window.wait("return document.body.innerText.includes('best/val/psnr/mean')")


def charts(window: Browser, server: str) -> None:
    """The charts of the same view."""
    window.open(view.chart_page(view.page(server)))
    window.wait("return document.querySelector(arguments[0])", ASSISTANT)
    window.click(ASSISTANT)
    window.wait("return document.body.innerText.includes('weight/drs vs weight/drd')")
    time.sleep(SETTLED)


def take(file: Path, width: int, height: int, show: Callable[[Browser], None]) -> None:
    """Write what a new window shows."""
    with (
        tempfile.TemporaryDirectory() as folder,
        browser(Path(folder) / "profile", width=width, height=height) as window,
    ):
        show(window)
        time.sleep(SETTLED)
        shot = Path(folder) / "shot.png"
        window.screenshot(shot)
        with Image.open(
            shot
        ) as picture:  # in few, well-chosen colours: a repository is no place for large files
            picture.convert("RGB").quantize(256, kmeans=4).save(file, optimize=True)


def main(dagster_address: str, mlflow_server: str) -> None:
    """Take all four."""
    take(HERE / "gallery.png", 1400, 1150, gallery)
    take(HERE / "dagster.png", 1500, 1850, lambda window: dagster(window, dagster_address))
    take(HERE / "mlflow.png", 1700, 700, lambda window: mlflow(window, mlflow_server))
    take(HERE / "mlflow_charts.png", 1700, 1800, lambda window: charts(window, mlflow_server))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The pages that people look at, in a browser: the gallery, Dagster's graph of assets, MLflow's table of variants.

Each test leaves a screenshot beside its other files (`pytest --basetemp=FOLDER` says where).
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.browser import PATIENCE, browser, is_installed
from unirain_assets import graph
from unirain_core.cli.servers import free_port
from unirain_core.distill import gallery
from unirain_core.distill.gallery import Card
from unirain_core.distill.thumbnails import encode
from unirain_core.tracking import view
from unirain_core.tracking.events import Finish, Start
from unirain_core.tracking.journal import Journal
from unirain_core.tracking.mirror import Mirror
from unirain_core.tracking.results import Result, tell

ROOT = Path(__file__).parents[2]
TYPES = ("drs", "drd", "nrs", "nrd")
LEFT, RIGHT = "\ue012", "\ue014"
"""The arrows, as WebDriver names them."""
REASONS = {"distilled": "accepted", "low_fidelity": "rejected"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="needs chromium and chromedriver"),
]


@pytest.fixture
def window(tmp_path):
    # MLflow draws only the columns that fit in, Dagster only the assets
    with browser(tmp_path / "profile", width=2400, height=3400) as opened:
        yield opened


def gallery_file(folder, n_pairs):
    """A page over pairs of every type, every third rejected, each against the same real photo."""
    tiny = encode(np.full((256, 384, 3), 128, np.uint8))
    photo = Card(id="real/1", level="real", reason="real_photo", source="real", origin="real")
    cards = [photo, *(judged(number) for number in range(n_pairs))]
    cards.append(Card(id="set/torn", level="dropped", reason="unreadable", source="set"))
    totals = {level: sum(card.level == level for card in cards) for level in {card.level for card in cards}}
    pictures = {card.id: (tiny, tiny if card.level in REASONS else None) for card in cards}
    html = gallery.page(cards, pictures, totals=totals, judges=["statistics/nss"])
    file = folder / "gallery.html"
    file.write_text(html, encoding="utf-8")
    return file.as_uri()


def judged(number):
    level = "low_fidelity" if number % 3 == 0 else "distilled"
    word = {"distilled": "yes", "low_fidelity": "no"}[level]
    return Card(
        id=f"set/{number:04}",
        level=level,
        reason=REASONS[level],
        source=f"set{number % 2}",
        rain_type=TYPES[number % 4],
        origin="synthetic",
        split="train" if level == "distilled" else "none",
        caption=f"rain number {number}",
        votes=tuple(
            {"judge": f"j{j}", "vote": word, "p": 0.25 * j + number / 1000, "from": 0.5, "why": "dark marks"}
            for j in range(3)
        ),
        references=({"id": "real/1", "text": 1.5, "sight": 0.5, "structure": 0.25},),
    )


def counted(window):
    return window.run("return document.getElementById('count').textContent")


def choose(window, key, value):
    window.run(
        "const s = document.querySelector(`select[data-key=${arguments[0]}]`); s.value = arguments[1];"
        "s.dispatchEvent(new Event('change'))",
        key,
        value,
    )


def test_the_gallery_filters_by_what_a_person_clicks(window, tmp_path):
    window.open(gallery_file(tmp_path, 24))
    seen = [counted(window)]
    window.click("[data-level=low_fidelity]")
    seen.append(counted(window))
    for key, value in (("rain_type", "drs"), ("source", "set0"), ("reason", "rejected")):
        choose(window, key, value)
    seen.append(counted(window))
    window.click("#reset")
    window.type("nav input", "number 7")
    seen.append(counted(window))
    window.screenshot(tmp_path / "gallery.png")

    assert seen == ["26 of 26 shown", "8 of 26 shown", "2 of 26 shown", "1 of 26 shown"]


def test_a_card_of_the_gallery_tells_votes_verdict_and_references(window, tmp_path):
    window.open(gallery_file(tmp_path, 1))
    window.click("article.low_fidelity details")
    card = window.run("return document.querySelector('article.low_fidelity').innerText")
    drawn = window.run(
        "return [...document.querySelectorAll('article.low_fidelity img')].every(i => i.naturalWidth)"
    )
    opened = window.run("return document.querySelector('article.low_fidelity details').open")

    for text in (
        "rejected: 3 no",
        "rain number 0",
        "dark marks",
        "0.25",
        "caption 1.50",
        "image 0.50",
        "SSIM 0.25",
        "(Eq. 1)",
    ):
        assert text in card
    assert (drawn, opened) == (True, True)


def test_a_picture_of_the_gallery_opens_in_full_with_wipe_and_flicker(window, tmp_path):
    window.open(gallery_file(tmp_path, 1))
    window.click("article.low_fidelity .pair")
    width = window.run("return document.querySelector('#stage img').getBoundingClientRect().width")
    window.run(
        "const s = document.getElementById('stage'), b = s.getBoundingClientRect();"
        "s.dispatchEvent(new PointerEvent('pointermove', {clientX: b.left + b.width / 4}))"
    )
    wiped = window.run("return document.getElementById('stage').style.getPropertyValue('--at')")
    window.screenshot(tmp_path / "wipe.png")
    sides = []
    for _ in range(3):
        window.click("#flicker")
        sides.append(window.run("return document.getElementById('side').textContent"))
    window.click("#close")

    assert width > 1000
    assert wiped == "25%"
    assert sides == ["rainy", "clean", "rainy"]
    assert not window.run("return document.querySelector('dialog').open")


@pytest.mark.parametrize("size", [(1400, 944), (700, 1200)])
def test_picture_and_bar_of_the_full_view_lie_inside_the_window_after_a_click_as_well(tmp_path, size):
    inside = (
        "return ['#bar', '#flicker', '#close', '#stage img', '#stage img + img'].every(name => {"
        "const b = document.querySelector(name).getBoundingClientRect();"
        "return b.height > 20 && b.top >= 0 && b.left >= 0 && b.bottom <= innerHeight && b.right <= innerWidth})"
    )
    with browser(tmp_path / "profile", width=size[0], height=size[1]) as window:
        window.open(gallery_file(tmp_path, 1))
        window.click("article.low_fidelity .pair")
        before = window.run(inside)
        window.click("#stage")
        window.screenshot(tmp_path / "full.png")
        after = window.run(inside)

    assert (before, after) == (True, True)


def test_the_arrows_lead_from_one_shown_card_with_a_picture_to_the_next(window, tmp_path):
    window.open(gallery_file(tmp_path, 7))
    window.click("[data-level=low_fidelity]")  # 0, 3 and 6
    window.click("article.low_fidelity .pair")
    names = []
    for key in (RIGHT, RIGHT, RIGHT, LEFT):
        window.press(key)
        names.append(window.run("return document.querySelector('#bar .id').textContent"))
    window.click("#before")
    names.append(window.run("return document.querySelector('#bar .id').textContent"))

    assert names == ["set/0003", "set/0006", "set/0006", "set/0003", "set/0000"]


def test_the_gallery_sorts_by_p_yes_and_by_disagreement_and_cards_without_votes_stand_last(window, tmp_path):
    window.open(gallery_file(tmp_path, 5))
    orders = {}
    for place in range(4):
        window.run(
            "const s = document.getElementById('sort'); s.selectedIndex = arguments[0];"
            "s.dispatchEvent(new Event('change'))",
            place,
        )
        orders[place] = window.run(
            "return [...document.querySelectorAll('article .id')].map(n => n.textContent)"
        )

    numbered = [f"set/{number:04}" for number in range(5)]
    assert orders[0] == ["real/1", *numbered, "set/torn"]
    assert orders[1][:5] == numbered
    assert orders[2][:5] == numbered[::-1]
    assert set(orders[1][5:]) == set(orders[2][5:]) == set(orders[3][5:]) == {"real/1", "set/torn"}
    # the surest judge of each says 0.5 and more, the others at most 0.5: the larger the number, the farther on both sides
    assert orders[3][:5] == sorted(
        numbered, key=lambda name: -min(int(name[4:]) / 1000, 0.5 - int(name[4:]) / 1000)
    )


def test_the_gallery_draws_thousands_only_as_they_are_scrolled_to_and_asks_nobody(window, tmp_path):
    window.open(gallery_file(tmp_path, 3000))
    first = window.run("return document.querySelectorAll('article').length")
    window.run("scrollTo(0, document.body.scrollHeight)")
    window.wait("return document.querySelectorAll('article').length > arguments[0]", first)
    window.screenshot(tmp_path / "gallery.png")

    assert first < 100
    assert window.run("return performance.getEntriesByType('resource').length") == 0


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The pipeline of this repository without any data, with two variants in MLflow."""
    root = tmp_path / "project"
    for name in ("unirain_core", "unirain_assets"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", "params.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    for name in ("DAGSTER_HOME", "MLFLOW_TRACKING_URI", "DVC_ROOT", "UNIRAIN_HOME"):
        monkeypatch.delenv(name, raising=False)
    for variant, psnr in (("weaker", 21.0), ("stronger", 24.5)):
        journal_of(root / ".unirain/runs" / variant, variant, psnr)
        Mirror(root / ".unirain/runs" / variant, root).send()
    table = root / "data/tables/table1.md"
    table.parent.mkdir(parents=True)
    table.write_text("| method | average |\n| --- | --- |\n| stronger | 24.25 |\n")
    metrics = {f"test/psnr/{name}": 24.25 for name in ("average", *TYPES)}
    tell([Result(variant="stronger", sha256="s", metrics=metrics)], [table], root / ".unirain/runs", root)
    return root


def journal_of(folder, variant, psnr):
    params = {"split": "rainrag", "strategy": variant, "rain_types": ", ".join(TYPES), "training.steps": "10"}
    start = Start(key=variant, variant=variant, params=params, tags={}, datasets=[])
    best = {f"best/val/psnr/{name}": psnr for name in ("mean", *TYPES)}
    journal = Journal.begin(folder, start)
    for step in (5, 10):
        journal.metrics(step, {f"weight/{name}": 0.25 for name in TYPES})
    journal.finish(
        Finish(metrics=best, checkpoint=f"data/checkpoints/{variant}", sha256="s", psnr=psnr),
    )


@pytest.fixture
def pages(project):
    """Address of each interface as `unirain ui` says it."""
    first = {"dagster": 23500, "mlflow": 25500, "pages": 28500}
    ports = [word for name, port in first.items() for word in (f"--{name}-port", str(free_port(port)))]
    command = [sys.executable, "-c", "from unirain_core.cli.main import main; main()", "ui", *ports]
    said = project / "said"
    with said.open("w") as output:
        environment = os.environ | {"PYTHONPATH": str(project)}
        started = subprocess.Popen(
            command, cwd=project, env=environment, stdout=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while said.read_text().count("is ready") < 3 and time.monotonic() < deadline:
            time.sleep(0.2)
        ready = (line.split(" is ready: ") for line in said.read_text().splitlines() if " is ready: " in line)
        yield dict(ready)
    finally:
        os.kill(started.pid, signal.SIGTERM)
        started.wait(60)


def stands_for(label, name):
    """Whether a node with this label is the asset's; Dagster cuts long names in their middle."""
    start, cut, end = label.partition("…")
    return label == name or (cut and name.startswith(start) and name.endswith(end))


def test_both_interfaces_show_the_whole_pipeline_and_its_variants(pages, window, tmp_path):
    window.open(pages["Dagster"])
    window.wait("return document.body.innerText.includes('corpus')")
    form = window.run("return document.body.innerText.includes('Join the Dagster community')")
    window.wait("return document.body.innerText.includes('vlm_votes')")  # the address opens all groups
    nodes = window.run("return document.body.innerText").splitlines()
    window.screenshot(tmp_path / "dagster.png")
    window.open(pages["MLflow"])
    window.wait("return document.body.innerText.includes('stronger')")
    text = window.run("return document.body.innerText")
    window.screenshot(tmp_path / "mlflow.png")
    window.open(view.chart_page(pages["MLflow"]))
    window.wait("return document.body.innerText.includes('Objective, Eqs. 6 to 10')")
    window.wait("return document.body.innerText.includes('weight/drs vs weight/drd vs weight/nrs')")
    charts = window.run("return document.body.innerText")
    window.screenshot(tmp_path / "mlflow_charts.png")

    assets = [step.path[-1] for step in graph.read(ROOT).steps]  # the group around a node says the stage

    assert [name for name in assets if not any(stands_for(node, name) for node in nodes)] == []
    assert not form
    assert text.index("stronger") < text.index("weaker")
    for name in ("mean", *TYPES):
        assert f"best/val/psnr/{name}" in text
    assert "test/psnr/average vs test/psnr/drs" in charts
    assert "best/val/psnr" not in charts.replace("Sort: best/val/psnr/mean", "")

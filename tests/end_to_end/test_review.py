"""`unirain review` in a browser: a person labels with the keyboard, goes away, and comes back.

Each test leaves a screenshot beside its other files (`pytest --basetemp=FOLDER` says where).
"""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from tests.cli.reviewed_pool import write_pool
from tests.end_to_end.browser import PATIENCE, browser, is_installed
from tests.laws.remedies import ROOT
from unirain_core.cli.servers import free_port
from unirain_core.distill import labels
from unirain_core.distill.labels import Label
from unirain_core.distill.review import subjects

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="needs chromium and chromedriver"),
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("UNIRAIN_HOME", raising=False)
    root = tmp_path / "project"
    root.mkdir()
    write_pool(root)
    return root


@contextmanager
def review(root, *options):
    """The address of a running review, and at the end a list with what it has printed."""
    command = [
        sys.executable,
        "-m",
        "unirain_core.cli.main",
        "review",
        "--port",
        str(free_port(28600)),
        *options,
    ]
    said: list[str] = []
    with (root / "said").open("w+") as output:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command, cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while "open http" not in (root / "said").read_text():
                assert process.poll() is None, (root / "said").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            (address,) = re.findall(r"open (\S+)", (root / "said").read_text())
            yield address, said
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        said += (root / "said").read_text().splitlines()


def wait_for(window, name):
    window.wait("return document.body.dataset.shown === arguments[0]", name)


def press(window, name, key):
    """Press a key once a pair is to be seen."""
    wait_for(window, name)
    window.press(key)


def test_what_a_person_labels_with_keys_is_in_the_file_and_not_asked_again(project, tmp_path):
    order = list(subjects(project, 6, 7))
    options = ("--person", "ann", "--sample", "6", "--seed", "7", "--labels", "people.csv")
    with review(project, *options) as (address, _), browser(tmp_path / "profile") as window:
        window.open(address)
        press(window, order[0], "y")
        press(window, order[1], "3")
        press(window, order[2], "u")
        press(window, order[3], "b")
        press(window, order[2], "n")
        wait_for(window, order[3])
        window.open(address)  # as a reload does
        press(window, order[3], "y")
        wait_for(window, order[4])
    with review(project, *options) as (address, said), browser(tmp_path / "later") as window:
        window.open(address)
        press(window, order[4], "9")
        press(window, order[5], "y")
        window.wait("return document.body.innerText.includes('All pairs of this sample are labelled')")
        window.screenshot(tmp_path / "done.png")
        window.press("b")
        wait_for(window, order[5])

    assert (project / "people.csv").read_text().splitlines() == [
        "pair_id,person,reliable,fault",
        f"{order[0]},ann,yes,",
        f"{order[1]},ann,no,wrong_weather",
        f"{order[2]},ann,unsure,",
        f"{order[2]},ann,no,",
        f"{order[3]},ann,yes,",
        f"{order[4]},ann,no,other",
        f"{order[5]},ann,yes,",
    ]
    assert Label(order[2], "ann", False, "") in labels.read(project / "people.csv")
    assert "2 of 6 pairs are left for ann; labels go to people.csv" in said
    assert "6 of 6 pairs are labelled by ann" in said


def test_the_second_persons_session_ends_with_the_kappa_of_both(project, tmp_path):
    order = list(subjects(project, 4, 0))
    for name, answer in zip(order, (True, True, False, False), strict=True):
        labels.append(project / "labels/review.csv", Label(name, "ann", answer, ""))
    with (
        review(project, "--person", "bob", "--sample", "4") as (address, said),
        browser(tmp_path / "p") as window,
    ):
        window.open(address)
        for name, key in zip(order, "ynnn", strict=True):
            press(window, name, key)
        window.wait("return document.body.innerText.includes('All pairs of this sample are labelled')")

    # by hand: 3 of 4 agree, by chance (2 x 1 + 2 x 3) / 16 = 1/2
    assert any(line.startswith("ann and bob: Cohen's kappa 0.50 on 4 pairs") for line in said)


VISIBLE = "return [...document.querySelectorAll('#pair figure')].map(f => getComputedStyle(f).visibility)"
PLACES = "return [...document.querySelectorAll('#pair figure')].map(f => JSON.stringify(f.getBoundingClientRect()))"


def test_flicker_shows_both_pictures_in_turn_at_one_place(project, tmp_path):
    (first, *_) = subjects(project, 4, 0)
    with review(project) as (address, _), browser(tmp_path / "profile") as window:
        window.open(address)
        wait_for(window, first)
        beside = window.run(PLACES)
        window.press("f")
        places = window.run(PLACES)
        for front in (["visible", "hidden"], ["hidden", "visible"], ["visible", "hidden"]):
            window.wait(f"{VISIBLE}.join() === arguments[0]", ",".join(front))
        window.screenshot(tmp_path / "flicker.png")
        window.press("f")
        after = window.run(VISIBLE)

    assert beside[0] != beside[1]
    assert places[0] == places[1]
    assert after == ["visible", "visible"]


def test_zoom_enlarges_both_pictures_about_the_same_point(project, tmp_path):
    (first, *_) = subjects(project, 4, 0)
    width = "return [...document.querySelectorAll('#pair img')].map(i => i.getBoundingClientRect().width)"
    scrolled = "return [...document.querySelectorAll('#pair .frame')].map(f => f.scrollLeft)"
    with review(project) as (address, _), browser(tmp_path / "profile") as window:
        window.open(address)
        wait_for(window, first)
        before = window.run(width)
        window.press("z")
        during, middle = window.run(width), window.run(scrolled)
        window.run("document.querySelector('#pair .frame').scrollBy(40, 0)")
        window.wait(
            "const [a, b] = [...document.querySelectorAll('#pair .frame')].map(f => f.scrollLeft);"
            "return a === b && a > arguments[0]",
            middle[0],
        )
        window.screenshot(tmp_path / "zoom.png")

    assert during[0] == during[1] > before[0]
    assert middle[0] == middle[1]


def test_every_key_is_named_on_the_page_and_every_picture_has_its_full_size(project, tmp_path):
    (first, *_) = subjects(project, 4, 0)
    with review(project) as (address, _), browser(tmp_path / "profile") as window:
        window.open(address)
        wait_for(window, first)
        named = window.run("return [...document.querySelectorAll('kbd')].map(k => k.textContent).join('')")
        sizes = window.run("return [...document.images].map(i => [i.naturalWidth, i.naturalHeight])")

    assert named == "ynubfz123456789"
    assert sizes == [[240, 160]] * 5


def test_nothing_is_answered_once_the_review_has_ended_and_the_page_says_so(project, tmp_path):
    (first, *_) = subjects(project, 4, 0)
    with browser(tmp_path / "profile") as window:
        with review(project) as (address, _):
            window.open(address)
            wait_for(window, first)
        window.press("y")
        window.wait("return document.body.innerText.includes('Not saved: the review has ended')")
        window.screenshot(tmp_path / "ended.png")

    assert [] == list((project / "labels").iterdir())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [480, 1400])
def test_nothing_on_the_page_is_wider_than_the_window(project, tmp_path, width, scheme):
    (first, *_) = subjects(project, 4, 0)
    with (
        review(project) as (address, _),
        browser(tmp_path / "profile", width=width, dark=scheme == "dark") as window,
    ):
        window.open(address)
        wait_for(window, first)
        overflow = window.run("return document.documentElement.scrollWidth - innerWidth")
        window.screenshot(tmp_path / f"{scheme}-{width}.png")

    assert overflow <= 0

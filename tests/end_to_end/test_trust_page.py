"""The page of the judges' trustworthiness in a browser, light and dark.

Each test leaves a screenshot beside its other files (`pytest --basetemp=FOLDER` says where).
"""

import pytest

from tests.distill.trust.test_findings import of_everything
from tests.end_to_end.browser import browser, is_installed
from unirain_core.distill.trust import page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="needs chromium and chromedriver"),
]


@pytest.mark.parametrize("dark", [False, True])
def test_the_page_shows_every_figure_in_a_persons_colours_and_asks_nobody(tmp_path, dark):
    found = of_everything()
    file = tmp_path / "trust.html"
    file.write_text(page.page(found, ["stand-ins measured statistics", *found.conclusions]), encoding="utf-8")
    with browser(tmp_path / "profile", width=1240, height=1600, dark=dark) as window:
        window.open(file.as_uri())
        light = window.run(
            "const c = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number); return c[0] > 128"
        )
        titles = window.run("return [...document.querySelectorAll('h2')].map(h => h.innerText)")
        wide = window.run(
            "return [...document.querySelectorAll('section')].filter(s => s.scrollWidth > s.clientWidth).length"
        )
        drawn = window.run("return document.querySelectorAll('figure svg circle.after').length")
        asked = window.run("return performance.getEntriesByType('resource').length")
        window.screenshot(tmp_path / "trust.png")

    assert (not dark) == light
    assert [
        "All pairs",
        "By rain type",
        "By kind of fault",
        "Reliability",
        "Errors in common",
        "Majority against its best judge",
        "Risk against coverage",
        "Agreement",
        "Acceptance by dataset",
    ] == titles
    assert (0, 0) == (wide, asked)
    assert drawn >= 4

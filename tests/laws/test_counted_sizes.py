"""Sizes of networks that stand in prose and comments are those that are counted."""

import re
from pathlib import Path

import pytest

from unirain_core.config.load import load_params
from unirain_core.model.complexity import complexity

ROOT = Path(__file__).parents[2]
PROFILES = sorted(ROOT.glob("params*.yaml"))
PROSE = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("decisions/*.md"))]
SIZE = re.compile(r"([\d.,]*\d)( M)? parameters")
PUBLISHED = ["24.388 M", "126.541 G"]


def counted(path):
    return {name: complexity(network) for name, network in load_params(path).networks.items()}


SMALL, PAPER = counted(ROOT / "params.yaml")["small"], counted(ROOT / "params.paper.yaml")["paper"]


def is_size_of(text, number):
    """Whether a number as it is written, such as `242,465` or `24.3 M`, is this one to all its digits."""
    if not text.endswith(" M"):
        return int(text.replace(",", "")) == number
    digits = len(text.removesuffix(" M").partition(".")[2])
    return text == f"{number / 1e6:.{digits}f} M"


def sizes(text):
    return ["".join(found) for found in SIZE.findall(text)]


def test_a_written_size_is_compared_to_all_its_digits():
    assert ["242,465", "24.3 M"] == sizes("242,465 parameters; 24.3 M parameters")
    assert is_size_of("242,465", 242_465)
    assert not is_size_of("0.25 M", 242_465)
    assert is_size_of("24.3 M", 24_304_824)
    assert not is_size_of("24.334 M", 24_334_952)


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.name)
def test_a_comment_on_a_network_has_its_size(path):
    written = sizes(path.read_text(encoding="utf-8"))
    (network,) = counted(path).values()

    assert written
    assert all(
        is_size_of(size, network.parameters) or is_size_of(size, network.layer_parameters) for size in written
    )


@pytest.mark.parametrize("path", PROSE, ids=lambda path: path.name)
def test_every_size_in_prose_is_that_of_a_network_of_the_profiles(path):
    own = (SMALL.parameters, PAPER.parameters, PAPER.layer_parameters)

    wrong = [
        size
        for size in sizes(path.read_text(encoding="utf-8"))
        if not any(is_size_of(size, number) for number in own)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ["README.md", "docs/paper.md"])
def test_the_published_size_stands_above_the_counted_ones(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("| published (Table 3)"))
    published, widest, dense, narrowest = (
        [cell.strip() for cell in line.split("|")[2:4]] for line in lines[first : first + 4]
    )

    assert published == PUBLISHED
    assert widest == ["24.305 M", f"{PAPER.widest_macs / 1e9:.2f} G"]
    assert dense == ["24.305 M", f"{PAPER.dense_macs / 1e9:.1f} G"]
    assert narrowest == ["24.305 M", f"{PAPER.narrowest_macs / 1e9:.1f} G"]
    assert is_size_of("24.305 M", PAPER.layer_parameters)

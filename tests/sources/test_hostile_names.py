"""The catalogue's own patterns take little time, whatever a file is called."""

import time

import pytest

from unirain_core.sources import catalogue
from unirain_core.sources.listing import list_pairs
from unirain_core.sources.tree import Tree

HOSTILE = {
    "one long name": "a" * 5000 + ".png",
    "many folders": "a/" * 2000 + "1.png",
    "many inputs": "input/" * 800 + "1.png",
    "many rains": "rain/" * 900 + "1.png",
    "many words": "train/" * 800 + "input/1.png",
    "many marks of rain": "rain-" * 1000 + "1.png",
    "many marks of GT-RAIN": "-R-" * 1600 + "1.jpg",
    "many suffixes": "input/" + "1_rain." * 700 + "png",
    "many digits": "rainy image/" + "1" * 5000 + "_1.jpg",
    "many numbers": "real_world/1/" + "1-" * 2400 + "1_0_0.png",
    "many undercores": "Rain_Heavy/" + "_" * 5000 + ".jpg",
    "many capitals": "NightRainDropTest" * 300 + "/Drop/1/1.png",
    "many drops": "Night" * 800 + "/Drop" * 200 + "/00060x/1.png",
}


@pytest.mark.parametrize("path", HOSTILE.values(), ids=HOSTILE)
def test_a_name_of_5000_letters_takes_all_layouts_no_time(path, tmp_path):
    folder, _, name = path.rpartition("/")
    tree = Tree(tmp_path, {folder: frozenset({name})})
    started = time.monotonic()
    for record in catalogue.load().records.values():
        list_pairs(record.layouts, tree)

    assert time.monotonic() - started < 120  # well below a second on a machine that is not busy

"""A rule in params reads a tree that no layout takes."""

import pytest

from unirain_core.artefacts.roots import Roots
from unirain_core.config.sections import Dataset
from unirain_core.errors import ConfigError, MissingInputError
from unirain_core.sources import catalogue
from unirain_core.sources.datasets import find_pairs, nearest_layouts
from unirain_core.sources.tree import walk

RULE = (r"wet/(.+)_r", r"dry/\1_c")


def plant(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())


def listed(folder, layout="paired", rule=RULE):
    dataset = Dataset(layout=layout, root="mine", rain_types=("drs",), pair_rule=rule)
    return find_pairs("mine", dataset, Roots(folder, {"mine": str(folder)}), catalogue.load())


def test_pictures_that_the_pattern_matches_are_paired_whatever_their_suffixes(tmp_path):
    plant(
        tmp_path, "wet/a/1_r.jpg", "dry/a/1_c.png", "wet/2_r.PNG", "dry/2_c.tif", "wet/3_r.png", "mask/1.png"
    )
    _, listing = listed(tmp_path)

    pairs = {item.path: item.target.path for item in listing.listed if item.target}
    assert pairs == {"wet/a/1_r.jpg": "dry/a/1_c.png", "wet/2_r.PNG": "dry/2_c.tif"}
    assert [("wet/3_r.png", "orphan")] == [(entry.path, entry.reason) for entry in listing.refused]
    assert 1 == listing.foreign.n_files


def test_without_the_rule_the_tree_is_refused_with_what_was_looked_for(tmp_path):
    plant(tmp_path, "wet/1_r.jpg", "dry/1_c.png")
    with pytest.raises(MissingInputError, match="layout 'paired' expects"):
        listed(tmp_path, rule=None)


@pytest.mark.parametrize(
    ("rule", "layout", "message"),
    [
        (("wet/(.+", "x"), "paired", r"mine\.pair_rule: .* is no rule"),
        ((r"wet/(.+)_r", r"dry/\2"), "paired", r"mine\.pair_rule: .* is no rule"),
        (("rainy/(.+)", "x"), "paired", r"matches none of 2 pictures \(the first is dry/1_c\)"),
        (RULE, "raindrop", r"layout 'raindrop' has rules of its own; write `layout: paired` beside it"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_an_error_that_says_why(tmp_path, rule, layout, message):
    plant(tmp_path, "wet/1_r.jpg", "dry/1_c.png")
    with pytest.raises(ConfigError, match=message):
        listed(tmp_path, layout=layout, rule=rule)


def test_the_share_of_a_layout_that_takes_every_picture_is_the_whole(tmp_path):
    plant(tmp_path, *(f"{side}/{number}.png" for side in ("input", "target") for number in range(5)))
    plant(tmp_path, "other/x.png", "other/y.png")
    shares = dict(nearest_layouts(walk(tmp_path), catalogue.load()))

    assert shares["paired"] == pytest.approx(10 / 12)
    plant(
        tmp_path / "whole", *(f"{side}/{number}.png" for side in ("input", "target") for number in range(5))
    )
    assert 1.0 == dict(nearest_layouts(walk(tmp_path / "whole"), catalogue.load()))["paired"]

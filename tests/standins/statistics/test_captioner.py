from dataclasses import replace

from unirain_core.standins.statistics.attributes import Attributes
from unirain_core.standins.statistics.captioner import sentence

STREAKS = Attributes(
    night=False,
    streaks=True,
    density="light",
    direction="straight down",
    light="bright",
    misty=True,
    lamps=0,
    hue="grey",
)


def test_a_day_of_streaks_in_words():
    assert (
        "a day picture with light rain streaks, falling straight down; the scene is bright, misty, mostly grey"
        == sentence(STREAKS)
    )


def test_drops_do_not_fall():
    assert "falling" not in sentence(replace(STREAKS, streaks=False))


def test_four_lamps_are_many():
    few, many = (sentence(replace(STREAKS, night=True, misty=False, lamps=n)) for n in (3, 4))

    assert "few lamps" in few
    assert "many lamps" in many

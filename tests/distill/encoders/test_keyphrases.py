"""Key phrases of captions, by hand-made vectors."""

import numpy as np

from unirain_core.distill.encoders.keyphrases import KeyphraseCaptioner, candidates, keyphrases
from unirain_core.engine.pools import Device

PICTURE = np.zeros((1, 1, 3), np.uint8)


class Counting:
    """A text encoder whose vectors count the letters r and n."""

    name, batch = "counting", 8
    device: Device = "cpu"

    def encode(self, captions):
        return np.array(
            [[caption.count("r") + 0.1, caption.count("n") + 0.1] for caption in captions], np.float32
        )


class Spoken:
    form, batch = "spoken", 4
    device: Device = "cpu"

    def captions(self, images):
        return ["the"] * len(images) if len(images) > 1 else ["rain on a street"]


def test_phrases_neither_begin_nor_end_with_a_stop_word():
    assert ["rain", "street"] == candidates("rain on a street")
    assert [] == candidates("the")


def test_the_nearest_phrases_come_first_and_equally_near_ones_in_the_order_of_the_caption():
    # the whole counts r 4 and n 3; "rare" and "rear" (2, 0) have a cosine of .83 to it, "nun" (0, 2) one of .64
    assert ["rare", "rear", "nun"] == keyphrases("rare on rear of nun", Counting(), 9)
    assert ["rear", "rare", "nun"] == keyphrases("rear of nun on rare", Counting(), 9)


def test_no_more_phrases_than_asked_for():
    assert 2 == len(keyphrases("rain street night wet", Counting(), 2))


def test_a_caption_bears_its_phrases_and_the_form_says_so():
    captioner = KeyphraseCaptioner(Spoken(), Counting(), 2)

    assert ["rain on a street; rain, street"] == captioner.captions([PICTURE])
    assert ["the", "the"] == captioner.captions([PICTURE, PICTURE])
    assert "spoken + 2 keyphrases by counting" == captioner.form
    assert 4 == captioner.batch

"""What params can name: every captioner and encoder does as its protocol says."""

import pickle
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from unirain_core.config.sections import CaptionerName, Encoders, ImageEncoderName, TextEncoderName
from unirain_core.distill.triplet import Encoder
from unirain_core.engine.pools import Device
from unirain_core.errors import ConfigError
from unirain_core.stages.encoders import (
    CAPTIONERS,
    IMAGE_ENCODERS,
    TEXT_ENCODERS,
    EncoderChoice,
    make_captioner,
    make_encoder,
    make_image_encoder,
    make_text_encoder,
)

SHIPPED = EncoderChoice.of(Encoders(), {})


def picture(seed, height=256, width=384):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", map(CaptionerName, CAPTIONERS))
def test_every_captioner_says_one_sentence_on_each_picture_the_same_each_time(name):
    captioner = make_captioner(name)
    captions = captioner.captions([picture(0), picture(1), picture(0)])

    assert captions[0] == captions[2]
    assert captioner.captions([picture(1)]) == captions[1:2]
    assert captions[0].startswith("a ")
    assert captioner.form.startswith(name)


@pytest.mark.parametrize("name", map(TextEncoderName, TEXT_ENCODERS))
def test_every_text_encoder_gives_a_row_of_float32_for_each_caption(name):
    encoder = make_text_encoder(name)
    vectors = encoder.encode(["a day picture", ""])

    assert 2 == len(vectors)
    assert np.float32 == vectors.dtype
    np.testing.assert_array_equal(vectors[:1], encoder.encode(["a day picture"]))
    assert encoder.name.startswith(name)


@pytest.mark.parametrize("name", map(ImageEncoderName, IMAGE_ENCODERS))
def test_every_image_encoder_gives_a_unit_vector_for_each_picture(name):
    encoder = make_image_encoder(name)
    pictures = [picture(seed, 100 + seed, 140) for seed in range(3)]
    vectors = encoder.encode(pictures)

    assert 3 == len(vectors)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[1:2], encoder.encode(pictures[1:2]))
    assert encoder.name.startswith(name)


def test_the_encoders_are_made_once_in_a_process_wherever_the_choice_travels():
    choice = pickle.loads(pickle.dumps(partial(make_encoder, SHIPPED)))

    assert choice() is make_encoder(SHIPPED)


@dataclass(frozen=True)
class Model:
    """Stands for a captioner or encoder that is a model."""

    name: str
    device: Device = "cpu"
    batch: int = 8

    @property
    def form(self):
        return self.name

    def captions(self, images):
        raise NotImplementedError

    def encode(self, given):
        raise NotImplementedError


def test_one_stand_in_among_two_models_is_named_in_the_report():
    encoder = Encoder(Model("blip"), make_text_encoder(TextEncoderName("statistics")), Model("clip"), 128)

    (note,) = encoder.notes

    assert encoder.text.name in note
    assert "blip" not in note


def test_three_models_leave_the_report_without_a_note_and_three_stand_ins_are_all_named():
    models = Encoder(Model("blip"), Model("t5"), Model("clip"), 128)
    shipped = make_encoder(SHIPPED)

    assert () == models.notes
    assert 3 == shipped.notes[0].count("statistics/")


def test_the_triplets_need_the_device_of_any_and_the_batch_of_all():
    encoder = Encoder(Model("blip", "gpu", 16), Model("t5"), Model("clip", "gpu", 64), 128)

    assert ("gpu", 8) == (encoder.device, encoder.batch)
    assert "cpu" == make_encoder(SHIPPED).device


@pytest.mark.parametrize(
    ("key", "make"),
    [
        ("captioner", lambda: make_captioner(CaptionerName("statistic"))),
        ("text_encoder", lambda: make_text_encoder(TextEncoderName("statistic"))),
        ("image_encoder", lambda: make_image_encoder(ImageEncoderName("statistic"))),
    ],
)
def test_a_name_that_nothing_bears_is_refused_with_the_nearest(key, make):
    with pytest.raises(ConfigError, match=rf"encoders\.{key}: 'statistic' .*nearest known: statistics"):
        make()

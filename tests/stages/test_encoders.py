"""What params can name: every captioner and encoder does as its protocol says."""

import pickle
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np
import pytest

from unirain_core.config.sections import CaptionerName, Encoders, ImageEncoderName, TextEncoderName
from unirain_core.distill.encoders.captioner import Captioner
from unirain_core.distill.encoders.image import ImageEncoder
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.triplet import Encoder
from unirain_core.stages.encoders import make_captioner, make_encoder, make_image_encoder, make_text_encoder


def picture(seed, height=256, width=384):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", get_args(CaptionerName))
def test_every_captioner_says_one_sentence_the_same_each_time(name):
    captioner: Captioner = make_captioner(name)
    caption = captioner.caption(picture(0))

    assert caption == captioner.caption(picture(0))
    assert caption.startswith("a ")
    assert captioner.form.startswith(name)


@pytest.mark.parametrize("name", get_args(TextEncoderName))
def test_every_text_encoder_gives_float32_vectors_of_one_length(name):
    encoder: TextEncoder = make_text_encoder(name)
    first, second = encoder.encode("a day picture"), encoder.encode("")

    assert first.shape == second.shape
    assert np.float32 == first.dtype == second.dtype
    assert encoder.name.startswith(name)


@pytest.mark.parametrize("name", get_args(ImageEncoderName))
def test_every_image_encoder_gives_unit_vectors_of_one_length(name):
    encoder: ImageEncoder = make_image_encoder(name)
    vectors = [encoder.encode(picture(seed, 100 + seed, 140)) for seed in range(3)]

    assert 1 == len({v.shape for v in vectors})
    np.testing.assert_allclose([np.linalg.norm(v) for v in vectors], 1, atol=1e-5)
    assert encoder.name.startswith(name)


def test_the_encoders_are_made_once_in_a_process_wherever_the_choice_travels():
    choice = pickle.loads(pickle.dumps(partial(make_encoder, Encoders())))

    assert choice() is make_encoder(Encoders())


@dataclass(frozen=True)
class Model:
    """Stands for a captioner or encoder that is a model."""

    name: str

    @property
    def form(self):
        return self.name

    def caption(self, image):
        raise NotImplementedError

    def encode(self, given):
        raise NotImplementedError


def test_one_stand_in_among_two_models_is_named_in_the_report():
    encoder = Encoder(Model("blip"), make_text_encoder("statistics"), Model("clip"), 128)

    (note,) = encoder.notes

    assert encoder.text.name in note
    assert "blip" not in note


def test_three_models_leave_the_report_without_a_note_and_three_stand_ins_are_all_named():
    models = Encoder(Model("blip"), Model("t5"), Model("clip"), 128)
    shipped = make_encoder(Encoders())

    assert () == models.notes
    assert 3 == shipped.notes[0].count("statistics/")

"""Captioner and encoders on tiny random models of the real architectures: batched equals single, and offline."""

from typing import Any

import numpy as np
import pytest

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
pytest.importorskip("open_clip")
from tests.distill.tiny_models import make_bert, make_blip, make_clip, make_qwen  # noqa: E402
from unirain_core.config.models import Blip, EncoderModel, OpenClip, Rewriter, SentenceEncoder  # noqa: E402
from unirain_core.config.sections import (  # noqa: E402
    CaptionerName,
    Encoders,
    ImageEncoderName,
    QueryCaptions,
    TextEncoderName,
)
from unirain_core.distill.encoders.blip import BlipCaptioner  # noqa: E402
from unirain_core.distill.encoders.open_clip import OpenClipImage, OpenClipText  # noqa: E402
from unirain_core.distill.encoders.rewriter import RewritingCaptioner  # noqa: E402
from unirain_core.distill.encoders.sentence import SentenceText  # noqa: E402
from unirain_core.engine.pools import Device  # noqa: E402
from unirain_core.errors import ConfigError, WeightsUnavailableError  # noqa: E402
from unirain_core.stages.encoders import EncoderChoice, make_encoder  # noqa: E402


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with every tiny model, as UNIRAIN_MODELS names it."""
    home = tmp_path_factory.mktemp("models")
    make_blip(home / "blip")
    make_bert(home / "minilm")
    make_qwen(home / "qwen")
    make_clip(home / "clip")
    return home


@pytest.fixture(autouse=True)
def models(home, monkeypatch):
    monkeypatch.setenv("UNIRAIN_MODELS", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def pictures(count):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (40 + 8 * n, 64, 3), dtype=np.uint8) for n in range(count)]


SETTINGS: dict[str, Any] = {"revision": "1", "precision": "float32"}
CLIP = OpenClip(architecture="tiny", weights="clip", **SETTINGS)


@pytest.mark.parametrize("prompt", ["", "a street"])
def test_blip_captions_a_batch_as_it_does_single_pictures(prompt):
    captioner = BlipCaptioner(Blip(weights="blip", prompt=prompt, **SETTINGS))
    captions = captioner.captions(pictures(3))

    assert captions == [captioner.captions([image])[0] for image in pictures(3)]
    assert all(caption.startswith(prompt) for caption in captions)
    assert captioner.form.startswith("blip blip ")


def test_clip_encodes_a_batch_as_it_does_single_pictures_and_captions():
    image, text = OpenClipImage(CLIP), OpenClipText(CLIP)
    captions = ["rain on a street", "a tree", "night"]
    vectors = image.encode(pictures(3))

    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for row, picture in zip(vectors, pictures(3), strict=True):
        np.testing.assert_allclose(row, image.encode([picture])[0], atol=1e-5)
    for row, caption in zip(text.encode(captions), captions, strict=True):
        np.testing.assert_allclose(row, text.encode([caption])[0], atol=1e-4)


def test_vectors_of_captions_are_not_normalised():
    lengths = np.linalg.norm(OpenClipText(CLIP).encode(["rain on a street", "a tree"]), axis=1)

    assert abs(lengths - 1).min() > 0.01


def test_openai_weights_with_an_architecture_of_another_activation_are_refused():
    section = OpenClip(architecture="ViT-L-14", weights="timm/vit_large_patch14_clip_224.openai", **SETTINGS)

    with pytest.raises(
        ConfigError, match="needs an architecture with QuickGELU; write architecture: ViT-L-14-quickgelu"
    ):
        OpenClipImage(section)


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_a_sentence_encoder_gives_a_batch_what_it_gives_single_captions(pooling):
    encoder = SentenceText(SentenceEncoder(weights="minilm", pooling=pooling, **SETTINGS))
    captions = ["heavy rain on the street", "a tree", "night"]

    for row, caption in zip(encoder.encode(captions), captions, strict=True):
        np.testing.assert_allclose(row, encoder.encode([caption])[0], atol=1e-5)


class Spoken:
    """A captioner that says what it was told to."""

    form, batch = "spoken", 8
    device: Device = "cpu"

    def __init__(self, *captions):
        self.said = captions

    def captions(self, images):
        return list(self.said[: len(images)])


def test_a_language_model_rewrites_a_batch_as_it_does_single_captions():
    captioner = RewritingCaptioner(
        Spoken("rain", "heavy rain on a street at night"), Rewriter(weights="qwen", **SETTINGS)
    )
    together = captioner.captions(pictures(2))

    assert together == captioner.rewritten(["rain"]) + captioner.rewritten(
        ["heavy rain on a street at night"]
    )
    assert captioner.form.startswith("spoken + qwen ")


def test_weights_that_are_not_there_are_named_with_the_command_that_fetches_them():
    with pytest.raises(
        WeightsUnavailableError, match="run `hf download who/what --revision abc`, or put them"
    ):
        BlipCaptioner(Blip(weights="who/what", revision="abc"))


def test_weights_of_another_model_are_refused(home):
    with pytest.raises(ConfigError, match="minilm lacks "):
        BlipCaptioner(Blip(weights="minilm", **SETTINGS)).captions(pictures(1))


def named(captioner):
    return Encoders(
        captioner=CaptionerName(captioner),
        text_encoder=TextEncoderName("clip"),
        image_encoder=ImageEncoderName("clip"),
        structure_side=32,
    )


def choice(**changes):
    encoders = named("blip")
    models: dict[str, EncoderModel] = {
        "blip": Blip(weights="blip", **SETTINGS), "clip": CLIP, "qwen": Rewriter(weights="qwen", **SETTINGS),
        "minilm": SentenceEncoder(weights="minilm", **SETTINGS),
    }  # fmt: skip
    return EncoderChoice.of(encoders, models, QueryCaptions(**changes))


def test_the_whole_chain_makes_triplets_and_says_which_form_of_captions_ran():
    rewritten = make_encoder(choice(form="rewritten", rewriter="qwen"))
    triplets = rewritten.encode(pictures(3))

    assert [(16,)] * 3 == [triplet.image_vector.shape for triplet in triplets]
    assert "keyphrases" in rewritten.captioner.form
    assert "qwen" in rewritten.captioner.form
    assert () == rewritten.notes


def test_models_that_nothing_names_change_no_choice():
    assert ["blip", "clip"] == [name for name, _ in choice().models]


def test_a_model_of_another_kind_is_refused_by_its_key():
    wrong = EncoderChoice.of(named("clip"), {"clip": CLIP})

    with pytest.raises(
        ConfigError, match=r"encoders.captioner: 'clip' is a model of kind open_clip; one of kind blip"
    ):
        make_encoder(wrong)


def test_half_precision_stays_near():
    exact = OpenClipImage(CLIP).encode(pictures(2))
    half = OpenClipImage(OpenClip(architecture="tiny", weights="clip", revision="1", precision="bfloat16"))

    assert (exact * half.encode(pictures(2))).sum(axis=1).min() > 0.99

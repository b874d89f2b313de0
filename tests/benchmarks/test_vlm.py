"""The GPU program, as far as this machine can say: sizes of the real models, and every line on tiny ones."""

import doctest

import pytest
import torch

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
from benchmarks import vlm  # noqa: E402
from benchmarks.vlm_shapes import shapes  # noqa: E402

PUBLISHED = {
    "captions (BLIP large)": 0.446e9,  # with the words' vectors tied, as transformers has them
    "vectors (CLIPModel of ViT-L/14)": 0.428e9,
    "votes (InternVL2.5-8B)": 8.075e9,
    "votes (LLaVA-Interleave-7B)": 8.141e9,
    "votes (MobileVLM-3B)": 3_033_981_696,
}


@pytest.mark.parametrize("shape", shapes(tiny=False), ids=lambda shape: shape.name)
def test_each_model_has_the_published_number_of_parameters(shape):
    with torch.device("meta"):
        model = shape.make()

    assert sum(parameter.numel() for parameter in model.parameters()) == pytest.approx(
        PUBLISHED[shape.name], rel=1e-3
    )


@pytest.mark.parametrize("shape", shapes(tiny=True), ids=lambda shape: shape.name)
def test_each_rate_is_measured_on_a_model_of_the_same_architecture(shape):
    rates = vlm.measured(shape, torch.device("cpu"), 0.01, n_loaders=0)

    assert min(rates.alone, rates.decoded_ahead, rates.prepared_ahead) > 0
    assert rates.operations > 2 * rates.parameters * 0.01


def test_the_hours_are_those_of_every_item_and_the_early_stop_saves_the_last_judge():
    assert doctest.testmod(vlm).failed == 0


def test_a_question_has_the_tokens_that_its_pictures_need():
    of_name = {shape.name: shape.length for shape in shapes(tiny=False)}

    assert 128 + 6 * 256 == of_name["votes (InternVL2.5-8B)"]
    assert 128 + 4 * 729 == of_name["votes (LLaVA-Interleave-7B)"]
    assert 128 + 4 * 144 == of_name["votes (MobileVLM-3B)"]

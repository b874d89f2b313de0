"""Pixels that travel as bytes become the very floats that the library's own preparation makes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
transformers = pytest.importorskip("transformers")
pytest.importorskip("sentencepiece")
open_clip = pytest.importorskip("open_clip")
from unirain_core.distill.encoders.open_clip_pixels import clip_pixels, clip_values  # noqa: E402
from unirain_core.distill.judges import mobilevlm_questions  # noqa: E402
from unirain_core.distill.judges.mobilevlm_questions import CLIP_MEAN, CLIP_STD, squared  # noqa: E402
from unirain_core.distill.pixels import looked_up, processed, processed_values, values_of_levels  # noqa: E402

CUT = {"crop_to_patches": True, "min_patches": 1, "max_patches": 4}
PROCESSORS: list[tuple[Any, dict[str, Any]]] = [
    (transformers.BlipImageProcessorPil(size={"height": 32, "width": 32}), {}),
    (transformers.SiglipImageProcessorPil(size={"height": 28, "width": 28}), {}),
    (transformers.GotOcr2ImageProcessorPil(size={"height": 28, "width": 28}), CUT),
    (transformers.GotOcr2ImageProcessorPil(size={"height": 28, "width": 28}), {}),
]


def picture(height, width):
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


SHAPES = [(96, 128), (200, 61), (28, 28), (7, 90)]


@pytest.mark.parametrize(("processor", "cut"), PROCESSORS, ids=["blip", "siglip", "tiles", "one tile"])
@pytest.mark.parametrize("shape", SHAPES)
def test_bytes_and_table_give_the_floats_of_the_processor(processor, cut, shape):
    expected = processor(Image.fromarray(picture(*shape)), return_tensors="pt", **cut)["pixel_values"]
    pixels = processed(processor, picture(*shape), **cut)

    assert np.uint8 == pixels.dtype
    assert torch.equal(expected, looked_up(pixels, processed_values(processor)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_table_of_another_type_gives_what_the_floats_become_in_that_type(dtype):
    processor, _ = PROCESSORS[0]
    expected = processor(Image.fromarray(picture(96, 128)), return_tensors="pt")["pixel_values"].to(dtype)
    values = processed_values(processor).to(dtype)

    assert torch.equal(expected, looked_up(processed(processor, picture(96, 128)), values))


@pytest.mark.parametrize("model", ["ViT-B-32", "ViT-B-16-SigLIP"])
@pytest.mark.parametrize("shape", SHAPES)
def test_openclip_is_given_what_its_own_preparation_makes(model, shape):
    with torch.device("meta"):
        _, _, prepare = open_clip.create_model_and_transforms(model, load_weights=False, device="meta")
    pixels = clip_pixels(model, Path(), picture(*shape))

    assert (3, 224, 224) == pixels.shape
    assert torch.equal(
        prepare(Image.fromarray(picture(*shape))), looked_up(pixels[None], clip_values(model, Path()))[0]
    )


def test_openclip_says_nothing_of_the_weights_that_only_preparing_does_not_need(caplog):
    clip_pixels("ViT-S-32-alt", Path(), picture(8, 8))

    assert [] == caplog.records


@pytest.mark.parametrize("shape", SHAPES)
def test_mobilevlm_is_given_the_colours_less_the_mean_of_clip(shape):
    pixels = squared(picture(*shape), 28)
    expected = ((pixels.transpose(1, 2, 0).astype(np.float32) / 255 - CLIP_MEAN) / CLIP_STD).astype(
        np.float32
    )
    values = looked_up(pixels[None], mobilevlm_questions.clip_values())[0]

    np.testing.assert_array_equal(expected.transpose(2, 0, 1), values.numpy())


def test_each_colour_has_its_own_values():
    factors = torch.tensor([1.0, 2.0, 3.0])[:, None, None]
    values = values_of_levels(lambda ramp: torch.from_numpy(ramp.transpose(2, 0, 1)) * factors)

    assert [255, 510, 765] == values[:, 255].tolist()


def test_a_processor_that_makes_floats_of_pictures_before_it_scales_them_is_refused():
    def floats(image, **_):
        return {"pixel_values": np.zeros((1, 3, 2, 2), np.float32)}

    with pytest.raises(TypeError, match="function resizes pictures to float32, and not to bytes"):
        processed(floats, picture(4, 4))

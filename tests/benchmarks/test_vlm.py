"""The GPU program, as far as this machine can say: sizes of the real models, and every line on tiny ones."""

import doctest
import time
from dataclasses import replace

import pytest
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from unirain_core.compat import ensure_torchvision

ensure_torchvision()
pytest.importorskip("transformers")
from benchmarks import vlm  # noqa: E402
from benchmarks.vlm_loading import Form, LateError, Loaders, files, made, processor, values  # noqa: E402
from benchmarks.vlm_models import attention_operations  # noqa: E402
from benchmarks.vlm_shapes import shapes  # noqa: E402
from unirain_core.distill.pixels import looked_up  # noqa: E402

DECODED = Form(processor="", side=0, tiles=(1,), is_prepared=False)

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
    rates = vlm.measured(shape, torch.device("cpu"), 60.0, None, most=1)

    assert rates.alone is not None
    assert rates.prepared_ahead is not None
    assert rates.decoded_ahead is not None
    assert min(rates.alone, rates.prepared_ahead, rates.decoded_ahead) > 0
    assert rates.operations > 2 * rates.parameters * 0.01


def test_operations_of_attention_are_those_of_its_two_products_also_with_fewer_heads_of_keys():
    query, key, value = torch.rand(2, 4, 5, 8), torch.rand(2, 2, 7, 8), torch.rand(2, 2, 7, 6)
    with FlopCounterMode(display=False) as counter:
        scores = query @ key.repeat_interleave(2, dim=1).transpose(-2, -1)
        scores @ value.repeat_interleave(2, dim=1)

    assert attention_operations(query.shape, key.shape, value.shape, None) == counter.get_total_flops()


def test_a_rate_without_time_is_not_measured_and_the_run_goes_on(capsys):
    rates = vlm.measured(shapes(tiny=True)[1], torch.device("cpu"), 0.0, None)
    vlm.show(rates, None)

    assert (None, None, None) == (rates.alone, rates.prepared_ahead, rates.decoded_ahead)
    assert 3 == capsys.readouterr().out.count("n/a")
    assert vlm.hours([rates], 1, 0.3, 1) is None


def test_a_rate_whose_inputs_fail_is_not_measured_and_the_others_are(capsys):
    shape = replace(shapes(tiny=True)[1], processor="NoProcessor")
    rates = vlm.measured(shape, torch.device("cpu"), 60.0, None, most=1)

    assert rates.alone
    assert (None, None) == (rates.prepared_ahead, rates.decoded_ahead)
    assert "AttributeError" in capsys.readouterr().err


def test_the_pixels_of_a_shape_and_its_table_are_those_of_its_processor():
    for shape in shapes(tiny=True):
        form = Form(processor=shape.processor, side=shape.side, tiles=shape.tiles, is_prepared=True)
        (picture,) = made(DECODED, files(), 0)
        cut = {"crop_to_patches": True, "min_patches": 1, "max_patches": 4} if shape.tiles[0] > 1 else {}
        floats = processor(shape.processor, shape.side)(Image.fromarray(picture), return_tensors="pt", **cut)
        pixels = made(form, files(), 0)[: shape.tiles[0]]

        assert torch.equal(floats["pixel_values"], looked_up(pixels, values(form)))


@pytest.fixture(scope="module")
def loaders():
    with Loaders(2) as some:
        yield some


@pytest.mark.slow
def test_the_same_processes_make_the_items_of_one_form_after_the_other(loaders):
    for is_prepared in (True, False):
        form = Form(processor="CLIPImageProcessor", side=28, tiles=(1,), is_prepared=is_prepared)
        items = loaders.following(form, 12).batch(time.monotonic() + 60)
        expected = {made(form, files(), number).tobytes() for number in range(12)}

        assert {item.tobytes() for item in items} <= expected


@pytest.mark.slow
def test_an_item_that_nobody_can_make_ends_its_rate_and_not_the_run(loaders):
    broken = Form(processor="NoProcessor", side=28, tiles=(1,), is_prepared=True)

    with pytest.raises(LateError, match="a loading process failed: AttributeError"):
        loaders.following(broken, 1).batch(time.monotonic() + 60)

    assert (1, 720, 1280, 3) == loaders.following(DECODED, 1).batch(time.monotonic() + 60)[0].shape


@pytest.mark.slow
def test_processes_that_died_are_not_waited_for():
    with Loaders(1) as one:
        one.processes[0].kill()
        with pytest.raises(LateError, match="1 of 1 loading processes died"):
            one.following(DECODED, 1).batch(time.monotonic() + 60)


@pytest.mark.slow
def test_items_that_do_not_come_in_time_are_not_waited_for(loaders):
    with pytest.raises(LateError, match="the loading processes are too slow"):
        loaders.following(DECODED, 1).batch(time.monotonic())


def test_the_hours_are_those_of_every_item_and_the_early_stop_saves_the_last_judge():
    assert doctest.testmod(vlm).failed == 0


def test_a_question_has_the_tokens_that_its_pictures_need():
    of_name = {shape.name: shape.length for shape in shapes(tiny=False)}

    assert 128 + 6 * 256 == of_name["votes (InternVL2.5-8B)"]
    assert 128 + 4 * 729 == of_name["votes (LLaVA-Interleave-7B)"]
    assert 128 + 4 * 144 == of_name["votes (MobileVLM-3B)"]

"""A model that cannot be the encoder that params make of it is refused when params are read, and no stage runs before."""

from dataclasses import replace
from pathlib import Path

import pytest

from unirain_core.config.load import load_params
from unirain_core.errors import ConfigError
from unirain_core.stages.encoders import make_captioner, make_image_encoder, make_text_encoder
from unirain_core.stages.names import demand_names

ROOT = Path(__file__).parents[2]
PAPER, SAMPLE = load_params(ROOT / "params.paper.yaml"), load_params(ROOT / "params.yaml")


def test_the_papers_params_name_models_of_the_kinds_that_they_need():
    demand_names(PAPER)


@pytest.mark.parametrize(
    ("key", "name", "make", "wanted"),
    [
        ("captioner", "clip", make_captioner, "of kind open_clip; one of kind blip is needed"),
        (
            "text_encoder",
            "blip",
            make_text_encoder,
            "of kind blip; one of kind open_clip or sentence is needed",
        ),
        ("image_encoder", "qwen", make_image_encoder, "of kind rewriter; one of kind open_clip is needed"),
    ],
)
def test_a_model_of_another_kind_is_refused_in_the_words_of_the_stage(key, name, make, wanted):
    with pytest.raises(ConfigError, match=rf"encoders\.{key}: '{name}' is a model {wanted}") as early:
        demand_names(replace(PAPER, encoders=replace(PAPER.encoders, **{key: name})))
    with pytest.raises(ConfigError, match=wanted) as late:
        make(name, PAPER.encoder_models[name])

    assert str(late.value) == str(early.value)


@pytest.mark.parametrize("name", ["clip", "nobody"])
def test_a_rewriter_that_is_none_is_refused(name):
    captions = replace(PAPER.query_captions, rewriter=name)
    with pytest.raises(
        ConfigError, match=f"'{name}' is no model of kind rewriter in encoder_models; add one"
    ):
        demand_names(replace(PAPER, query_captions=captions))

    models = {**PAPER.encoder_models, name: PAPER.encoder_models["qwen"]}
    demand_names(replace(PAPER, query_captions=captions, encoder_models=models, encoders=SAMPLE.encoders))

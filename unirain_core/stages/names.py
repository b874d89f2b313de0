"""Whether params name only judges and encoders that there are; asked when params are read, before any work.

The tables are not taken from `encoders.py` and `judges.py`: importing these loads libraries of several stages, and every command
reads params.
"""

from unirain_core.config.models import EncoderModel, Rewriter
from unirain_core.config.params import Params
from unirain_core.errors import ConfigError
from unirain_core.stages import encoder_files, judge_files
from unirain_core.stages.choices import choices, demand_choice

_KINDS = {"captioner": ("blip",), "text_encoder": ("open_clip", "sentence"), "image_encoder": ("open_clip",)}
"""Kinds of models that can be each encoder, as `encoders.py` makes them."""


def demand_names(params: Params) -> None:
    """Refuse a name that nothing bears, or whose model is of another kind.

    Raises:
        ConfigError: there is no judge or encoder of a name.
    """
    encoders, models = params.encoders, params.encoder_models
    for key, name, table in (
        ("captioner", encoders.captioner, "CAPTIONERS"),
        ("text_encoder", encoders.text_encoder, "TEXT_ENCODERS"),
        ("image_encoder", encoders.image_encoder, "IMAGE_ENCODERS"),
    ):
        demand_choice(name, {**choices(encoder_files, table), **models}, f"encoders.{key}")
        _demand_kind(key, name, models.get(name))
    rewriter = params.query_captions.rewriter
    if rewriter is not None and not isinstance(models.get(rewriter), Rewriter):
        raise ConfigError(
            f"params.yaml: query_captions.rewriter: {rewriter!r} is no model of kind rewriter in encoder_models; add one"
        )
    judges = {**choices(judge_files, "JUDGES"), **params.judge_models}
    for number, judge in enumerate(params.vlm_votes.judges):
        demand_choice(judge, judges, f"vlm_votes.judges.{number}")


def _demand_kind(key: str, name: str, model: EncoderModel | None) -> None:
    if model is None or model.kind in _KINDS[key]:
        return
    raise ConfigError(
        f"params.yaml: encoders.{key}: {name!r} is a model of kind {model.kind}; "
        f"one of kind {' or '.join(_KINDS[key])} is needed"
    )

"""Whether params name only judges and encoders that there are; asked when params are read, before any work.

The tables are not taken from `encoders.py` and `judges.py`: importing these loads libraries of several stages, and every command
reads params.
"""

from unirain_core.config.params import Params
from unirain_core.stages import encoder_files, judge_files
from unirain_core.stages.choices import choices, demand_choice


def demand_names(params: Params) -> None:
    """Refuse a name that nothing bears.

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
    judges = {**choices(judge_files, "JUDGES"), **params.judge_models}
    for number, judge in enumerate(params.vlm_votes.judges):
        demand_choice(judge, judges, f"vlm_votes.judges.{number}")

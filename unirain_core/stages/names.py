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
    encoders = params.encoders
    demand_choice(encoders.captioner, choices(encoder_files, "CAPTIONERS"), "encoders.captioner")
    demand_choice(encoders.text_encoder, choices(encoder_files, "TEXT_ENCODERS"), "encoders.text_encoder")
    demand_choice(encoders.image_encoder, choices(encoder_files, "IMAGE_ENCODERS"), "encoders.image_encoder")
    for number, judge in enumerate(params.vlm_votes.judges):
        demand_choice(judge, choices(judge_files, "JUDGES"), f"vlm_votes.judges.{number}")

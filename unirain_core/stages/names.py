"""Whether params name only judges and encoders that there are; asked when params are read, before any work."""

from unirain_core.config.params import Params
from unirain_core.stages.choices import demand_choice
from unirain_core.stages.encoders import CAPTIONERS, IMAGE_ENCODERS, TEXT_ENCODERS
from unirain_core.stages.judges import JUDGES


def demand_names(params: Params) -> None:
    """Refuse a name that nothing bears.

    Raises:
        ConfigError: there is no judge or encoder of a name.
    """
    demand_choice(params.encoders.captioner, CAPTIONERS, "encoders.captioner")
    demand_choice(params.encoders.text_encoder, TEXT_ENCODERS, "encoders.text_encoder")
    demand_choice(params.encoders.image_encoder, IMAGE_ENCODERS, "encoders.image_encoder")
    for number, judge in enumerate(params.vlm_votes.judges):
        demand_choice(judge, JUDGES, f"vlm_votes.judges.{number}")

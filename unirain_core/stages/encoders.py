"""The encoders of a name in params: stand-ins and models, chosen where a stage is put together."""

from functools import lru_cache
from typing import assert_never

from unirain_core.config.sections import CaptionerName, Encoders, ImageEncoderName, TextEncoderName
from unirain_core.distill.encoders.captioner import Captioner
from unirain_core.distill.encoders.image import ImageEncoder
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.triplet import Encoder
from unirain_core.standins.statistics.captioner import StatisticsCaptioner
from unirain_core.standins.statistics.image import StatisticsImageEncoder
from unirain_core.standins.statistics.text import StatisticsTextEncoder


@lru_cache(maxsize=2)
def make_encoder(params: Encoders) -> Encoder:
    """The encoders of params, loaded once per process."""
    return Encoder(
        captioner=make_captioner(params.captioner),
        text=make_text_encoder(params.text_encoder),
        image=make_image_encoder(params.image_encoder),
        structure_side=params.structure_side,
    )


def make_captioner(name: CaptionerName) -> Captioner:
    """The captioner of a name in params."""
    match name:
        case "statistics":
            return StatisticsCaptioner()
        case _:
            assert_never(name)


def make_text_encoder(name: TextEncoderName) -> TextEncoder:
    """The text encoder of a name in params."""
    match name:
        case "statistics":
            return StatisticsTextEncoder()
        case _:
            assert_never(name)


def make_image_encoder(name: ImageEncoderName) -> ImageEncoder:
    """The image encoder of a name in params."""
    match name:
        case "statistics":
            return StatisticsImageEncoder()
        case _:
            assert_never(name)

"""The encoders of a name in params: stand-ins and models, chosen where a stage is put together.

A new captioner or encoder is a file with a table `CAPTIONERS`, `TEXT_ENCODERS` or `IMAGE_ENCODERS` (its name, and what makes
it), and one line in `encoder_files.py`.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from unirain_core.config.sections import CaptionerName, Encoders, ImageEncoderName, TextEncoderName
from unirain_core.distill.encoders.captioner import Captioner
from unirain_core.distill.encoders.image import ImageEncoder
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.triplet import Encoder
from unirain_core.stages import encoder_files
from unirain_core.stages.choices import choices, demand_choice

CAPTIONERS: Mapping[str, Callable[[], Captioner]] = choices(encoder_files, "CAPTIONERS")
TEXT_ENCODERS: Mapping[str, Callable[[], TextEncoder]] = choices(encoder_files, "TEXT_ENCODERS")
IMAGE_ENCODERS: Mapping[str, Callable[[], ImageEncoder]] = choices(encoder_files, "IMAGE_ENCODERS")


@lru_cache(maxsize=1)
def make_encoder(params: Encoders) -> Encoder:
    """The encoders of params, made once per process.

    Raises:
        ConfigError: there is no encoder of a name.
    """
    return Encoder(
        captioner=make_captioner(params.captioner),
        text=make_text_encoder(params.text_encoder),
        image=make_image_encoder(params.image_encoder),
        structure_side=params.structure_side,
    )


def make_captioner(name: CaptionerName) -> Captioner:
    """The captioner of a name in params."""
    demand_choice(name, CAPTIONERS, "encoders.captioner")
    return CAPTIONERS[name]()


def make_text_encoder(name: TextEncoderName) -> TextEncoder:
    """The text encoder of a name in params."""
    demand_choice(name, TEXT_ENCODERS, "encoders.text_encoder")
    return TEXT_ENCODERS[name]()


def make_image_encoder(name: ImageEncoderName) -> ImageEncoder:
    """The image encoder of a name in params."""
    demand_choice(name, IMAGE_ENCODERS, "encoders.image_encoder")
    return IMAGE_ENCODERS[name]()

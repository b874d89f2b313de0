"""The encoders of a name in params: stand-ins and models, chosen where a stage is put together.

A new stand-in is a file with a table `CAPTIONERS`, `TEXT_ENCODERS` or `IMAGE_ENCODERS` (its name, and what makes it), and one
line in `encoder_files.py`. A new model is a section in `config/models.py`, a file in `distill/encoders/`, and one case below.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from unirain_core.config.models import Blip, EncoderModel, OpenClip, Rewriter, SentenceEncoder
from unirain_core.config.sections import Encoders, QueryCaptions
from unirain_core.distill.encoders.captioner import Captioner
from unirain_core.distill.encoders.image import ImageEncoder
from unirain_core.distill.encoders.text import TextEncoder
from unirain_core.distill.triplet import Encoder
from unirain_core.errors import ConfigError
from unirain_core.stages import encoder_files
from unirain_core.stages.choices import choices, demand_choice

CAPTIONERS: Mapping[str, Callable[[], Captioner]] = choices(encoder_files, "CAPTIONERS")
TEXT_ENCODERS: Mapping[str, Callable[[], TextEncoder]] = choices(encoder_files, "TEXT_ENCODERS")
IMAGE_ENCODERS: Mapping[str, Callable[[], ImageEncoder]] = choices(encoder_files, "IMAGE_ENCODERS")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderChoice:
    """What makes the encoders in any process."""

    captioner: str
    text_encoder: str
    image_encoder: str
    structure_side: int
    models: tuple[tuple[str, EncoderModel], ...]
    """The sections that are named, by their names."""
    captions: QueryCaptions
    """What becomes of each caption."""

    @classmethod
    def of(
        cls,
        encoders: Encoders,
        models: Mapping[str, EncoderModel],
        captions: QueryCaptions = QueryCaptions(),  # noqa: B008 (frozen)
    ) -> Self:
        """The choice of params; sections that nothing names are left out, so that they change no key."""
        named = {encoders.captioner, encoders.text_encoder, encoders.image_encoder, captions.rewriter}
        return cls(
            captioner=encoders.captioner,
            text_encoder=encoders.text_encoder,
            image_encoder=encoders.image_encoder,
            structure_side=encoders.structure_side,
            models=tuple(sorted((name, model) for name, model in models.items() if name in named)),
            captions=captions,
        )

    def model(self, name: str | None) -> EncoderModel | None:
        """The section of a name; None for a stand-in."""
        return dict(self.models).get(name) if name else None


@lru_cache(maxsize=1)
def make_encoder(choice: EncoderChoice) -> Encoder:
    """The encoders of params, made once per process.

    Raises:
        ConfigError: there is no encoder of a name, or its model is of another kind.
        WeightsUnavailableError: weights are not on this machine.
    """
    text = make_text_encoder(choice.text_encoder, choice.model(choice.text_encoder))
    captioner = make_captioner(choice.captioner, choice.model(choice.captioner))
    return Encoder(
        captioner=_refined(captioner, text, choice),
        text=text,
        image=make_image_encoder(choice.image_encoder, choice.model(choice.image_encoder)),
        structure_side=choice.structure_side,
    )


def make_captioner(name: str, model: EncoderModel | None = None) -> Captioner:
    """The captioner of a name in params."""
    match model:
        case None:
            demand_choice(name, CAPTIONERS, "encoders.captioner")
            return CAPTIONERS[name]()
        case Blip():
            from unirain_core.distill.encoders.blip import BlipCaptioner

            return BlipCaptioner(model)
        case _:
            raise _another_kind("captioner", name, model, "blip")


def make_text_encoder(name: str, model: EncoderModel | None = None) -> TextEncoder:
    """The text encoder of a name in params."""
    match model:
        case None:
            demand_choice(name, TEXT_ENCODERS, "encoders.text_encoder")
            return TEXT_ENCODERS[name]()
        case OpenClip():
            from unirain_core.distill.encoders.open_clip import OpenClipText

            return OpenClipText(model)
        case SentenceEncoder():
            from unirain_core.distill.encoders.sentence import SentenceText

            return SentenceText(model)
        case _:
            raise _another_kind("text_encoder", name, model, "open_clip or sentence")


def make_image_encoder(name: str, model: EncoderModel | None = None) -> ImageEncoder:
    """The image encoder of a name in params."""
    match model:
        case None:
            demand_choice(name, IMAGE_ENCODERS, "encoders.image_encoder")
            return IMAGE_ENCODERS[name]()
        case OpenClip():
            from unirain_core.distill.encoders.open_clip import OpenClipImage

            return OpenClipImage(model)
        case _:
            raise _another_kind("image_encoder", name, model, "open_clip")


def _refined(captioner: Captioner, text: TextEncoder, choice: EncoderChoice) -> Captioner:
    """The captioner whose captions params want refined."""
    if choice.captions.form == "plain":
        return captioner
    from unirain_core.distill.encoders.keyphrases import KeyphraseCaptioner

    with_phrases = KeyphraseCaptioner(captioner, text, choice.captions.phrases)
    if choice.captions.form == "keyphrases":
        return with_phrases
    from unirain_core.distill.encoders.rewriter import RewritingCaptioner

    name = choice.captions.rewriter
    model = choice.model(name)
    if not isinstance(model, Rewriter):
        raise ConfigError(
            f"params.yaml: query_captions.rewriter: {name!r} is no model of kind rewriter in encoder_models; add one"
        )
    return RewritingCaptioner(with_phrases, model)


def _another_kind(key: str, name: str, model: EncoderModel, wanted: str) -> ConfigError:
    return ConfigError(
        f"params.yaml: encoders.{key}: {name!r} is a model of kind {model.kind}; one of kind {wanted} is needed"
    )

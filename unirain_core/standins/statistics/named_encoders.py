"""The statistics captioner and encoders under their name in params; what computes is loaded when one is made."""

from collections.abc import Callable, Mapping

from unirain_core.distill.encoders.captioner import Captioner
from unirain_core.distill.encoders.image import ImageEncoder
from unirain_core.distill.encoders.text import TextEncoder


def _captioner() -> Captioner:
    from unirain_core.standins.statistics.captioner import StatisticsCaptioner

    return StatisticsCaptioner()


def _text_encoder() -> TextEncoder:
    from unirain_core.standins.statistics.text import StatisticsTextEncoder

    return StatisticsTextEncoder()


def _image_encoder() -> ImageEncoder:
    from unirain_core.standins.statistics.image import StatisticsImageEncoder

    return StatisticsImageEncoder()


CAPTIONERS: Mapping[str, Callable[[], Captioner]] = {"statistics": _captioner}
TEXT_ENCODERS: Mapping[str, Callable[[], TextEncoder]] = {"statistics": _text_encoder}
IMAGE_ENCODERS: Mapping[str, Callable[[], ImageEncoder]] = {"statistics": _image_encoder}

"""The fitted part of the statistics encoders, as it ships with the package."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from unirain_core.standins.statistics.attributes import AttributeRules
from unirain_core.standins.statistics.frame import FEATURE_VERSION
from unirain_core.standins.statistics.linear import LinearRule

FILE = "encoders.json"


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What `benchmarks/statistics_judges.py --fit` measured on a rendered corpus."""

    digest: str
    """Hash of the file: a part of every encoder's name."""
    rules: AttributeRules
    inverse_frequency: Mapping[str, float]
    """Weight of each word and word pair: smoothed inverse document frequency."""
    image_mean: NDArray[np.float64]
    """(276,) of the raw image vector."""
    image_scale: NDArray[np.float64]
    """(276,) standard deviations."""


@lru_cache(maxsize=1)
def fitted() -> Fitted:
    """Read the shipped file, once per process.

    Raises:
        ValueError: it was fitted to other statistics than this version computes.
    """
    text = resources.files("unirain_core.standins.statistics").joinpath(FILE).read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Fitted:
    """Build from the file's text."""
    content = json.loads(text)
    if content["feature_version"] != FEATURE_VERSION:
        raise ValueError(f"{FILE} fits statistics {content['feature_version']}, not {FEATURE_VERSION}")
    light, heavy = content["density"]
    return Fitted(
        digest=hashlib.sha256(text.encode()).hexdigest()[:8],
        rules=AttributeRules(
            night=LinearRule.from_json(**content["night"]),
            streaks=LinearRule.from_json(**content["streaks"]),
            density=(light, heavy),
        ),
        inverse_frequency=content["inverse_frequency"],
        image_mean=np.array(content["image_mean"]),
        image_scale=np.array(content["image_scale"]),
    )

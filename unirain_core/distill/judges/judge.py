"""What a judge is: something that says whether a picture's rain is like that of its references."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from unirain_core.imaging.codec import RgbImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A judge's answer before it is counted."""

    p_yes: float
    """Probability of yes among yes and no, 0 to 1."""
    mass: float
    """Probability of yes or no among all answers, 0 to 1; a stand-in always answers: 1."""
    reply: str
    """What the judge said."""
    reason: str
    """What moved it most, for a person."""


class Judge(Protocol):
    """One of the three models of Eq. 4. It sees rainy pictures only, never a clean one."""

    @property
    def name(self) -> str:
        """Name in params; `statistics/...` is a stand-in."""
        ...

    @property
    def prompt_hash(self) -> str:
        """Hash of the prompt and of what else makes the judge; for a stand-in of its weights."""
        ...

    def judge(self, query: RgbImage, references: Sequence[RgbImage]) -> Response:
        """Answer for a rainy picture and its references, best first; pictures of any size."""
        ...

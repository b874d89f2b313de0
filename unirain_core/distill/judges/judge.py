"""What a judge is: something that says whether a picture's rain is like that of its references."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from unirain_core.engine.pools import Device
from unirain_core.engine.store import digest
from unirain_core.imaging.codec import RgbImage

WITHOUT_SCORES = "the server gave no logprobs"
"""In the reason of an answer whose p_yes is 1 or 0 for want of probabilities; the report counts such answers."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a judge is shown: rainy pictures only, never a clean one."""

    query: RgbImage
    """I_q."""
    references: Sequence[RgbImage]
    """S(q), best first."""


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
    """The main cause of the answer, or the cause of an abstention, for a person; may be empty."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why there is no answer; the question is asked again in the next run."""

    detail: str


class Judge(Protocol):
    """One of the three models of Eq. 4. Making one is cheap: its model is loaded by the first question."""

    @property
    def name(self) -> str:
        """Name in params; `statistics/...` is a stand-in."""
        ...

    @property
    def prompt(self) -> str:
        """P of Eq. 4, as the model is given it; empty for a stand-in."""
        ...

    @property
    def version(self) -> str:
        """Hash of all else that determines its answers: weights, preprocessing, precision."""
        ...

    @property
    def device(self) -> Device:
        """Where its model runs."""
        ...

    @property
    def batch(self) -> int:
        """Questions that it takes at once."""
        ...

    def judge(self, questions: Sequence[Question]) -> Sequence[Response | Unanswered]:
        """One answer to each question; the pictures have any size."""
        ...


def prompt_hash(judge: Judge) -> str:
    """Hash of a judge's prompt and version, which every answer bears; its version alone where it has no prompt."""
    return digest(judge.version, judge.prompt) if judge.prompt else judge.version

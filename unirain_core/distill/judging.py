"""One judge's answer on one pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from unirain_core.config.sections import JudgeName
from unirain_core.distill.judges.judge import Judge, Response
from unirain_core.distill.judges.statistics import shipped
from unirain_core.imaging.codec import RgbImage

MIN_MASS = 0.5
"""Below it the judge is not answering yes or no: an abstention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response and how it counts."""

    vote: bool | None
    """R of Eq. 4; None: abstained."""
    response: Response


def judge_pair(judge: Judge, query: RgbImage, references: Sequence[RgbImage]) -> Answer:
    """Eq. (4). Ask one judge whether the rain of a query is as reliable as that of its references.

    The paper leaves an unparseable answer open; here a judge whose mass on yes and no is below MIN_MASS abstains.

    Args:
        judge: VLM_m with its prompt P, or a stand-in.
        query: I_q, the rainy picture; the clean one is never shown.
        references: S(q), best first.

    Returns:
        Vote and response; yes from p_yes = 0.5 on.
    """
    response = judge.judge(query, references)
    return Answer(vote=None if response.mass < MIN_MASS else response.p_yes >= 0.5, response=response)


def make_judge(name: JudgeName) -> Judge:
    """The judge of a name in params."""
    match name:
        case "statistics/directional":
            return shipped()["directional"]
        case "statistics/nss":
            return shipped()["nss"]
        case "statistics/photometric":
            return shipped()["photometric"]
        case _:
            assert_never(name)

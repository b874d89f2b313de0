"""One judge's answer on one pair."""

from collections.abc import Sequence
from dataclasses import dataclass

from unirain_core.distill.judges.judge import Judge, Response
from unirain_core.imaging.codec import RgbImage

MIN_MASS = 0.5
"""Below it the judge is not answering yes or no: an abstention."""

HALF = 0.5
"""The threshold of a judge that is taken at its word."""


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
        Vote and response; yes from HALF on, until a threshold that follows the database decides it anew.
    """
    response = judge.judge(query, references)
    return Answer(vote=counted(response.p_yes, response.mass, HALF), response=response)


def counted(p_yes: float, mass: float, threshold: float) -> bool | None:
    """The vote of a response: yes from the threshold on; None: it abstains."""
    return None if mass < MIN_MASS else p_yes >= threshold

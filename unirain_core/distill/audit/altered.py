"""A judge that is asked in another way: with pictures blacked out, or in batches of another size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from unirain_core.distill.judges.judge import Judge, Question, Response, Unanswered
from unirain_core.engine.pools import Device
from unirain_core.imaging.codec import RgbImage

Alteration = Literal["no query", "no references", "other batch"]


@dataclass(frozen=True, slots=True)
class AlteredJudge:
    """As `Judge`; its answers stand under a key of their own."""

    inner: Judge
    alteration: Alteration

    @property
    def name(self) -> str:
        """As `Judge.name`."""
        return self.inner.name

    @property
    def prompt(self) -> str:
        """As `Judge.prompt`."""
        return self.inner.prompt

    @property
    def version(self) -> str:
        """As `Judge.version`."""
        return f"{self.inner.version} {self.alteration} {self.batch}"

    @property
    def device(self) -> Device:
        """As `Judge.device`."""
        return self.inner.device

    @property
    def batch(self) -> int:
        """As `Judge.batch`; another batch is of one question, or of two where one is the usual size."""
        if self.alteration != "other batch":
            return self.inner.batch
        return 2 if self.inner.batch == 1 else 1

    def judge(self, questions: Sequence[Question]) -> Sequence[Response | Unanswered]:
        """As `Judge.judge`."""
        match self.alteration:
            case "no query":
                return self.inner.judge([Question(_black(q.query), q.references) for q in questions])
            case "no references":
                return self.inner.judge([Question(q.query, [*map(_black, q.references)]) for q in questions])
            case "other batch":
                answers: list[Response | Unanswered] = []
                for start in range(0, len(questions), self.batch):
                    answers += self.inner.judge(questions[start : start + self.batch])
                return answers
            case _:
                assert_never(self.alteration)


def altered(make: Callable[[], Judge], alteration: Alteration) -> Judge:
    """Make a judge, and alter it; a `functools.partial` of this function makes it in any process."""
    return AlteredJudge(make(), alteration)


def _black(picture: RgbImage) -> RgbImage:
    return np.zeros_like(picture)

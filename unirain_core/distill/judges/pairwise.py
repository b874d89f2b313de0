"""A judge that is shown one reference at a time, for models that were trained on few pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from unirain_core.distill.costs import Cost
from unirain_core.distill.judges.judge import Question, Response
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.engine.pools import Device


@dataclass(frozen=True, slots=True)
class PairwiseJudge:
    """As `Judge`: p_yes and mass are the means over the references."""

    inner: LocalJudge

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
        return f"{self.inner.version} pairwise"

    @property
    def device(self) -> Device:
        """As `Judge.device`."""
        return self.inner.device

    @property
    def batch(self) -> int:
        """As `Judge.batch`."""
        return self.inner.batch

    @property
    def cost(self) -> Cost | None:
        """As `Costed.cost`, of a question with all its references."""
        return self.inner.cost

    def judge(self, questions: Sequence[Question]) -> list[Response]:
        """As `Judge.judge`."""
        asked: list[Question] = []
        for question in questions:
            for reference in question.references:
                asked.append(Question(question.query, [reference]))
            if not question.references:
                asked.append(question)
        answers = iter(self.inner.judge(asked))
        together: list[Response] = []
        for question in questions:
            own = [next(answers) for _ in range(max(len(question.references), 1))]
            together.append(_mean(own))
        return together


def _mean(answers: Sequence[Response]) -> Response:
    return replace(
        answers[0],
        p_yes=fmean(answer.p_yes for answer in answers),
        mass=fmean(answer.mass for answer in answers),
        reply=" / ".join(answer.reply for answer in answers),
        reason="; ".join(answer.reason for answer in answers if answer.reason),
    )

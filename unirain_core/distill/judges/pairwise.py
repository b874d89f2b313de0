"""A judge that is shown one reference at a time, for models that were trained on few pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import fmean
from typing import Any

from unirain_core.distill.costs import Cost
from unirain_core.distill.judges.judge import Question, Response
from unirain_core.distill.judges.local import LocalJudge
from unirain_core.engine.pools import Device


@dataclass(frozen=True, slots=True)
class PairwiseJudge:
    """As `Judge` and `Preparing`: p_yes and mass are the means over the references."""

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

    @property
    def prepare(self) -> "Pairs":
        """As `Preparing.prepare`."""
        return Pairs(self.inner.prepare)

    def judge(self, questions: Sequence[Question]) -> list[Response]:
        """As `Judge.judge`."""
        return self.of_prepared([self.prepare(question) for question in questions])

    def of_prepared(self, prepared: Sequence[Sequence[Any]]) -> list[Response]:
        """As `Preparing.of_prepared`."""
        answers = iter(self.inner.of_prepared(list(chain.from_iterable(prepared))))
        return [_mean([next(answers) for _ in of_question]) for of_question in prepared]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Makes of a question one for each of its references, as the model is given them."""

    prepare: Callable[[Question], Any]
    """Of the model."""

    def __call__(self, question: Question) -> list[Any]:
        """The questions of one reference each; the question itself where it has none."""
        if not question.references:
            return [self.prepare(question)]
        return [self.prepare(Question(question.query, [reference])) for reference in question.references]


def _mean(answers: Sequence[Response]) -> Response:
    return replace(
        answers[0],
        p_yes=fmean(answer.p_yes for answer in answers),
        mass=fmean(answer.mass for answer in answers),
        reply=" / ".join(answer.reply for answer in answers),
        reason="; ".join(answer.reason for answer in answers if answer.reason),
    )

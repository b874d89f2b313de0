"""A judge whose model runs in this process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from unirain_core.distill.costs import Cost
from unirain_core.distill.judges.answers import AnswerTokens, responses
from unirain_core.distill.judges.judge import Question, Response
from unirain_core.engine.pools import Device


class Vlm(Protocol):
    """A vision-language model that is loaded: it scores the first word of its answers."""

    @property
    def tokens(self) -> AnswerTokens:
        """With which it says yes and no."""
        ...

    def decode(self, token: int) -> str:
        """The text of a token."""
        ...

    def logits(self, prepared: Sequence[Any]) -> Tensor:
        """(B, V) scores of the first word after each question; a batch gives what its questions give one by one."""
        ...


@dataclass(slots=True, kw_only=True)
class LocalJudge:
    """As `Judge` and `Preparing`; the model is loaded by the first question."""

    name: str
    prompt: str
    """P as the model is given it, with the references that params ask for."""
    version: str
    """Hash of weights, precision, and what prepares the pictures."""
    batch: int
    prepare: Callable[[Question], Any]
    """As `Preparing.prepare`."""
    load: Callable[[], Vlm]
    cost: Cost | None = None
    """Of the longest question."""
    device: Device = "gpu"
    _vlm: Vlm | None = field(default=None, init=False)

    def judge(self, questions: Sequence[Question]) -> list[Response]:
        """As `Judge.judge`."""
        return self.of_prepared([self.prepare(question) for question in questions])

    def of_prepared(self, prepared: Sequence[Any]) -> list[Response]:
        """As `Preparing.of_prepared`."""
        if self._vlm is None:
            self._vlm = self.load()
        return responses(self._vlm.logits(prepared), self._vlm.tokens, self._vlm.decode)

"""Turn the scores of a model's first word into an answer: the probabilities of yes and of no."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from unirain_core.config.prompt import Prompt
from unirain_core.distill.judges.judge import Response
from unirain_core.distill.judging import HALF, MIN_MASS
from unirain_core.errors import ConfigError

Encode = Callable[[str], Sequence[int]]
"""A tokenizer that adds no special tokens."""


@dataclass(frozen=True, slots=True)
class AnswerTokens:
    """The tokens with which a model says yes or no."""

    yes: tuple[int, ...]
    no: tuple[int, ...]

    @classmethod
    def of(cls, encode: Encode, prompt: Prompt) -> Self:
        """The tokens of the prompt's words, each with and without a space before it.

        A word of several tokens has no score of its own, so it does not count.

        Raises:
            ConfigError: no word of one side is one token, or a token stands on both sides.
        """
        yes, no = _single(encode, prompt.words_yes), _single(encode, prompt.words_no)
        for key, words, tokens in (("words_yes", prompt.words_yes, yes), ("words_no", prompt.words_no, no)):
            if not tokens:
                raise ConfigError(
                    f"prompt: {key}: none of {list(words)} is one token of this model; add a word that is"
                )
        if set(yes) & set(no):
            raise ConfigError("prompt: words_yes and words_no have a token of this model in common")
        return cls(yes, no)


def _single(encode: Encode, words: Sequence[str]) -> tuple[int, ...]:
    tokens = set()
    for word in words:
        for form in (word, f" {word}"):
            encoded = encode(form)
            if len(encoded) == 1:
                tokens.add(int(encoded[0]))
    return tuple(sorted(tokens))


def responses(logits: Tensor, tokens: AnswerTokens, decode: Callable[[int], str]) -> list[Response]:
    """The answers behind the scores of the first word that each model would say.

    Args:
        logits: (B, V), of any precision; the probabilities are computed in float32.
        tokens: those of yes and of no.
        decode: gives a token's text.

    Returns:
        (B,) one answer for each row; `reply` is the most probable token.
    """
    probabilities = torch.softmax(logits.float(), dim=-1).cpu()
    yes = probabilities[:, list(tokens.yes)].sum(dim=-1).tolist()
    no = probabilities[:, list(tokens.no)].sum(dim=-1).tolist()
    said = probabilities.argmax(dim=-1).tolist()
    return [answer(y, n, decode(token)) for y, n, token in zip(yes, no, said, strict=True)]


def answer(yes: float, no: float, reply: str) -> Response:
    """The answer of a model whose first word is yes, or no, with these probabilities; an abstention where both are improbable.

    Args:
        yes: probability of all words for yes, 0 to 1.
        no: likewise for no.
        reply: the first word that the model would say.

    >>> round(answer(0.6, 0.2, "Yes").p_yes, 6)
    0.75
    >>> answer(0.1, 0.1, "Perhaps").reason
    "said 'Perhaps'; yes and no together have a probability of 0.20"
    """
    mass = min(yes + no, 1.0)
    if mass >= MIN_MASS:
        return Response(p_yes=min(yes / (yes + no), 1.0), mass=mass, reply=reply, reason="")
    reason = f"said {reply!r}; yes and no together have a probability of {mass:.2f}"
    return Response(p_yes=yes / mass if mass else HALF, mass=mass, reply=reply, reason=reason)

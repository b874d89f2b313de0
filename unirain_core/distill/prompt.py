"""P of Eq. 4 with its pictures in their places, as every template of a model needs it."""

from dataclasses import dataclass

from unirain_core.config.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Shown:
    """The place of a picture: 0 is the query, and the references follow from 1 on, best first."""

    number: int


Part = str | Shown


def parts(prompt: Prompt, n_references: int) -> tuple[Part, ...]:
    """The words and the pictures of one question, in their order; each label stands before its picture.

    Args:
        prompt: the words.
        n_references: how many references are shown; 0: the prompt's `alone` is asked.
    """
    question: list[Part] = [f"{prompt.instruction}\n{prompt.query} ", Shown(0)]
    for number in range(1, n_references + 1):
        question += [f"\n{prompt.label(number)} ", Shown(number)]
    question.append(f"\n{prompt.question if n_references else prompt.alone}")
    return tuple(question)


def written(prompt: Prompt, n_references: int, placeholder: str) -> str:
    """The question as one text, with a placeholder for each picture.

    >>> p = Prompt(instruction="Look.", query="Query:", reference="Reference {number}:", question="Same rain?",
    ...            alone="Real rain?", words_yes=("Yes",), words_no=("No",))
    >>> written(p, 1, "<image>")
    'Look.\\nQuery: <image>\\nReference 1: <image>\\nSame rain?'
    """
    return "".join(part if isinstance(part, str) else placeholder for part in parts(prompt, n_references))

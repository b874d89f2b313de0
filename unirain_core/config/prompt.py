"""P of Eq. 4 as a person writes it: a file that anybody can read and change."""

from dataclasses import dataclass, replace
from typing import Annotated

from annotated_types import MinLen

Text = Annotated[str, MinLen(1)]
Words = Annotated[tuple[Text, ...], MinLen(1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The words around the pictures; whoever changes one of them asks every judge anew."""

    instruction: Text
    """Stands first. It never changes from question to question, so that a server need not read it twice."""
    query: Text
    """Stands before the rainy picture that is judged."""
    reference: Text
    """Stands before each reference; `{number}` counts them from 1."""
    question: Text
    """Asks for yes or no, after the pictures."""
    alone: Text
    """Asks the same where no references are shown."""
    words_yes: Words
    """What counts as yes, as the model may write it."""
    words_no: Words
    """What counts as no."""

    def __post_init__(self) -> None:
        both = sorted(set(self.words_yes) & set(self.words_no))
        if both:
            raise ValueError(f"words_yes and words_no share {both}; a word is one answer")
        if "{number}" not in self.reference:
            raise ValueError("reference: lacks {number}, by which the references are told apart")

    def label(self, number: int) -> str:
        """The words before a reference; braces of another meaning are plain words."""
        return self.reference.replace("{number}", str(number))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Other words for the same question; labels and answers stay those of the prompt."""

    instruction: Text
    """As in the prompt."""
    question: Text
    """As in the prompt."""
    alone: Text
    """As in the prompt."""

    def of(self, prompt: Prompt) -> Prompt:
        """The prompt in these words."""
        return replace(prompt, instruction=self.instruction, question=self.question, alone=self.alone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paraphrases:
    """What the audit of the judges asks instead of the prompt; no vote depends on it."""

    paraphrases: Annotated[tuple[Wording, ...], MinLen(1)]
    """They mean the same."""
    swapped: Wording
    """Names no before yes, else the prompt's own words."""

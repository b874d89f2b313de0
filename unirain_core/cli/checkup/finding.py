"""What a check found: one line for a person, and whether somebody has to do something about it."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How a thing is, in the word that stands before its line."""

    FINE = "ok"
    NOTE = "note"
    """Nobody has to do anything."""
    LACKING = "lacking"
    """A person must supply it."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line."""

    state: State
    words: str
    """What is there; or what is wrong, and what to do."""

"""Sentences for a person at a terminal: wrapped lines, and counted words."""

import difflib
import textwrap
from collections import Counter
from collections.abc import Iterable

WIDTH = 100


def wrapped(head: str, text: str) -> list[str]:
    """The lines of a text behind a head; a path in a remedy stays whole.

    >>> wrapped("size: ", "3 GB")
    ['size: 3 GB']
    """
    indent = " " * min(len(head), 14)
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head]


def counted(words: Iterable[str]) -> str:
    """Each different word with its number of occurrences, in the order of the alphabet.

    >>> counted(["b", "a", "b"])
    'a 1, b 2'
    """
    return ", ".join(f"{word} {number:,}" for word, number in sorted(Counter(words).items()))


def nearest(word: str | None, words: Iterable[str]) -> str:
    """What a person may have meant by a word that nothing bears; empty where nothing is near.

    >>> nearest("rainrag_splt", ["raw_datasets", "rainrag_split"])
    "; nearest: 'rainrag_split'"
    """
    near = difflib.get_close_matches(word or "", list(words), n=1)
    return f"; nearest: '{near[0]}'" if near else ""

"""Which encoders and judges are stand-ins, and how a report says so."""

from collections.abc import Iterable

PREFIX = "statistics/"
"""The names of all stand-ins begin with it, in params, in votes and in the names of encoders."""


def stand_ins(names: Iterable[str]) -> list[str]:
    """The names that are stand-ins: one among real models is enough to be named.

    >>> stand_ins(["statistics/nss", "internvl", "statistics/directional"])
    ['statistics/directional', 'statistics/nss']
    """
    return sorted(name for name in names if name.startswith(PREFIX))


def note(names: Iterable[str]) -> tuple[str, ...]:
    """The line of a report that names the stand-ins; no line where every name is a model's.

    >>> note(["statistics/nss", "internvl"])
    ('stand-ins measured statistics where models would run: statistics/nss',)
    """
    named = stand_ins(names)
    return (f"stand-ins measured statistics where models would run: {', '.join(named)}",) if named else ()

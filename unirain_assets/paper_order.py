"""The paper's order of rain types, for what was written in the order of the alphabet."""

from collections.abc import Mapping, Sequence

from unirain_core.artefacts.report import Json

_COLUMN = "rain_type"


def in_paper_order(value: Json, rain_types: Sequence[str]) -> Json:
    """The same with rain types in their order, wherever they are keys or stand in a column.

    Args:
        value: a report, or a part of one.
        rain_types: in the paper's order, which is the one of params.

    >>> in_paper_order({"nrs": 3, "average": 2, "drs": 1}, ["drs", "nrs"])
    {'drs': 1, 'nrs': 3, 'average': 2}
    """
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: _place(name, rain_types))
        return {name: in_paper_order(value[name], rain_types) for name in names}
    if isinstance(value, list):
        return [in_paper_order(item, rain_types) for item in _sorted_rows(value, rain_types)]
    return value


def _place(name: object, rain_types: Sequence[str]) -> int:
    """Of a rain type its place, of any other word the last one: words keep their own order, behind the types."""
    return rain_types.index(name) if name in rain_types else len(rain_types)


def _sorted_rows(rows: list[Json], rain_types: Sequence[str]) -> list[Json]:
    """Rows of a table by rain type, within what their other words say: a total stays behind what it sums up."""
    if not all(isinstance(row, Mapping) and _COLUMN in row for row in rows):
        return rows
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        first.setdefault(_other_words(row), len(first))
    return sorted(rows, key=lambda row: (first[_other_words(row)], _rain_type(row, rain_types)))


def _other_words(row: Json) -> tuple[str, ...]:
    cells = row.items() if isinstance(row, Mapping) else ()
    return tuple(cell for name, cell in cells if isinstance(cell, str) and name != _COLUMN)


def _rain_type(row: Json, rain_types: Sequence[str]) -> int:
    return _place(row[_COLUMN], rain_types) if isinstance(row, Mapping) else 0

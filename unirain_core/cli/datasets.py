"""`unirain datasets [ID|check|add PATH]`: the catalogue, one entry of it, what params' datasets hold, or a new one."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Optional

import typer

from unirain_core.cli.dataset_add import Wish, add
from unirain_core.cli.dataset_check import check
from unirain_core.cli.lines import wrapped
from unirain_core.cli.project import current_root
from unirain_core.errors import ConfigError
from unirain_core.sources import catalogue
from unirain_core.sources.catalogue import Catalogue, Record
from unirain_core.sources.layouts import Halves, Layout


def datasets(
    what: Annotated[
        Optional[str],  # noqa: UP045 (typer reads it)
        typer.Argument(
            help="Id of an entry of the catalogue, `check`, or `add`; without it, the whole catalogue."
        ),
    ] = None,
    path: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(help="Folder that `add` looks into."),
    ] = None,
    rain_type: Annotated[str, typer.Option(help="For `add`: rain type of the pairs.")] = "",
    name: Annotated[str, typer.Option(help="For `add`: name in params; without it, the folder's.")] = "",
    layout: Annotated[
        str, typer.Option(help="For `add`: entry of the catalogue, where the folder is a known dataset.")
    ] = "",
    clean: Annotated[
        str, typer.Option(help="For `add`: left or right, where one picture holds both sides.")
    ] = "",
    origin: Annotated[str, typer.Option(help="For `add`: real or synthetic.")] = "",
    role: Annotated[
        str,
        typer.Option(
            help="For `add`: train, val, test, benchmark (only scored) or real, for all its pictures; without it, as its "
            "folders say."
        ),
    ] = "",
    quota: Annotated[int, typer.Option(min=0, help="For `add`: training pairs at most; 0: all.")] = 0,
) -> None:
    """Print the catalogue or the entry of an id, `check` the datasets of params, or `add PATH` to them.

    Raises:
        ConfigError: there is no such entry, or `add` cannot tell what the folder is.
        MissingInputError: after `check` has printed all: a dataset cannot be used, or a rain type has no pair.
    """
    known = catalogue.load()
    if what == "add":
        if path is None:
            raise ConfigError(
                "name the folder: `unirain datasets add /folder/of/the/dataset --rain-type drs`"
            )
        wish = Wish(
            path=path,
            rain_type=rain_type,
            name=name,
            layout=layout,
            clean=clean,
            origin=origin,
            role=role,
            quota=quota or None,
        )
        add(current_root(), wish, known)
    elif what == "check":
        check(current_root(), known)
    elif what is None:
        print("\n".join(table(known)))
    elif what in known.records:
        print("\n".join(entry(known.records[what])))
    else:
        near = difflib.get_close_matches(what, known.records, n=3, cutoff=0.4)
        hint = f"nearest: {', '.join(near)}" if near else "`unirain datasets` lists it"
        raise ConfigError(f"dataset '{what}' is not in the catalogue; {hint}")


def table(known: Catalogue) -> list[str]:
    """One line per entry, then what fills each rain type."""
    rows = [("id", "rain types", "origin", "good for", "name")]
    for record in known.records.values():
        types = " ".join(record.rain_types) or "(say in params)"
        rows.append((record.id, types, record.origin, ", ".join(record.role), record.name))
    lines = [*_columns(rows), "", "Pairs of a rain type:"]
    for rain_type in known.fills:
        lines += wrapped(f"{rain_type}: ", known.advice(rain_type))
    return lines


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines; a column is as wide as its longest cell, and two spaces more.

    >>> _columns([["id", "name"], ["rain200l", "Rain200L"]])
    ['id        name', 'rain200l  Rain200L']
    """
    widths = [max(len(cell) for cell in column) + 2 for column in zip(*rows, strict=True)]
    return ["".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def entry(record: Record) -> list[str]:
    """All that the catalogue knows of one dataset, for a person."""
    counts = ", ".join(f"{part} {number:,}" for part, number in record.counts.items() if number is not None)
    lines = [f"{record.id}: {record.name}", *wrapped("  ", record.citation or "any data of your own")]
    benchmarks = ", ".join(f"{part.id} ({part.input}, {part.pairs} pairs)" for part in record.benchmarks)
    facts = {
        "rain types": ", ".join(record.rain_types) or "say rain_types in params",
        "origin": record.origin if record.citation else f"{record.origin}, unless params say another",
        "good for": ", ".join(record.role),
        "counts": counts or "not published",
        "benchmarks": benchmarks or "none apart",
        "quota": f"{record.quota:,} training pairs are enough" if record.quota else "none advised",
        "pictures": ", ".join(v for v in record.image.values() if v) or "unknown",
        "size": f"{record.size_gb:g} GB" if record.size_gb else "unknown",
        "terms": record.terms or "no terms found",
        "download": record.source_page or "no public page found",
    }
    for name, value in facts.items():
        lines += wrapped(f"  {name + ':':<12}", value)
    for layout in record.layouts:
        lines += ["", *wrapped("  layout: ", layout.root_hint or "any folder"), *_examples(layout)]
    lines += _section("traps", record.traps) + _section("not verified", record.unverified)
    return lines


def _examples(layout: Layout) -> list[str]:
    lines = []
    for example in layout.examples:
        partner = f"  ->  {example.target}" if example.target else ""
        if isinstance(layout.target, Halves):
            partner = f"  ({layout.target.clean} half clean)"
        lines.append(f"    {example.input}{partner}")
    return lines


def _section(title: str, sentences: Sequence[str]) -> list[str]:
    lines = ["", f"  {title}:"] if sentences else []
    for sentence in sentences:
        lines += wrapped("  - ", sentence)
    return lines

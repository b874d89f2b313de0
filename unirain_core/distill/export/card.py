"""The dataset card of an export: its content and origin, counts, sources and terms."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from unirain_core.distill.export.forms import Form

NO_TERMS = "no terms found"
SMALLEST = 128
"""Pixels of each side of the crops on which the released code trains: a smaller picture breaks its batches."""

_READ_AS = {
    "folders": "`TYPE/input/NAME` is the rainy picture and `TYPE/target/NAME` the clean one, as the released code of the "
    "paper reads them: this folder is its `data_file_dir` or `val_dir` in training, its `data_root` in tests.",
    "webdataset": "Each tar file holds `KEY.input.png`, `KEY.target.png` and `KEY.json` of a pair one after the other, as "
    "WebDataset reads them. The pairs are mixed: consecutive ones come from different datasets.",
    "parquet": "The columns `input` and `target` hold the bytes of picture files. The pairs are mixed: consecutive ones "
    "come from different datasets.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the pairs of one dataset come from."""

    text: str
    """What it is, and where it can be had."""
    terms: str
    """Terms of use, or NO_TERMS."""
    citation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The facts of an export that its card states."""

    name: str
    """Of the split."""
    form: Form
    made_from: str
    """The table that lists the pairs, with its hash."""
    notes: tuple[str, ...]
    """Sentences that a reader should know, such as which judges were stand-ins."""
    sources: Mapping[str, Source]
    """By dataset."""
    counts: Counter[tuple[str, str]]
    """Pairs of each rain type and dataset."""
    n_small: int
    """Pairs with a side below SMALLEST."""
    date: str
    """Of the export, as 2026-01-31."""


def readme(card: Card) -> str:
    """The dataset card, in Markdown with the fields that dataset hubs read."""
    total = card.counts.total()
    lines = [
        "---",
        f"pretty_name: UniRain {card.name}",
        "license: other",
        "license_name: see-the-sources",
        "task_categories: [image-to-image]",
        "tags: [deraining, image-restoration]",
        "---",
        "",
        f"# UniRain {card.name}",
        "",
        description(card),
        "",
        _READ_AS[card.form],
        "",
        "`pairs.csv` has a line for each pair: where its pictures lie, SHA-256 of both, rain type, dataset, scene, size, "
        "terms and source. `croissant.json` describes it for machines.",
        "",
        "## Pairs",
        "",
        *_counts(card),
        "",
    ]
    if card.n_small:
        few = f"{card.n_small} of {total} pairs have a side below {SMALLEST} pixels, the crop of the released code."
        lines += [f"{few} Leave them out, or pad them, before you train with it.", ""]
    lines += ["## Sources and terms", ""]
    lines.append(
        "The pictures stay under the terms of their sources. Check them before you share this folder."
    )
    lines.append("")
    for dataset, source in card.sources.items():
        lines.append(f"- **{dataset}**: {source.text}. Terms: {source.terms}.")
        if source.citation:
            lines.append(f"  Please cite {source.citation}.")
    if card.notes:
        lines += ["", "## Notes", "", *(f"- {note}" for note in card.notes)]
    return "\n".join([*lines, ""])


def description(card: Card) -> str:
    """Two sentences: the content of the export, and the table and the datasets that it was made from."""
    by_type: Counter[str] = Counter()
    for (rain_type, _), number in card.counts.items():
        by_type[rain_type] += number
    shares = ", ".join(f"{number} {rain_type}" for rain_type, number in sorted(by_type.items()))
    return (
        f"{card.counts.total()} pairs of a rainy and a clean picture ({shares}) to train or test networks that remove rain: "
        f"the split `{card.name}` of a UniRain project. It was made from {card.made_from}, out of these datasets: "
        f"{', '.join(card.sources)}."
    )


def _counts(card: Card) -> list[str]:
    """A table of pairs: datasets down, rain types across."""
    rain_types = sorted({rain_type for rain_type, _ in card.counts})
    lines = [_row("dataset", *rain_types, "all"), _row(*["---"] * (len(rain_types) + 2))]
    for dataset in card.sources:
        numbers = [card.counts[rain_type, dataset] for rain_type in rain_types]
        lines.append(_row(dataset, *numbers, sum(numbers)))
    totals = []
    for rain_type in rain_types:
        totals.append(sum(card.counts[rain_type, dataset] for dataset in card.sources))
    return [*lines, _row("all", *totals, card.counts.total())]


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"

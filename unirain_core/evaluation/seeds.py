"""Trainings that differ only in their seed are one line of a table: the mean of their figures, with its spread."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, stdev

from unirain_core.config.sections import Variant
from unirain_core.evaluation.differences import Difference, difference
from unirain_core.evaluation.metrics import METRICS, Metric
from unirain_core.evaluation.summary import Mean
from unirain_core.evaluation.tables import AVERAGE, Cell, Table

OfSeeds = Mapping[int, str]
"""Seed to the variant that was trained with it."""

DECISIVE = METRICS[0]
"""PSNR: the metric whose average says which line is ahead."""


def groups(variants: Mapping[str, Variant]) -> dict[str, OfSeeds]:
    """The lines of a table, each with its variants: those that share split, network and strategy.

    The variant of the smallest seed names the line.
    """
    by_training: dict[tuple[str, str, str], dict[int, str]] = {}
    for name, one in variants.items():
        of_seeds = by_training.setdefault((one.split, one.network, one.strategy), {})
        of_seeds.setdefault(one.seed, name)  # a second one of the same seed would be the same training
    return {of_seeds[min(of_seeds)]: of_seeds for of_seeds in by_training.values()}


def merged(table: Table, lines: Mapping[str, OfSeeds]) -> Table:
    """The table with one line for all seeds of a training; lines of other methods stay.

    Args:
        table: a line for each method and each variant.
        lines: as `groups`.
    """
    trained = {name for of_seeds in lines.values() for name in of_seeds.values()}
    kept: dict[str, tuple[Cell, ...]] = {}
    for name, cells in table.lines.items():
        if name in lines:
            rows = [table.lines[variant] for variant in lines[name].values()]
            kept[name] = tuple(_over_seeds(list(column)) for column in zip(*rows, strict=True))
        elif name not in trained:
            kept[name] = cells
    return Table(table.benchmark, table.protocol, table.columns, kept)


def _over_seeds(cells: Sequence[Cell]) -> Cell:
    """One place of the table with all seeds, or the reason why one of them has no figures."""
    means = [cell for cell in cells if isinstance(cell, Mean)]
    if len(means) < len(cells):
        return next(cell for cell in cells if isinstance(cell, str))
    if len(means) == 1:
        return means[0]
    figures: dict[str, float | str] = {}
    spreads: dict[str, float] = {}
    for metric in METRICS:
        values = [mean.figures[metric.name] for mean in means]
        numbers = [value for value in values if not isinstance(value, str)]
        if len(numbers) < len(values):
            figures[metric.name] = next(value for value in values if isinstance(value, str))
        else:
            figures[metric.name], spreads[metric.name] = fmean(numbers), stdev(numbers)
    return Mean(figures, means[0].pairs, spreads, len(means))


def verdicts(table: Table, lines: Mapping[str, OfSeeds]) -> list[str]:
    """Sentences that say which training is ahead of the others, and whether chance may explain it.

    Args:
        table: a line for each variant, as before `merged`.
        lines: as `groups`.
    """
    place = table.columns.index(AVERAGE)
    averages = {name: dict(_averages(table, of_seeds, place)) for name, of_seeds in lines.items()}
    complete = {name: by_seed for name, by_seed in averages.items() if by_seed}
    if len(complete) < 2:
        return []
    ranked = sorted(complete, key=lambda name: fmean(complete[name].values()), reverse=True)
    sentences = []
    for other in ranked[1:]:
        gain = difference(complete[ranked[0]], complete[other])
        if gain is not None:
            sentences.append(f"{table.benchmark}: {_verdict(ranked[0], other, gain, DECISIVE)}")
    return sentences


def _averages(table: Table, of_seeds: OfSeeds, place: int) -> Iterator[tuple[int, float]]:
    for seed, variant in of_seeds.items():
        cell = table.lines[variant][place]
        value = cell if isinstance(cell, str) else cell.figures[DECISIVE.name]
        if not isinstance(value, str):
            yield seed, value


def _verdict(first: str, other: str, gain: Difference, metric: Metric) -> str:
    """One comparison in words.

    >>> print(_verdict("a", "b", Difference(0.35, 0.9, 3), METRICS[0]))
    a is ahead of b by 0.35 ± 0.90 dB in the average PSNR (3 seeds, 95 % interval), which chance may explain.
    """
    where = f"in the average {metric.title}"
    word = "ahead of" if gain.mean >= 0 else "behind"
    size = abs(gain.mean)
    if gain.n_seeds == 1:
        return f"{first} is {word} {other} by {metric.with_unit(size)} {where}, with one seed: how far chance reaches is not known."
    interval = f"{metric.printed(size)} ± {metric.with_unit(gain.half)}"
    end = "which is more than chance explains" if gain.is_clear else "which chance may explain"
    return f"{first} is {word} {other} by {interval} {where} ({gain.n_seeds} seeds, 95 % interval), {end}."

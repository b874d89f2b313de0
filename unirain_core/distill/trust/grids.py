"""The tables of the page."""

import math
from collections.abc import Sequence
from html import escape

from unirain_core.distill.confusion import MAJORITY
from unirain_core.distill.trust import drawings
from unirain_core.distill.trust.findings import Findings
from unirain_core.distill.trust.intervals import Share
from unirain_core.distill.trust.quality import ALL
from unirain_core.distill.trust.together import Comparison


def number(value: float | None, digits: int = 2) -> str:
    """A figure; a dash where it is not known.

    >>> number(0.5), number(None)
    ('0.50', '-')
    """
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def quality(findings: Findings, by: str) -> str:
    """Precision, recall and AUROC of every rater in every group of one kind."""
    # every kind of fault is set against the same good pairs, so one line above says how many of them are kept
    has_kept = by != "fault"
    rows: list[str] = []
    for one in findings.qualities:
        if one.by == by:
            cells = [escape(one.rater), _share(one.precision), _share(one.recall)]
            cells = cells if by == ALL else [escape(one.group), *cells]
            cells += [_share(one.kept)] if has_kept else []
            errors = f"{number(one.ece_before)}, {number(one.ece_after)}"
            rows.append(_row(one.rater, [*cells, number(one.auroc), errors]))
    heads = [
        "" if by == ALL else by,
        "rater",
        "precision",
        "recall",
        "good pairs kept" if has_kept else "",
        "AUROC",
        "ECE, scaled",
    ]
    return _table([head for head in heads if head], rows)


def correlations(findings: Findings) -> str:
    """The matrix of error correlations, with the number of votes below it."""
    independence = findings.independence
    rows: list[str] = []
    for judge, line in zip(findings.judges, independence.correlations.tolist(), strict=True):
        cells = "".join(f"<td class=number>{number(value)}</td>" for value in line)
        rows.append(f"<tr><td>{escape(judge)}</td>{cells}</tr>")
    told = (
        f"Mean correlation {number(independence.mean)}; {len(findings.judges)} judges are worth "
        f"{number(independence.effective)} votes."
    )
    return _table(["", *findings.judges], rows) + f"<p>{told}</p>"


def comparison(one: Comparison) -> str:
    """Majority and best judge on the same pairs."""
    both = one.right_majority - one.only_majority
    neither = one.pairs - both - one.only_majority - one.only_best
    rows = [
        f"<tr><td>majority right</td><td class=number>{both}</td><td class=number>{one.only_majority}</td></tr>",
        f"<tr><td>majority wrong</td><td class=number>{one.only_best}</td><td class=number>{neither}</td></tr>",
    ]
    told = f"Majority minus best: {100 * one.difference:+.1f} points, p = {one.p_value:.2g}."
    return _table(["pairs", f"{one.best} right", f"{one.best} wrong"], rows) + f"<p>{escape(told)}</p>"


def acceptance(findings: Findings) -> str:
    """Datasets below each other, raters beside each other."""
    shares: dict[str, dict[str, Share]] = {}
    for one in findings.acceptances:
        shares.setdefault(one.dataset, {})[one.rater] = one.accepted
    raters = [*findings.judges, MAJORITY]
    rows: list[str] = []
    for dataset, of_rater in shares.items():
        cells = "".join(f"<td>{_share(of_rater.get(rater, Share(0, 0)))}</td>" for rater in raters)
        rows.append(f"<tr><td>{escape(dataset)}</td>{cells}</tr>")
    return _table(["dataset", *raters], rows)


def kappas(findings: Findings) -> str:
    """One line for each two raters."""
    rows: list[str] = []
    for one in findings.agreements:
        cells = f"<td class=number>{number(one.kappa)}</td><td class=number>{one.pairs}</td>"
        rows.append(f"<tr><td>{escape(one.one)}</td><td>{escape(one.other)}</td>{cells}</tr>")
    return _table(["one", "other", "kappa", "pairs"], rows)


def _share(share: Share) -> str:
    """Picture, value, interval and counts."""
    low, high = share.interval()
    if not share.trials:
        return "-"
    text = f"{number(share.value)} [{low:.2f}, {high:.2f}]"
    return f'{drawings.interval(low, share.value, high)}<span title="{share.successes} of {share.trials}">{text}</span>'


def _row(rater: str, cells: Sequence[str]) -> str:
    """One line of a table; the majority's stands out."""
    start = '<tr class="majority">' if rater == MAJORITY else "<tr>"
    return f"{start}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _table(names: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    return f"<table><tr>{head}</tr>{''.join(rows)}</table>"

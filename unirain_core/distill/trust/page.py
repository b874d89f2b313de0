"""The page on the judges: the labels and their authors, conclusions in a few sentences, then every figure."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from unirain_core.distill.trust import drawings, grids
from unirain_core.distill.trust.calibrated import Calibrated
from unirain_core.distill.trust.findings import Findings

TEMPLATE = Path(__file__).with_name("page.html")

_KISH = (
    "Judges that err on the same pairs give one vote twice. n judges with a mean correlation rho of their errors are worth "
    "n / (1 + (n - 1) rho) independent votes (Kish, Survey Sampling, 1965: the number of votes divided by the design effect)."
)
_QUALITY = (
    "Precision: of the pairs that a rater rejects, the share that is faulty. Recall: of the faulty pairs, the share that it rejects. "
    "An abstention does not accept, so it counts as a rejection. In brackets stands Wilson's interval at 95 %. AUROC: how often "
    "a good pair gets a higher p_yes than a faulty one; 0.5 is chance. ECE: see Reliability, before and after Platt scaling."
)
_RELIABILITY = (
    "Each mark is a group of pairs with like probabilities, larger for more pairs. On the dashed line a probability means what it "
    "says. ECE is the mean distance from it. Platt scaling was fitted on one half of the labelled pairs, drawn by a seed; all marks "
    "and figures are of the other half. The majority's p_yes is the median of its judges'."
)
_RISK = (
    "Suppose that a judge abstains where its p_yes is nearest to the threshold. Coverage is the share of pairs that keep a vote; risk "
    "is the share of wrong votes among these."
)
_MAJORITY = (
    "The best judge is chosen on the pairs on which it is measured, which favours it. Pairs on which both are right or both wrong say "
    "nothing of the difference. McNemar's exact test asks whether the other pairs could be throws of a fair coin."
)
_ACCEPTANCE = (
    "This needs no label. For a judge it is the share of pairs that it accepts, among those about which every judge was asked. For the "
    "majority it is the share of all pairs."
)
_KAPPA = (
    "Cohen's kappa of every two raters, on the labelled pairs on which both said yes or no. It is 1 if they always agree, and 0 if they agree "
    "as often as by chance. The number of pairs stands beside it."
)


def page(findings: Findings, notes: Sequence[str]) -> str:
    """The page as HTML: no file beside it, no address in it.

    Args:
        findings: all figures.
        notes: sentences that stand above everything, such as which judges are stand-ins. Conclusions among them are not repeated
            there, since they have a list of their own.
    """
    parts = [_head(findings, notes)]
    if findings.pairs:
        parts += _measured(findings)
    parts.append(_section("Acceptance by dataset", _ACCEPTANCE, grids.acceptance(findings)))
    return TEMPLATE.read_text(encoding="utf-8").replace("{{content}}", "\n".join(parts))


def _head(findings: Findings, notes: Sequence[str]) -> str:
    said = "; ".join(
        f"{p.name}: {p.yes + p.no + p.unsure} ({p.yes} yes, {p.no} no, {p.unsure} unsure)"
        for p in findings.people
    )
    faulty = findings.pairs - findings.good
    lead = (
        f"{len(findings.judges)} judges ({', '.join(findings.judges)}) were measured on {findings.pairs} pairs of known quality: "
        f"{findings.good} good and {faulty} faulty. Labels by {said or 'nobody'}."
    )
    left = "; ".join(f"{reason}: {count}" for reason, count in findings.left_out.items() if count)
    lines = ["<h1>Can the judges be trusted?</h1>", f"<p>{escape(lead)}</p>"]
    if left:
        lines.append(f'<p class="soft">Labelled pairs that are left out: {escape(left)}.</p>')
    for note in notes:
        if note not in findings.conclusions:
            lines.append(f'<p class="note">{escape(note)}</p>')
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in findings.conclusions)
    return "\n".join([*lines, f'<ul class="conclusions">{items}</ul>' if items else ""])


def _measured(findings: Findings) -> list[str]:
    """The sections that need labels."""
    diagrams = "".join(map(_diagram, findings.calibration))
    return [
        _section("All pairs", _QUALITY, grids.quality(findings, "all")),
        _section("By rain type", "", grids.quality(findings, "rain type")),
        _section(
            "By kind of fault", "Each kind is set against all good pairs.", grids.quality(findings, "fault")
        ),
        _section("Reliability", _RELIABILITY, f'<div class="row">{diagrams}</div>'),
        _section("Errors in common", _KISH, grids.correlations(findings)),
        _section("Majority against its best judge", _MAJORITY, grids.comparison(findings.comparison)),
        _section("Risk against coverage", _RISK, drawings.risks(findings.risks)),
        _section("Agreement", _KAPPA, grids.kappas(findings)),
    ]


def _section(title: str, text: str, *content: str) -> str:
    lines: Iterable[str] = (f'<p class="soft">{escape(text)}</p>' if text else "", *content)
    return f"<section><h2>{escape(title)}</h2>{''.join(lines)}</section>"


def _diagram(one: Calibrated) -> str:
    caption = (
        f"<b>{escape(one.rater)}</b>ECE on {one.held_out} pairs: "
        f'<span class="before-word">{grids.number(one.ece_before, 3)} before</span>, '
        f'<span class="after-word">{grids.number(one.ece_after, 3)} after</span>'
    )
    return f"<figure>{drawings.reliability(one.before, one.after)}<figcaption>{caption}</figcaption></figure>"

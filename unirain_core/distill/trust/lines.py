"""The findings as the figures of a report: tables are lists of flat mappings."""

import math
from collections.abc import Iterator, Sequence

from unirain_core.artefacts.report import Json
from unirain_core.distill.trust.calibrated import Calibrated
from unirain_core.distill.trust.findings import Findings
from unirain_core.distill.trust.independence import Matrix
from unirain_core.distill.trust.intervals import Share

Line = dict[str, Json]


def figures(findings: Findings) -> Line:
    """Every table of the page."""
    comparison, independence = findings.comparison, findings.independence
    return {
        "left_out": dict(findings.left_out),
        "people": [{"person": p.name, "yes": p.yes, "no": p.no, "unsure": p.unsure} for p in findings.people],
        "quality": _qualities(findings),
        "calibration": [_calibration(one) for one in findings.calibration],
        "reliability": [line for one in findings.calibration for line in _bins(one)],
        "error_correlations": _correlations(findings.judges, independence.correlations),
        "effective_votes": {
            "judges": len(findings.judges),
            "mean_correlation": independence.mean,
            "effective": independence.effective,
        },
        "majority_against_best": {
            "best": comparison.best,
            "pairs": comparison.pairs,
            "right_majority": comparison.right_majority,
            "right_best": comparison.right_best,
            "only_majority": comparison.only_majority,
            "only_best": comparison.only_best,
            "difference": comparison.difference,
            "p_value": comparison.p_value,
        },
        "acceptance": [
            {"dataset": one.dataset, "judge": one.rater, **_share("accepted", one.accepted)}
            for one in findings.acceptances
        ],
        "risk": [
            {"judge": rater, "coverage": p.coverage, "pairs": p.pairs, "wrong": p.wrong, "risk": p.risk}
            for rater, points in findings.risks.items()
            for p in points
        ],
        "kappa": [
            {"one": one.one, "other": one.other, "pairs": one.pairs, "kappa": one.kappa}
            for one in findings.agreements
        ],
    }


def _qualities(findings: Findings) -> list[Line]:
    lines: list[Line] = []
    for one in findings.qualities:
        line: Line = {"judge": one.rater, "by": one.by, "group": one.group, "pairs": one.pairs}
        line |= _share("precision", one.precision) | _share("recall", one.recall) | _share("kept", one.kept)
        lines.append({**line, "auroc": one.auroc, "ece_before": one.ece_before, "ece_after": one.ece_after})
    return lines


def _share(name: str, share: Share) -> Line:
    """A share with its interval."""
    low, high = share.interval()
    counts = {f"{name}_count": share.successes, f"{name}_of": share.trials}
    return {name: share.value, f"{name}_low": low, f"{name}_high": high, **counts}


def _calibration(one: Calibrated) -> Line:
    return {
        "judge": one.rater,
        "fitted_on": one.fitted_on,
        "held_out": one.held_out,
        "slope": one.scaling.slope,
        "intercept": one.scaling.intercept,
        "ece_before": one.ece_before,
        "ece_after": one.ece_after,
    }


def _bins(one: Calibrated) -> Iterator[Line]:
    for when, of_bins in (("before", one.before), ("after", one.after)):
        for part in of_bins:
            if part.pairs:
                line: Line = {"judge": one.rater, "when": when, "low": part.low, "high": part.high}
                yield {**line, "pairs": part.pairs, "mean": part.mean, "good": part.good}


def _correlations(judges: Sequence[str], matrix: Matrix) -> list[Line]:
    lines: list[Line] = []
    for row, one in enumerate(judges):
        for column in range(row + 1, len(judges)):
            value = float(matrix[row, column])
            known = None if math.isnan(value) else value
            lines.append({"one": one, "other": judges[column], "correlation": known})
    return lines

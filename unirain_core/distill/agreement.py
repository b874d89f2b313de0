"""How far people's labels agree, as sentences."""

from collections.abc import Sequence
from itertools import combinations

from unirain_core.distill.labels import Label
from unirain_core.distill.trust.kappa import cohen_kappa


def agreement_lines(labels: Sequence[Label]) -> list[str]:
    """Say of every two people how far their labels agree, on all pairs that both labelled."""
    answers: dict[str, dict[str, bool | None]] = {}
    for label in labels:
        answers.setdefault(label.person, {})[label.pair_id] = label.reliable
    if len(answers) < 2:
        return [f"labels: {len(labels)}, people: {len(answers)}; the labels of two people give their kappa"]
    lines = []
    for first, second in combinations(sorted(answers), 2):
        lines.append(_line(f"{first} and {second}", answers[first], answers[second]))
    return lines


def _line(people: str, first: dict[str, bool | None], second: dict[str, bool | None]) -> str:
    shared = sorted(first.keys() & second.keys())
    if not shared:
        return f"{people} labelled no pair in common"
    sure = [name for name in shared if first[name] is not None and second[name] is not None]
    return (
        f"{people}: Cohen's kappa {_kappa(shared, first, second)} on {len(shared)} pairs (yes, no, unsure), "
        f"{_kappa(sure, first, second)} on the {len(sure)} of them of which both are sure"
    )


def _kappa(names: Sequence[str], first: dict[str, bool | None], second: dict[str, bool | None]) -> str:
    kappa = cohen_kappa([first[name] for name in names], [second[name] for name in names])
    if kappa is None:
        return "is not defined (all answers are the same)" if names else "is not defined"
    return f"{kappa:.2f}"

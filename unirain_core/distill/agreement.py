"""How far two people, or two judges, agree beyond chance."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from unirain_core.distill.labels import Label


def cohen_kappa(first: Sequence[object], second: Sequence[object]) -> float | None:
    """Cohen's kappa of two raters: 1 for full agreement, 0 for as much as chance would give.

    Args:
        first: one rater's answers.
        second: the other's about the same things, in the same order.

    Returns:
        None where chance alone explains everything, since both gave one and the same answer throughout; also of no answers.

    >>> cohen_kappa([1, 1, 0, 0], [1, 0, 0, 0])
    0.5
    """
    n_both = len(first)
    agreed = sum(one == other for one, other in zip(first, second, strict=True))
    of_first, of_second = Counter(first), Counter(second)
    by_chance = sum(count * of_second[answer] for answer, count in of_first.items())
    # whole numbers, so that a chance of 1 is recognised exactly
    if by_chance == n_both**2:
        return None
    return (n_both * agreed - by_chance) / (n_both**2 - by_chance)


def agreement_lines(labels: Sequence[Label]) -> list[str]:
    """Say of every two people how far their labels agree, on all pairs that both labelled."""
    answers: dict[str, dict[str, bool | None]] = {}
    for label in labels:
        answers.setdefault(label.person, {})[label.pair_id] = label.reliable
    if len(answers) < 2:
        return [f"{len(labels)} labels of {len(answers)} person: two people's labels give their kappa"]
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
    return "is not defined" if kappa is None else f"{kappa:.2f}"

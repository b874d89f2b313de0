"""Small pictures of figures as SVG; their colours stand in the page's style, so that they follow light and dark."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from itertools import chain

from unirain_core.distill.trust.coverage import Point
from unirain_core.distill.trust.reliability import Bin

_SIDE, _EDGE = 190, 40
"""Side of a diagram's field, and width of the room for its axes; pixels."""
_BAR = 72
"""Length of an interval's scale from 0 to 1; pixels."""


def interval(low: float, value: float | None, high: float) -> str:
    """A share on the scale from 0 to 1, with the interval around it."""
    dot = "" if value is None else f'<circle cx="{value * _BAR + 4:.1f}" cy="7" r="3.5"/>'
    return (
        f'<svg class="interval" width="{_BAR + 8}" height="14" aria-hidden="true">'
        f'<path class="axis" d="M4 7H{_BAR + 4}"/>'
        f'<path class="range" d="M{low * _BAR + 4:.1f} 7H{high * _BAR + 4:.1f}"/>{dot}</svg>'
    )


def reliability(before: Sequence[Bin], after: Sequence[Bin]) -> str:
    """Share of good pairs against the mean probability of each bin; on the diagonal a probability means what it says."""
    marks = [_bins(before, "before"), _bins(after, "after")]
    diagonal = f'<path class="diagonal" d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}"/>'
    return _field(diagonal + "".join(marks), "probability of good", "share good")


def _bins(of_bins: Sequence[Bin], name: str) -> str:
    """One mark for each bin that is not empty, larger for more pairs, joined by a line."""
    filled = [one for one in of_bins if one.pairs]
    most = max((one.pairs for one in filled), default=1)
    line = " ".join(f"{_x(one.mean):.1f},{_y(one.share):.1f}" for one in filled)
    marks = [f'<polyline class="{name}" points="{line}"/>']
    for one in filled:
        # the area of a mark grows with its pairs
        radius = 2 + 4 * (one.pairs / most) ** 0.5
        title = f"{name} scaling: {one.good} of {one.pairs} good at {one.mean:.2f}"
        marks.append(
            f'<circle class="{name}" cx="{_x(one.mean):.1f}" cy="{_y(one.share):.1f}" r="{radius:.1f}">'
            f"<title>{title}</title></circle>"
        )
    return "".join(marks)


def risks(curves: Mapping[str, Sequence[Point]]) -> str:
    """Share of wrong votes against coverage, a line for each rater, with a legend."""
    every_point = chain.from_iterable(curves.values())
    worst = max((point.risk or 0.0 for point in every_point), default=0.0)
    top = max(0.1, math.ceil(10 * worst) / 10)  # the scale ends at the next tenth
    lines: list[str] = []
    legend: list[str] = []
    for number, (name, points) in enumerate(curves.items()):
        place = [(p.coverage, (p.risk or 0.0) / top) for p in points]
        line = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in place)
        lines.append(f'<polyline class="line c{number % 8}" points="{line}"/>')
        legend.append(f'<li><i class="c{number % 8}"></i>{escape(name)}</li>')
    drawing = _field("".join(lines), "coverage", "risk", top=top)
    return f'<div class="figure">{drawing}<ul class="legend">{"".join(legend)}</ul></div>'


def _x(value: float) -> float:
    return _EDGE + value * _SIDE


def _y(value: float) -> float:
    return 6 + (1 - value) * _SIDE


def _field(content: str, across: str, up: str, top: float = 1.0) -> str:
    """A square with axes from 0 to 1 across and from 0 to `top` up."""
    ticks: list[str] = []
    for tick in (0.0, 0.5, 1.0):
        ticks.append(f'<text x="{_x(tick)}" y="{_y(0) + 14}" text-anchor="middle">{tick:g}</text>')
        ticks.append(f'<text x="{_x(0) - 4}" y="{_y(tick) + 4}" text-anchor="end">{tick * top:g}</text>')
    frame = f'<rect class="frame" x="{_x(0)}" y="{_y(1)}" width="{_SIDE}" height="{_SIDE}"/>'
    below = f'<text x="{_x(0.5)}" y="{_y(0) + 28}" text-anchor="middle">{across}</text>'
    beside = f'<text transform="translate(9 {_y(0.5)}) rotate(-90)" text-anchor="middle">{up}</text>'
    size = f'width="{_SIDE + _EDGE + 10}" height="{_SIDE + 42}"'
    return f'<svg {size} role="img" aria-label="{up} against {across}">{frame}{"".join(ticks)}{below}{beside}{content}</svg>'

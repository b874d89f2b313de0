"""The page of Figure 6b: each set's pictures over the real photos, and how far they cover these."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from unirain_core.distill.coverage import Vectors

REAL = "real photos"
_SIDE, _MARGIN = 320, 12
"""Of one panel, pixels."""
_STYLE = (
    ":root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:90rem}"
    "p{max-width:60rem}.note{background:#f5c24240;padding:2px 8px;width:fit-content}section{display:flex;flex-wrap:wrap;gap:16px}figure{margin:0;width:320px}svg{border:1px solid #8886}"
    ".real{fill:#8888}.set{fill:#d5502a}.key.real{color:#888}.key.set{color:#d5502a}table{border-collapse:collapse}td,th{padding:2px 12px;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is said of one set."""

    pictures: int
    without_vector: int
    """Pictures of the set that were never encoded: copies of pictures of other datasets."""
    coverage: float
    density: float


def page(
    figures: Mapping[str, Figures],
    maps: Mapping[str, Mapping[str, Vectors]],
    lead: Sequence[str],
    notes: Sequence[str] = (),
) -> str:
    """The page as HTML that needs no other file.

    Args:
        figures: of each set.
        maps: name of a projection to the places of each set's pictures, `REAL` among them.
        lead: paragraphs at the top.
        notes: what a reader must know before, such as which encoders are stand-ins.
    """
    paragraphs = "".join(f'<p class="note">{html.escape(text)}</p>' for text in notes)
    paragraphs += "".join(f"<p>{html.escape(text)}</p>" for text in lead)
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{one.pictures}</td><td>{one.without_vector}</td>"
        f"<td>{one.coverage:.3f}</td><td>{one.density:.3f}</td></tr>"
        for name, one in figures.items()
    )
    parts = [_section(title, places) for title, places in maps.items()]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Coverage of the real photos</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>Coverage of the real photos</h1>{paragraphs}\n"
        "<table><tr><th>set</th><th>pictures</th><th>not encoded</th><th>coverage</th><th>density</th></tr>"
        f"{rows}</table>\n{''.join(parts)}</body></html>\n"
    )


def _section(title: str, places: Mapping[str, Vectors]) -> str:
    whole = np.concatenate(list(places.values()))
    low, high = whole.min(axis=0), whole.max(axis=0)
    scale = (_SIDE - 2 * _MARGIN) / np.maximum(high - low, 1e-12)
    real = _dots((places[REAL] - low) * scale, "real")
    panels = ""
    for name, own in places.items():
        if name != REAL:
            dots = real + _dots((own - low) * scale, "set")
            panels += (
                f'<figure><svg width="{_SIDE}" height="{_SIDE}" role="img" aria-label="{html.escape(name)}">{dots}</svg>'
                f'<figcaption>{html.escape(name)} <b class="key set">●</b> over real photos <b class="key real">●</b></figcaption></figure>'
            )
    return f"<h2>{html.escape(title)}</h2>\n<section>{panels}</section>\n"


def _dots(places: Vectors, kind: str) -> str:
    dots = [f'<circle cx="{x + _MARGIN:.1f}" cy="{_SIDE - _MARGIN - y:.1f}" r="2.5"/>' for x, y in places]
    return f'<g class="{kind}">{"".join(dots)}</g>'

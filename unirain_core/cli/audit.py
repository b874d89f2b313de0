"""`unirain audit judges`: measure whether wording, order, batch or machine change the judges' votes."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from unirain_core.artefacts import paths
from unirain_core.cli.params import demand_names
from unirain_core.cli.project import current_root
from unirain_core.config.load import load_params
from unirain_core.config.pipeline import PARAMS
from unirain_core.engine.life import end_on_signals, lock
from unirain_core.engine.store import WorkStore

if TYPE_CHECKING:
    from unirain_core.distill.audit.measures import Line

HEAD = ("judge", "check", "asked", "flips", "figure", "aim", "outcome")

logger = logging.getLogger(__name__)


def audit(
    what: Annotated[Literal["judges"], typer.Argument(help="The word `judges`.")],
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of the sample.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Draws the sample.")] = 0,
) -> None:
    """Ask the judges about a sample in other ways, print how many votes flip, and write reports/judge_audit.json.

    Each figure stands beside its aim. A missed aim is a finding, so the command still ends with 0.

    Raises:
        MissingArtefactError: the judges have not voted yet.
    """
    # here, since they load torch for judges that are models
    from unirain_core.stages import audit_sample, judge_audit, judge_probes

    end_on_signals()
    root = current_root()
    params = load_params(root / PARAMS)
    demand_names(params)
    sample = audit_sample.draw(root, pairs, seed)
    candidates = judge_probes.candidates(root, params.vlm_votes, params.judge_models)
    store = WorkStore.at(root, judge_audit.NAME)
    n_questions = judge_audit.n_questions(candidates, sample)
    logger.info(
        "%s: %d pairs, %d judges, %d questions", store.owner, len(sample.asked), len(candidates), n_questions
    )
    with lock(store.home / "locks" / f"{store.owner}.lock", "command 'audit judges'", root):
        store.begin()
        lines = judge_audit.audit(root, candidates, sample)
        store.end()
    print("\n".join(table(lines)))
    print(
        f"\n{len(sample.asked)} pairs drawn with seed {seed}; {paths.report(judge_audit.NAME)} holds every figure"
    )


def table(lines: Sequence["Line"]) -> list[str]:
    """The lines as a table for a terminal, then why something was not measured."""
    rows = [HEAD, *map(_cells, lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    reasons: dict[str, list[str]] = {}
    for line in lines:
        if line.reason:
            reasons.setdefault(f"{line.check.name}: {line.reason}", []).append(line.judge)
    if reasons:
        text += ["", *(f"not measured: {reason} ({', '.join(judges)})" for reason, judges in reasons.items())]
    return text


def _cells(line: "Line") -> tuple[str, ...]:
    """In the order of `HEAD`."""
    asked = str(line.flips.trials) if line.flips else "-"
    flips = str(line.flips.successes) if line.flips else "-"
    figure = line.check.written(line.value)
    if line.check.figure != "flips":
        figure = f"{line.check.figure} {figure}"
    return line.judge, line.check.name, asked, flips, figure, line.check.aim or "-", line.outcome

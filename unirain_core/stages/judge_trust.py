"""Stage judge_trust: measures the judges on pairs whose quality is known; no stage reads its results."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from unirain_core.artefacts import paths, report, tables
from unirain_core.artefacts.report import Report
from unirain_core.artefacts.schemas import Pair, Verdict, Vote
from unirain_core.artefacts.whole import write_text
from unirain_core.config.sections import JudgeTrust, VlmVotes
from unirain_core.distill import labelled
from unirain_core.distill.labels import Label
from unirain_core.distill.poll import asked_of_all
from unirain_core.distill.stand_ins import note
from unirain_core.distill.trust import page
from unirain_core.distill.trust.acceptance import acceptances
from unirain_core.distill.trust.findings import Findings, Labelled, findings
from unirain_core.distill.trust.lines import figures
from unirain_core.distill.trust.ratings import Ratings, raters
from unirain_core.distill.trust.truth import PLANTED, truths
from unirain_core.distill.voting import Flags
from unirain_core.standins.rain.ledger import planted

STAGE = "judge_trust"
READS = (paths.LABELS, paths.SAMPLE_CORPUS, paths.VERIFIED, paths.VOTES)
WRITES = (paths.TRUST, paths.report(STAGE))
PARAMS = ("judge_trust", "vlm_votes")
ALGORITHM = "1"
"""Nothing is kept in the work store."""

OF_VOTES = ("pair_id", "judge", "vote", "p_yes", "threshold")
"""Columns of the votes that are read."""

logger = logging.getLogger(__name__)


def run(root: Path, *, judge_trust: JudgeTrust, vlm_votes: VlmVotes) -> None:
    """Measure the judges against the labels of people and of sample corpora, and write the page.

    Raises:
        ConfigError: a file of labels has a malformed line.
    """
    of_people = labelled.of_people(root)
    is_drawn = partial(_is_drawn, params=vlm_votes, labels=of_people)
    labels = [*of_people, *planted(root)]
    result = _findings(root, labels, is_drawn, vlm_votes.judges, judge_trust)
    notes = [*note(result.judges), *_notes(result), *result.conclusions]
    write_text(root / paths.TRUST / "trust.html", page.page(result, notes))
    summary = Report(
        stage=STAGE,
        counts={"pairs": result.pairs, "good": result.good, "faulty": result.pairs - result.good},
        notes=notes,
        figures=figures(result),
    )
    report.write(root / paths.report(STAGE), summary)
    logger.info("%s: measured on %d pairs of known quality", STAGE, result.pairs)


def _is_drawn(ids: pl.Series, *, params: VlmVotes, labels: Sequence[Label]) -> Flags:
    """(n,) whether every judge was asked about each pair, whatever the others said."""
    if not params.early_stop:
        return np.ones(len(ids), dtype=np.bool_)
    return asked_of_all(ids.to_list(), params.ask_all_share, {label.pair_id for label in labels})


def _findings(
    root: Path,
    labels: Sequence[Label],
    is_drawn: Callable[[pl.Series], Flags],
    judges: Sequence[str],
    params: JudgeTrust,
) -> Findings:
    truth = truths(labels)
    names = {label.pair_id for label in labels}
    rain_types = _rain_types(root, names)
    votes = _votes(root, rain_types)
    # the second condition leaves out pairs that a judge of params has not voted on yet
    votes = votes.filter(is_drawn(votes["pair_id"]), pl.len().over("pair_id") == len(judges))
    ids = sorted(set(votes["pair_id"]))
    return findings(
        Ratings.of(votes, rain_types, truth.of_pair, judges=judges, seed=params.seed),
        Labelled(ids=ids, raters=raters(votes, ids, judges), labels=labels),
        n_bins=params.bins,
        left_out={
            "disputed by people, or all are unsure": len(truth.disputed & set(ids)),
            "not asked of every judge": len(rain_types.keys() - set(ids)),
            "no verified pair": len(names - rain_types.keys()),
        },
        acceptances=acceptances(
            _pieces(root, "votes", Vote, OF_VOTES),
            _pieces(root, "verdicts", Verdict, ("pair_id", "verdict")),
            is_drawn,
        ),
    )


def _votes(root: Path, names: Collection[str]) -> pl.DataFrame:
    """All votes on some pairs."""
    wanted = pl.Series(sorted(names), dtype=pl.String).implode()
    of_pairs = [pl.DataFrame(tables.arrow_schema(Vote).empty_table().select(OF_VOTES))]
    for piece in _pieces(root, "votes", Vote, OF_VOTES):
        of_pairs.append(piece.filter(pl.col("pair_id").is_in(wanted)))
    return pl.concat(of_pairs)


def _rain_types(root: Path, names: Collection[str]) -> dict[str, str]:
    pairs = tables.read_some(root / paths.VERIFIED / "pairs.parquet", Pair, "pair_id", names)
    return {pair.pair_id: pair.rain_type for pair in pairs}


def _pieces(
    root: Path, name: str, row_class: type[Verdict | Vote], columns: Sequence[str]
) -> Iterator[pl.DataFrame]:
    for table in tables.batches(root / paths.VOTES / f"{name}.parquet", row_class, columns):
        yield pl.DataFrame(table)


def _notes(result: Findings) -> list[str]:
    """Sentences on labels that no person gave, and on missing labels."""
    notes: list[str] = []
    if any(person.name == PLANTED for person in result.people):
        notes.append(
            f"the labels of '{PLANTED}' are those of a rendered sample corpus, which knows its own faults"
        )
    if not result.pairs:
        notes.append(
            "nothing is measured: no pair that the judges voted on is labelled; label some with `unirain review`"
        )
    return notes

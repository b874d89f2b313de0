"""The audit of the judges: votes must not depend on wording, order or machine, and they must depend on the pictures.

It is a command and no stage: no result of the pipeline depends on it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from unirain_core.artefacts import paths, report
from unirain_core.artefacts.report import Json, Report
from unirain_core.artefacts.roots import Roots
from unirain_core.distill.audit.aims import (
    BATCH,
    ENGINE,
    NO_QUERY,
    NO_REFERENCES,
    ORDER,
    OTHER_TYPE,
    Check,
)
from unirain_core.distill.audit.altered import Alteration, altered
from unirain_core.distill.audit.measures import Audited, Line, Said, lines
from unirain_core.distill.audit.questions import of_another_type, orders
from unirain_core.distill.ballots import Answer, Ballot, CastVotes, answers_of, vote_job
from unirain_core.distill.stand_ins import note
from unirain_core.distill.trust.auroc import chance
from unirain_core.engine.jobs import Failed
from unirain_core.engine.rows import stream
from unirain_core.engine.store import WorkStore
from unirain_core.stages.audit_sample import Sample
from unirain_core.stages.judge_probes import Candidate, MakeJudge
from unirain_core.stages.vlm_votes import ALGORITHM

NAME = "judge_audit"
"""Name of its report, and of its part of the work store."""

ALTERATIONS: Mapping[Check, Alteration] = {
    NO_QUERY: "no query",
    NO_REFERENCES: "no references",
    BATCH: "other batch",
}

logger = logging.getLogger(__name__)


def audit(root: Path, candidates: Sequence[Candidate], sample: Sample) -> list[Line]:
    """Ask every judge in every way, and write the report.

    Args:
        root: of the project.
        candidates: the judges; an odd number.
        sample: what they are asked about.

    Returns:
        One line for each check, of every judge and of their majority.
    """
    command = f"unirain audit judges --pairs {len(sample.asked)} --seed {sample.seed}"
    store = replace(WorkStore.at(root, NAME), command=command)
    audited = [_audited(root, one, sample, store) for one in candidates]
    table = lines(audited, sample.truth)
    judges = [one.name for one in candidates]
    n_labelled = 0 if sample.truth is None else len(sample.asked)
    summary = Report(
        stage=NAME,
        counts={"pairs": len(sample.asked), "of_known_quality": n_labelled},
        notes=[*note(judges), *notes(sample)],
        figures={"seed": sample.seed, "checks": [_written(line) for line in table]},
    )
    report.write(root / paths.report(NAME), summary)
    return table


def notes(sample: Sample) -> list[str]:
    """A sentence on how far chance moves an AUROC; none where the quality of the pairs is not known."""
    if sample.truth is None:
        return []
    n_good = int(sample.truth.sum())
    n_faulty = len(sample.truth) - n_good
    return [
        f"{n_good} good and {n_faulty} faulty pairs: the AUROC of a judge that knows nothing lies within 0.5 +- "
        f"{chance(n_good, n_faulty):.2f} in 19 of 20 samples of this size"
    ]


def n_questions(candidates: Sequence[Candidate], sample: Sample) -> int:
    """How many questions an audit asks at most; the work store may already hold some of the answers."""
    # these six: as usual, without query, without references, of another type, in another batch, in this process
    usual = 6 + len(orders(sample.asked))
    n_ways = sum(usual + sum(map(len, one.variants.values())) for one in candidates)
    return n_ways * len(sample.asked)


def _audited(root: Path, candidate: Candidate, sample: Sample, store: WorkStore) -> Audited:
    """Ask one judge in every way."""
    logger.info("%s: %s", NAME, candidate.name)
    asker = _Asker(candidate, Roots.load(root), store)
    in_order, foreign = orders(sample.asked), of_another_type(sample.asked, sample.rain_types, sample.seed)
    base, of_another, *of_orders = asker.say(candidate.make, sample.asked, foreign, *in_order.values())
    others: dict[Check, dict[str, Said]] = {ORDER: dict(zip(in_order, of_orders, strict=True))}
    others[OTHER_TYPE] = {"": of_another} if foreign else {}
    for check, alteration in ALTERATIONS.items():
        others[check] = {"": asker.say(partial(altered, candidate.make, alteration), sample.asked)[0]}
    for check, makers in candidate.variants.items():
        others[check] = {way: asker.say(make, sample.asked)[0] for way, make in makers.items()}
    reasons = {ORDER: "one reference has one order", OTHER_TYPE: "all pairs are of one rain type"}
    reasons[ENGINE] = "no other kind of judge in judge_models serves its revision"
    if candidate.make().device != "gpu":  # a second copy of a model may not fit on its device
        others.setdefault(ENGINE, {})["this process"] = asker.say_here(sample.asked)
    return Audited(name=candidate.name, base=base, others=others, reasons={**reasons, **candidate.reasons})


@dataclass(frozen=True, slots=True)
class _Asker:
    """Puts questions to one judge."""

    candidate: Candidate
    roots: Roots
    store: WorkStore

    def say(self, make: MakeJudge, *ways: Sequence[Ballot]) -> list[Said]:
        """What it says to several sets of questions; it is loaded once for all of them."""
        job = self._job(make)
        windows = [answers_of(window, job) for window in stream(job, ways, self.store)]
        answers, start, said = pl.concat(windows), 0, list[Said]()
        for asked in ways:
            said.append(Said.of(answers[start : start + len(asked)], self.candidate.threshold))
            start += len(asked)
        return said

    def say_here(self, asked: Sequence[Ballot]) -> Said:
        """What it says in this process, without workers and without the work store."""
        job, answers = self._job(self.candidate.make), list[Answer]()
        size = job.batch or len(asked)
        for start in range(0, len(asked), size):
            batch = asked[start : start + size]
            for ballot, result in zip(batch, job.compute(batch), strict=True):
                answers.append(job.abstention(ballot, result) if isinstance(result, Failed) else result)
        return Said.of(pl.DataFrame(answers), self.candidate.threshold)

    def _job(self, make: MakeJudge) -> CastVotes:
        return vote_job(self.candidate.name, make, self.roots, ALGORITHM)


def _written(line: Line) -> dict[str, Json]:
    """A line of the report."""
    low, high = line.flips.interval() if line.flips else (None, None)
    return {
        "judge": line.judge,
        "check": line.check.name,
        "figure": line.check.figure,
        "value": line.value,
        "aim": line.check.aim,
        "outcome": line.outcome,
        "flips": line.flips.successes if line.flips else None,
        "asked": line.flips.trials if line.flips else None,
        "flips_low": low,
        "flips_high": high,
        "worst": line.worst,
        "auroc": line.auroc,
        "accuracy": line.accuracy,
        "p_yes_moved": line.moved,
        "reason": line.reason,
    }

"""The other ways in which the audit asks each judge of params: other words, another engine, another precision."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from unirain_core.artefacts import paths, tables
from unirain_core.artefacts.schemas import Vote
from unirain_core.config.load import load_paraphrases, load_prompt
from unirain_core.config.models import HttpJudge, JudgeModel, JudgePrecision
from unirain_core.config.prompt import Paraphrases, Prompt
from unirain_core.config.sections import JudgeName, VlmVotes
from unirain_core.distill.audit.aims import ENGINE, PARAPHRASE, PRECISION, SWAPPED, Check
from unirain_core.distill.judges.judge import Judge
from unirain_core.distill.judging import HALF
from unirain_core.distill.weights import UNPINNED
from unirain_core.errors import MissingArtefactError
from unirain_core.stages.judges import JudgeChoice, make_judge
from unirain_core.stages.vote_questions import most_references

MakeJudge = Callable[[], Judge]
"""Picklable: makes the judge in any process."""

_OTHER_PRECISION: Mapping[JudgePrecision, JudgePrecision] = {
    "float32": "bfloat16",
    "bfloat16": "float32",
    "int8": "bfloat16",
    "nf4": "bfloat16",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A judge that is audited."""

    name: JudgeName
    make: MakeJudge
    """As stage vlm_votes asks it."""
    threshold: float
    """Of its votes."""
    variants: Mapping[Check, Mapping[str, MakeJudge]] = field(default_factory=dict)
    """The same judge otherwise; in one or several ways."""
    reasons: Mapping[Check, str] = field(default_factory=dict)
    """Why a check cannot be made."""


def candidates(root: Path, params: VlmVotes, judge_models: Mapping[str, JudgeModel]) -> list[Candidate]:
    """The judges of params.

    Raises:
        MissingArtefactError: a judge has not voted yet, so that it has no threshold.
        WeightsUnavailableError: a judge's weights are not on this machine.
    """
    thresholds = _thresholds(root, params)
    judges: list[Candidate] = []
    for name in params.judges:
        if name in judge_models:
            judges.append(_model(root, name, judge_models, thresholds[name]))
        else:
            make = partial(make_judge, JudgeChoice(name, None, None))
            judges.append(stand_in(name, make, thresholds[name]))
    return judges


def _thresholds(root: Path, params: VlmVotes) -> dict[str, float]:
    """The threshold of every judge.

    With early stop a judge may have voted on photos alone, so both tables are read. Without `accept_share` the threshold is a half
    for all, even for a judge that has voted on nothing.
    """
    thresholds = dict.fromkeys(map(str, params.judges), HALF) if params.accept_share is None else {}
    for name in ("photos", "votes"):
        rows = tables.columns(root / paths.VOTES / f"{name}.parquet", Vote, ["judge", "threshold"])
        thresholds |= dict(rows.unique().iter_rows())
    lacking = sorted(set(params.judges) - thresholds.keys())
    if lacking:
        raise MissingArtefactError(f"{root / paths.VOTES} with votes of {', '.join(lacking)}", "vlm_votes")
    return thresholds


def stand_in(name: JudgeName, make: MakeJudge, threshold: float) -> Candidate:
    """A judge without words and weights."""
    no_words = "it is not asked in words"
    return Candidate(
        name=name,
        make=make,
        threshold=threshold,
        reasons={PARAPHRASE: no_words, SWAPPED: no_words, PRECISION: "it has one precision"},
    )


def _model(root: Path, name: JudgeName, models: Mapping[str, JudgeModel], threshold: float) -> Candidate:
    model, most = models[name], most_references(root)
    prompt, others = load_prompt(root / paths.PROMPT), load_paraphrases(root / paths.PARAPHRASES)

    def made(section: JudgeModel, words: Prompt) -> MakeJudge:
        return partial(make_judge, JudgeChoice(name, section, words, most))

    variants: dict[Check, dict[str, MakeJudge]] = {
        PARAPHRASE: {way: made(model, words) for way, words in _paraphrases(prompt, others).items()},
        SWAPPED: {"no or yes": made(model, others.swapped.of(prompt))},
        ENGINE: {twin: made(models[twin], prompt) for twin in twins(name, models)},
    }
    if isinstance(model, HttpJudge):
        reasons = {PRECISION: "the server decides on it"}
    else:
        other = _OTHER_PRECISION[model.precision]
        variants[PRECISION] = {other: made(replace(model, precision=other), prompt)}
        reasons = {}
    return Candidate(
        name=name, make=made(model, prompt), threshold=threshold, variants=variants, reasons=reasons
    )


def _paraphrases(prompt: Prompt, others: Paraphrases) -> dict[str, Prompt]:
    return {str(number): words.of(prompt) for number, words in enumerate(others.paraphrases, start=1)}


def twins(name: str, models: Mapping[str, JudgeModel]) -> list[str]:
    """The judges of another kind that serve the same revision: the same weights in another engine.

    A judge whose revision is not pinned has none: two unpinned models would pass for one.
    """
    own = models[name]
    if own.revision == UNPINNED:
        return []
    return [
        other
        for other, model in models.items()
        if model.revision == own.revision and model.kind != own.kind and other != name
    ]

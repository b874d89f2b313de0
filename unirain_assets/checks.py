"""Yes/no questions about a step's artefacts; they mirror the gates of the stages for a person who watches."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from unirain_assets import questions, score_questions
from unirain_assets.questions import Answer
from unirain_core.config.pipeline import Step
from unirain_core.errors import ArtefactError


@dataclass(frozen=True, slots=True)
class Check:
    """A question, and the function that answers it."""

    name: str
    question: str
    answer: Callable[[Path, Step], Answer]
    reads_inputs: bool = False
    """Whether it holds the step's rows against inputs or params, so that it asks in vain once they are newer."""


BEHIND = "not asked, for the step or one before it is older than its inputs or params: run it first"


def specs(step: Step) -> list[dg.AssetCheckSpec]:
    """The checks of a step as Dagster declares them; a no stops what lies downstream."""
    return [
        dg.AssetCheckSpec(check.name, asset=step.path, description=check.question, blocking=True)
        for check in CHECKS.get(step.stage, ())
    ]


def results(root: Path, step: Step, *, is_behind: bool) -> list[dg.AssetCheckResult]:
    """The answers for a step; an absent or unreadable artefact is a no with its own message.

    Args:
        root: the project's root.
        step: whose artefacts are asked about.
        is_behind: its inputs or params are newer than they.
    """
    return [
        _unasked(check, step) if is_behind and check.reads_inputs else _result(check, root, step)
        for check in CHECKS.get(step.stage, ())
    ]


def _unasked(check: Check, step: Step) -> dg.AssetCheckResult:
    """A yes, since a no would stop the run that brings the step up to date."""
    return dg.AssetCheckResult(asset_key=step.path, check_name=check.name, passed=True, description=BEHIND)


def _result(check: Check, root: Path, step: Step) -> dg.AssetCheckResult:
    try:
        answer = check.answer(root, step)
    except ArtefactError as error:
        answer = Answer(str(error), {})
    return dg.AssetCheckResult(
        asset_key=step.path,
        check_name=check.name,
        passed=answer.problem is None,
        description=answer.problem or f"{check.question} Yes.",
        metadata=dict(answer.figures),
    )


_NUMBERS = Check("scores_are_numbers", "Was every picture scored?", score_questions.scores_are_numbers)

CHECKS: dict[str, tuple[Check, ...]] = {
    "raw_datasets": (Check("pool_is_filled", "Does the pool hold a pair?", questions.pool_is_filled),),
    "verified_pairs": (
        Check(
            "rows_are_conserved",
            "Is every listed row kept, or dropped with a reason?",
            questions.rows_are_conserved,
            reads_inputs=True,
        ),
    ),
    "retrieved_references": (
        Check(
            "pairs_have_references",
            "Has every pair a reference?",
            questions.pairs_have_references,
            reads_inputs=True,
        ),
    ),
    "vlm_votes": (
        Check(
            "pairs_have_verdicts",
            "Has every pair a verdict?",
            questions.pairs_have_verdicts,
            reads_inputs=True,
        ),
    ),
    "rainrag_split": (
        Check(
            "types_have_pairs",
            "Can every rain type be trained, validated and tested?",
            questions.types_have_pairs,
            reads_inputs=True,
        ),
        Check("splits_share_no_scene", "Do the splits share no scene?", questions.splits_share_no_scene),
    ),
    "training_split": (
        Check(
            "types_have_pairs",
            "Can every rain type be trained on?",
            questions.types_have_pairs,
            reads_inputs=True,
        ),
        Check(
            "splits_share_no_scene",
            "Does it share no scene with a held-out split?",
            questions.splits_share_no_scene,
            reads_inputs=True,
        ),
    ),
    "trained_checkpoint": (
        Check(
            "history_is_finite",
            "Are losses finite, and do weights sum to 1?",
            score_questions.history_is_finite,
        ),
    ),
    "benchmark_scores": (_NUMBERS,),
    "baseline_scores": (_NUMBERS,),
    "benchmark_tables": (
        Check(
            "methods_are_comparable",
            "Were all methods scored on the same pictures?",
            score_questions.methods_are_comparable,
            reads_inputs=True,
        ),
    ),
}
"""Stage to its checks; a stage that is not named has none."""

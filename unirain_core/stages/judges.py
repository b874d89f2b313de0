"""The judge of a name in params: a stand-in or a model, chosen where a stage is put together.

A new stand-in is a file with a table `JUDGES` (its name, and what makes it), and one line in `judge_files.py`. A new model is a
section in `config/models.py`, a file in `distill/judges/`, and one case below.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

from unirain_core.config.models import AnyVlm, HttpJudge, InternVl, JudgeModel, Llava, MobileVlm
from unirain_core.config.prompt import Prompt
from unirain_core.config.sections import JudgeName
from unirain_core.distill.judges.judge import Judge
from unirain_core.stages import judge_files
from unirain_core.stages.choices import choices, demand_choice

JUDGES: Mapping[str, Callable[[], Judge]] = choices(judge_files, "JUDGES")


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """What makes a judge in any process."""

    name: JudgeName
    model: JudgeModel | None
    """Its section of params; None: a stand-in."""
    prompt: Prompt | None
    """P; None for a stand-in."""
    n_references: int = 0
    """The most that a question shows."""


@lru_cache(maxsize=1)  # a worker asks one judge, and two models may not fit on its device
def make_judge(choice: JudgeChoice) -> Judge:
    """The judge, made once per process; what a model needs is imported when the first of its kind is made.

    Raises:
        ConfigError: there is no judge of that name, or the prompt has no words for it.
        WeightsUnavailableError: its weights are not on this machine.
    """
    name, model, prompt, n_references = choice.name, choice.model, choice.prompt, choice.n_references
    if model is None or prompt is None:
        demand_choice(name, JUDGES, "vlm_votes.judges")
        return JUDGES[name]()
    match model:
        case InternVl():
            from unirain_core.distill.judges.internvl import internvl_judge

            return internvl_judge(name, model, prompt, n_references)
        case Llava():
            from unirain_core.distill.judges.llava import llava_judge

            return llava_judge(name, model, prompt, n_references)
        case MobileVlm():
            from unirain_core.distill.judges.mobilevlm import mobilevlm_judge

            return mobilevlm_judge(name, model, prompt, n_references)
        case AnyVlm():
            from unirain_core.distill.judges.any_vlm import any_vlm_judge

            return any_vlm_judge(name, model, prompt, n_references)
        case HttpJudge():
            from unirain_core.distill.judges.http import EndpointJudge

            return EndpointJudge(name, model, prompt, n_references)
        case _:
            assert_never(model)

"""The judge of a name in params: a stand-in or a model, chosen where a stage is put together.

A new judge is a file with a table `JUDGES` (its name, and what makes it), and one line in `judge_files.py`.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from unirain_core.config.sections import JudgeName
from unirain_core.distill.judges.judge import Judge
from unirain_core.stages import judge_files
from unirain_core.stages.choices import choices, demand_choice

JUDGES: Mapping[str, Callable[[], Judge]] = choices(judge_files, "JUDGES")


@lru_cache(maxsize=1)  # a worker asks one judge, and two models may not fit on its device
def make_judge(name: JudgeName) -> Judge:
    """The judge, made once per process.

    Raises:
        ConfigError: there is no judge of that name.
    """
    demand_choice(name, JUDGES, "vlm_votes.judges")
    return JUDGES[name]()

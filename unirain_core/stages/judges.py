"""The judge of a name in params: a stand-in or a model, chosen where a stage is put together."""

from functools import lru_cache
from typing import assert_never

from unirain_core.config.sections import JudgeName
from unirain_core.distill.judges.judge import Judge
from unirain_core.standins.statistics.judges import shipped


@lru_cache(maxsize=3)  # Eq. 4 has three
def make_judge(name: JudgeName) -> Judge:
    """The judge, made once per process.

    A new judge is a file in `distill/judges`, its name in `JudgeName` and its case here; mypy refuses one without
    the other.
    """
    match name:
        case "statistics/directional":
            return shipped()["directional"]
        case "statistics/nss":
            return shipped()["nss"]
        case "statistics/photometric":
            return shipped()["photometric"]
        case _:
            assert_never(name)

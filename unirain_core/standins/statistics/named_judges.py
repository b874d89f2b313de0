"""The statistics judges under their names in params; what computes is loaded when one is made."""

from collections.abc import Callable, Mapping

from unirain_core.distill.judges.judge import Judge


def _directional() -> Judge:
    from unirain_core.standins.statistics.judges import shipped

    return shipped()["directional"]


def _nss() -> Judge:
    from unirain_core.standins.statistics.judges import shipped

    return shipped()["nss"]


def _photometric() -> Judge:
    from unirain_core.standins.statistics.judges import shipped

    return shipped()["photometric"]


JUDGES: Mapping[str, Callable[[], Judge]] = {
    "statistics/directional": _directional,
    "statistics/nss": _nss,
    "statistics/photometric": _photometric,
}

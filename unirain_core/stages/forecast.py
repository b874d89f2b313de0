"""Before models run, log how much memory they need, and about how long they will take."""

import logging
from collections.abc import Iterator, Mapping

from unirain_core.distill.costs import Cost
from unirain_core.engine import machine
from unirain_core.engine.local import wanted_workers
from unirain_core.engine.machine import Machine

logger = logging.getLogger(__name__)

SHARE = 0.4
"""The share of a matrix product's speed that models are assumed to reach; it is also the aim of `benchmarks/vlm.py`."""


def tell(stage: str, costs: Mapping[str, Cost | None], n_items: int, *, together: bool) -> None:
    """Log the needs of a stage's models; nothing where no model's cost is known, as with stand-ins.

    Args:
        stage: its name.
        costs: of each model, by its name; None: not known.
        n_items: questions, or pictures. It is an upper limit, since finished ones are not computed again.
        together: whether all models are in memory at once, or one after the other.
    """
    if any(costs.values()):
        for line in lines(costs, n_items, machine.measured(), wanted_workers(), together=together):
            logger.info("%s: %s", stage, line)


def lines(
    costs: Mapping[str, Cost | None], n_items: int, own: Machine | None, workers: int, *, together: bool
) -> Iterator[str]:
    """The sentences of the forecast.

    Args:
        costs: as `tell`.
        n_items: likewise.
        own: this machine; None: it could not be measured.
        workers: processes where there is no GPU; each loads its model.
        together: as `tell`.
    """
    known = {name: cost for name, cost in costs.items() if cost is not None}
    for name, cost in costs.items():
        if cost is None:
            yield f"{name}: neither memory nor arithmetic is known beforehand"
            continue
        yield (
            f"{name}: {_gigabytes(cost.weight_bytes)} of weights and about {_gigabytes(cost.batch_bytes)} for a batch; "
            f"{cost.flops:.2g} operations for each of at most {n_items:,} items"
        )
    if own is None:
        return
    yield _memory(own)
    need = [cost.weight_bytes + cost.batch_bytes for cost in known.values()]
    yield from _advice(sum(need) if together else max(need), own, workers)
    flops = n_items * sum(cost.flops for cost in known.values())
    hours = flops / (own.flops_per_s * own.n_devices * SHARE) / 3600
    yield (
        f"at most {flops:.2g} operations: about {hours:.2g} hours, if {SHARE:.0%} of a matrix product's speed here "
        f"({own.flops_per_s:.2g} operations a second, measured) is reached, which is an assumption"
    )


def _memory(own: Machine) -> str:
    gpus = f"; {len(own.gpus)} x {own.gpus[0]} of {_gigabytes(own.gpu_bytes)}" if own.gpus else "; no GPU"
    return f"this machine has {_gigabytes(own.memory_bytes)} of memory{gpus}"


def _advice(need: float, own: Machine, workers: int) -> Iterator[str]:
    if own.gpus and need > own.gpu_bytes:
        yield (
            f"{_gigabytes(need)} do not fit on a GPU: the batch will be halved where memory runs out; where the weights alone "
            "do not fit, a judge's precision nf4 or int8 takes a quarter or half of them"
        )
    elif not own.gpus and workers * need > own.memory_bytes:
        yield (
            f"{workers} processes of {_gigabytes(need)} do not fit into memory: give UNIRAIN_WORKERS=1 in the environment, or "
            "a machine with a GPU"
        )


def _gigabytes(number: float) -> str:
    return f"{number / 1e9:.3g} GB"

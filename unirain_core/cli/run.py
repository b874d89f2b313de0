"""`unirain run STAGE`: the one executor; the only thing that writes artefacts."""

import logging
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from unirain_core.config.load import Params, load_params
from unirain_core.engine.life import end_on_signals, lock, tie_to_parent
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError
from unirain_core.stages import ORDER

logger = logging.getLogger(__name__)


def run(
    stage: Annotated[str, typer.Argument(help="Name of a stage of dvc.yaml.")],
    partition: Annotated[Optional[str], typer.Option(help="Key of a foreach stage.")] = None,  # noqa: UP045 (typer)
) -> None:
    """Run one stage of the pipeline in the current folder; this is what `dvc repro` calls.

    Raises:
        ConfigError: there is no such stage, or the partition is missing, unknown or not called for.
        BusyError: the same stage runs already.
    """
    tie_to_parent()
    end_on_signals()
    root = Path.cwd()
    if stage not in ORDER:
        raise ConfigError(f"stage '{stage}' does not exist; the stages are {', '.join(ORDER)}")
    params = load_params(root / "params.yaml")
    module = import_module(f"unirain_core.stages.{stage}")
    arguments: dict[str, Any] = {name: getattr(params, name) for name in module.PARAMS}
    if any("{partition}" in path for path in module.WRITES):
        arguments["partition"] = _known(stage, partition, params)
    elif partition is not None:
        raise ConfigError(f"stage '{stage}' has no partitions; run `unirain run {stage}`")
    store = WorkStore.at(root, stage, partition)
    with lock(store.home / "locks" / f"{store.owner}.lock", f"stage '{store.owner}'"):
        store.begin()
        logger.info("%s: begins", store.owner)
        module.run(root, **arguments)
        logger.info("%s: ends", store.owner)


def _known(stage: str, partition: str | None, params: Params) -> str:
    tables: dict[str, Mapping[str, object]] = {
        "sample_corpus": params.sample_corpora,
        "trained_checkpoint": params.variants,
        "benchmark_scores": params.variants,
        "baseline_scores": params.methods,
    }
    known = sorted(tables[stage])
    if partition is None or partition not in known:
        raise ConfigError(
            f"stage '{stage}' runs for one partition (found {partition!r}); params.yaml names "
            f"{', '.join(known) or 'none'}: run `unirain run {stage} --partition NAME`"
        )
    return partition

"""`unirain run STAGE`: the one executor; the only thing that writes artefacts."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from unirain_core.artefacts import report
from unirain_core.cli.lines import nearest
from unirain_core.cli.missing import demand_inputs
from unirain_core.cli.params import demand_names
from unirain_core.cli.project import current_root
from unirain_core.cli.witness import Witness
from unirain_core.config.load import params_of, read_yaml
from unirain_core.config.params import Params
from unirain_core.config.pipeline import PARAMS, PIPELINE, read_pipeline
from unirain_core.engine.edits import note_begin
from unirain_core.engine.life import end_on_signals, lock, tie_to_parent
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError
from unirain_core.stages import ORDER

LOADED = Path(__file__).parents[2]
"""The folder from which this package was loaded."""

logger = logging.getLogger(__name__)


def _stages(incomplete: str) -> list[str]:
    """Names for a shell that completes one."""
    return [stage for stage in ORDER if stage.startswith(incomplete)]


def run(
    stage: Annotated[str, typer.Argument(help="Name of a stage of dvc.yaml.", autocompletion=_stages)],
    partition: Annotated[Optional[str], typer.Option(help="Key of a foreach stage.")] = None,  # noqa: UP045 (typer)
) -> None:
    """Run one stage of the pipeline; this is what `dvc repro` calls.

    Raises:
        ConfigError: there is no such stage, or the partition is missing, unknown or not called for.
        BusyError: the same stage runs already.
        ArtefactError: an input is not what its stage wrote.
        EditedError: params, code or inputs changed in the meantime.
    """
    tie_to_parent()
    end_on_signals()
    root = current_root()
    if stage not in ORDER:
        raise ConfigError(
            f"stage '{stage}' does not exist{nearest(stage, ORDER)}; the stages are {', '.join(ORDER)}"
        )
    content = read_yaml(root / PARAMS)  # once: what is hashed is what the stage is handed
    params = params_of(content, PARAMS)
    witness = _witness(root, content, stage, partition)  # before the stage's code is loaded
    demand_names(params)
    module = import_module(f"unirain_core.stages.{stage}")
    note_begin()
    arguments: dict[str, Any] = {name: getattr(params, name) for name in module.PARAMS}
    if "made_with" in signature(module.run).parameters:
        arguments["made_with"] = witness.made_with if witness else None
    if any("{partition}" in path for path in module.WRITES):
        arguments["partition"] = _valid_partition(stage, partition, params)
    elif partition is not None:
        raise ConfigError(f"stage '{stage}' has no partitions; run `unirain run {stage}`")
    if {"sample_corpora", "raw_datasets"} & set(module.PARAMS):  # where data comes in
        from unirain_core.sources.supply import demand_supply  # 0.1 s, and 0.3 s for the catalogue

        demand_supply(params.raw_datasets, params.rain_types)
    demand_inputs(stage, root, params)
    store = WorkStore.at(root, stage, partition)
    with lock(store.home / "locks" / f"{store.owner}.lock", f"stage '{store.owner}'", root):
        store.begin()
        logger.info("%s: begins", store.owner)
        with _watched(witness):
            module.run(root, **arguments)
        store.end()
        logger.info("%s: ends", store.owner)


@contextmanager
def _watched(witness: Witness | None) -> Iterator[None]:
    """Stamp the report of a stage that ends well; name what was edited meanwhile, which may be why it failed."""
    if witness is None:
        yield
        return
    try:
        yield
        if witness.step.report:
            report.stamp(witness.root / witness.step.report, witness.made_with)
    finally:
        witness.end()


def _witness(root: Path, params: object, stage: str, partition: str | None) -> Witness | None:
    """Note what the step begins with; None where dvc.yaml lacks the step, because then no lock can be wrong."""
    if not (root / PIPELINE).exists():
        return None
    pipeline = read_pipeline(root, params)
    step = pipeline.step(stage, partition)
    if step is None:
        return None
    witness = Witness.begin(root, pipeline, step)
    witness.demand_own_code(LOADED)
    return witness


def _valid_partition(stage: str, partition: str | None, params: Params) -> str:
    """The partition, which must be a key of the stage's section of params."""
    tables: dict[str, Mapping[str, object]] = {
        "sample_corpus": params.sample_corpora,
        "training_split": params.training_splits,
        "trained_checkpoint": params.variants,
        "benchmark_scores": params.variants,
        "baseline_scores": params.methods,
    }
    names = sorted(tables[stage])
    if partition is None or partition not in names:
        raise ConfigError(
            f"stage '{stage}' runs for one partition (found {partition!r}{nearest(partition, names)}); params.yaml names "
            f"{', '.join(names) or 'none'}: run `unirain run {stage} --partition NAME`"
        )
    return partition

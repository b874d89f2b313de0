"""One asset per stage of dvc.yaml; its body is one `dvc repro`."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from unirain_assets import checks, metadata, partitions, versions
from unirain_assets.executor import Dvc, Outcome
from unirain_assets.graph import Stage
from unirain_assets.versions import Project
from unirain_core.config.lock import read_lock
from unirain_core.config.pipeline import Step
from unirain_core.errors import BusyError, UniRainError

POOL = "dvc"
"""Everything that runs DVC waits in this pool; its limit stands in dagster.yaml."""

_RETRIES = 20
_SECONDS_BETWEEN = 30


class RunConfig(dg.Config):
    """What a person can choose when materialising an asset."""

    force: bool = False
    """Run the stage although nothing that it depends on has changed."""


def build(project: Project) -> list[dg.AssetsDefinition]:
    """All assets of a project."""
    return [_asset(project, stage) for stage in project.graph.stages]


def _asset(project: Project, stage: Stage) -> dg.AssetsDefinition:
    @dg.asset(
        name=stage.name,
        deps=partitions.dependencies(project.graph, stage),
        partitions_def=partitions.definition(stage),
        group_name=stage.group,
        description=stage.description,
        kinds=set(stage.kinds),
        code_version=project.code_version(stage),
        check_specs=checks.specs(stage.name),
        pool=POOL,
    )
    def materialise(
        context: dg.AssetExecutionContext, config: RunConfig, dvc: Dvc
    ) -> Iterator[dg.MaterializeResult[None]]:
        step = stage.step(context.partition_key if stage.keys else None)
        outcome = run(context, dvc, step.address, force=config.force)
        yield _result(project.root, step, outcome)

    return materialise


def run(
    context: dg.OpExecutionContext | dg.AssetExecutionContext, dvc: Dvc, address: str | None, *, force: bool
) -> Outcome:
    """`dvc repro` with its errors as Dagster's: a busy project is tried again, another failure is final."""
    try:
        return dvc.repro(address, context.log.info, force=force)
    except BusyError as error:
        context.log.warning(str(error))
        raise dg.RetryRequested(_RETRIES, _SECONDS_BETWEEN) from error
    except UniRainError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _result(root: Path, step: Step, outcome: Outcome) -> dg.MaterializeResult[None]:
    locked = read_lock(root)[step.address]
    return dg.MaterializeResult(
        metadata={"dvc": f"{step.address}: {outcome}", **metadata.shown(root, step)},
        data_version=dg.DataVersion(versions.data_version(step, locked)),
        check_results=checks.results(root, step),
    )

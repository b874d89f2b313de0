"""One asset for each step of dvc.yaml; its body is one `dvc repro --single-item`."""

import logging
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from unirain_assets import checks, labels, metadata, provenance
from unirain_assets.executor import Dvc, Outcome
from unirain_assets.figures import Values
from unirain_assets.graph import op_name
from unirain_assets.versions import Project
from unirain_core.artefacts import dvc_files
from unirain_core.artefacts.behind import behind
from unirain_core.config.lock import Locked, read_lock, readable_lock
from unirain_core.config.pipeline import Step
from unirain_core.errors import BusyError, ConfigError, UniRainError

logger = logging.getLogger(__name__)

POOL = "dvc"
"""Everything that runs DVC waits in this pool; its limit stands in dagster.yaml."""

_RETRIES, _SECONDS_BETWEEN = 20, 30
"""A click while a shell's `dvc repro` runs waits up to ten minutes for it; then the step fails and says who is busy."""


class RunConfig(dg.Config):
    """The choice of a person who materialises an asset."""

    force: bool = False
    """Run the stage although nothing that it depends on has changed."""


def build(project: Project) -> list[dg.AssetsDefinition]:
    """All assets of a project."""
    lock = _healed_lock(project.root)
    return [_asset(project, step, provenance.defined(project, step, lock)) for step in project.graph.steps]


def _healed_lock(root: Path) -> dict[str, Locked]:
    """All entries of dvc.lock; none where it cannot be read now, since the assets must be shown all the same."""
    try:
        for note in dvc_files.heal(root):
            logger.warning(note)
    except (BusyError, ConfigError) as error:
        logger.warning("the assets are shown without what dvc.lock says: %s", error)
    return readable_lock(root)


def _asset(project: Project, step: Step, known: Values) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        step.path,
        deps=[dg.AssetKey(other.path) for other in project.graph.upstream(step)],
        group_name=step.group,
        description=step.description,
        kinds=set(step.kinds),
        code_version=project.code_version(step),
        owners=labels.owners(step),
        tags=labels.tags(step),
        metadata={"dvc": step.address, **known, **labels.code(project.root, step)},
    )

    @dg.multi_asset(name=op_name(step), specs=[spec], check_specs=checks.specs(step), pool=POOL)
    def materialise(
        context: dg.AssetExecutionContext, config: RunConfig, dvc: Dvc
    ) -> Iterator[dg.MaterializeResult[None]]:
        before = context.instance.get_latest_materialization_event(dg.AssetKey(step.path))
        outcome = run(context, dvc, step.address, force=config.force)
        made = before.asset_materialization if before else None
        yield _result(project, step, outcome, made)

    return materialise


def run(context: dg.AssetExecutionContext, dvc: Dvc, address: str, *, force: bool) -> Outcome:
    """`dvc repro` with its errors as Dagster's: a busy project is tried again, another failure is final."""
    try:
        return dvc.repro(address, context.log.info, force=force)
    except BusyError as error:
        context.log.warning(str(error))
        raise dg.RetryRequested(_RETRIES, _SECONDS_BETWEEN) from error
    except UniRainError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _result(
    project: Project, step: Step, outcome: Outcome, before: dg.AssetMaterialization | None
) -> dg.MaterializeResult[None]:
    dvc_files.heal(project.root)  # waits for another DVC that is writing it
    lock = read_lock(project.root)
    tags = provenance.tags(project.root, project.graph, step, lock)
    old = behind(
        project.root, project.graph.steps, lock
    )  # a click runs one step, though one before it may be old
    return dg.MaterializeResult(
        asset_key=step.path,
        metadata={
            "dvc": f"{step.address}: {outcome}",
            **metadata.shown(project.root, step),
            **provenance.shown(step, lock[step.address], before),
        },
        data_version=dg.DataVersion(tags[provenance.DATA_VERSION]),
        tags=tags,
        check_results=checks.results(project.root, step, is_behind=step.address in old),
    )

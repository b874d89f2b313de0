"""What runs without a person's click on one asset: the job over everything, the sensor for shell runs."""

import hashlib

import dagster as dg

from unirain_assets import sync
from unirain_assets.assets import POOL, RunConfig, run
from unirain_assets.executor import Dvc
from unirain_assets.versions import Project
from unirain_core.config.lock import LOCK
from unirain_core.errors import ConfigError

SECONDS_BETWEEN_TICKS = 10


def everything(project: Project) -> dg.JobDefinition:
    """The whole pipeline as one `dvc repro`: one run, though assets with and without keys are in it."""

    @dg.op(description="`dvc repro`, then every asset is recorded from dvc.lock.", pool=POOL)
    def reproduce(context: dg.OpExecutionContext, config: RunConfig, dvc: Dvc) -> None:
        try:
            run(context, dvc, None, force=config.force)
        finally:
            recorded = sync.record(context.instance, project)
            context.log.info(f"recorded: {', '.join(recorded) or 'no news'}")

    @dg.job(description="Bring every asset up to date, all keys included.")
    def everything() -> None:
        reproduce()

    return everything


def shell_runs(project: Project) -> dg.SensorDefinition:
    """Shows what `dvc repro` did in a shell, soon after each stage has ended."""

    @dg.sensor(
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Records from dvc.lock what ran outside of Dagster.",
    )
    def shell_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        seen = _fingerprint(project)
        if seen == context.cursor:
            return dg.SkipReason("dvc.lock has not changed")
        try:
            recorded = sync.record(context.instance, project)
        except ConfigError as error:  # DVC is writing it; the next tick reads it whole
            return dg.SkipReason(str(error))
        context.update_cursor(seen)
        return dg.SkipReason(f"recorded: {', '.join(recorded) or 'no news'}")

    return shell_runs


def _fingerprint(project: Project) -> str:
    lock = project.root / LOCK
    content = lock.read_bytes() if lock.exists() else b""
    return hashlib.sha256(content + repr(sorted(project.codes.items())).encode()).hexdigest()

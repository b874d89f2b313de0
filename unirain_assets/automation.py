"""Runs without a person's click on one asset: the jobs, the sensor for shell runs and edits."""

import hashlib
import json
from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from unirain_assets import reload, sync, versions
from unirain_assets.versions import Project
from unirain_core.config.lock import LOCK, readable_lock
from unirain_core.errors import ConfigError

SECONDS_BETWEEN_TICKS = 10


_PHASES = {
    "distil": ("corpus", "retrieval", "judging"),
    "train": ("training",),
    "benchmark": ("benchmark",),
}
"""Job to the groups of dvc.yaml whose assets it brings up to date; the pages are made by `everything` alone."""


def jobs(project: Project) -> list[UnresolvedAssetJobDefinition]:
    """`everything`, and one job for each phase that has a step.

    They are jobs over assets, so that the graph shows each asset at work. The job `everything` targets what the button
    "Materialize all" does.
    """
    everything = dg.define_asset_job(
        "everything", selection=dg.AssetSelection.all(), description="Bring every asset up to date."
    )
    present = {step.group for step in project.graph.steps}
    made = [everything]
    for name, groups in _PHASES.items():
        if present & set(groups):
            made.append(_job(name, groups))
    return made


def _job(name: str, groups: Sequence[str]) -> UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.groups(*groups),
        description=f"Bring the assets of {', '.join(groups)} up to date, with the inputs that lie there.",
    )


def shell_runs(project: Project) -> dg.SensorDefinition:
    """Shows what `dvc repro` did in a shell, soon after each stage has ended.

    Args:
        project: as it was when the definitions were loaded.
    """

    changed = _changed_since_the_last_run(project)

    @dg.sensor(
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Records from dvc.lock what ran outside of Dagster; has edited params and code loaded anew.",
    )
    def shell_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            now = Project.load(project.root)
            # once a run has ended, what was left out for its sake is looked at
            seen = _fingerprint(now, sync.ops_at_work(context.instance))
            if seen == context.cursor:
                return dg.SkipReason("dvc.lock, params and code have not changed")
            recorded = sync.record(context.instance, project.root)
        except ConfigError as error:  # a person or DVC is writing a file; the next tick reads it whole
            return dg.SkipReason(str(error))
        said = f"recorded: {', '.join(recorded) or 'no news'}"
        settled = changed - _changed_since_the_last_run(now)
        if settled and _is_running(context.instance):  # a run keeps the process of its definitions alive
            return dg.SkipReason(f"{said}. The definitions are loaded anew after the run")
        context.update_cursor(seen)
        steps = sorted({*outdated(project, now), *settled})
        return dg.SkipReason(f"{said}. {_reloaded(context, steps)}" if steps else said)

    return shell_runs


def outdated(project: Project, now: Project) -> list[str]:
    """Addresses of the steps whose command, params or code are not those that the definitions were loaded with."""
    loaded, current = project.code_versions(), now.code_versions()
    return sorted(a for a in {*loaded, *current} if loaded.get(a) != current.get(a))


def _changed_since_the_last_run(project: Project) -> set[str]:
    """Addresses of the steps of which the definitions say that params or code have changed since the last run."""
    lock = readable_lock(project.root)
    return {
        step.address
        for step in project.graph.steps
        if step.address in lock
        and versions.locked_code_version(step, lock[step.address]) != project.code_version(step)
    }


def _is_running(instance: dg.DagsterInstance) -> bool:
    active = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    return instance.get_runs_count(dg.RunsFilter(statuses=active)) > 0


def _reloaded(context: dg.SensorEvaluationContext, steps: list[str]) -> str:
    """Have the definitions loaded anew where the web server's address is known, else say how a person does it."""
    change = f"definitions are out of date ({', '.join(steps)})"
    origin = context.code_location_origin
    if origin is not None and reload.ask(origin.location_name):
        return f"{change}: they are loaded anew"
    return f"{change}: press 'Reload definitions' to see it"


def _fingerprint(project: Project, at_work: set[str]) -> str:
    lock = project.root / LOCK
    content = lock.read_bytes() if lock.exists() else b""
    others = json.dumps([project.code_versions(), sorted(at_work)])
    return hashlib.sha256(content + others.encode()).hexdigest()

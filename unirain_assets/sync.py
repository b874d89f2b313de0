"""dvc.lock into Dagster's event log: a shell's `dvc repro` shows like a click (`python -m unirain_assets.sync`)."""

import hashlib
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from dagster import AssetCheckEvaluation, EventLogRecord

from unirain_assets import checks, metadata, versions
from unirain_assets.graph import Stage
from unirain_assets.versions import Project
from unirain_core.config.lock import Locked, read_lock
from unirain_core.config.pipeline import Step
from unirain_core.errors import UniRainError

logger = logging.getLogger(__name__)

DATA_VERSION = "dagster/data_version"
CODE_VERSION = "dagster/code_version"
_USER_PROVIDED = "dagster/data_version_is_user_provided"
_INPUT_VERSION = "dagster/input_data_version/"
_INPUT_POINTER = "dagster/input_event_pointer/"

_OUTDATED = "outdated"
"""Version of an input that is not the upstream's newest: no version is, so that the step shows as stale."""

_Tags = dict[str, str]


def record(instance: dg.DagsterInstance, project: Project) -> list[str]:
    """Record, in the order of dependency, every step whose entry in dvc.lock is news to Dagster.

    A step counts as fresh only where its entry was made with the code, params and inputs of now.

    Returns:
        Addresses of the recorded steps.

    Raises:
        ConfigError: dvc.lock cannot be read, for instance because DVC is writing it.
    """
    lock = read_lock(project.root)
    recorded = []
    for stage in project.graph.stages:
        for step in (s for s in stage.steps if s.address in lock):
            code = _code(project, stage, step, lock[step.address])
            inputs = _inputs(instance, project, stage, step, lock)
            tags = {DATA_VERSION: versions.data_version(step, lock[step.address]), **code, **inputs}
            if _is_news(_latest(instance, stage.name, step.key), tags, project.code_version(stage)):
                _report(instance, project.root, step, tags)
                recorded.append(step.address)
    return recorded


def _is_news(latest: EventLogRecord | None, tags: _Tags, code_version: str) -> bool:
    """Whether an event with these tags would say what the latest one does not.

    What became stale does not: Dagster sees that by itself.
    """
    if latest is None:
        return True
    known = _tags_of(latest)
    if known.get(DATA_VERSION) != tags[DATA_VERSION]:
        return True
    if tags[CODE_VERSION] == code_version != known.get(CODE_VERSION):
        return True
    inputs = {name: value for name, value in tags.items() if name.startswith(_INPUT_VERSION)}
    return _OUTDATED not in inputs.values() and any(known.get(n) != v for n, v in inputs.items())


def _code(project: Project, stage: Stage, step: Step, locked: Locked) -> _Tags:
    """The asset's code version where the step ran with the code and params of now, else its own."""
    own = versions.locked_code_version(project.graph, step, locked)
    return {CODE_VERSION: project.code_version(stage) if own == project.codes[step.address] else own}


def _inputs(
    instance: dg.DagsterInstance, project: Project, stage: Stage, step: Step, lock: Mapping[str, Locked]
) -> _Tags:
    """Version of every upstream asset, and the event that stated it, as Dagster itself would note them."""
    current = versions.has_current_inputs(project, step, lock)
    producers = project.graph.producers(step)
    tags = {_USER_PROVIDED: "true"}
    for name in stage.upstream:
        newest = _latest(instance, name, None)
        keys = sorted(p.key for p in producers if p.stage == name and p.key is not None)
        known = current and newest is not None
        tags[_INPUT_VERSION + name] = _version(instance, name, keys) if known else _OUTDATED
        tags[_INPUT_POINTER + name] = str(newest.storage_id) if newest and known else "-1"  # no event's
    return tags


def _version(instance: dg.DagsterInstance, name: str, keys: list[str]) -> str:
    if not keys:
        return _tags_of(_latest(instance, name, None)).get(DATA_VERSION, "")
    each = (_tags_of(_latest(instance, name, key)).get(DATA_VERSION, "") for key in keys)
    return hashlib.sha256("".join(each).encode()).hexdigest()


def _latest(instance: dg.DagsterInstance, name: str, key: str | None) -> EventLogRecord | None:
    return instance.get_latest_data_version_record(dg.AssetKey(name), partition_key=key)


def _tags_of(record: EventLogRecord | None) -> Mapping[str, str]:
    event = record.asset_materialization if record else None
    return (event.tags if event else None) or {}


def _report(instance: dg.DagsterInstance, root: Path, step: Step, tags: _Tags) -> None:
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            step.stage,
            partition=step.key,
            description="recorded from dvc.lock",
            metadata={"dvc": f"{step.address}: recorded from dvc.lock", **metadata.shown(root, step)},
            tags=tags,
        )
    )
    for result in checks.results(root, step):
        instance.report_runless_asset_event(
            AssetCheckEvaluation(
                asset_key=dg.AssetKey(step.stage),
                check_name=result.check_name or "",
                passed=result.passed,
                description=result.description,
                blocking=True,
            )
        )


def main(root: Path) -> None:
    """Record what the shell ran since the last time."""
    recorded = record(dg.DagsterInstance.get(), Project.load(root))
    logger.info("%d steps recorded: %s", len(recorded), ", ".join(recorded) or "no news")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        main(Path.cwd())
    except UniRainError as error:
        logger.error("%s", error)
        sys.exit(error.exit_code)

"""dvc.lock into Dagster's event log: a shell's `dvc repro` shows like a click (`python -m unirain_assets.sync`)."""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import dagster as dg
from dagster import AssetCheckEvaluation

from unirain_assets import checks, graph, metadata, provenance
from unirain_core.artefacts.behind import behind
from unirain_core.config.lock import Locked, read_lock
from unirain_core.config.pipeline import Step
from unirain_core.errors import UniRainError

logger = logging.getLogger(__name__)


class _News(NamedTuple):
    """A step that has run since Dagster last heard of it."""

    step: Step
    locked: Locked
    tags: Mapping[str, str]
    before: dg.AssetMaterialization | None


def record(instance: dg.DagsterInstance, root: Path) -> list[str]:
    """Record every step that has run since Dagster last heard of it.

    A run writes an entry in dvc.lock, and the entry alone says what it was made from: neither new params nor a new
    step makes an event of a step that did not run.

    A step that a run of Dagster is at work on is left out: the run makes the event itself, a moment after the entry.

    Returns:
        Addresses of the recorded steps, each behind those that it reads from.

    Raises:
        ConfigError: dvc.yaml, params.yaml or dvc.lock cannot be read, for instance because DVC is writing it.
    """
    lock = read_lock(root)
    pipeline = graph.read(root) if lock else graph.Graph(())
    at_work = ops_at_work(instance)
    news: list[_News] = []
    for step in pipeline.steps:
        if step.address not in lock or graph.op_name(step) in at_work:
            continue
        tags = provenance.tags(root, pipeline, step, lock)
        event = instance.get_latest_materialization_event(dg.AssetKey(step.path))
        latest = event.asset_materialization if event else None
        if latest is None or _is_news(latest.tags or {}, tags):
            news.append(_News(step, lock[step.address], tags, latest))
    old = behind(root, pipeline.steps, lock) if news else set()
    for one in news:
        _report(instance, root, one, is_behind=one.step.address in old)
    return [one.step.address for one in news]


def ops_at_work(instance: dg.DagsterInstance) -> set[str]:
    """The operations of all runs in progress, those that have ended in them included."""
    active = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    names: set[str] = set()
    for run in instance.get_runs(dg.RunsFilter(statuses=active)):
        if run.execution_plan_snapshot_id is not None:
            plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
            names.update(plan.step_keys_to_execute)
    return names


def _is_news(known: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    """Whether an event with these tags would say what the latest one does not.

    That a step is behind its upstream is no news: Dagster sees that by itself.
    """
    names = [provenance.DATA_VERSION, provenance.CODE_VERSION]
    names += [name for name in tags if name.startswith(provenance.INPUT_VERSION)]
    return any(tags[name] not in (known.get(name), provenance.OUTDATED) for name in names)


def _report(instance: dg.DagsterInstance, root: Path, news: _News, *, is_behind: bool) -> None:
    step = news.step
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            dg.AssetKey(step.path),
            description="recorded from dvc.lock",
            metadata={
                "dvc": f"{step.address}: recorded from dvc.lock",
                **metadata.shown(root, step),
                **provenance.shown(step, news.locked, news.before),
            },
            tags=news.tags,
        )
    )
    for result in checks.results(root, step, is_behind=is_behind):
        instance.report_runless_asset_event(
            AssetCheckEvaluation(
                asset_key=dg.AssetKey(step.path),
                check_name=result.check_name or "",
                passed=result.passed,
                description=result.description,
                metadata=result.metadata,
                blocking=True,
            )
        )


def main(root: Path) -> None:
    """Record what the shell ran since the last time."""
    recorded = record(dg.DagsterInstance.get(), root)
    logger.info("%d steps recorded: %s", len(recorded), ", ".join(recorded) or "no news")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        main(Path.cwd())
    except UniRainError as error:
        logger.error("%s", error)
        sys.exit(error.exit_code)

"""The origin of a step's outs, as Dagster's tags and as tables for a person; dvc.lock alone says it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg

from unirain_assets import versions
from unirain_assets.figures import Value, Values, markdown_table
from unirain_assets.graph import Graph
from unirain_core.config.lock import Locked
from unirain_core.config.pipeline import Step

CODE_VERSION = "dagster/code_version"
DATA_VERSION = "dagster/data_version"
INPUT_VERSION = "dagster/input_data_version/"
OUTDATED = "outdated"
"""A placeholder that never equals a real version, so Dagster marks the step stale."""

_INPUT_POINTER = "dagster/input_event_pointer/"
_NO_EVENT = "NULL"  # Dagster's word; the versions alone decide where an asset has no partitions
_USER_PROVIDED = "dagster/data_version_is_user_provided"
_MADE_FROM = "made from"

Facts = dict[str, dict[str, object]]
"""Params, code and data to names to values: what of an entry of dvc.lock can differ from another."""


def tags(root: Path, pipeline: Graph, step: Step, lock: Mapping[str, Locked]) -> dict[str, str]:
    """The tags by which Dagster tells fresh from stale, from the step's entry in dvc.lock."""
    locked = lock[step.address]
    told = {
        DATA_VERSION: versions.data_version(step, locked),
        CODE_VERSION: versions.locked_code_version(step, locked),
        _USER_PROVIDED: "true",
    }
    for address, version in versions.input_versions(root, pipeline, step, lock).items():
        name = dg.AssetKey(pipeline.step(address).path).to_user_string()
        told[INPUT_VERSION + name] = version or OUTDATED
        told[_INPUT_POINTER + name] = _NO_EVENT
    return told


def facts(step: Step, locked: Locked) -> Facts:
    """The params, code and data that the outs of an entry of dvc.lock were made from."""
    code = {dep: md5 for dep, md5 in locked.deps.items() if dep in step.code}
    data = {dep: md5 for dep, md5 in locked.deps.items() if dep not in step.code}
    return {"params": dict(_leaves(locked.params)), "code": {**code}, "data": {**data}}


def facts_now(project: versions.Project, step: Step, locked: Locked) -> Facts:
    """The same of the files as they are now; data is what it was, for DVC alone knows whether it changed."""
    code = {dep: project.hashes[dep] for dep in step.code}
    return {**facts(step, locked), "params": dict(_leaves(step.params)), "code": {**code}}


def shown(step: Step, locked: Locked, before: dg.AssetMaterialization | None) -> Values:
    """Params with their values, and what differs from the run before."""
    own = facts(step, locked)
    values: Values = {_MADE_FROM: dg.MetadataValue.json(own)}
    if own["params"]:
        values["params"] = _params(own)
    previous = before.metadata.get(_MADE_FROM) if before else None
    if isinstance(previous, dg.JsonMetadataValue) and isinstance(previous.data, dict):
        values["changed since the run before"] = _changes(previous.data, own, unless="nothing")
    else:
        values["changed since the run before"] = dg.MetadataValue.md("no earlier run is known to Dagster")
    return values


def defined(project: versions.Project, step: Step, lock: Mapping[str, Locked]) -> Values:
    """Params as they stand in the file now, and what differs from the last run."""
    values: Values = {}
    if step.params:
        values["params"] = _params({"params": dict(_leaves(step.params))})
    if step.address in lock:
        locked = lock[step.address]
        values["changed since the last run"] = _changes(
            facts(step, locked),
            facts_now(project, step, locked),
            unless="nothing: params and code are those that dvc.lock names",
        )
    return values


def _changes(
    before: Mapping[str, Mapping[str, object]], now: Mapping[str, Mapping[str, object]], *, unless: str
) -> Value:
    """The differences as a table, hashes by their first digits; `unless` where there are none."""
    rows = []
    for kind in ("params", "code", "data"):
        old, new = before.get(kind, {}), now.get(kind, {})
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                texts = [_text(kind, side, name) for side in (old, new)]
                rows.append({"what": kind, "name": name, "before": texts[0], "now": texts[1]})
    return dg.MetadataValue.md(markdown_table(rows) if rows else unless)


def _params(own: Facts) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(
        markdown_table([{"key": k, "value": str(v)} for k, v in own["params"].items()])
    )


def _text(kind: str, side: Mapping[str, object], name: str) -> str:
    if name not in side:
        return "absent"
    value = str(side[name])
    return value if kind == "params" else value[:8]


def _leaves(params: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Nested params by dotted names, sorted.

    >>> list(_leaves({"training": {"steps": 3, "loss": "l1"}}))
    [('training.loss', 'l1'), ('training.steps', 3)]
    """
    for name in sorted(params):
        value = params[name]
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

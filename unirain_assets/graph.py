"""dvc.yaml as stages, the steps that a foreach makes of them, and the edges between them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from unirain_core.artefacts import paths
from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one `dvc repro --single-item` runs: a stage, or one key of a foreach stage."""

    stage: str
    key: str | None
    command: str
    deps: tuple[str, ...]
    params: Mapping[str, object]
    """Every tracked key of params.yaml with its value."""
    outs: tuple[str, ...]

    @property
    def address(self) -> str:
        """Name by which DVC knows the step."""
        return self.stage if self.key is None else f"{self.stage}@{self.key}"

    @property
    def report(self) -> str:
        """Path of the step's report."""
        return paths.report(self.stage, partitioned=self.key is not None).format(partition=self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of dvc.yaml, shown as one asset."""

    name: str
    group: str
    description: str
    kinds: tuple[str, ...]
    steps: tuple[Step, ...]
    """At least one; a foreach over nothing is no stage."""
    upstream: tuple[str, ...]
    """Stages whose outs it reads."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of a foreach stage; empty for any other."""
        return tuple(step.key for step in self.steps if step.key is not None)

    def step(self, key: str | None) -> Step:
        """The step of a key; None for a stage without keys."""
        return next(step for step in self.steps if step.key == key)


@dataclass(frozen=True, slots=True)
class Graph:
    """All stages, each behind those that it reads from."""

    stages: tuple[Stage, ...]

    def steps(self) -> Iterator[Step]:
        """All steps, each behind those that it reads from."""
        return (step for stage in self.stages for step in stage.steps)

    def producers(self, step: Step) -> tuple[Step, ...]:
        """The steps whose outs a step reads."""
        return tuple(s for s in self.steps() if any(touches(d, o) for d in step.deps for o in s.outs))

    def sources(self, step: Step) -> tuple[str, ...]:
        """The deps of a step that no step writes: code."""
        outs = [out for other in self.steps() for out in other.outs]
        return tuple(dep for dep in step.deps if not any(touches(dep, out) for out in outs))


def read(root: Path) -> Graph:
    """Read dvc.yaml with the values of params.yaml.

    Raises:
        ConfigError: a file is absent or has not the expected form.
    """
    stages = _table(_table(read_yaml(root / "dvc.yaml"), "dvc.yaml").get("stages"), "stages")
    params = _table(read_yaml(root / "params.yaml"), "params.yaml")
    drafts = {name: _stage(name, _table(body, name), params) for name, body in stages.items()}
    whole = Graph(tuple(stage for stage in drafts.values() if stage.steps))
    upstream = {
        stage.name: list(dict.fromkeys(p.stage for step in stage.steps for p in whole.producers(step)))
        for stage in whole.stages
    }
    order = TopologicalSorter(upstream).static_order()
    return Graph(tuple(replace(drafts[name], upstream=tuple(upstream[name])) for name in order))


def touches(dep: str, out: str) -> bool:
    """Whether a dep is an out, lies in it, or holds it.

    >>> touches("data/scores", "data/scores/ours"), touches("data/raw/a.json", "data/raw"), touches("data/a", "data/ab")
    (True, True, False)
    """
    one, other = PurePosixPath(dep), PurePosixPath(out)
    return one.is_relative_to(other) or other.is_relative_to(one)


def _stage(name: str, body: Mapping[str, object], params: Mapping[str, object]) -> Stage:
    do = _table(body["do"], name) if "foreach" in body else body
    meta = _table(do.get("meta", {}), f"{name}.meta")
    return Stage(
        name=name,
        group=str(meta.get("group", "default")),
        description=str(do.get("desc", "")),
        kinds=_texts(meta.get("kinds", [])),
        steps=tuple(_step(name, do, scope) for scope in _scopes(body, params)),
        upstream=(),
    )


def _scopes(body: Mapping[str, object], params: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """The names that placeholders of each step can use: all params, and `key` and `item` of a foreach."""
    if "foreach" not in body:
        yield dict(params)
        return
    items = body["foreach"]
    if isinstance(items, str):
        items = _lookup(items.strip("${}"), params)
    if isinstance(items, list):
        items = {str(item): item for item in items}
    for key, item in _table(items or {}, "foreach").items():
        yield {**params, "key": key, "item": item}


def _step(name: str, do: Mapping[str, object], scope: Mapping[str, object]) -> Step:
    def filled(section: str) -> tuple[str, ...]:
        return tuple(_filled(text, scope) for text in _texts(do.get(section, [])))

    return Step(
        stage=name,
        key=str(scope["key"]) if "key" in scope else None,
        command=_filled(str(do.get("cmd", "")), scope),
        deps=filled("deps"),
        params={name: _lookup(name, scope) for name in filled("params")},
        outs=filled("outs"),
    )


def _filled(text: str, scope: Mapping[str, object]) -> str:
    return _PLACEHOLDER.sub(lambda match: str(_lookup(match[1].strip(), scope)), text)


def _lookup(dotted: str, scope: Mapping[str, object]) -> object:
    value: object = scope
    for part in dotted.split("."):
        value = _table(value, dotted).get(part)
    return value


def _texts(entries: object) -> tuple[str, ...]:
    """Names in a list of names, or of one-entry mappings from a name to its options."""
    if not isinstance(entries, list):
        raise ConfigError(f"dvc.yaml: a list is expected, found {entries!r}")
    return tuple(str(next(iter(entry))) if isinstance(entry, dict) else str(entry) for entry in entries)


def _table(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"dvc.yaml, params.yaml: {where}: a mapping is expected, found {value!r}")
    return {str(key): item for key, item in value.items()}

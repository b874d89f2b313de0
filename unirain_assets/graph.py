"""dvc.yaml as the steps that DVC runs, and the edges between them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from unirain_core.artefacts import paths
from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One `dvc repro --single-item`, shown as one asset: a stage, or one key of a foreach stage."""

    stage: str
    key: str | None
    """Of a foreach stage; None for any other."""
    group: str = "default"
    description: str = ""
    kinds: tuple[str, ...] = ()
    command: str
    deps: tuple[str, ...]
    params: Mapping[str, object]
    """Every tracked key of params.yaml with its value."""
    outs: tuple[str, ...]
    upstream: tuple[str, ...] = ()
    """Addresses of the steps whose outs it reads."""
    code: tuple[str, ...] = ()
    """The deps that no step writes."""

    @property
    def address(self) -> str:
        """Name by which DVC knows the step."""
        return self.stage if self.key is None else f"{self.stage}@{self.key}"

    @property
    def path(self) -> tuple[str, ...]:
        """Name by which Dagster knows the step: the path of its asset key."""
        return (self.stage,) if self.key is None else (self.stage, self.key)

    @property
    def report(self) -> str:
        """Path of the step's report."""
        return paths.report(self.stage, partitioned=self.key is not None).format(partition=self.key)

    @property
    def data(self) -> tuple[str, ...]:
        """The outs without the report: new wording there makes no new data."""
        return tuple(out for out in self.outs if out != self.report)


@dataclass(frozen=True, slots=True)
class Graph:
    """All steps, each behind those that it reads from."""

    steps: tuple[Step, ...]

    def step(self, address: str) -> Step:
        """The step that DVC knows by a name."""
        return next(step for step in self.steps if step.address == address)

    def upstream(self, step: Step) -> tuple[Step, ...]:
        """The steps whose outs a step reads."""
        return tuple(other for other in self.steps if other.address in step.upstream)


def read(root: Path) -> Graph:
    """Read dvc.yaml with the values of params.yaml.

    Raises:
        ConfigError: a file is absent or has not the expected form.
    """
    stages = _table(_table(read_yaml(root / "dvc.yaml"), "dvc.yaml").get("stages"), "stages")
    params = _table(read_yaml(root / "params.yaml"), "params.yaml")
    drafts: list[Step] = []
    for name, body in stages.items():
        drafts += _steps(name, _table(body, name), params)
    return Graph(_ordered(_connected(drafts)))


def touches(dep: str, out: str) -> bool:
    """Whether a dep is an out, lies in it, or holds it.

    >>> touches("data/scores", "data/scores/ours"), touches("data/raw/a.json", "data/raw"), touches("data/a", "data/ab")
    (True, True, False)
    """
    return dep == out or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")


def _connected(steps: Sequence[Step]) -> list[Step]:
    """The same steps with their edges: a dep belongs to whoever writes it, a part of it, or a folder around it."""
    writers: dict[str, str] = {}
    below: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        for out in step.outs:
            writers[out] = step.address
            for folder in _folders(out):
                below[folder].add(step.address)
    connected = []
    for step in steps:
        upstream: set[str] = set()
        code = []
        for dep in step.deps:
            around = {writers[path] for path in (dep, *_folders(dep)) if path in writers}
            sources = around | below.get(dep, set())
            upstream |= sources
            if not sources:
                code.append(dep)
        connected.append(replace(step, upstream=tuple(sorted(upstream)), code=tuple(code)))
    return connected


def _folders(path: str) -> list[str]:
    return [folder.as_posix() for folder in PurePosixPath(path).parents][:-1]  # the last one is "."


def _ordered(steps: Iterable[Step]) -> tuple[Step, ...]:
    by_address = {step.address: step for step in steps}
    order = TopologicalSorter({address: step.upstream for address, step in by_address.items()})
    return tuple(by_address[address] for address in order.static_order())


def _steps(name: str, body: Mapping[str, object], params: Mapping[str, object]) -> Iterator[Step]:
    """The steps of a stage; none where it is a foreach over nothing."""
    do = _table(body["do"], name) if "foreach" in body else body
    for scope in _scopes(body, params):
        yield _step(name, do, scope)


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

    meta = _table(do.get("meta", {}), f"{name}.meta")
    return Step(
        stage=name,
        key=str(scope["key"]) if "key" in scope else None,
        group=str(meta.get("group", "default")),
        description=str(do.get("desc", "")),
        kinds=_texts(meta.get("kinds", [])),
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

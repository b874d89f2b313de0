"""dvc.yaml as the steps that DVC makes of it: a stage, or one for each key of a foreach stage.

DVC's own index (`dvc.repo.Repo().index`) says the same, and `tests/assets/test_dvc_index.py` holds this module against
it. The program does not ask it, for what it costs (seconds of CPU, 16 steps, all of them run once):

    dvc.yaml, dvc.lock, in a new process      here 0.28, index 0.50 to 0.65 and 30 MB more
    with ruamel's C parser installed          here 0.05, index 0.39 to 0.52

Each of 16 stages would pay the difference when it starts, and each of Dagster's processes when it loads the assets. Both
doors read the files here, so that they cannot disagree.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from unirain_core.config.load import read_yaml
from unirain_core.errors import ConfigError

PIPELINE, PARAMS = "dvc.yaml", "params.yaml"
_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_PARTITION = "/${key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the pipeline: `dvc repro --single-item` runs it."""

    stage: str
    key: str | None
    """Of a foreach stage; None for any other."""
    command: str
    deps: tuple[str, ...]
    params: Mapping[str, object]
    """Every tracked key of params.yaml with its value."""
    outs: tuple[str, ...]
    report: str = ""
    """The out that DVC does not cache."""
    group: str = "default"
    description: str = ""
    kinds: tuple[str, ...] = ()
    owner: str = ""
    """An e-mail address or team:NAME; empty: nobody's."""
    table: str = ""
    """File name of the table of whose rows a person thinks first; empty: it has none, or just one."""
    upstream: tuple[str, ...] = ()
    """Addresses of the steps whose outs it reads; empty until the steps are connected."""
    code: tuple[str, ...] = ()
    """The deps that no step writes; likewise."""

    @property
    def address(self) -> str:
        """Name by which DVC knows the step."""
        return self.stage if self.key is None else f"{self.stage}@{self.key}"

    @property
    def path(self) -> tuple[str, ...]:
        """Stage and key, by which Dagster knows the step: the path of its asset key."""
        return (self.stage,) if self.key is None else (self.stage, self.key)

    @property
    def data(self) -> tuple[str, ...]:
        """The outs without the report: new wording there makes no new data."""
        return tuple(out for out in self.outs if out != self.report)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """All steps, in the order of dvc.yaml."""

    steps: tuple[Step, ...]
    shared_folders: frozenset[str]
    """Folders that hold the outs of a foreach stage, one for each key, and nothing else that counts."""

    def step(self, stage: str, key: str | None) -> Step | None:
        """The step of a stage and key; None where dvc.yaml has none."""
        return next((s for s in self.steps if (s.stage, s.key) == (stage, key)), None)

    def outs_below(self, folder: str) -> dict[str, Step]:
        """Outs that are a path or lie below it, with the steps that write them."""
        return {
            out: step for step in self.steps for out in step.outs if PurePosixPath(out).is_relative_to(folder)
        }


def read_pipeline(root: Path, params: object) -> Pipeline:
    """Read dvc.yaml with the values of params.yaml.

    Args:
        root: the project's root.
        params: params.yaml as `read_yaml` gives it.

    Raises:
        ConfigError: dvc.yaml is absent or has not the expected form.
    """
    values = table(params, PARAMS)
    stages = table(table(read_yaml(root / PIPELINE), PIPELINE).get("stages"), "stages")
    steps: list[Step] = []
    folders: set[str] = set()
    for name, stage in stages.items():
        body = table(stage, name)
        steps += steps_of(name, body, values)
        if "foreach" in body:
            outs = texts(table(body["do"], name).get("outs", []))
            folders |= {out.removesuffix(_PARTITION) for out in outs if out.endswith(_PARTITION)}
    return Pipeline(tuple(steps), frozenset(folders))


def steps_of(name: str, body: Mapping[str, object], params: Mapping[str, object]) -> Iterator[Step]:
    """The steps of one stage of dvc.yaml; none of a foreach over nothing."""
    do = table(body["do"], name) if "foreach" in body else body
    for key, scope in _scopes(name, body, params):
        yield _step(name, key, do, scope)


def look_up(dotted: str, scope: Mapping[str, object]) -> object:
    """The value of a dotted key.

    >>> look_up("training.steps", {"training": {"steps": 600}})
    600
    """
    value: object = scope
    for part in dotted.split("."):
        value = table(value, dotted).get(part)
    return value


def texts(entries: object) -> tuple[str, ...]:
    """Names in a list of names, or of one-entry mappings from a name to its options."""
    if not isinstance(entries, list):
        raise ConfigError(f"{PIPELINE}: a list is expected, found {entries!r}")
    return tuple(str(next(iter(entry))) if isinstance(entry, dict) else str(entry) for entry in entries)


def table(value: object, where: str) -> dict[str, object]:
    """A mapping with its keys as texts."""
    if not isinstance(value, dict):
        raise ConfigError(f"{PIPELINE}, {PARAMS}: {where}: a mapping is expected, found {value!r}")
    return {str(key): item for key, item in value.items()}


def _scopes(
    name: str, body: Mapping[str, object], params: Mapping[str, object]
) -> Iterator[tuple[str | None, Mapping[str, object]]]:
    """The key of each step, and the names that its placeholders can use.

    These are all params, the `item` of a foreach, and its `key` where the foreach goes over a mapping.
    """
    if "foreach" not in body:
        yield None, params
        return
    items = body["foreach"]
    if isinstance(items, str):
        items = _value(items.strip("${}"), params, name)
    if isinstance(items, list):
        for item in items:
            yield str(item), {**params, "item": item}
        return
    for key, item in table(items or {}, "foreach").items():
        yield key, {**params, "key": key, "item": item}


def _step(name: str, key: str | None, do: Mapping[str, object], scope: Mapping[str, object]) -> Step:
    def filled(section: str) -> tuple[str, ...]:
        return tuple(_filled(text, scope, name) for text in texts(do.get(section, [])))

    meta = table(do.get("meta", {}), f"{name}.meta")
    return Step(
        stage=name,
        key=key,
        group=str(meta.get("group", "default")),
        description=str(do.get("desc", "")),
        kinds=texts(meta.get("kinds", [])),
        owner=str(meta.get("owner", "")),
        table=str(meta.get("table", "")),
        command=_filled(str(do.get("cmd", "")), scope, name),
        deps=filled("deps"),
        params={key: look_up(key, scope) for key in filled("params")},
        outs=filled("outs"),
        report=_filled(_uncached(do.get("outs", [])), scope, name),
    )


def _uncached(outs: object) -> str:
    """The first out with the option `cache: false`."""
    for entry in outs if isinstance(outs, list) else []:
        if isinstance(entry, dict):
            path, options = next(iter(entry.items()))
            if isinstance(options, dict) and options.get("cache") is False:
                return str(path)
    return ""


def _filled(text: str, scope: Mapping[str, object], stage: str) -> str:
    return _PLACEHOLDER.sub(lambda match: _text(_value(match[1].strip(), scope, stage)), text)


def _value(dotted: str, scope: Mapping[str, object], stage: str) -> object:
    """The value of a placeholder; DVC refuses one that it cannot fill, and so do we.

    Raises:
        ConfigError: params.yaml has no such key.
    """
    value: object = scope
    for part in dotted.split("."):
        entries = table(value, dotted)
        if part not in entries:
            raise ConfigError(
                f"{PIPELINE}: stage '{stage}' uses ${{{dotted}}}, which {PARAMS} lacks; add it to {PARAMS}"
            )
        value = entries[part]
    return value


def _text(value: object) -> str:
    """A value as DVC writes it into a command or path."""
    return str(value).lower() if isinstance(value, bool) else str(value)

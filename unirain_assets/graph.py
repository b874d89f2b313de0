"""dvc.yaml as stages, the steps that a foreach makes of them, and the edges between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, PIPELINE, Step, steps_of, table, texts


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
    stages = table(table(read_yaml(root / PIPELINE), PIPELINE).get("stages"), "stages")
    params = table(read_yaml(root / PARAMS), PARAMS)
    drafts = {name: _stage(name, table(body, name), params) for name, body in stages.items()}
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
    do = table(body["do"], name) if "foreach" in body else body
    meta = table(do.get("meta", {}), f"{name}.meta")
    return Stage(
        name=name,
        group=str(meta.get("group", "default")),
        description=str(do.get("desc", "")),
        kinds=texts(meta.get("kinds", [])),
        steps=tuple(steps_of(name, body, params)),
        upstream=(),
    )

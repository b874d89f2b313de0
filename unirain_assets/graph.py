"""The steps of dvc.yaml and the edges between them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, Step, read_pipeline


@dataclass(frozen=True, slots=True)
class Graph:
    """All steps, each behind those that it reads from."""

    steps: tuple[Step, ...]
    upstream: Mapping[str, tuple[str, ...]]
    """Address of a step to those of the steps whose outs it reads."""
    code: Mapping[str, tuple[str, ...]]
    """Address of a step to its deps that no step writes."""

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "Graph":
        """Find the edges: a dep belongs to whoever writes it, a part of it, or a folder around it."""
        writers = _writers(steps)
        upstream: dict[str, tuple[str, ...]] = {}
        code: dict[str, tuple[str, ...]] = {}
        for step in steps:
            sources = {dep: writers(dep) for dep in step.deps}
            upstream[step.address] = tuple(sorted(set().union(*sources.values())))
            code[step.address] = tuple(dep for dep in step.deps if not sources[dep])
        by_address = {step.address: step for step in steps}
        order = TopologicalSorter(upstream).static_order()
        return cls(tuple(by_address[address] for address in order), upstream, code)

    def step(self, address: str) -> Step:
        """The step that DVC knows by a name."""
        return next(step for step in self.steps if step.address == address)

    def producers(self, step: Step) -> tuple[Step, ...]:
        """The steps whose outs a step reads."""
        upstream = self.upstream[step.address]
        return tuple(other for other in self.steps if other.address in upstream)


def read(root: Path) -> Graph:
    """Read dvc.yaml with the values of params.yaml.

    Raises:
        ConfigError: a file is absent or has not the expected form.
    """
    return Graph.of(read_pipeline(root, read_yaml(root / PARAMS)).steps)


def path(step: Step) -> tuple[str, ...]:
    """Name by which Dagster knows a step: the path of its asset key."""
    return (step.stage,) if step.key is None else (step.stage, step.key)


def data(step: Step) -> tuple[str, ...]:
    """The outs without the report: new wording there makes no new data."""
    return tuple(out for out in step.outs if out != step.report)


def touches(dep: str, out: str) -> bool:
    """Whether a dep is an out, lies in it, or holds it.

    >>> touches("data/scores", "data/scores/ours"), touches("data/raw/a.json", "data/raw"), touches("data/a", "data/ab")
    (True, True, False)
    """
    return dep == out or dep.startswith(f"{out}/") or out.startswith(f"{dep}/")


def _writers(steps: Sequence[Step]) -> Callable[[str], set[str]]:
    """The function from a dep to the addresses of the steps that write it; indexed, for steps may be hundreds."""
    writer: dict[str, str] = {}
    below: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        for out in step.outs:
            writer[out] = step.address
            for folder in _folders(out):
                below[folder].add(step.address)

    def writers(dep: str) -> set[str]:
        around = {writer[place] for place in (dep, *_folders(dep)) if place in writer}
        return around | below.get(dep, set())

    return writers


def _folders(place: str) -> list[str]:
    return [folder.as_posix() for folder in PurePosixPath(place).parents][:-1]  # the last one is "."

"""dvc.yaml as the steps that DVC runs, and the edges between them; `config.pipeline` says why DVC's index is not asked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from unirain_core.config.load import read_yaml
from unirain_core.config.pipeline import PARAMS, Step, read_pipeline


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
    steps = read_pipeline(root, read_yaml(root / PARAMS)).steps
    return Graph(_ordered(_connected(steps)))


def op_name(step: Step) -> str:
    """Name of the asset's one operation, without the hyphens that Dagster refuses; `a-b` and `a_b` stay apart.

    >>> op_name(Step(stage="train", key="no-tbs", command="", deps=(), params={}, outs=()))
    'train__no_dash_tbs'
    """
    return "__".join(step.path).replace("-", "_dash_")


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

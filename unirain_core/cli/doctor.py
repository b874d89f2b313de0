"""`unirain doctor`: what this machine and this project have, and what to do about what they lack."""

from collections.abc import Iterable
from pathlib import Path

from unirain_core.artefacts.roots import Roots
from unirain_core.cli.checkup import machine
from unirain_core.cli.checkup.finding import Finding, State
from unirain_core.cli.checkup.libraries import libraries
from unirain_core.cli.checkup.locks import locks
from unirain_core.cli.checkup.services import inputs, servers
from unirain_core.cli.lines import wrapped
from unirain_core.cli.params import load_params
from unirain_core.cli.project import project_root
from unirain_core.config.params import Params
from unirain_core.config.pipeline import PARAMS
from unirain_core.engine.store import WorkStore
from unirain_core.errors import ConfigError, MissingInputError, UniRainError


def doctor() -> None:
    """Check installation, devices, data, weights, servers, locks and disks, with a remedy for each problem.

    It ends with 3 where a person must supply something, else with 1 where something is broken, else with 0.

    Raises:
        MissingInputError: something lacks. Everything has been printed before.
        UniRainError: something is broken. Likewise.
    """
    root = project_root(Path.cwd())
    params, problem = _params(root)
    states = [*_told("Installed", libraries(root, params)), *_told("Devices", machine.devices())]
    if root is None:
        print(f"{Path.cwd()} is in no project, so that is all there is to check")
    else:
        states += _told(
            "Project", [problem] if problem else [Finding(State.FINE, f"{root}, {PARAMS} is sound")]
        )
        if params is not None:
            states += _told("Data, weights and models", inputs(root, params))
            states += _told("Servers", servers(root, params))
        states += _told("Locks", locks(root, WorkStore.at(root, "doctor").home))
        states += _told("Disks", machine.disks(root))
    lacking, broken = states.count(State.LACKING), states.count(State.BROKEN)
    summary = f"lacking: {lacking}, broken: {broken}; the lines above say what to do"
    if lacking:
        raise MissingInputError(summary)
    if broken:
        raise UniRainError(summary)
    print("nothing lacks, and nothing is broken")


def _params(root: Path | None) -> tuple[Params | None, Finding | None]:
    """The params, or what is wrong with them or with roots.local.yaml."""
    if root is None:
        return None, None
    try:
        Roots.load(root)
        return load_params(root), None
    except ConfigError as error:
        return None, Finding(State.BROKEN, str(error))


def _told(title: str, findings: Iterable[Finding]) -> list[State]:
    """Print findings as they come, since some take seconds; returns their states."""
    print(title, flush=True)
    states = []
    for finding in findings:
        print("\n".join(wrapped(f"  {finding.state.value:9} ", finding.words)), flush=True)
        states.append(finding.state)
    return states

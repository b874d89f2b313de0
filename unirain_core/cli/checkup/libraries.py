"""What is installed: Python, what the package itself needs, and the libraries of each extra."""

import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

from unirain_core.artefacts.remote import is_url
from unirain_core.artefacts.roots import Roots
from unirain_core.cli.checkup.finding import Finding, State
from unirain_core.cli.extras import EXTRAS, HARD
from unirain_core.config.params import Params
from unirain_core.engine.shared import store_url


def libraries(root: Path | None, params: Params | None) -> Iterator[Finding]:
    """A line for Python, for the package itself and for each extra.

    Args:
        root: of the project; None outside of one, where no extra is needed.
        params: of the project; None where they cannot be read.
    """
    distributions = packages_distributions()
    yield Finding(State.FINE, f"Python {platform.python_version()} in {sys.prefix}")
    yield _line("unirain itself", HARD, distributions, "unirain", is_needed=True)
    needed = _needed(root, params) if root else set()
    for extra, modules in EXTRAS.items():
        install = f"unirain[{extra}]"
        yield _line(f"extra {extra}", modules, distributions, install, is_needed=extra in needed)


def _line(
    what: str,
    modules: Sequence[str],
    distributions: Mapping[str, Sequence[str]],
    install: str,
    *,
    is_needed: bool,
) -> Finding:
    absent = [module for module in modules if find_spec(module) is None]
    if absent:
        state = State.LACKING if is_needed else State.NOTE
        why = "" if is_needed else ", and nothing here asks for it"
        return Finding(
            state, f"{what} is not whole, it lacks {', '.join(absent)}{why}; run `pip install '{install}'`"
        )
    # two distributions can bring one module: MLflow's smaller one has the longer name
    names = [min(distributions[module], key=len) for module in modules if module in distributions]
    return Finding(State.FINE, f"{what}: {', '.join(f'{name} {version(name)}' for name in names)}")


def _needed(root: Path, params: Params | None) -> set[str]:
    """The extras without which this project cannot run; those of pretrained models follow from `missing.needs`."""
    needed = {"pipeline"}
    if params is not None and params.sample_corpora:
        needed.add("sample")
    if os.environ.get("UNIRAIN_ENGINE") == "ray":
        needed.add("ray")
    places = [store_url(root)]
    if params is not None:
        places += Roots.load(root).local.values()
    if any(is_url(place) and not place.startswith("file:") for place in places):
        needed.add("s3")
    return needed

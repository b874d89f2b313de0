"""The steps whose outs are older than their inputs or params, from dvc.lock and without a start of DVC."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from unirain_core.config.lock import Locked, content_hash
from unirain_core.config.pipeline import Step

CODE = "unirain_core/"
"""Code is left out: an edit there makes no answer wrong about the data that a step read."""


def behind(root: Path, steps: Sequence[Step], lock: Mapping[str, Locked]) -> set[str]:
    """Addresses of the steps that ran with other params or inputs than there are now, or read from such a step.

    A step that has not run is none of them.

    Args:
        root: the project's root.
        steps: of dvc.yaml, each behind those that it reads from.
        lock: the entries of dvc.lock, by address.
    """
    written = {out: md5 for locked in lock.values() for out, md5 in locked.outs.items()}
    addresses: set[str] = set()
    old: set[str] = set()
    for step in steps:
        locked = lock.get(step.address)
        if locked and (_differs(root, step, locked, written) or _reads_from(step, old)):
            addresses.add(step.address)
            old.update(step.data)
    return addresses


def _differs(root: Path, step: Step, locked: Locked, written: Mapping[str, str]) -> bool:
    """Whether a step's own params or inputs are others than its entry of dvc.lock names.

    An input that is absent is none of them: DVC fetches it.
    """
    inputs = [dep for dep in step.deps if not dep.startswith(CODE)]
    now = {dep: written.get(dep) or content_hash(root / dep) for dep in inputs}
    return step.params != locked.params or any(
        md5 and md5 != locked.deps.get(dep) for dep, md5 in now.items()
    )


def _reads_from(step: Step, outs: Iterable[str]) -> bool:
    """Whether a dep is one of the outs, lies in one, or holds one."""
    pairs = ((PurePosixPath(dep), PurePosixPath(out)) for out in outs for dep in step.deps)
    return any(dep.is_relative_to(out) or out.is_relative_to(dep) for dep, out in pairs)

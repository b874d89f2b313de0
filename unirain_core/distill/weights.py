"""Where a pretrained model's weights lie on this machine, and a fingerprint of them."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from unirain_core.errors import WeightsUnavailableError

MODELS = "UNIRAIN_MODELS"
"""Environment variable: a folder with weights that were not fetched by the hub's own tool."""

UNPINNED = "unpinned"
"""The revision of weights whose commit nobody has written down yet."""

_HUB_ID = re.compile(r"(?:[\w-][\w.-]*/)?[\w-][\w.-]*")

_CHUNK = 1 << 24
"""Bytes that are hashed at once: files of weights have gigabytes."""


def folder_of(weights: str, revision: str) -> Path:
    """The folder, or the file, with weights: below UNIRAIN_MODELS, else in the hub's cache. Nothing is downloaded.

    Args:
        weights: hub id, or a path below UNIRAIN_MODELS.
        revision: the commit of the hub's repository.

    Raises:
        WeightsUnavailableError: they are in neither place, or their revision is the name of a commit, and no commit.
    """
    home = os.environ.get(MODELS)
    if home:
        local = Path(home) / weights
        if local.exists():
            return local
    if not _HUB_ID.fullmatch(weights):
        raise WeightsUnavailableError(
            f"weights {weights} are no id of the hub and no path below the folder that {MODELS} names; set {MODELS} to the "
            "folder above them, and write their path below it into params.yaml"
        )
    if revision == UNPINNED:
        raise WeightsUnavailableError(
            f"weights {weights} have no pinned revision; run `hf download {weights}`, which ends with a path "
            "`.../snapshots/COMMIT`, and write that commit as their revision in params.yaml"
        )
    cached = _in_the_cache(weights, revision)
    if cached is not None and cached.name != revision:
        # a branch or a tag names other weights tomorrow, and a part of a hash may come to fit two commits
        raise WeightsUnavailableError(
            f"weights {weights}: revision '{revision}' is no whole commit; this machine has it as {cached.name}: write that "
            "commit as their revision in params.yaml"
        )
    if cached is not None:
        return cached
    raise WeightsUnavailableError(
        f"weights {weights} (revision {revision}) are not on this machine; "
        f"run `hf download {weights} --revision {revision}`, or put them into the folder that {MODELS} names"
    )


def _in_the_cache(weights: str, revision: str) -> Path | None:
    try:  # half a second that a stand-in does not pay
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ModuleNotFoundError:  # without the library there is no cache, and its absence is told by itself
        return None
    try:
        return Path(snapshot_download(weights, revision=revision, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


@dataclass(frozen=True, slots=True)
class Located:
    """A function of a folder with weights, which looks for the folder where it is called: each machine may have its own."""

    weights: str
    """As `folder_of`."""
    revision: str
    """Likewise."""
    function: Callable[[Path, Any], Any]

    def __call__(self, thing: Any) -> Any:  # noqa: ANN401 (whatever the function takes and gives)
        """The function of this machine's folder and of a thing.

        Raises:
            WeightsUnavailableError: as `folder_of`.
        """
        return self.function(_once(self.weights, self.revision, os.environ.get(MODELS)), thing)


@lru_cache  # the hub's cache is slow to look into
def _once(weights: str, revision: str, home: str | None) -> Path:
    """As `folder_of`, where the variable MODELS names `home`."""
    return folder_of(weights, revision)


def fingerprint(weights: Path) -> str:
    """Hash over the names and the bytes of all files, 32 hex digits."""
    whole = hashlib.sha256()
    for path in _files(weights):
        whole.update(f"{path.relative_to(weights).as_posix()}\0{_sha256(path)}\n".encode())
    return whole.hexdigest()[:32]


def _files(weights: Path) -> Iterator[Path]:
    if weights.is_file():
        yield weights
        return
    yield from sorted(path for path in weights.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            whole.update(chunk)
    return whole.hexdigest()

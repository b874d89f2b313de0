"""Small shards are put together: slow work leaves a file for every few seconds of it, and files should be few.

Only `unirain gc` does this, while no stage runs. Killed at any moment, it leaves files twice and never none: the whole one is
there before the used lists name it, and they name it before its parts go.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unirain_core.artefacts import keyed
from unirain_core.artefacts.sums import content_name, read_named
from unirain_core.artefacts.whole import write_text
from unirain_core.engine.shelf import publish
from unirain_core.engine.store import digest
from unirain_core.engine.uses import Use
from unirain_core.errors import SchemaError

logger = logging.getLogger(__name__)

SMALL_ROWS = 2048
"""A shard of so many rows is left alone: 500 of them hold a million rows."""
WHOLE_ROWS = 8192
WHOLE_BYTES = 32 << 20
"""A whole shard is closed at so many rows or bytes, since a reader holds it in memory."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The work that `merge` did."""

    parts: int
    """Files that were put together."""
    wholes: int
    """Files that hold them now."""


def merge(home: Path) -> Merged:
    """Put small shards together; the locks of all stages must be held. A full disk ends it and does no harm."""
    parts = wholes = 0
    for folder in sorted((home / "shards").glob("*")):
        try:
            for group in _groups(folder):
                if _put_together(home, folder, group):
                    parts, wholes = parts + len(group), wholes + 1
        except OSError as error:
            logger.warning("%s: its small files stay apart: %s", folder, error)
    return Merged(parts, wholes)


def _groups(folder: Path) -> Iterator[list[Path]]:
    """Small shards of one algorithm and equal columns, those that were made after each other together.

    A window of a stage then finds its rows in few of them.
    """
    kinds: dict[tuple[str, str], list[tuple[Path, int]]] = defaultdict(list)
    for path in sorted(folder.glob("*-*.*.parquet"), key=lambda p: (p.stat().st_mtime_ns, p.name)):
        try:
            n_rows, structure = keyed.shape(path)
        except SchemaError:  # `unirain verify` and the stage that needs it say so
            continue
        if n_rows < SMALL_ROWS and path.stat().st_size < WHOLE_BYTES:
            kinds[path.name.rpartition("-")[0], structure].append((path, n_rows))
    for shards in kinds.values():
        group, n_rows, n_bytes = list[Path](), 0, 0
        for path, rows in shards:
            group.append(path)
            n_rows, n_bytes = n_rows + rows, n_bytes + path.stat().st_size
            if n_rows >= WHOLE_ROWS or n_bytes >= WHOLE_BYTES:
                yield group
                group, n_rows, n_bytes = [], 0, 0
        if len(group) > 1:
            yield group


def _put_together(home: Path, folder: Path, parts: Sequence[Path]) -> bool:
    """Replace shards by one that holds their rows; none where one of them is damaged."""
    contents = [read_named(path) for path in parts]
    sound = [content for content in contents if content is not None]
    if len(sound) < len(parts) or len(parts) < 2:
        return False
    stem = digest(tuple(path.name for path in parts))
    partial = home / "partial" / "merge" / f"{stem}.parquet"
    keyed.join(partial, sound)
    algorithm = parts[0].name.rpartition("-")[0]
    name = content_name(f"{algorithm}-{stem}", partial.read_bytes(), ".parquet")
    publish(partial, folder / name)
    _rename_in_used_lists(home, folder.name, {path.name for path in parts}, name)
    for path in parts:
        path.unlink()
    return True


def _rename_in_used_lists(home: Path, stage: str, parts: set[str], whole: str) -> None:
    for file in sorted((home / "used").glob("*.json")):
        use = Use.of(file)
        if use.stage == stage and use.names & parts:
            write_text(file, replace(use, names=use.names - parts | {whole}).text())
